/** Classical problems that need a memory: it learns them. Outcomes are asserted, never time. */

import { adam, dense, gru, input, lstm, ragged, sequential, setDevice, simpleRNN } from "unroll-rnn";
import { beforeAll, describe, expect, test } from "vitest";
import { addingProblem, embeddedReber, reberSymbols, temporalOrder } from "../../src/work/data/generators.ts";

beforeAll(() => setDevice("wasm", { strict: true }));

const steps = 100;

describe(`the adding problem, ${steps} steps (the variance of the target is 0.167)`, () => {
  const train = addingProblem({ count: 5000, steps, seed: 1 });
  const held = addingProblem({ count: 500, steps, seed: 2 });

  async function error(layer: ReturnType<typeof lstm>, learningRate: number): Promise<number> {
    const model = sequential(input({ shape: [null, 2] }), layer, dense({ units: 1 }));
    model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: "meanSquaredError" });
    await model.fit(train.x, train.y, { epochs: 14, batchSize: 50, seed: 7, verbose: 0 });
    const { loss } = await model.evaluate(held.x, held.y);
    return loss as number;
  }
  test("LSTM solves it", async () => {
    expect(await error(lstm({ units: 32 }), 0.01)).toBeLessThan(0.01);
  });
  test("GRU solves it", async () => {
    expect(await error(gru({ units: 32 }), 0.01)).toBeLessThan(0.01);
  });
  test("the plain RNN does not", async () => {
    expect(await error(simpleRNN({ units: 32 }), 0.003)).toBeGreaterThan(0.05);
  });
});

test("temporal order with three symbols, 60 steps: LSTM tells all eight classes apart", async () => {
  const train = temporalOrder({ count: 2000, steps: 60, seed: 1 });
  const held = temporalOrder({ count: 500, steps: 60, seed: 2 });
  const model = sequential(
    input({ shape: [null, 6] }),
    lstm({ units: 32 }),
    dense({ units: 8, activation: "softmax" }),
  );
  const optimizer = adam({ learningRate: 0.01, globalClipNorm: 1 });
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  await model.fit(train.x, train.y, { epochs: 14, batchSize: 50, seed: 7, verbose: 0 });
  const { accuracy } = await model.evaluate(held.x, held.y);
  expect(accuracy).toBeGreaterThan(0.98);
});

describe("the embedded Reber grammar", () => {
  test("LSTM announces every legal symbol, and remembers the second to the end", async () => {
    const train = embeddedReber({ count: 2000, seed: 1 });
    const held = embeddedReber({ count: 500, seed: 2 });
    const model = sequential(
      input({ shape: [null, 7] }),
      lstm({ units: 16, returnSequences: true }),
      dense({ units: 7, activation: "sigmoid" }),
    );
    model.compile({ optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }), loss: "binaryCrossentropy" });
    await model.fit(ragged(train.x), ragged(train.y), { epochs: 40, batchSize: 32, seed: 7, verbose: 0 });
    const predicted = (await model.predict(ragged(held.x))).toArray() as number[][][];
    // A string is solved when, at every step, the legal symbols and no others stand above one half.
    const solved = predicted.filter((rows, k) =>
      rows.every((row, step) => row.every((p, symbol) => p > 0.5 === (held.y[k]?.[step]?.[symbol] === 1))),
    );
    expect(solved.length / predicted.length).toBeGreaterThan(0.99);
    const remembered = predicted.filter((rows, k) => {
      const row = rows.at(-2) ?? [];
      const [T, P] = ["T", "P"].map((symbol) => row[reberSymbols.indexOf(symbol)] ?? 0) as [number, number];
      return T > P === (held.strings[k]?.[1] === "T");
    });
    expect(remembered.length).toBe(predicted.length);
  });
});
