/** Reversing: a seq2seq learns it from pairs. Outcomes are asserted, never time. */
import { adam, dense, embedding, lstm, seq2seq, setDevice, setSeed } from "unroll-rnn";
import { beforeAll, expect, test } from "vitest";
import { keyOf, uniform } from "../../src/core/run/random.ts";

beforeAll(() => setDevice("wasm", { strict: true, threads: 1 }));

const symbols = 8;
/** Sequences of 1 to `longest` symbols. */
function sequences(count: number, longest: number, seed: number): number[][] {
  return Array.from({ length: count }, (_, k) => {
    const below = (most: number, place: number): number =>
      Math.floor(uniform(keyOf(seed, "reversing", k), place) * most);
    return Array.from({ length: 1 + below(longest, 0) }, (__, t) => below(symbols, t + 1));
  });
}
const reversed = (rows: readonly number[][]): number[][] => rows.map((row) => [...row].reverse());

test("a seq2seq without attention reverses sequences of up to 6 symbols", async () => {
  setSeed(1);
  const known = symbols + 2;
  const model = seq2seq({
    encoder: [embedding({ inputDim: symbols, outputDim: 16 }), lstm({ units: 64 })],
    decoder: [
      embedding({ inputDim: known, outputDim: 16 }),
      lstm({ units: 64, returnSequences: true }),
      dense({ units: known, activation: "softmax" }),
    ],
    startToken: symbols,
    endToken: symbols + 1,
  });
  model.compile({ optimizer: adam({ learningRate: 0.005, globalClipNorm: 1 }) });
  const train = sequences(4000, 6, 1);
  await model.fit(train, reversed(train), { epochs: 14, batchSize: 50, seed: 7, verbose: 0 });
  const held = sequences(400, 6, 2);
  const made = await model.generate(held, { maxLength: 8 });
  const wanted = reversed(held);
  const right = made.filter((tokens, k) => tokens.join() === wanted[k]?.join()).length;
  expect(right / held.length).toBeGreaterThan(0.95);
});
