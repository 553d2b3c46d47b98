import { describe, expect, test } from "vitest";
import { referenceDevice } from "../../core/run/referenceDevice.ts";
import { wasmDevice } from "../../core/run/wasmDevice.ts";
import { defineCell } from "../cells/defineCell.ts";
import { activation } from "../layers/activation.ts";
import { bidirectional } from "../layers/bidirectional.ts";
import { dense } from "../layers/dense.ts";
import { dropout } from "../layers/dropout.ts";
import { embedding } from "../layers/embedding.ts";
import { input } from "../layers/input.ts";
import { layerNormalization } from "../layers/layerNormalization.ts";
import { masking } from "../layers/masking.ts";
import { gru, lstm, recurrent, simpleRNN } from "../layers/recurrent.ts";
import { repeatVector } from "../layers/repeatVector.ts";
import { timeDistributed } from "../layers/timeDistributed.ts";
import { networkOf } from "../model/network.ts";
import { predict } from "../model/predict.ts";
import { type Tensor, tensorOf } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import { add, concat, matmul, mul, tanh } from "../operators.ts";
import { openSession, type StepSession } from "./session.ts";

const strict = wasmDevice({ threads: 1, strict: true });
const relaxed = wasmDevice({ threads: 1 });
const reference = referenceDevice();
const devices = [
  ["wasm, strict", strict],
  ["wasm, relaxed", relaxed],
  ["reference", reference],
] as const;

/** Numbers in [-1, 1), the same in every run. */
function numbers(count: number): number[] {
  let state = 7;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
const steps = (length: number, features: number): number[][] => {
  const all = numbers(length * features);
  return Array.from({ length }, (_, t) => all.slice(t * features, (t + 1) * features));
};

const decay = defineCell({
  name: "decay",
  state: ({ units }) => ({ h: [units], trace: [units] }),
  weights: ({ features, units }) => ({ kernel: [features, units], recurrentKernel: [units, units] }),
  output: "y",
  step: (x, { h, trace }, { kernel, recurrentKernel }) => {
    const next = tanh(add(matmul(x, kernel), matmul(h, recurrentKernel)));
    return { h: next, trace: add(mul(trace, 0.9), next), y: mul(next, trace) };
  },
});

const reals = () => input({ shape: [null, 3] });
const words = () => input({ shape: [null], dtype: "int32" });
const real = steps(7, 3);
const hidden = [real[0], [0, 0, 0], real[1], real[2], [0, 0, 0], [0, 0, 0], real[3]].map(
  (step) => step ?? [],
);
const leading = [[0, 0, 0], ...real.slice(0, 4)];
const tokens = [0, 3, 0, 0, 5, 1, 0, 2];

/** A model, and one sequence for it. */
const cases: readonly (readonly [string, () => object, readonly unknown[]])[] = [
  ["simpleRNN", () => sequential(reals(), simpleRNN({ units: 5, returnSequences: true })), real],
  ["lstm, many to one", () => sequential(reals(), lstm({ units: 5 }), dense({ units: 2 })), real],
  [
    "gru, both forms",
    () =>
      sequential(reals(), gru({ units: 17, returnSequences: true }), gru({ units: 4, resetAfter: false })),
    real,
  ],
  [
    "tokens and a softmax",
    () =>
      sequential(
        words(),
        embedding({ inputDim: 6, outputDim: 4 }),
        lstm({ units: 8, returnSequences: true }),
        lstm({ units: 8, returnSequences: true }),
        dense({ units: 6, activation: "softmax" }),
      ),
    tokens,
  ],
  [
    "padding tokens",
    () =>
      sequential(
        words(),
        embedding({ inputDim: 6, outputDim: 4, maskZero: true }),
        lstm({ units: 8, returnSequences: true }),
        gru({ units: 3, returnSequences: true }),
        dense({ units: 6 }),
      ),
    tokens,
  ],
  [
    "padding tokens, many to one",
    () => sequential(words(), embedding({ inputDim: 6, outputDim: 4, maskZero: true }), gru({ units: 8 })),
    tokens,
  ],
  [
    "masked steps",
    () => sequential(reals(), masking(), simpleRNN({ units: 4, returnSequences: true })),
    hidden,
  ],
  [
    "masked steps of a cell whose output is no state",
    () => sequential(reals(), masking(), recurrent(decay, { units: 4, returnSequences: true })),
    hidden,
  ],
  ["learned first states", () => sequential(reals(), lstm({ units: 4, initialState: "learned" })), real],
  [
    "random first states",
    () => sequential(reals(), gru({ units: 4, initialState: "random", returnSequences: true })),
    real,
  ],
  [
    "the first input as first state",
    () => sequential(reals(), lstm({ units: 3, initialState: "firstInput", returnSequences: true })),
    real,
  ],
  [
    "the first input that counts as first state",
    () =>
      sequential(
        reals(),
        masking(),
        gru({ units: 3, initialState: "firstInput", returnSequences: true }),
        simpleRNN({ units: 3, initialState: "firstInput" }),
      ),
    leading,
  ],
  ["a cell of one's own", () => sequential(reals(), recurrent(decay, { units: 4 })), real],
  [
    "layers that treat each step alike",
    () =>
      sequential(
        reals(),
        timeDistributed(dense({ units: 4 })),
        layerNormalization(),
        dropout({ rate: 0.5 }),
        lstm({ units: 4, returnSequences: true, dropout: 0.3, recurrentDropout: 0.3 }),
        activation("relu"),
      ),
    real,
  ],
  [
    "a fixed number of steps",
    () => sequential(input({ shape: [7, 3] }), lstm({ units: 4, returnSequences: true })),
    real,
  ],
  [
    "operators between layers",
    () => {
      const x = reals();
      const h = lstm({ units: 3, returnSequences: true })(x);
      const g = gru({ units: 3, returnSequences: true })(add(h, x));
      return functional({ inputs: x, outputs: simpleRNN({ units: 4 })(concat(g, h, x)) });
    },
    real,
  ],
  [
    "a layer used twice",
    () => {
      const x = reals();
      const shared = lstm({ units: 3, returnSequences: true });
      return functional({ inputs: x, outputs: shared(shared(x)) });
    },
    real,
  ],
];

/** Weights that are not what layers begin with: no zeros in biases and learned states. */
function roughened(model: object): object {
  const network = networkOf(model);
  for (const { value } of network.variables)
    numbers(value.length).forEach((x, k) => {
      value[k] = 0.8 * x;
    });
  network.version++;
  return model;
}

async function whole(model: object, x: unknown, device: typeof strict): Promise<Float32Array> {
  const { data } = (await predict(networkOf(model), [x], {}, device)) as Tensor;
  return data as Float32Array;
}
const pushed = (session: StepSession, x: unknown): number[] => [...(session.push(x) as Float32Array)];

describe.each(devices)("step by step as whole, %s", (name, device) => {
  test.each(cases)("%s", async (_, make, x) => {
    const model = roughened(make());
    const sequences = networkOf(model).outputs[0]?.time !== null;
    const fixed = networkOf(model).inputs[0]?.time !== "time";
    const session = openSession(networkOf(model), device);
    const all: number[] = [];
    for (const [t, step] of x.entries()) {
      const y = pushed(session, step);
      all.push(...y);
      if (!sequences && !fixed) agree(name, y, await whole(model, x.slice(0, t + 1), device));
    }
    if (sequences) agree(name, all, await whole(model, x, device));
    session.reset();
    expect(x.flatMap((step) => pushed(session, step))).toEqual(all);
  });
});

/** The same bits; the reference device has float64 within a run, and float32 from push to push. */
function agree(device: string, y: readonly number[], expected: Float32Array): void {
  expect(y.length).toBe(expected.length);
  if (device !== "reference") return expect(y).toEqual([...expected]);
  for (const [k, value] of y.entries()) expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-6);
}

describe("a session", () => {
  const model = () => sequential(reals(), lstm({ units: 4 }), dense({ units: 2 }));
  const [first = [], second = []] = real;

  test("keeps the weights it began with, whatever becomes of the model's", async () => {
    const own = model();
    const network = networkOf(own);
    const [before, same] = [openSession(network, strict), openSession(network, strict)];
    const begun = network.variables.map(({ value }) => value);
    const expected = real.map((step) => pushed(same, step));
    const half = real.slice(0, 3).map((step) => pushed(before, step));
    own.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await own.fit([real], [[1, -1]], { epochs: 2, verbose: 0 });
    own.setWeights(
      own.getWeights().map(({ shape, data }) =>
        tensorOf(
          shape,
          data.map((x) => x + 0.5),
        ),
      ),
    );
    for (const value of begun) value.fill(9); // whoever overwrites them in place
    const after = openSession(network, strict);
    const interleaved = real.slice(3).map((step) => {
      pushed(after, step);
      return pushed(before, step);
    });
    expect([...half, ...interleaved]).toEqual(expected);
    before.reset();
    expect(pushed(before, first)).toEqual(expected[0]);
    expect(pushed(openSession(network, strict), first)).not.toEqual(expected[0]);
  });

  test("knows nothing of another one, and the model nothing of it", async () => {
    const network = networkOf(model());
    const [a, b] = [openSession(network, strict), openSession(network, strict)];
    const expected = pushed(a, first);
    pushed(a, second);
    expect(pushed(b, first)).toEqual(expected);
    const stateful = networkOf(sequential(reals(), gru({ units: 4, stateful: true })));
    openSession(stateful, strict).push(first);
    expect(stateful.carried.size).toBe(0);
  });

  test("returns an array that the next push overwrites", () => {
    const session = openSession(networkOf(model()), strict);
    const y = session.push(first) as Float32Array;
    const before = [...y];
    expect(session.push(second)).toBe(y);
    expect([...y]).not.toEqual(before);
  });

  test("takes arrays and typed arrays, and several inputs and outputs as the model was given them", async () => {
    const [x, word] = [reals(), words()];
    const h = lstm({ units: 4 })(x);
    const g = gru({ units: 4 })(embedding({ inputDim: 6, outputDim: 2 })(word));
    const both = functional({ inputs: { x, word }, outputs: { sum: add(h, g), h } });
    const network = networkOf(both);
    const session = openSession(network, strict);
    session.push({ x: first, word: 2 });
    const y = session.push({ x: Float32Array.from(second), word: 5 }) as {
      readonly sum: Float32Array;
      readonly h: Float32Array;
    };
    const expected = (await predict(network, { x: [[first, second]], word: [[2, 5]] }, {}, strict)) as Record<
      string,
      Tensor
    >;
    expect([...y.sum]).toEqual([...(expected["sum"]?.data ?? [])]);
    expect([...y.h]).toEqual([...(expected["h"]?.data ?? [])]);
  });

  test.each<[string, unknown, RegExp]>([
    ["too few features", [1, 2], /session\.push\(x\): expected one step, \[3\], got an array of 2\./],
    ["a sequence", [[1, 2, 3]], /got an array of 1\. Push one step/],
    ["a number", 3, /got a number/],
    ["not a number", [1, Number.NaN, 3], /number 1: expected a finite number, got NaN/],
    ["text", ["1", 2, 3], /number 0: .*got string/],
  ])("refuses %s and stays as it was", (_, x, message) => {
    const network = networkOf(model());
    const [session, other] = [openSession(network, strict), openSession(network, strict)];
    expect(pushed(session, first)).toEqual(pushed(other, first));
    expect(() => session.push(x)).toThrow(message);
    expect(pushed(session, second)).toEqual(pushed(other, second));
  });

  test("refuses what is no token of the model", () => {
    const session = openSession(
      networkOf(sequential(words(), embedding({ inputDim: 6, outputDim: 2 }), gru({ units: 2 }))),
      strict,
    );
    expect(() => session.push(6)).toThrow(/expected a token from 0 to 5, got 6/);
    expect(() => session.push(1.5)).toThrow(/got 1\.5/);
    expect(() => session.push([3])).toThrow(/got an array of 1\. Push one token/);
  });
});

describe("a model that looks ahead has no session, and the layer is named", () => {
  const open = (model: object): StepSession => openSession(networkOf(model), strict);
  test.each<[string, () => object, RegExp]>([
    [
      "bidirectional",
      () =>
        sequential(
          reals(),
          lstm({ units: 2, returnSequences: true }),
          bidirectional(gru({ units: 2 })),
          dense({ units: 1 }),
        ),
      /model\.session\(\): .*layer 2 "bidirectional_1", which looks ahead/,
    ],
    [
      "goBackwards",
      () => sequential(reals(), gru({ units: 2, goBackwards: true, name: "back" })),
      /layer 1 "back"/,
    ],
    [
      "repeatVector",
      () => sequential(reals(), lstm({ units: 2 }), repeatVector({ n: 3 }), lstm({ units: 2 })),
      /"repeatVector_1"/,
    ],
    [
      "a first state that a symbol gives",
      () => {
        const x = reals();
        const h = dense({ units: 2, name: "code" })(gru({ units: 2, name: "reads" })(x));
        return functional({
          inputs: x,
          outputs: gru({ units: 2, name: "writes" })(x, { initialState: { h } }),
        });
      },
      /layer 3 "writes"/,
    ],
    [
      "no time",
      () => sequential(input({ shape: [3] }), dense({ units: 2 })),
      /expected an input of sequences, got a vector \[batch, 3\]/,
    ],
  ])("%s", (_, make, message) => {
    expect(() => open(make())).toThrow(message);
  });

  test("nor in its type", () => {
    const ahead = sequential(reals(), bidirectional(lstm({ units: 2 })));
    // @ts-expect-error Property 'session' does not exist on type 'ModelThatLooksAhead<...>'
    expect(() => ahead.session()).toThrow(/bidirectional_1/);
  });
});
