/** Truncated back-propagation whose pieces are as long as the sequences is back-propagation through time, bit for bit. */
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Model } from "../../src/index.ts";
import { setDevice } from "../../src/nn/device.ts";
import type { Layer } from "../../src/nn/layers/facts.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { sequential } from "../../src/nn/models.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { adam } from "../../src/nn/train/optimizers.ts";
import { reals } from "../sessions.ts";
import { classes, samples, xOf, yOf } from "./batches.ts";

beforeEach(() => {
  setDevice("wasm", { threads: 1 });
  setSeed(3);
});
const every = { units: classes, returnSequences: true } as const;
const layers: readonly (readonly [string, () => unknown])[] = [
  ["simpleRNN", () => simpleRNN(every)],
  ["lstm", () => lstm(every)],
  ["lstm with dropout", () => lstm({ ...every, dropout: 0.3, recurrentDropout: 0.2 })],
  ["gru", () => gru(every)],
];

describe.each(layers)("%s", (_, layer) => {
  const trained = async (
    all: Parameters<typeof xOf>[0],
    steps: number | null,
  ): Promise<readonly unknown[]> => {
    const model = sequential(reals(), layer() as Layer) as unknown as Model;
    model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: "meanSquaredError" });
    const options = {
      epochs: 2,
      batchSize: 3,
      verbose: 0,
      seed: 5,
      ...(steps === null ? {} : { tbptt: { steps } }),
    };
    const { history } = await model.fit(xOf(all), yOf(all), options as never);
    return [history, model.weights.map(({ data }) => [...data])];
  };
  test("pieces of the longest sequence, or longer", async () => {
    const property = fc.asyncProperty(samples(1), fc.integer({ min: 0, max: 5 }), async (all, more) => {
      const longest = Math.max(...all.map(({ x }) => x.length));
      expect(await trained(all, longest + more)).toEqual(await trained(all, null));
    });
    await fc.assert(property, { numRuns: 6, seed: 7 });
  });
  test("shorter pieces are not the same", async () => {
    const all = fc.sample(samples(4, 4), { numRuns: 1, seed: 8 })[0] ?? [];
    expect(await trained(all, 2)).not.toEqual(await trained(all, null));
  });
});
