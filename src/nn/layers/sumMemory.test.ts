import { describe, expect, test } from "vitest";
import { measure } from "../../../test/parity/measure.ts";
import { sessionDevices } from "../../../test/sessions.ts";
import { setDevice } from "../device.ts";
import { networkOf } from "../model/network.ts";
import type { Tensor } from "../model/tensor.ts";
import { computationOf, trace } from "../model/trace.ts";
import { sequential } from "../models.ts";
import { input } from "./input.ts";
import { sumMemory } from "./sumMemory.ts";

const [rows, steps, units] = [3, 100, 2];
const x = Array.from({ length: rows }, (_, row) =>
  Array.from({ length: steps }, (_, t) => [Math.fround(Math.sin(row + 0.7 * t))]),
);
const ones = x.map((row) => row.map(() => [1, 1]));
const kernel = [0.5, -0.25];
const bias = [0.125, 0.0625];

/** h' = tanh(h + x W + b), and dL/dW, dL/db of L = the sum of all states, in float64. */
function program(): { readonly states: number[][][]; readonly gradients: number[][] } {
  const gradients = [kernel.map(() => 0), kernel.map(() => 0)] as [number[], number[]];
  const states = x.map((row) => {
    let h = kernel.map(() => 0);
    const kept = row.map(([v = 0]) => {
      h = h.map((one, j) => Math.tanh(one + v * (kernel[j] ?? 0) + (bias[j] ?? 0)));
      return h;
    });
    let delta = kernel.map(() => 0);
    for (let t = steps - 1; t >= 0; t--) {
      delta = delta.map((one, j) => (one + 1) * (1 - (kept[t]?.[j] ?? 0) ** 2));
      delta.forEach((one, j) => {
        gradients[0][j] = (gradients[0][j] ?? 0) + one * (row[t]?.[0] ?? 0);
        gradients[1][j] = (gradients[1][j] ?? 0) + one;
      });
    }
    return kept;
  });
  return { states, gradients };
}

const model = sequential(input({ shape: [null, 1] }), sumMemory({ units, returnSequences: true }));
model.setWeights([[kernel], bias]);

describe.each(sessionDevices)(
  "a state that is overwritten is no alias of one that was kept, on %s",
  (_, device) => {
    const { states, gradients } = program();
    test("the returned sequence holds the state of every step, not the last one a hundred times", () => {
      const network = networkOf(model);
      const traced = trace(network, { training: false, states: "initial", inspect: true });
      const nodes = [...traced.outputs.map(({ node }) => node), traced.named["sumMemory_1"]?.states["h"]];
      const batch = { rows, times: { time: steps }, inputs: [Float32Array.from(x.flat(2))] };
      const made = device
        .compile(
          computationOf(
            traced,
            nodes.filter((node) => node !== undefined),
          ),
        )
        .runNow(
          batch,
          network.variables.map(({ value }) => value),
        );
      expect(made).toHaveLength(2);
      for (const array of made) {
        const wanted = states.flat(2);
        expect(array).toHaveLength(wanted.length);
        array.forEach((value, k) => {
          expect(value).toBeCloseTo(wanted[k] ?? Number.NaN, 5);
        });
      }
      expect(new Set(states[0]?.map(([h]) => h)).size, "the states differ").toBe(steps);
    });
    test("what goes back through time meets the states as they were", () => {
      const given = { x, lengths: null, states: {}, coefficients: [ones], finals: {} };
      const { weightGradients } = measure(networkOf(model), given, device);
      expect(weightGradients).toHaveLength(2);
      weightGradients.forEach((array, k) => {
        array.forEach((value, j) => {
          const wanted = gradients[k]?.[j] ?? Number.NaN;
          expect(Math.abs(value - wanted) / Math.abs(wanted)).toBeLessThan(1e-5);
        });
      });
    });
  },
);

test("a batch of one and an option of its own", async () => {
  setDevice("reference");
  const y = (await model.predict(x)) as Tensor;
  expect((await model.predict(x.slice(1, 2))).toArray()).toEqual([(y.toArray() as number[][][])[1]]);
  expect(() => sumMemory({ units: 2, bias: "double" } as never)).toThrow(/"none", "single"/);
  expect(() => sumMemory({ units: 2, recurrentDropout: 0.5 as 0 })).toThrow(/no state enters a product/);
  expect(() => sumMemory({ units: 2, recurrentInitializer: "zeros" } as never)).toThrow(
    /an option that it knows/,
  );
});
