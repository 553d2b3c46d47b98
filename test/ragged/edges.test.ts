/**
 * The edges of what a sequence is: no step, one step, one row, no row, and steps that are all masked. What they give is
 * written down in docs/sequences.md; nothing gives NaN.
 */
import { beforeAll, describe, expect, test } from "vitest";
import {
  adam,
  add,
  defineCell,
  dense,
  embedding,
  globalAveragePooling1d,
  globalMaxPooling1d,
  gru,
  input,
  lstm,
  masking,
  matmul,
  mul,
  type Ragged,
  ragged,
  recurrent,
  sequential,
  setDevice,
  setSeed,
  sgd,
  simpleRNN,
  type Tensor,
  tanh,
  tensor,
  UnrollError,
} from "../../src/index.ts";
import type { CausalModel } from "../../src/nn/modelTypes.ts";
import type { LossName } from "../../src/nn/train/losses.ts";
import type { MetricName } from "../../src/nn/train/metrics.ts";
import { roughened } from "../sessions.ts";

beforeAll(() => {
  setDevice("wasm", { threads: 1 });
  setSeed(3);
});

const options = {
  optimizer: sgd({ learningRate: 0.1 }),
  loss: "meanSquaredError",
  metrics: ["mae"],
} as const;
const step = [0.3, -0.7, 0.2];
const [long, one] = [[step, [0.1, 0.9, -0.4], [0.5, 0.5, 0]], [step]];
const masked = [
  [0, 0, 0],
  [0, 0, 0],
];

/** The last output only: `[batch, 1]`. */
function reader(): CausalModel {
  const learned = lstm({ units: 4, initialState: "learned" });
  const model = sequential(input({ shape: [null, 3] }), masking(), learned, dense({ units: 1 }));
  model.compile(options);
  return roughened(model);
}
/** An output a step: `[batch, time, 1]`. */
function labeller(): CausalModel {
  const each = gru({ units: 4, returnSequences: true });
  const model = sequential(input({ shape: [null, 3] }), masking(), each, dense({ units: 1 }));
  model.compile(options);
  return roughened(model);
}
const numbersOf = (x: unknown): readonly number[] => [...(x as { data: Float32Array }).data];
const weightsOf = (model: CausalModel): readonly (readonly number[])[] => model.getWeights().map(numbersOf);

describe("a sequence of no steps", () => {
  test("its last output is that of the first state, and the other rows have theirs", async () => {
    const model = reader();
    const [first] = model.weights.filter(({ name }) => name.endsWith("initialH")).map(numbersOf);
    const [kernel = [], bias = []] = model.weights.slice(-2).map(numbersOf);
    const expected = (first ?? []).reduce((sum, h, k) => sum + h * (kernel[k] ?? 0), bias[0] ?? 0);
    const [empty, other] = numbersOf(await model.predict([[], long]));
    expect(empty).toBeCloseTo(expected, 6);
    expect(other).toBe(numbersOf(await model.predict([long]))[0]);
    expect(numbersOf(await model.predict([[], []]))).toEqual([empty, empty]);
    expect(numbersOf(await model.predict(tensor(new Float32Array(0), [1, 0, 3])))).toEqual([empty]);
  });
  test.each([globalMaxPooling1d, globalAveragePooling1d])(
    "pooled it is 0, masked or without steps",
    async (pool) => {
      const model = sequential(input({ shape: [null, 3] }), masking(), pool());
      const { data } = (await model.predict(ragged([[], [[0, 0, 0]], [[-1, -2, -3]]]))) as Tensor;
      expect([...data]).toEqual([0, 0, 0, 0, 0, 0, -1, -2, -3]);
    },
  );

  test("an output a step is none, ragged as it came", async () => {
    const model = labeller();
    const made = async (x: Ragged | Tensor): Promise<unknown> => await model.predict(x);
    expect(await made(ragged([[], long, one]))).toMatchObject({ lengths: [0, 3, 1] });
    expect(((await made(ragged([[], []]))) as Ragged).toArray()).toEqual([[], []]);
    expect(await made(tensor(new Float32Array(0), [2, 0, 3]))).toMatchObject({ shape: [2, 0, 1] });
  });
  test("a cell whose output is no state gives zeros", async () => {
    const cell = defineCell({
      name: "product",
      state: ({ units }) => ({ h: [units] }),
      weights: ({ features, units }) => ({ kernel: [features, units] }),
      output: "y",
      step: (x, { h }, { kernel }) => ({ h: tanh(add(h, matmul(x, kernel))), y: mul(h, 2) }),
    });
    const layer = recurrent(cell, { units: 2, initialState: "learned" });
    const model = roughened(sequential(input({ shape: [null, 3] }), layer));
    expect(numbersOf(await model.predict([[]]))).toEqual([0, 0]);
    expect(numbersOf(await model.predict([one]))).not.toEqual([0, 0]);
  });
  test("alone it does not say how wide its steps are: the model has to", async () => {
    const model = sequential(simpleRNN({ units: 2 }), dense({ units: 1 }));
    await expect(model.predict([[], []])).rejects.toThrow(UnrollError);
  });
  test("counts as a row where there is one target a row", async () => {
    const model = reader();
    const [made = 0] = numbersOf(await model.predict([[]]));
    expect((await model.evaluate([[]], [[made + 2]])).loss).toBeCloseTo(4, 5);
  });
  test("adds nothing where there is one target a step: the same loss, the same training step", async () => {
    const [alone, beside] = [labeller(), labeller()];
    const y = [[1], [2], [3]];
    expect(await beside.evaluate([[], long, []], [[], y, []])).toEqual(await alone.evaluate([long], [y]));
    await alone.trainOnBatch([long], [y]);
    await beside.trainOnBatch([[], long, []], [[], y, []]);
    expect(weightsOf(beside)).toEqual(weightsOf(alone));
    expect(weightsOf(beside)).not.toEqual(weightsOf(labeller()));
  });
});

describe("one step, one row", () => {
  test("a sequence of one step: the last output is the only one", async () => {
    const last = roughened(sequential(input({ shape: [null, 3] }), lstm({ units: 4 })));
    const every = roughened(
      sequential(input({ shape: [null, 3] }), lstm({ units: 4, returnSequences: true })),
    );
    expect(numbersOf(await last.predict([one]))).toEqual(numbersOf(await every.predict([one])));
    expect(await every.predict([one])).toMatchObject({ shape: [1, 1, 4] });
  });
  test("a batch of one trains, and as a batch of two equal ones", async () => {
    const [single, twice] = [reader(), reader()];
    const [a, b] = [await single.gradients([long], [[1]]), await twice.gradients([long, long], [[1], [1]])];
    expect(a.loss).toBeCloseTo(b.loss, 6);
    a.gradients.forEach(({ data }, k) => {
      data.forEach((value, at) => {
        expect(value).toBeCloseTo(b.gradients[k]?.data[at] ?? Number.NaN, 5);
      });
    });
    const { history } = await single.fit([long], [[1]], { epochs: 2, verbose: 0 });
    expect(history.loss[1]).toBeLessThan(history.loss[0] ?? 0);
  });
});

describe("a batch where every step is masked", () => {
  test("gives the last output of no steps, and an output a step that repeats the first one", async () => {
    const model = reader();
    expect(numbersOf(await model.predict([masked, masked]))).toEqual(
      numbersOf(await model.predict([[], []])),
    );
    const made = numbersOf(await labeller().predict([masked]));
    expect(made).toHaveLength(2);
    expect(made[0]).toBe(made[1]);
    expect(made.every(Number.isFinite)).toBe(true);
  });
  test("has a loss of 0 where there is one target a step, and moves no weight", async () => {
    const model = labeller();
    const [x, y] = [
      [masked, masked],
      [
        [[5], [5]],
        [[5], [5]],
      ],
    ];
    expect(await model.evaluate(x, y)).toEqual({ loss: 0, mae: 0 });
    expect((await model.gradients(x, y)).gradients.every(({ data }) => data.every((g) => g === 0))).toBe(
      true,
    );
    const before = weightsOf(model);
    const { history } = await model.fit(x, y, { epochs: 2, verbose: 0 });
    expect(history.loss).toEqual([0, 0]);
    expect(weightsOf(model)).toEqual(before);
  });
  test("beside a row with steps it changes nothing", async () => {
    const model = labeller();
    const [y, none] = [
      [[1], [2], [3]],
      [[5], [5]],
    ];
    expect(await model.evaluate([masked, long], [none, y])).toEqual(await model.evaluate([long], [y]));
  });
});

const losses: readonly (readonly [LossName, MetricName, number])[] = [
  ["meanSquaredError", "mae", 0],
  ["meanAbsoluteError", "mse", 0],
  ["huber", "mae", 0],
  ["binaryCrossentropy", "binaryAccuracy", 0],
  ["categoricalCrossentropy", "categoricalAccuracy", 0],
  ["sparseCategoricalCrossentropy", "perplexity", 1],
];
describe.each(losses)("%s of steps that do not count", (loss, metric, nothing) => {
  test.each([["mean"], ["sum"]] as const)(
    "is 0 and no NaN: padding tokens, %s over time",
    async (timeReduction) => {
      const model = sequential(
        embedding({ inputDim: 4, outputDim: 3, maskZero: true }),
        simpleRNN({ units: 3, returnSequences: true }),
        dense({ units: 2, activation: "softmax" }),
      );
      model.compile({ optimizer: adam(), loss, metrics: [metric], timeReduction });
      const target = loss.startsWith("sparse") ? 1 : [0, 1];
      const y = [[target, target], []];
      expect(await model.evaluate([[0, 0], []], y)).toEqual({ loss: 0, [metric]: nothing });
      await model.fit([[0, 0], []], y, { epochs: 2, verbose: 0 });
      await model.fit([[1, 2], [3]], [[target, target], [target]], { sampleWeight: [0, 0], verbose: 0 });
      expect(model.getWeights().every(({ data }) => [...data].every(Number.isFinite))).toBe(true);
    },
  );
});

test.each(["categoricalCrossentropy", "sparseCategoricalCrossentropy"] as const)(
  "%s of what begins with zeros where nothing counts: the same loss without the masked step",
  async (loss) => {
    const model = roughened(
      sequential(input({ shape: [null, 2] }), masking(), gru({ units: 3, returnSequences: true })),
    );
    model.compile({ optimizer: adam(), loss });
    const target = loss.startsWith("sparse") ? 1 : [0, 1, 0];
    const step = [1, 2];
    const bare = await model.evaluate([[step]], [[target]]);
    expect(await model.evaluate([[[0, 0], step]], [[target, target]])).toEqual(bare);
    expect(bare.loss).toBeGreaterThan(0);
    const { history } = await model.fit([[[0, 0], step], [], [step]], [[target, target], [], [target]]);
    expect(Number.isFinite(history.loss[0])).toBe(true);
  },
);

describe("an empty batch is refused", () => {
  const nothing = /expected at least one row, got none/;
  test.each([
    ["nested arrays", []],
    ["ragged", ragged([])],
    ["a tensor", tensor(new Float32Array(0), [0, 4, 3])],
  ])("%s: predict, evaluate, fit, trainOnBatch, gradients", async (_, x) => {
    const model = reader();
    await expect(model.predict(x)).rejects.toThrow(nothing);
    await expect(model.evaluate(x, [])).rejects.toThrow(nothing);
    await expect(model.fit(x, [], { verbose: 0 })).rejects.toThrow(nothing);
    await expect(model.trainOnBatch(x, [])).rejects.toThrow(nothing);
    await expect(model.gradients(x, [])).rejects.toThrow(nothing);
  });
  test("targets of other lengths than the sequences are refused", async () => {
    const model = labeller();
    await expect(model.fit([long, []], [[[1], [2], [3]], [[1]]], { verbose: 0 })).rejects.toThrow(/row 1/);
  });
});

test("batches are rows as they come, not sorted by length", async () => {
  const [fitted, stepped] = [reader(), reader()];
  const [x, y] = [
    [long, one, [], long, one],
    [[1], [2], [3], [4], [5]],
  ];
  await fitted.fit(x, y, { batchSize: 2, shuffle: false, epochs: 1, verbose: 0 });
  for (const from of [0, 2, 4]) await stepped.trainOnBatch(x.slice(from, from + 2), y.slice(from, from + 2));
  expect(weightsOf(fitted)).toEqual(weightsOf(stepped));
});

describe("training in pieces (tbptt)", () => {
  test("rows of no step, of one step, and shorter than a piece are as in whole sequences", async () => {
    const [pieces, whole] = [labeller(), labeller()];
    const [x, y] = [
      [[], one, long],
      [[], [[1]], [[1], [2], [3]]],
    ];
    const settings = { epochs: 1, shuffle: false, verbose: 0 } as const;
    await pieces.fit(x, y, { ...settings, tbptt: { steps: 3 } });
    await whole.fit(x, y, settings);
    expect(weightsOf(pieces)).toEqual(weightsOf(whole));
    const { history } = await pieces.fit(x, y, { ...settings, tbptt: { steps: 2 } });
    expect(history.loss.every((value) => Number.isFinite(value) && value > 0)).toBe(true);
  });
});

describe("a session", () => {
  test("fed with masked steps alone gives what predict gives for them", async () => {
    const session = reader().session();
    const expected = numbersOf(await reader().predict([[]]));
    for (const zeros of masked) expect([...session.push(zeros as never)]).toEqual(expected);
  });
  test("of many streams: a stream that never advances has no say in the others, and none may be left out", async () => {
    const model = labeller();
    const [many, alone] = [model.session({ batch: 3 }), model.session()];
    for (const x of long) {
      const [made] = many.push([x] as never, { rows: [1] });
      expect([...(made ?? [])]).toEqual([...alone.push(x as never)]);
    }
  });
  test("refuses a step of no features, and no streams", () => {
    const model = labeller();
    expect(() => model.session().push([] as never)).toThrow(/3/);
    expect(() => model.session({ batch: 0 })).toThrow(/from 1/);
  });
});
