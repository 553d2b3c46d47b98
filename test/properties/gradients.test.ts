/**
 * What a batch is made of decides its gradients, and nothing else does: not the order of its rows, not how it is cut into
 * pieces. Sums in another order differ by rounding only; weights that are all doubled double every gradient bit for bit.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Model } from "../../src/index.ts";
import { setDevice } from "../../src/nn/device.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { conv1d } from "../../src/nn/layers/conv1d.ts";
import type { Layer } from "../../src/nn/layers/facts.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import { sequential } from "../../src/nn/models.ts";
import { recurrentLayers } from "../ragged/models.ts";
import { reals, roughened } from "../sessions.ts";
import { classes, type Sample, sameButRounding, samples, stepsOf, weightOf, xOf, yOf } from "./batches.ts";

beforeAll(() => {
  setDevice("wasm", { threads: 1 });
});
const layers: readonly (readonly [string, () => unknown])[] = [
  ...recurrentLayers.map(([name, layer]) => [name, () => layer(true)] as const),
  [
    "bidirectional gru",
    () => bidirectional(gru({ units: classes, returnSequences: true }), { mergeMode: "sum" }),
  ],
  ["conv1d", () => conv1d({ filters: classes, kernelSize: 3, padding: "same", activation: "tanh" })],
];
const modelOf = (layer: () => unknown): Model => {
  const model = roughened(sequential(reals(), layer() as Layer)) as unknown as Model;
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  return model;
};
interface Gradients {
  readonly loss: number;
  readonly gradients: readonly Float32Array[];
}
async function gradientsOf(model: Model, all: readonly Sample[], weighed = false): Promise<Gradients> {
  const options = weighed ? { sampleWeight: weightOf(all) } : {};
  const { loss, gradients } = await model.gradients(xOf(all), yOf(all), options);
  return { loss, gradients: gradients.map(({ data }) => data as Float32Array) };
}
const runs = { numRuns: 10, seed: 6 };
const scaled = (arrays: readonly Float32Array[], factor: number): readonly Float32Array[] =>
  arrays.map((array) => array.map((x) => x * factor));
const sumOf = (all: readonly (readonly Float32Array[])[]): readonly Float32Array[] =>
  (all[0] ?? []).map((first, k) =>
    first.map((_, i) => all.reduce((sum, one) => sum + (one[k]?.[i] ?? 0), 0)),
  );

describe.each(layers)("%s", (_, layer) => {
  const model = modelOf(layer);

  test("another order of the rows: the same loss and gradients but for rounding", async () => {
    const property = fc.asyncProperty(samples(2), fc.integer(), async (all, by) => {
      const other = all.map((one, k) => [Math.imul(by ^ k, 2654435761), one] as const);
      const turned = other.toSorted(([a], [b]) => a - b).map(([, one]) => one);
      const [wanted, got] = [await gradientsOf(model, all, true), await gradientsOf(model, turned, true)];
      sameButRounding(got.gradients, wanted.gradients, all);
      expect(Math.abs(got.loss - wanted.loss)).toBeLessThan(1e-6 * Math.max(1, wanted.loss));
    });
    await fc.assert(property, runs);
  });

  test("the loss of a batch is the mean of those of its pieces, each by its steps; so are the gradients", async () => {
    const property = fc.asyncProperty(samples(2), fc.nat(), async (all, place) => {
      const at = 1 + (place % (all.length - 1));
      const pieces = [all.slice(0, at), all.slice(at)];
      const whole = await gradientsOf(model, all);
      const parts = await Promise.all(
        pieces.map(async (piece) => ({
          share: stepsOf(piece) / stepsOf(all),
          ...(await gradientsOf(model, piece)),
        })),
      );
      const loss = parts.reduce((sum, { share, loss: own }) => sum + share * own, 0);
      expect(Math.abs(loss - whole.loss)).toBeLessThan(1e-6 * Math.max(1, whole.loss));
      sameButRounding(
        sumOf(parts.map(({ share, gradients }) => scaled(gradients, share))),
        whole.gradients,
        all,
      );
      const [{ loss: evaluated }, { loss: alone }] = [
        await model.evaluate(xOf(all), yOf(all), { batchSize: 1 }),
        await model.evaluate(xOf(all), yOf(all)),
      ];
      expect(Math.abs(evaluated - alone)).toBeLessThan(1e-6 * Math.max(1, alone));
    });
    await fc.assert(property, runs);
  });

  test("weights of samples, doubled, double the loss and every gradient, bit for bit", async () => {
    const property = fc.asyncProperty(samples(1), async (all) => {
      const double = all.map((one) => ({ ...one, weight: 2 * one.weight }));
      const [once, twice] = [await gradientsOf(model, all, true), await gradientsOf(model, double, true)];
      expect(twice.gradients).toEqual(scaled(once.gradients, 2));
      expect(twice.loss).toBe(2 * once.loss);
    });
    await fc.assert(property, runs);
  });

  test("a sample of no weight gives nothing to the gradients", async () => {
    const property = fc.asyncProperty(samples(1), samples(1, 2), async (all, none) => {
      const more = [...all, ...none.map((one) => ({ ...one, weight: 0 }))];
      const [wanted, got] = [await gradientsOf(model, all, true), await gradientsOf(model, more, true)];
      // The mean is over all steps, those of no weight too.
      sameButRounding(scaled(got.gradients, stepsOf(more) / stepsOf(all)), wanted.gradients, more);
    });
    await fc.assert(property, runs);
  });
});
