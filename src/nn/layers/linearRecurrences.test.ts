import { beforeEach, describe, expect, test } from "vitest";
import { printGraph } from "../../core/graph/print.ts";
import { atOnce } from "../breath.ts";
import { defineCell } from "../cells/defineCell.ts";
import { setDevice } from "../device.ts";
import { networkOf } from "../model/network.ts";
import { type Tensor, tensor } from "../model/tensor.ts";
import { trace } from "../model/trace.ts";
import { sequential } from "../models.ts";
import { add, matmul, mul, sigmoid, sub } from "../operators.ts";
import type { Layer } from "./facts.ts";
import { initialized, initializers } from "./initializers.ts";
import { input } from "./input.ts";
import { lru } from "./lru.ts";
import { minGRU, minLSTM } from "./minGru.ts";
import { recurrent } from "./recurrent.ts";
import { slstm } from "./slstm.ts";
import { sru } from "./sru.ts";

beforeEach(() => {
  setDevice("wasm", { threads: 1 });
});
const x = () => input({ shape: [null, 2] });
const graphOf = (layer: Layer): string => {
  const network = networkOf(sequential(x(), layer));
  return printGraph(trace(network, { training: false, states: "initial" }).outputs.map(({ node }) => node));
};
const every = { units: 3, returnSequences: true } as const;

describe("a cell that says it is linear", () => {
  const made = (seen: boolean) =>
    defineCell({
      name: "leak",
      linear: true,
      state: ({ units }) => ({ h: [units], gated: [units] }),
      weights: ({ features, units }) => ({ kernel: [features, units] }),
      step: (input, { h, gated }, { kernel }) => {
        const z = sigmoid(matmul(input, kernel));
        const next = add(mul(gated, seen ? sigmoid(h) : z), z);
        return { h: add(mul(sub(1, z), h), z), gated: next };
      },
    });
  test("becomes an associative scan", () => {
    expect(graphOf(recurrent(made(false), every))).toContain("associativeScan over time");
  });
  test("and is not: the error names the state and the operator", () => {
    expect(() => graphOf(recurrent(made(true), every))).toThrow(
      /layer 1 "leak_1", cell "leak", linear: expected a next gated that is a sum of states.*got the operator "sigmoid"/,
    );
  });
  test("says it with true, false or a function", () => {
    const parts = { name: "odd", state: () => ({ h: [1] }), weights: () => ({}), step: () => ({}) };
    expect(() => defineCell({ ...parts, linear: "yes" } as never)).toThrow(
      /linear: expected true, false or a function of the sizes, got "yes"/,
    );
  });
  test("may say so of some options alone", () => {
    expect(graphOf(sru({ ...every, peephole: false }))).toContain("associativeScan over time");
    expect(graphOf(sru(every))).not.toContain("associativeScan");
  });
});

test("an output that is no state is carried where it is read again, and nowhere else", () => {
  expect(graphOf(lru(every))).not.toContain("the output before");
  expect(graphOf(lru({ units: 3 }))).toContain("the output before");
});

test("inspect finds the values that the headers of the cells name", () => {
  const layers = [minGRU(every), minLSTM(every), sru(every), lru(every), slstm(every)];
  const names = layers.map((layer) => {
    const network = networkOf(sequential(x(), layer));
    const traced = trace(network, { training: false, inspect: true, states: "initial" });
    return Object.values(traced.named).map(({ values }) => Object.keys(values).sort().join(" "))[0];
  });
  expect(names).toEqual(["an az n z", "af ag ai f g i", "af ar f n r y", "uim ure y", "af ai ao az f i o z"]);
});

describe("options are refused", () => {
  const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
    [
      "dropout of states that enter no product",
      () => minGRU({ units: 2, recurrentDropout: 0.3 as 0 }),
      /0: no state enters a product, got 0.3/,
    ],
    ["the same, of sru", () => sru({ units: 2, recurrentDropout: 0.3 as 0 }), /no state enters a product/],
    [
      "a bias for a product that is not there",
      () => minLSTM({ units: 2, bias: "double" as "single" }),
      /minLSTM\(options\), bias: expected "none", "single"/,
    ],
    ["a form", () => minGRU({ units: 2, form: "lgo" as "log" }), /Did you mean "log"/],
    [
      "heads that do not divide units",
      () => slstm({ units: 5, heads: 2 }),
      /a divisor of units, got 2 heads for 5 units/,
    ],
    ["no units", () => slstm({} as { units: 2 }), /the option units/],
    ["nothing at all", () => slstm(null as never), /a plain object, got null/],
    ["a radius of 1 to begin at", () => lru({ units: 2, minRadius: 1 }), /minRadius/],
    ["a radius above 1", () => lru({ units: 2, maxRadius: 1.1 }), /maxRadius.*above 0, at most 1/],
    ["half a number", () => lru({ units: 2, stateUnits: 1.5 }), /stateUnits/],
    [
      "a ring inside out",
      () => sequential(x(), lru({ units: 2, minRadius: 0.9, maxRadius: 0.5 })),
      /"lru_1\/nuLog": expected 0 <= minRadius < maxRadius <= 1, got 0.9 and 0.5/,
    ],
    [
      "a first input of another width than the state",
      () => sequential(x(), lru({ units: 2, stateUnits: 3, initialState: "firstInput" })),
      /firstInput.*\[3\], got 2 features/,
    ],
  ];
  test.each(refused)("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
  test("but a dropout of 0 is none", () => {
    expect(() => minGRU({ units: 2, recurrentDropout: 0 })).not.toThrow();
  });
});

describe("gates stay finite", () => {
  const run = async (
    layer: Layer,
    weights: (shape: readonly number[], k: number) => readonly number[],
  ): Promise<number[]> => {
    const model = sequential(input({ shape: [null, 1] }), layer);
    model.setWeights(
      model.getWeights().map(({ shape }, k) => tensor(Float32Array.from(weights(shape, k)), shape)),
    );
    return [...((await model.predict([[[1], [1], [1]]])) as Tensor).data];
  };
  /** The bias alone decides the gates. */
  const bias = (values: readonly number[]) => (shape: readonly number[]) =>
    shape.length === 1 ? values : Array.from({ length: shape[0]! * shape[1]! }, () => 0);

  test("of slstm where exponentials overflow or vanish: with the gates alike, h is the mean of what came in", async () => {
    for (const i of [-1000, -100, 0, 100, 1000]) {
      const outputs = await run(
        slstm({ units: 1, forgetGate: "exp", returnSequences: true }),
        bias([i, 0, 0.5, 100]),
      );
      for (const h of outputs) expect(h).toBeCloseTo(Math.tanh(0.5), 6);
    }
    const forgets = await run(slstm({ units: 1, returnSequences: true }), bias([0, -1000, 0.5, 100]));
    for (const h of forgets) expect(h).toBeCloseTo(Math.tanh(0.5), 6);
  });
  test("of minLSTM where both gates are closed: each has its share", async () => {
    const half = await run(minLSTM({ units: 1, returnSequences: true }), bias([-200, -200, 8]));
    half.forEach((h, t) => expect(h).toBeCloseTo([4, 6, 7][t]!, 5));
    expect(await run(minLSTM({ units: 1, returnSequences: true }), bias([-200, 200, 8]))).toEqual([0, 0, 0]);
    expect(await run(minLSTM({ units: 1, returnSequences: true }), bias([200, -200, 8]))).toEqual([8, 8, 8]);
  });
});

describe("the ring of lru", () => {
  const shape = [4000];
  const drawn = (initializer: Parameters<typeof initialized>[0]["initializer"], name: string) => {
    const { values, pieces } = initialized({ shape, initializer }, 3, name);
    if (pieces) atOnce(pieces);
    return values;
  };
  const options = { minRadius: 0.5, maxRadius: 0.9 };
  const radii = Array.from(drawn(initializers.ringDecay(options), "lru_1/nuLog"), (nu) =>
    Math.exp(-Math.exp(nu)),
  );

  test("has its eigenvalues between two radii, uniform in the area", () => {
    expect(Math.min(...radii)).toBeGreaterThan(0.5 - 1e-6);
    expect(Math.max(...radii)).toBeLessThan(0.9 + 1e-6);
    const inner = radii.filter((radius) => radius ** 2 < (0.25 + 0.81) / 2).length;
    expect(inner / radii.length).toBeCloseTo(0.5, 1);
  });
  test("has phases up to the largest", () => {
    const phases = Array.from(drawn(initializers.ringPhase({ maxPhase: 0.3 }), "lru_1/thetaLog"), (theta) =>
      Math.exp(theta),
    );
    expect(Math.max(...phases)).toBeLessThanOrEqual(0.3 + 1e-6);
    expect(phases.reduce((sum, phase) => sum + phase, 0) / phases.length).toBeCloseTo(0.15, 2);
  });
  test("scales each input by what its own eigenvalue leaves over", () => {
    const scales = Array.from(drawn(initializers.ringScale(options), "lru_1/gammaLog"), (gamma) =>
      Math.exp(gamma),
    );
    scales.forEach((scale, k) => expect(scale).toBeCloseTo(Math.sqrt(1 - radii[k]! ** 2), 5));
    const other = drawn(initializers.ringScale(options), "lru_2/gammaLog");
    expect(Math.exp(other[0]!)).not.toBeCloseTo(scales[0]!, 5);
  });
  test("has no infinite logarithm at its ends", () => {
    const all = [initializers.ringDecay(), initializers.ringPhase(), initializers.ringScale()];
    for (const initializer of all) expect(drawn(initializer, "lru_1/w").every(Number.isFinite)).toBe(true);
  });
});
