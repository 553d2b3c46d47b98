/** The records of back-propagation through time: their sums are the gradients, their terms the deltas of inspect. */

import {
  backpropagationSteps,
  dense,
  input,
  inspect,
  l2,
  type Model,
  type Signal,
  sequential,
  setDevice,
  simpleRNN,
  type Tensor,
  type Values,
} from "unroll-rnn";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LookedInto, lookedInto, names } from "./models.ts";

type Any = Model<Signal, Signal>;
const nested = (values: Values | null | undefined): number[][][] =>
  (values ? values.toArray() : []) as number[][][];
/** One row of data, in whatever structure they are. */
const rowOf = (data: unknown, row: number): never =>
  (Array.isArray(data)
    ? [data[row]]
    : Object.fromEntries(Object.entries(data as object).map(([key, all]) => [key, [all[row]]]))) as never;
const closeTo = (got: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(got.length).toBe(expected.length);
  const largest = Math.max(1, ...Array.from(expected, Math.abs));
  Array.from(expected, (value, k) =>
    expect(Math.abs((got[k] as number) - value) / largest).toBeLessThan(1e-6),
  );
};
const steps = ({ model, x, y }: LookedInto, row = 0) =>
  backpropagationSteps(model as Any, x as number[][][], y as number[][][], { row });

describe.each(["reference", "wasm"] as const)("on %s", (device) => {
  beforeEach(() => setDevice(device));
  afterEach(() => setDevice("auto"));

  test.each(names)("the last sums are the gradients of the model: %s", async (name) => {
    const one = lookedInto(name);
    for (const row of [0, 1]) {
      // Random first states depend on the place of a row in its batch.
      if (row === 1 && name.includes("random")) continue;
      const found = await steps(one, row);
      const expected = await (one.model as Any).gradients(rowOf(one.x, row), rowOf(one.y, row));
      expect(found.loss).toBeCloseTo(expected.loss, 5);
      expected.gradients.forEach((gradient: Tensor, k: number) => {
        closeTo(found.gradients[k]?.data ?? [], gradient.data);
      });
    }
  });
});

test.each(names)("deltas are those of inspect, each the sum of its terms: %s", async (name) => {
  const one = lookedInto(name);
  const found = await steps(one);
  const seen = await inspect(one.model as Any, rowOf(one.x, 0), { y: rowOf(one.y, 0) });
  const times = found.map(({ t }) => t);
  expect(times).toEqual(times.map((_, k) => times.length - k));
  for (const { t, deltas, gradients } of found) {
    for (const { layer, name: value, delta, fromOutput, fromNext } of deltas) {
      const all = nested(seen.layers[layer]?.deltas[value])[0] as number[][] | number[];
      // A state that is read backwards stands at the step it reads, here at the step of its own direction.
      const turned = /^backward/.test(value);
      const expected = Array.isArray(all[0]) ? all[turned ? all.length - t : t - 1] : all;
      closeTo(delta.data, expected as number[]);
      const terms = fromOutput.data.map((x, k) => x + (fromNext?.data[k] ?? 0));
      closeTo(terms, delta.data);
    }
    for (const { term, sum, weight } of gradients) expect([weight, term.shape]).toEqual([weight, sum.shape]);
  }
});

test("every step's term is what it adds to the sum", async () => {
  const found = await steps(lookedInto("gru"));
  found.forEach(({ gradients }, k) => {
    gradients.forEach(({ term, sum }, weight) => {
      const before = found[k - 1]?.gradients[weight]?.sum.data;
      closeTo(
        sum.data,
        term.data.map((x, i) => x + (before?.[i] ?? 0)),
      );
    });
  });
});

describe("the form of the lectures", () => {
  const model = sequential(
    input({ shape: [null, 1] }),
    simpleRNN({ units: 2, returnSequences: true, kernelRegularizer: l2(0.1) }),
    dense({ units: 1 }),
  );
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", timeReduction: "sum" });
  const [x, y] = [[[[1], [0.5], [-1]]], [[[0], [1], [0.5]]]];

  test("are the equations, worked out by hand", async () => {
    const found = await backpropagationSteps(model, x, y);
    const [U, W, b, V, c] = model.getWeights().map((weight) => weight.toArray()) as [
      number[][],
      number[][],
      number[],
      number[][],
      number[],
    ];
    const product = (left: number[], right: number[][]): number[] =>
      (right[0] ?? []).map((_, j) =>
        left.reduce((sum, value, k) => sum + value * (right[k]?.[j] as number), 0),
      );
    const inputs = x[0] as number[][];
    const targets = (y[0] ?? []).map(([target]) => target as number);
    const h: number[][] = [];
    for (const [t, step] of inputs.entries()) {
      const fromState = product(h[t - 1] ?? [0, 0], W);
      h.push(
        product(step, U).map((value, k) => Math.tanh(value + (fromState[k] as number) + (b[k] as number))),
      );
    }
    let next = [0, 0];
    for (const [k, { t, deltas }] of found.entries()) {
      const at = (symbol: string): number[] => [
        ...(deltas.find((one) => one.symbol === symbol)?.delta.data ?? []),
      ];
      const state = h[t - 1] as number[];
      const error = 2 * ((product(state, V)[0] as number) + (c[0] as number) - (targets[t - 1] as number));
      closeTo(at("o"), [error]);
      const fromNext = W.map((row) => row.reduce((sum, value, j) => sum + value * (next[j] as number), 0));
      const ofState = V.map(([value], j) => (value as number) * error + (fromNext[j] as number));
      closeTo(at("h"), ofState);
      next = ofState.map((value, j) => value * (1 - (state[j] as number) ** 2));
      closeTo(at("a"), next);
      expect(found[k]?.gradients.map(({ symbol }) => symbol)).toEqual(["U", "W", "b", "V", "c"]);
      const outer = (h[t - 2] ?? [0, 0]).flatMap((value) => next.map((delta) => value * delta));
      closeTo(found[k]?.gradients[1]?.term.data ?? [], outer);
    }
  });

  test("penalties are in the last gradients and in the loss, not in the steps", async () => {
    const found = await backpropagationSteps(model, x, y);
    const expected = await model.gradients(x, y);
    expect(found.loss).toBeCloseTo(expected.loss, 5);
    expected.gradients.forEach((gradient, k) => void closeTo(found.gradients[k]?.data ?? [], gradient.data));
    expect([...(found.at(-1)?.gradients[0]?.sum.data ?? [])]).not.toEqual([
      ...(found.gradients[0]?.data ?? []),
    ]);
  });

  test("the text says what the layers are: without biases, and no such equations of a normalised cell", async () => {
    const textOf = async (options: object, bias: boolean): Promise<string> => {
      const layers = [
        simpleRNN({ units: 2, returnSequences: true, ...options }),
        dense({ units: 1, bias }),
      ] as const;
      const made = sequential(input({ shape: [null, 1] }), ...layers);
      made.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      return (await backpropagationSteps(made as Any, [[[1], [2]]], [[[0], [1]]] as never)).toText();
    };
    const plain = await textOf({ bias: "none" }, false);
    expect(plain).toContain("a_t = x_t U + h_t-1 W    h_t = f(a_t)    o_t = h_t V\n");
    for (const options of [{ layerNormalization: true }, { zoneout: 0.1 }])
      expect(await textOf(options, true)).not.toMatch(/a_t =|f'/);
  });

  test("as text", async () => {
    const text = (await backpropagationSteps(model, x, y)).toText({ digits: 2 });
    const shape = text.replaceAll(/(?<=[[ ])-?\d+(\.\d+)?(e-?\d+)?(?=[\]\s])/g, "#").split("\n");
    expect(shape.slice(0, 12)).toEqual([
      "Back-propagation through time, t = # ... #",
      "a_t = x_t U + h_t-1 W + b    h_t = f(a_t)    o_t = h_t V + c",
      expect.stringMatching(/^L = /),
      "",
      expect.stringMatching(/^t = /),
      "  delta o_3 = dL/do_3 = [#]",
      "  delta h_3 = delta o_3 V' = [# #]",
      "  delta a_3 = delta h_3 f'(a_3) = [# #]",
      "  dU += x_3' delta a_3 = [[# #]], so far [[# #]]",
      "  dW += h_2' delta a_3 = [[# #] [# #]], so far [[# #] [# #]]",
      "  db += delta a_3 = [# #], so far [# #]",
      "  dV += h_3' delta o_3 = [[#] [#]], so far [[#] [#]]",
    ]);
    expect(text).toContain("delta h_2 = delta o_2 V' + delta a_3 W' = ");
    const own = await backpropagationSteps(model, x, y, { names: "layers" });
    expect(own.toText()).toContain("delta simpleRNN_1.h = from the output");
    expect(own.toText()).toContain("d simpleRNN_1/kernel += ");
  });

  test("are refused where there are no letters, and rows that are not there", async () => {
    const { model: deep, x: data, y: targets } = lookedInto("deep");
    const asked = backpropagationSteps(deep as Any, data as number[][][], targets as never, {
      names: "lecture",
    });
    await expect(asked).rejects.toThrow(/one recurrent layer/);
    await expect(backpropagationSteps(model, x, y, { row: 1 })).rejects.toThrow(/a row from 0 to 0/);
  });
});
