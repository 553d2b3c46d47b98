/**
 * Sequences as they are: what a model makes of a row depends on that row alone, bit for bit, whoever stands beside it,
 * however long the others are, and however many masked steps are put between its own.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Layer } from "../../src/nn/layers/facts.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { layerNames } from "../../src/nn/layers/registry.ts";
import { type Network, networkOf } from "../../src/nn/model/network.ts";
import { predict } from "../../src/nn/model/predict.ts";
import { isRagged, type Ragged, ragged } from "../../src/nn/model/ragged.ts";
import { isTensor, type Tensor } from "../../src/nn/model/tensor.ts";
import { sequential } from "../../src/nn/models.ts";
import { devices } from "../conformance/devices.ts";
import { numbers, reals, roughened } from "../sessions.ts";
import { layersIn, masks, raggedModels, recurrentLayers, takesTokens, videoModels } from "./models.ts";

type Sequence = readonly (number | readonly number[])[];
type Outputs = readonly (Tensor | Ragged)[];

const number = fc.integer({ min: -128, max: 128 }).map((n) => n / 64);
const vector = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(number, number, number) },
  { weight: 1, arbitrary: fc.constant([0, 0, 0] as const) },
);
const token = fc.integer({ min: 0, max: 5 });
const sequence = (network: Network): fc.Arbitrary<Sequence> =>
  takesTokens(network) ? fc.array(token, { maxLength: 14 }) : fc.array(vector, { maxLength: 14 });

const given = (length: number, seed: number): Sequence =>
  Array.from({ length }, (_, t) => [seed - t, 0.5 * t, 0.3]);

/** What the rows give at every output, as numbers: row by row, the steps of each row only. */
function rowsOf(outputs: Outputs): readonly (readonly (readonly number[])[])[] {
  const rows = ({ shape: [count = 0], data }: Tensor): number[][] =>
    Array.from({ length: count }, (_, k) => [
      ...data.subarray((k * data.length) / count, ((k + 1) * data.length) / count),
    ]);
  return outputs.map((output) =>
    isTensor(output) ? rows(output) : output.rows.map(({ data }) => [...data]),
  );
}

describe.each(devices)("on $name", ({ device: made }) => {
  const device = made();
  const run = async (network: Network, rows: readonly Sequence[], batchSize = 32): Promise<Outputs> => {
    const result = await predict(network, ragged(rows as never), { batchSize }, device);
    return (isTensor(result) || isRagged(result) ? [result] : Object.values(result as object)) as Outputs;
  };
  const alone = async (network: Network, row: Sequence): Promise<readonly (readonly number[])[]> =>
    rowsOf(await run(network, [row])).map((rows) => rows[0] ?? []);

  test.each(videoModels)("%s: a video alone and in any company", async (_, make) => {
    const network = networkOf(roughened(make()));
    const frames = numbers(12 * 40);
    const frame = (k: number): unknown =>
      Array.from({ length: 4 }, (__, y) =>
        Array.from({ length: 5 }, (___, x) =>
          frames.slice(40 * k + 10 * y + 2 * x, 40 * k + 10 * y + 2 * x + 2),
        ),
      );
    const videos = [3, 0, 5, 1].map((length, row) => Array.from({ length }, (__, t) => frame(2 * row + t)));
    const together = rowsOf(await run(network, videos as never));
    for (const [k, one] of videos.entries())
      expect(await alone(network, one as never)).toEqual(together.map((rows) => rows[k]));
  });

  describe.each(raggedModels)("%s", (_, make) => {
    const network = networkOf(roughened(make()));

    test("a row alone and in any company: the same bits", async () => {
      const company = fc.array(sequence(network), { minLength: 1, maxLength: 7 });
      const property = fc.asyncProperty(company, fc.integer({ min: 1, max: 8 }), async (rows, batchSize) => {
        const together = rowsOf(await run(network, rows, batchSize));
        for (const [k, row] of rows.entries())
          expect(together.map((output) => output[k])).toEqual(await alone(network, row));
      });
      await fc.assert(property, { numRuns: 12, seed: 1 });
    });

    test.runIf(masks(network))("masked steps behind a row change none of its outputs", async () => {
      const hidden = takesTokens(network) ? 0 : ([0, 0, 0] as const);
      const property = fc.asyncProperty(
        sequence(network),
        fc.integer({ min: 1, max: 9 }),
        async (row, more) => {
          const padded = [...row, ...Array.from({ length: more }, () => hidden)];
          const [bare, filled] = [await alone(network, row), await alone(network, padded)];
          filled.forEach((output, k) => {
            expect(output.slice(0, bare[k]?.length)).toEqual(bare[k]);
          });
        },
      );
      await fc.assert(property, { numRuns: 12, seed: 2 });
    });

    test.skipIf(takesTokens(network))("a neighbour whose numbers overflow stays alone with it", async () => {
      const rows: readonly Sequence[] = [2, 5, 3].map((length, k) => given(length, k));
      const huge = Array.from({ length: 4 }, () => [3e38, -3e38, 3e38]);
      const together = rowsOf(await run(network, [huge, ...rows]));
      const apart = rowsOf(await run(network, rows));
      expect(together.map((output) => output.slice(1))).toEqual(apart);
      expect(apart.flat(2).every(Number.isFinite)).toBe(true);
    });
  });

  describe.each(recurrentLayers)("%s", (_, layer) => {
    const all = networkOf(roughened(sequential(reals(), layer(true) as Layer)));
    const last = networkOf(roughened(sequential(reals(), layer(false) as Layer)));

    test("the last output is that of the last real step", async () => {
      const property = fc.asyncProperty(
        fc.array(sequence(all), { minLength: 1, maxLength: 6 }),
        async (rows) => {
          const [[every = []], [one = []]] = [rowsOf(await run(all, rows)), rowsOf(await run(last, rows))];
          rows.forEach(({ length }, k) => {
            if (length > 0) expect(one[k]).toEqual(every[k]?.slice(-3));
          });
        },
      );
      await fc.assert(property, { numRuns: 12, seed: 3 });
    });
    test("masked steps, wherever they stand, leave the last output as it is", async () => {
      const hiding = networkOf(roughened(sequential(reals(), masking(), layer(false) as Layer)));
      const steps = fc.array(fc.tuple(vector, fc.boolean()), { maxLength: 12 });
      const property = fc.asyncProperty(steps, async (mixed) => {
        const hidden = mixed.map(([step, counts]) => (counts ? step : [0, 0, 0]));
        const bare = hidden.filter((step) => step.some((x) => x !== 0));
        expect(await alone(hiding, hidden)).toEqual(await alone(last, bare));
      });
      await fc.assert(property, { numRuns: 20, seed: 4 });
    });
  });
});

test("every layer that can be saved has a model here", () => {
  const models = [...raggedModels, ...videoModels];
  const there = new Set(models.flatMap(([, make]) => layersIn(networkOf(make()))));
  expect(layerNames.filter((name) => !there.has(name))).toEqual([]);
});
