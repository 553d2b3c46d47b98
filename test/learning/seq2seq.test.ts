/** Reversing: a seq2seq learns it from pairs. Outcomes are asserted, never time. */
import { adam, dense, embedding, lstm, seq2seq, setDevice, setSeed } from "unroll-rnn";
import { beforeAll, expect, test } from "vitest";
import { keyOf, uniform } from "../../src/core/run/random.ts";

beforeAll(() => setDevice("wasm", { strict: true, threads: 1 }));

const symbols = 8;
interface Lengths {
  readonly from: number;
  readonly to: number;
}

function sequences(count: number, { from, to }: Lengths, seed: number): number[][] {
  return Array.from({ length: count }, (_, k) => {
    const below = (most: number, place: number): number =>
      Math.floor(uniform(keyOf(seed, "reversing", k), place) * most);
    return Array.from({ length: from + below(to - from + 1, 0) }, (__, t) => below(symbols, t + 1));
  });
}
const reversed = (rows: readonly number[][]): number[][] => rows.map((row) => [...row].reverse());

/** The share of held-out sequences that come back reversed without a fault. */
async function learned(
  attention: "none" | "dot" | "additive",
  lengths: Lengths,
  epochs: number,
): Promise<number> {
  setSeed(1);
  const known = symbols + 2;
  const model = seq2seq({
    encoder: [embedding({ inputDim: symbols, outputDim: 16 }), lstm({ units: 64, returnSequences: true })],
    decoder: [
      embedding({ inputDim: known, outputDim: 16 }),
      lstm({ units: 64, returnSequences: true }),
      dense({ units: known, activation: "softmax" }),
    ],
    attention,
    startToken: symbols,
    endToken: symbols + 1,
  });
  model.compile({ optimizer: adam({ learningRate: 0.005, globalClipNorm: 1 }) });
  const train = sequences(4000, lengths, 1);
  await model.fit(train, reversed(train), { epochs, batchSize: 50, seed: 7, verbose: 0 });
  const held = sequences(400, lengths, 2);
  const made = await model.generate(held, { maxLength: lengths.to + 2 });
  const wanted = reversed(held);
  return made.filter((tokens, k) => tokens.join() === wanted[k]?.join()).length / held.length;
}

test("without attention it reverses sequences of up to 6 symbols", async () => {
  expect(await learned("none", { from: 1, to: 6 }, 14)).toBeGreaterThan(0.95);
});

test.each(["dot", "additive"] as const)("with %s attention those of 12 symbols", async (attention) => {
  expect(await learned(attention, { from: 12, to: 12 }, 8)).toBeGreaterThan(0.99);
});

test("those of 20 symbols need attention: what an encoder hands over at its end is not enough", async () => {
  const [without, looking] = [
    await learned("none", { from: 20, to: 20 }, 8),
    await learned("dot", { from: 20, to: 20 }, 8),
  ];
  expect(looking).toBeGreaterThan(0.95);
  expect(without).toBeLessThan(looking / 2);
});
