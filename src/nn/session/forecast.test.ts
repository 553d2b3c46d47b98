import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { roughened } from "../../../test/sessions.ts";
import { setDevice } from "../device.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { flatten } from "../layers/flatten.ts";
import { gaussian, gaussianMixture, quantiles } from "../layers/heads.ts";
import { input } from "../layers/input.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { distributionOf } from "../model/distributionOf.ts";
import { ragged } from "../model/ragged.ts";
import { type Tensor, tensor } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import type { CausalModel } from "../modelTypes.ts";
import { adam } from "../train/optimizers.ts";

beforeEach(() => setDevice("wasm", { threads: 1, strict: true }));

type Sequence = readonly (readonly number[])[];
const series = (features: number) => input({ shape: [null, features] });
const everyStep = () =>
  roughened(sequential(series(2), lstm({ units: 5, returnSequences: true }), dense({ units: 2 })));
const lastStep = () => roughened(sequential(series(2), gru({ units: 5 }), dense({ units: 2 })));
const sequence: Sequence = [
  [0.1, -0.2],
  [0.7, 0.4],
  [-0.5, 0.3],
];

/** What `predict` gives at the end of each sequence. */
async function lastOf(model: object, sequence: Sequence, width: number): Promise<number[]> {
  const { data } = await (model as { predict(x: unknown): Promise<Tensor> }).predict([sequence]);
  return [...data.slice(-width)];
}

describe("forecast", () => {
  test.each([
    ["every output", everyStep],
    ["the last output", lastStep],
  ])("has the bits of predict fed with its own outputs, of a model that returns %s", async (_, make) => {
    const model = make();
    const known = [...sequence];
    const made: number[][] = [];
    for (let k = 0; k < 6; k++) {
      const next = await lastOf(model, known, 2);
      known.push(next);
      made.push(next);
    }
    const { shape, data } = await model.forecast([sequence], { steps: 6 });
    expect(shape).toEqual([1, 6, 2]);
    expect([...data]).toEqual(made.flat());
  });

  test("goes on from each row's own end, whatever rows are beside it", async () => {
    const model = everyStep();
    const step = fc.tuple(
      fc.float({ min: -1, max: 1, noNaN: true }),
      fc.float({ min: -1, max: 1, noNaN: true }),
    );
    const rows = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rows, async (sequences) => {
        const together = await model.forecast(ragged(sequences), { steps: 3 });
        expect(together.shape).toEqual([sequences.length, 3, 2]);
        for (const [row, own] of sequences.entries()) {
          const alone = await model.forecast([own], { steps: 3 });
          expect([...alone.data]).toEqual([...together.data.slice(row * 6, (row + 1) * 6)]);
        }
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  test("takes what is known of the future as the last features", async () => {
    const model = roughened(
      sequential(series(3), lstm({ units: 4, returnSequences: true }), dense({ units: 1 })),
    );
    const past = [
      [0.1, 1, 2],
      [0.3, 1, 0],
    ];
    const future = [
      [5, 6],
      [7, 8],
      [9, 10],
    ];
    const [a = 0] = await lastOf(model, past, 1);
    const [b = 0] = await lastOf(model, [...past, [a, 5, 6]], 1);
    const [c = 0] = await lastOf(model, [...past, [a, 5, 6], [b, 7, 8]], 1);
    const made = await model.forecast([past], { steps: 3, future: [future] });
    expect([...made.data]).toEqual([a, b, c]);
    expect(await model.forecast([past], { steps: 3, future: tensor([future]) })).toEqual(made);
  });

  test("learns a wave and goes on with it, far better than the last value does", async () => {
    setDevice("wasm", { threads: 1 });
    const wave = (from: number, length: number) =>
      Array.from({ length }, (_, t) => [Math.sin((2 * Math.PI * (from + t)) / 12)]);
    const x = Array.from({ length: 24 }, (_, k) => wave(k / 2, 24));
    const y = Array.from({ length: 24 }, (_, k) => wave(k / 2 + 1, 24));
    const model = sequential(series(1), gru({ units: 12, returnSequences: true }), dense({ units: 1 }));
    model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: "meanSquaredError" });
    await model.fit(x, y, { epochs: 150, batchSize: 24, verbose: 0, seed: 1 });
    const past = wave(0.3, 20);
    const truth = wave(20.3, 24).flat();
    const made = [...(await model.forecast([past], { steps: 24 })).data];
    const error = (guess: readonly number[]): number =>
      truth.reduce((sum, value, k) => sum + (value - (guess[k] ?? 0)) ** 2, 0) / truth.length;
    const naive = error(truth.map(() => past.at(-1)?.[0] ?? 0));
    expect(error(made)).toBeLessThan(naive / 20);
  });

  test("of no steps is empty", async () => {
    expect((await everyStep().forecast([sequence], { steps: 0 })).shape).toEqual([1, 0, 2]);
  });
});

describe("where the output tells a distribution", () => {
  const heads = [
    ["gaussian", gaussian({ units: 2 })],
    ["gaussianMixture", gaussianMixture({ units: 2, components: 2 })],
    ["quantiles", quantiles({ units: 2, probabilities: [0.1, 0.4, 0.9] })],
  ] as const;
  test.each(heads)("%s: a step is its mean", async (_, head) => {
    const model = roughened(sequential(series(2), lstm({ units: 4, returnSequences: true }), head));
    const { mean } = distributionOf(model);
    const known = [...sequence];
    for (let k = 0; k < 3; k++) {
      const all = mean((await model.predict([known])) as Tensor);
      known.push([...all.data.slice(-2)]);
    }
    const made = await model.forecast([sequence], { steps: 3 });
    expect([...made.data]).toEqual(known.slice(3).flat());
  });

  test("or a draw: the same for the same seed, spread as the deviation says", async () => {
    const model = roughened(sequential(series(1), gru({ units: 4 }), gaussian({ units: 1 })));
    const rows = Array.from({ length: 2000 }, () => [[0.2], [0.4]]);
    const one = await model.forecast(rows, { steps: 2, sample: true, seed: 5 });
    expect(await model.forecast(rows, { steps: 2, sample: true, seed: 5 })).toEqual(one);
    expect(await model.forecast(rows, { steps: 2, sample: true, seed: 6 })).not.toEqual(one);
    const first = rows.map((_, row) => one.data[2 * row] as number);
    const seen = (await model.predict(rows.slice(0, 1))) as Tensor;
    const { mean, standardDeviation } = distributionOf(model);
    const [m = 0, s = 0] = [mean(seen).data[0], standardDeviation(seen).data[0]];
    const average = first.reduce((sum, x) => sum + x, 0) / first.length;
    const spread = Math.sqrt(first.reduce((sum, x) => sum + (x - average) ** 2, 0) / first.length);
    expect(Math.abs(average - m)).toBeLessThan((4 * s) / Math.sqrt(first.length)); // four deviations
    expect(Math.abs(spread / s - 1)).toBeLessThan(0.08);
  });
});

describe("forecastStream", () => {
  test("gives the steps of forecast one by one", async () => {
    const model = everyStep();
    const x = ragged([sequence, sequence.slice(0, 1)]);
    const whole = await model.forecast(x, { steps: 4 });
    const made: Tensor[] = [];
    for await (const step of model.forecastStream(x, { steps: 4 })) made.push(step);
    expect(made.map(({ shape }) => shape)).toEqual(Array.from({ length: 4 }, () => [2, 2]));
    for (const row of [0, 1])
      expect(made.flatMap(({ data }) => [...data.slice(2 * row, 2 * row + 2)])).toEqual([
        ...whole.data.slice(8 * row, 8 * row + 8),
      ]);
  });

  test("ends at a signal; so does forecast, with the steps made so far", async () => {
    const model = everyStep();
    const stopping = new AbortController();
    let made = 0;
    for await (const step of model.forecastStream([sequence], { steps: 9, signal: stopping.signal })) {
      expect(step.shape).toEqual([1, 2]);
      if (++made === 2) stopping.abort();
    }
    expect(made).toBe(2);
    const { shape } = await model.forecast([sequence], { steps: 9, signal: stopping.signal });
    expect(shape).toEqual([1, 0, 2]);
  });

  test("throws at once when something is wrong", () => {
    expect(() => everyStep().forecastStream([sequence], { steps: -1 })).toThrow(
      /model\.forecastStream.*steps/,
    );
  });
});

describe("refuses", () => {
  const forecasting =
    (model: object, x: unknown, options: unknown = { steps: 2 }): (() => Promise<Tensor>) =>
    () =>
      (model as CausalModel).forecast(x as never, options as never);
  const narrow = () => sequential(series(3), gru({ units: 2 }), dense({ units: 1 }));
  const past = [[[1, 2, 3]]];

  test.each<[string, () => Promise<Tensor>, RegExp]>([
    ["no steps", forecasting(everyStep(), [sequence], {}), /the option steps/],
    ["a misspelt option", forecasting(everyStep(), [sequence], { step: 3 }), /Did you mean "steps"\?/],
    [
      "a row without steps",
      forecasting(everyStep(), ragged([[...sequence], tensor([], [0, 2])] as never)),
      /row 1: expected at least one step/,
    ],
    ["one sequence without a batch", forecasting(everyStep(), sequence), /The batch is the first axis/],
    ["no future where one is needed", forecasting(narrow(), past), /future: expected \[1, 2, 2\], got none/],
    [
      "a short future",
      forecasting(narrow(), past, { steps: 2, future: [[[1, 2]]] }),
      /future, row 0: expected \[2, 2\]/,
    ],
    [
      "a future of other rows",
      forecasting(narrow(), past, { steps: 1, future: [[[1, 2]], [[1, 2]]] }),
      /got 2 rows/,
    ],
    [
      "a future of a model that gives all",
      forecasting(everyStep(), [sequence], { steps: 1, future: [[[1]]] }),
      /future: expected none/,
    ],
    [
      "draws from numbers",
      forecasting(everyStep(), [sequence], { steps: 1, sample: true }),
      /sample: .*gaussian/,
    ],
    ["a seed below 0", forecasting(everyStep(), [sequence], { steps: 1, seed: -1 }), /seed/],
    [
      "more outputs than inputs",
      forecasting(sequential(series(1), gru({ units: 2 })), [[[1]]]),
      /at most the 1 features.*a vector \[batch, 2\].*dense\(\{ units: 1 \}\)/,
    ],
    [
      "tokens",
      forecasting(
        sequential(
          input({ shape: [null], dtype: "int32" }),
          embedding({ inputDim: 3, outputDim: 2 }),
          gru({ units: 1 }),
        ),
        [[1, 2]],
      ),
      /one that takes tokens/,
    ],
    [
      "several outputs",
      () => {
        const x = series(1);
        const h = gru({ units: 1 })(x);
        return forecasting(functional({ inputs: x, outputs: [h, h] }), [[[1]]])();
      },
      /several inputs or outputs/,
    ],
    [
      "a model that looks ahead",
      forecasting(sequential(input({ shape: [2, 1] }), flatten(), dense({ units: 1 })), [[[1], [2]]]),
      /"flatten_1", which looks ahead/,
    ],
  ])("%s", async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });

  test("to go on from what is not finite", async () => {
    const model = sequential(series(1), dense({ units: 1 }));
    model.setWeights(
      model.getWeights().map(({ shape, data }) =>
        tensor(
          data.map(() => 3e38),
          shape,
        ),
      ),
    );
    await expect(model.forecast([[[1]]], { steps: 3 })).rejects.toThrow(/step 0: expected finite numbers/);
  });
});
