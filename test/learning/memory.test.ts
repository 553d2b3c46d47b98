/** Counting, and remembering over a delay: what a gated memory holds and a plain one does not. */
import {
  adam,
  dense,
  input,
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

beforeAll(() => setDevice("wasm", { strict: true }));

const optimizer = adam({ learningRate: 0.01, globalClipNorm: 1 });

describe("aⁿbⁿ, trained with n from 1 to 10 (Gers and Schmidhuber 2001)", () => {
  const train = countingStrings({ count: 1000, to: 10, seed: 1 });

  /** The n up to which every string is announced right at every step, 60 at most. */
  async function counts(recurrent: ReturnType<typeof lstm>): Promise<number> {
    setSeed(1);
    const announce = dense({ units: 3, activation: "sigmoid" });
    const model = sequential(input({ shape: [null, 3] }), recurrent, announce);
    model.compile({ optimizer, loss: "binaryCrossentropy" });
    await model.fit(ragged(train.x), ragged(train.y), { epochs: 100, batchSize: 32, seed: 7, verbose: 0 });
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
  test("two LSTM cells count twice as far as they were taught, and further", async () => {
    expect(await counts(lstm({ units: 2, returnSequences: true }))).toBeGreaterThanOrEqual(25);
  });
  test("a plain RNN learns the strings but hardly counts beyond them", async () => {
    const far = await counts(simpleRNN({ units: 8, returnSequences: true }));
    expect(far).toBeGreaterThanOrEqual(8);
    expect(far).toBeLessThan(20);
  });
});

describe("remembering the first input over 40 steps, of 4 symbols", () => {
  const train = delayedRecall({ count: 1000, delay: 40, seed: 1 });
  const held = delayedRecall({ count: 500, delay: 40, seed: 2 });

  async function remembering(recurrent: ReturnType<typeof lstm>): Promise<Model> {
    setSeed(1);
    const model = sequential(
      input({ shape: [null, 8] }),
      recurrent,
      dense({ units: 4, activation: "softmax" }),
    );
    model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    await model.fit(train.x, train.y, { epochs: 12, batchSize: 20, seed: 7, verbose: 0 });
    return model;
  }
  const accuracy = async (model: Model): Promise<number> =>
    (await model.evaluate(held.x, held.y))["accuracy"] ?? 0;

  /** How far the last output moves, of 100 sequences on average, when the first input is another symbol. */
  async function sensitivity(model: Model): Promise<number> {
    const [x, others] = [0, 1].map((shift) =>
      held.x
        .slice(0, 100)
        .map(([first = [], ...rest]) => [
          first.map((_, k) => (k < 4 ? (first[(k + shift) % 4] ?? 0) : 0)),
          ...rest,
        ]),
    );
    const [a, b] = [await model.predict(x as number[][][]), await model.predict(others as number[][][])];
    const [one, other] = [a, b].map((made) => (made as { data: Float32Array }).data);
    return (
      (one ?? new Float32Array()).reduce((sum, value, k) => sum + Math.abs(value - (other?.[k] ?? 0)), 0) /
      100
    );
  }
  test("LSTM holds it: right on new sequences, and another first input is another output", async () => {
    const model = await remembering(lstm({ units: 16 }));
    expect(await accuracy(model)).toBeGreaterThan(0.98);
    expect(await sensitivity(model)).toBeGreaterThan(1.9);
  });
  test("the plain RNN loses it: half of the sequences are wrong, and the output moves less than half as far", async () => {
    const model = await remembering(simpleRNN({ units: 16 }));
    expect(await accuracy(model)).toBeLessThan(0.6);
    expect(await sensitivity(model)).toBeLessThan(1);
  });
});
