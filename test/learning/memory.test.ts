/** Counting, and remembering over a delay: what a gated memory holds and a plain one does not. */
import {
  adam,
  dense,
  input,
  inspect,
  lstm,
  type Model,
  ragged,
  sequential,
  setDevice,
  setSeed,
  simpleRNN,
} from "unroll-rnn";
import { beforeAll, describe, expect, test } from "vitest";
import { countingStrings, delayedRecall } from "../../src/work/data/generators.ts";

beforeAll(() => setDevice("wasm", { strict: true, threads: 1 }));

describe("aⁿbⁿ, trained with n from 1 to 10 (Gers and Schmidhuber 2001)", () => {
  const train = countingStrings({ count: 500, to: 10, seed: 1 });

  /** The n up to which every string is announced right at every step, 60 at most. */
  async function counts(recurrent: ReturnType<typeof lstm>): Promise<number> {
    setSeed(1);
    const announce = dense({ units: 3, activation: "sigmoid" });
    const model = sequential(input({ shape: [null, 3] }), recurrent, announce);
    model.compile({ optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }), loss: "binaryCrossentropy" });
    await model.fit(ragged(train.x), ragged(train.y), { epochs: 100, batchSize: 20, seed: 7, verbose: 0 });
    const strings = Array.from({ length: 60 }, (_, k) =>
      countingStrings({ count: 1, from: k + 1, to: k + 1 }),
    );
    const made = await model.predict(ragged(strings.flatMap(({ x }) => x)));
    const right = (made.toArray() as number[][][]).map((steps, k) =>
      steps.every((step, t) => step.every((p, at) => p > 0.5 === (strings[k]?.y[0]?.[t]?.[at] === 1))),
    );
    const failed = right.indexOf(false);
    return failed < 0 ? 60 : failed;
  }
  test("two LSTM cells count at least twice as far as they were taught", async () => {
    expect(await counts(lstm({ units: 2, returnSequences: true }))).toBeGreaterThanOrEqual(20);
  });
  test("a plain RNN learns the strings but hardly counts beyond them", async () => {
    const far = await counts(simpleRNN({ units: 4, returnSequences: true }));
    expect(far).toBeGreaterThanOrEqual(8);
    expect(far).toBeLessThan(15);
  });
});

describe("remembering the first number over 1 to 60 steps of others (its variance is 0.333)", () => {
  const train = delayedRecall({ count: 2000, from: 1, delay: 60, seed: 1 });
  const held = delayedRecall({ count: 500, delay: 60, seed: 2 });

  async function remembering(recurrent: ReturnType<typeof lstm>, learningRate: number): Promise<Model> {
    setSeed(1);
    const model = sequential(input({ shape: [null, 2] }), recurrent, dense({ units: 1 }));
    model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: "meanSquaredError" });
    await model.fit(train.x, train.y, { epochs: 20, batchSize: 20, seed: 7, verbose: 0 });
    return model;
  }
  const errorAt = async (model: Model, delay: number): Promise<number> => {
    const { x, y } = delayedRecall({ count: 500, delay, seed: 2 });
    return (await model.evaluate(x, y)).loss;
  };
  /** The derivative of the last output with respect to the first number, of each sequence. */
  async function sensitivities(model: Model): Promise<readonly number[]> {
    const seen = await inspect(model, held.x);
    const jacobian = await seen.sensitivity({ from: { input: 0, step: 0 }, to: { output: 0 } });
    expect(jacobian.shape).toEqual([held.x.length, 1, 2]); // the number, and its mark
    return held.x.map((_, row) => jacobian.data[2 * row] ?? Number.NaN);
  }
  const near = (values: readonly number[], wanted: number): number =>
    values.filter((value) => Math.abs(value - wanted) < 0.25).length / values.length;

  test("LSTM holds it, further than it was taught: the first number goes through with a derivative of 1", async () => {
    const model = await remembering(lstm({ units: 16 }), 0.01);
    expect(await errorAt(model, 60)).toBeLessThan(0.005);
    expect(await errorAt(model, 100)).toBeLessThan(0.02);
    expect(near(await sensitivities(model), 1)).toBeGreaterThan(0.9);
  });
  test("the plain RNN forgets it but for its sign (1/12 is left): the derivative is 0", async () => {
    const model = await remembering(simpleRNN({ units: 16 }), 0.003);
    expect(await errorAt(model, 60)).toBeGreaterThan(0.06);
    expect(near(await sensitivities(model), 0)).toBeGreaterThan(0.7);
  });
});
