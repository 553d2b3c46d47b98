/** Counting, and remembering over a delay: what a gated memory holds and a plain one does not. */
import { adam, dense, input, lstm, ragged, sequential, setDevice, setSeed, simpleRNN } from "unroll-rnn";
import { beforeAll, describe, expect, test } from "vitest";
import { countingStrings, delayedRecall } from "../../src/work/data/generators.ts";

beforeAll(() => setDevice("wasm", { strict: true }));

describe("aⁿbⁿ, trained with n up to 10 (Gers and Schmidhuber 2001)", () => {
  /** The largest n up to which every string is announced right at every step. */
  async function holds(layer: ReturnType<typeof lstm>): Promise<number> {
    setSeed(1);
    const model = sequential(input({ shape: [null, 3] }), layer, dense({ units: 3, activation: "sigmoid" }));
    model.compile({ optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }), loss: "binaryCrossentropy" });
    const train = countingStrings({ count: 1000, to: 10, seed: 1 });
    await model.fit(ragged(train.x), ragged(train.y), { epochs: 100, batchSize: 32, seed: 7, verbose: 0 });
    for (let n = 1; n <= 60; n++) {
      const { x, y } = countingStrings({ count: 1, from: n, to: n });
      const [row = []] = (await model.predict(ragged(x))).toArray() as number[][][];
      const right = row.every((step, t) => step.every((p, k) => p > 0.5 === (y[0]?.[t]?.[k] === 1)));
      if (!right) return n - 1;
    }
    return 60;
  }
  test("LSTM", async () => {
    const t = Date.now();
    for (const units of [2, 3, 4, 8]) console.log(units, await holds(lstm({ units, returnSequences: true })), Date.now() - t);
    console.log("rnn", await holds(simpleRNN({ units: 8, returnSequences: true }) as never));
  });
});
describe("recall", () => {
  async function accuracy(layer: ReturnType<typeof lstm>, delay: number, epochs: number): Promise<number> {
    setSeed(1);
    const train = delayedRecall({ count: 1000, delay, seed: 1 });
    const held = delayedRecall({ count: 500, delay, seed: 2 });
    const model = sequential(input({ shape: [null, 4] }), layer, dense({ units: 4, activation: "softmax" }));
    model.compile({ optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    const { history } = await model.fit(train.x, train.y, { epochs, batchSize: 32, seed: 7, verbose: 0 });
    console.log(history.loss.map((x) => x.toFixed(2)).join(" "));
    return (await model.evaluate(held.x, held.y))["accuracy"] as number;
  }
  test("r", async () => {
    for (const delay of [30, 60, 100]) {
    let t = Date.now();
    console.log(delay, "lstm", await accuracy(lstm({ units: 16 }), delay, 30), Date.now() - t);
    t = Date.now();
    console.log(delay, "rnn", await accuracy(simpleRNN({ units: 16 }) as never, delay, 30), Date.now() - t);
    }
  });
});
