import { beforeEach, describe, expect, test } from "vitest";
import { uniform } from "../../core/run/random.ts";
import { setDevice } from "../device.ts";
import { dense } from "../layers/dense.ts";
import { gaussian } from "../layers/heads.ts";
import { input } from "../layers/input.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { timeDistributed } from "../layers/timeDistributed.ts";
import { sequential } from "../models.ts";
import { adam } from "../train/optimizers.ts";
import type { Tensor } from "./tensor.ts";

beforeEach(() => setDevice("wasm", { threads: 1 }));

type Vectors = readonly (readonly number[])[];
const vectorsOf = (codes: Tensor): Vectors => codes.toArray() as Vectors;

/** Classes 0 to 2: which of three steps at the beginning of the noise was the large one. Lengths 6 to 9. */
const classes = 3;
function data(
  count: number,
  from: number,
): { readonly x: readonly Vectors[]; readonly y: readonly number[] } {
  const y = Array.from({ length: count }, (_, k) => k % classes);
  const x = y.map((label, k) =>
    Array.from({ length: 6 + (k % 4) }, (_, t) => [
      0.6 * uniform([1, from + k], t) + (t === label ? 1 : 0),
      uniform([2, from + k], t),
    ]),
  );
  return { x, y };
}

/** A classifier that knows nothing of networks: the mean of each class, and the class whose mean is the nearest. */
function nearestCentroid(vectors: Vectors, labels: readonly number[]): (vector: readonly number[]) => number {
  const width = vectors[0]?.length ?? 0;
  const centroids = Array.from({ length: classes }, (_, label) => {
    const own = vectors.filter((__, k) => labels[k] === label);
    return Array.from(
      { length: width },
      (__, f) => own.reduce((sum, v) => sum + (v[f] ?? 0), 0) / own.length,
    );
  });
  const distance = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, f) => sum + (value - (b[f] ?? 0)) ** 2, 0);
  return (vector) => {
    const distances = centroids.map((centroid) => distance(centroid, vector));
    return distances.indexOf(Math.min(...distances));
  };
}

function accuracy(
  train: Vectors,
  test: Vectors,
  labels: readonly number[],
  truth: readonly number[],
): number {
  const classify = nearestCentroid(train, labels);
  return test.filter((vector, k) => classify(vector) === truth[k]).length / test.length;
}

describe("model.encode", () => {
  test("gives the features that a classical classifier tells classes apart with", async () => {
    const [known, unseen] = [data(180, 0), data(90, 1000)];
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 12 }),
      dense({ units: classes, activation: "softmax" }),
    );
    model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: "sparseCategoricalCrossentropy" });
    await model.fit(known.x, known.y, { epochs: 30, batchSize: 30, verbose: 0, seed: 1 });

    const codes = async (x: readonly Vectors[]) => vectorsOf((await model.encode(x)) as Tensor);
    const [train, test] = [await codes(known.x), await codes(unseen.x)];
    expect(train.map(({ length }) => length)).toEqual(known.x.map(() => 12));
    const withCodes = accuracy(train, test, known.y, unseen.y);
    // the same classifier on the means of the steps, which know no order
    const means = (x: readonly Vectors[]): Vectors =>
      x.map((steps) =>
        [0, 1].map((f) => steps.reduce((sum, step) => sum + (step[f] ?? 0), 0) / steps.length),
      );
    const withMeans = accuracy(means(known.x), means(unseen.x), known.y, unseen.y);
    expect(withCodes).toBeGreaterThan(0.95);
    expect(withMeans).toBeLessThan(0.6);
  });

  test("is what goes into a dense layer at every step", async () => {
    const [x, recurrent] = [input({ shape: [null, 2] }), gru({ units: 3, returnSequences: true })];
    const model = sequential(x, recurrent, timeDistributed(dense({ units: 1 })));
    const one = [[1, 2]];
    expect(await model.encode([one])).toEqual(await sequential(x, recurrent).predict([one]));
  });

  test("is what goes into a head too", async () => {
    const [x, recurrent] = [input({ shape: [null, 2] }), gru({ units: 3 })];
    const model = sequential(x, recurrent, gaussian({ units: 1 }));
    const code = (await model.encode([[[1, 2]], [[3, 4]]])) as Tensor;
    expect(code.shape).toEqual([2, 3]);
    expect(code).toEqual(await sequential(x, recurrent).predict([[[1, 2]], [[3, 4]]]));
  });
});
