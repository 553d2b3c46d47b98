/**
 * The loss of sequences is the sum of those of their pieces in time, where a stateful model reads piece after piece: the
 * outputs have the same bits, the sums differ by rounding only.
 */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { Model, Tensor } from "../../src/index.ts";
import { setDevice } from "../../src/nn/device.ts";
import type { Layer } from "../../src/nn/layers/facts.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { sequential } from "../../src/nn/models.ts";
import { sgd } from "../../src/nn/train/optimizers.ts";
import { reals, roughened } from "../sessions.ts";
import { classes, type Sample, samples, xOf, yOf } from "./batches.ts";

beforeAll(() => {
  setDevice("wasm", { threads: 1 });
});
const every = { units: classes, returnSequences: true, stateful: true } as const;
const layers: readonly (readonly [string, () => unknown])[] = [
  ["simpleRNN", () => simpleRNN(every)],
  ["lstm", () => lstm(every)],
  ["gru", () => gru(every)],
];
const cut = ({ x, y, weight }: Sample, from: number, to: number): Sample => ({
  x: x.slice(from, to),
  y: y.slice(from, to),
  weight,
});

test.each(layers)("%s", async (_, layer) => {
  const model = roughened(sequential(reals(), layer() as Layer)) as unknown as Model;
  // Steps that change nothing, but hand the states on.
  model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError", timeReduction: "sum" });
  const property = fc.asyncProperty(samples(1, 5), fc.nat(), async (drawn, place) => {
    const steps = Math.min(...drawn.map(({ x }) => x.length));
    const all = drawn.map((one) => cut(one, 0, steps));
    const at = 1 + (place % steps);
    const pieces = [all.map((one) => cut(one, 0, at)), all.map((one) => cut(one, at, steps))].filter(
      ([first]) => (first?.x.length ?? 0) > 0,
    );
    const lossOf = async (batch: readonly Sample[]): Promise<number> =>
      (await model.trainOnBatch(xOf(batch), yOf(batch))).loss;
    const outputsOf = async (batch: readonly Sample[]): Promise<readonly unknown[]> =>
      ((await model.predict(xOf(batch))) as unknown as Tensor).toArray() as readonly unknown[];
    model.resetStates();
    const whole = await lossOf(all);
    model.resetStates();
    let sum = 0;
    for (const piece of pieces) sum += await lossOf(piece);
    expect(Math.abs(sum - whole)).toBeLessThan(1e-6 * Math.max(1, whole));
    model.resetStates();
    const outputs = await outputsOf(all);
    model.resetStates();
    const made: (readonly unknown[])[] = [];
    for (const piece of pieces) made.push(await outputsOf(piece));
    expect(all.map((_, k) => made.flatMap((piece) => piece[k]))).toEqual(outputs);
  });
  await fc.assert(property, { numRuns: 15, seed: 13 });
});
