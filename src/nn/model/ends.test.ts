/** Sequences that differ in length in two dimensions of time: nothing of a row depends on the rows beside it. */
import { afterEach, describe, expect, test } from "vitest";
import { setDevice } from "../device.ts";
import { attention } from "../layers/attention.ts";
import { bidirectional } from "../layers/bidirectional.ts";
import { conv1d } from "../layers/conv1d.ts";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import { globalMaxPooling1d } from "../layers/globalPooling1d.ts";
import { input } from "../layers/input.ts";
import { maxPooling1d } from "../layers/pooling1d.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { functional } from "../models.ts";
import { concat } from "../operators.ts";
import { setSeed } from "../seed.ts";
import { firstLengths } from "./ends.ts";
import { ragged } from "./ragged.ts";
import { tensor } from "./tensor.ts";

const sources = [[1, 2, 3], [4], [5, 6, 7, 1, 2], [3, 3]];
const targets = [[1, 2], [3, 4, 5, 6], [], [7, 6, 5]];
const classes = [[2, 1], [4, 4, 0, 1], [], [3, 2, 1]];
const labels = [0, 1, 2, 1];
const rows = sources.map((_, k) => k);

/** Reads the source, then the target both ways: an output a step, and one of the last states of the target. */
function twoTimes() {
  setSeed(3);
  const source = input({ shape: [null], dtype: "int32" });
  const target = input({ shape: [null], dtype: "int32" });
  const read = embedding({ inputDim: 8, outputDim: 3 });
  const { h, c } = lstm({ units: 4, returnState: true })(read(source));
  const seen = bidirectional(lstm({ units: 3, returnSequences: true }))(read(target));
  const run = lstm({ units: 4, returnSequences: true, returnState: true })(seen, { initialState: { h, c } });
  const last = gru({ units: 3, goBackwards: true })(run.output);
  const windows = conv1d({ filters: 3, kernelSize: 3, padding: "same", strides: 2 })(run.output);
  const pooled = concat(
    globalMaxPooling1d()(maxPooling1d({ poolSize: 2, strides: 1, padding: "same" })(windows)),
    attention()([last, windows]),
  );
  const steps = dense({ units: 5, activation: "softmax" })(run.output);
  const whole = dense({ units: 3, activation: "softmax" })(concat(last, run.h, pooled));
  const model = functional({ inputs: { source, target }, outputs: { steps, whole } });
  model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", timeReduction: "sum" });
  return model;
}
type Model = ReturnType<typeof twoTimes>;

const pick = <T>(list: readonly T[], chosen: readonly number[]): T[] => chosen.map((k) => list[k] as T);
const dataOf = (chosen: readonly number[]) => ({
  x: { source: ragged(pick(sources, chosen)), target: ragged(pick(targets, chosen)) },
  y: { steps: ragged(pick(classes, chosen)), whole: tensor(pick(labels, chosen)) },
});
async function outputsOf(model: Model, chosen: readonly number[]): Promise<number[][][]> {
  const made = await model.predict(dataOf(chosen).x);
  const steps = made.steps.toArray() as number[][][];
  const whole = made.whole.toArray() as number[][];
  return steps.map((row, k) => [...row, whole[k] as number[]]);
}

afterEach(() => setDevice("auto"));

describe.each(["wasm", "reference"] as const)("two dimensions of time on %s", (device) => {
  test("a row gives the same bits alone and beside longer rows", async () => {
    setDevice(device, { threads: 1 });
    const model = twoTimes();
    const together = await outputsOf(model, rows);
    for (const row of rows) expect(await outputsOf(model, [row])).toEqual([together[row]]);
  });

  test("the gradient of a batch is the mean of those of its rows", async () => {
    setDevice(device, { threads: 1 });
    const model = twoTimes();
    const gradientsOf = async (chosen: readonly number[]) => {
      const { x, y } = dataOf(chosen);
      const { loss, gradients } = await model.gradients(x, y);
      return [loss, ...gradients.flatMap(({ data }) => [...data])];
    };
    const together = await gradientsOf(rows);
    const alone = await Promise.all(rows.map((row) => gradientsOf([row])));
    const mean = together.map((_, k) => alone.reduce((sum, one) => sum + (one[k] ?? 0) / rows.length, 0));
    expect(Math.max(...together.map((x, k) => Math.abs(x - (mean[k] ?? 0))))).toBeLessThan(1e-6);
    expect(Math.max(...together.map(Math.abs))).toBeGreaterThan(0.1);
  });
});

test("a device is told the lengths of the first dimension in which rows differ", () => {
  const [even, uneven, other] = [Int32Array.of(3, 3), Int32Array.of(2, 3), Int32Array.of(4, 1)];
  const times = { time: 3, time_2: 3, time_3: 4 };
  expect(firstLengths({ times, lengths: { time: even, time_2: uneven, time_3: other } })).toEqual({
    time_2: uneven,
  });
  expect(firstLengths({ times, lengths: { time: even } })).toEqual({});
});
