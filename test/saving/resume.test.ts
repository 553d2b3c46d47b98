/** A training stopped between two steps, saved, and gone on with in new objects, has the bits of one never stopped. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { setDevice } from "../../src/nn/device.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { input } from "../../src/nn/layers/input.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import { loadModel, sequential } from "../../src/nn/models.ts";
import type { Model } from "../../src/nn/modelTypes.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { type Callback, earlyStopping, modelCheckpoint } from "../../src/nn/train/callbacks.ts";
import type { FitOptions } from "../../src/nn/train/fitOptions.ts";
import { sparseCategoricalCrossentropy } from "../../src/nn/train/losses.ts";
import { adam, sgd } from "../../src/nn/train/optimizers.ts";
import { nativeMode } from "../native/mode.ts";
import { numbers } from "./models.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-resume-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const rows = 11;
const x = numbers([rows, 6, 3]) as never;
const y = numbers([rows, 6, 2], 2) as never;
function tagger(learningRate: number | ((step: number) => number) = 0.02): Model {
  const layers = [
    gru({ units: 5, returnSequences: true, dropout: 0.2, recurrentDropout: 0.3 }),
    dropout({ rate: 0.3 }),
    dense({ units: 2 }),
  ] as const;
  const model: Model = sequential(input({ shape: [null, 3] }), ...layers);
  model.compile({
    optimizer: adam({ learningRate, globalClipNorm: 1 }),
    loss: "meanSquaredError",
    metrics: ["mae"],
  });
  return model;
}
const weightsOf = (model: Model): unknown => model.weights.map(({ name, data }) => ({ name, data }));
/** Ends the training after a step, as a person would. */
function abortAfter(last: number): { readonly signal: AbortSignal; readonly callback: Callback } {
  const controller = new AbortController();
  const callback: Callback = { onStepEnd: ({ step }) => (step === last ? controller.abort() : undefined) };
  return { signal: controller.signal, callback };
}
const idle: Callback = {};

describe.each(nativeMode ? (["native"] as const) : (["reference", "wasm"] as const))("on %s", (device) => {
  beforeEach(() => {
    setDevice(device, { threads: 2 });
    setSeed(3);
  });
  const base: FitOptions = { epochs: 3, batchSize: 4, validationSplit: 0.2, verbose: 0 };

  test.each([
    ["whole sequences", {}],
    ["pieces of sequences", { tbptt: { steps: 2 } }],
  ])("%s, stopped after any step: fit after loadModel", async (name, more) => {
    const options = { ...base, ...more };
    const whole = tagger();
    const { history } = await whole.fit(x, y, options);
    for (const last of [1, 2, 3, 5]) {
      const path = join(folder, device, name, String(last));
      const first = tagger();
      const { signal, callback } = abortAfter(last);
      await first.fit(x, y, { ...options, callbacks: [callback], signal, checkpoint: { path } });
      const second = await loadModel(path);
      const resumed = await second.fit(x, y, { ...options, resume: true });
      expect(resumed.history).toEqual(history);
      expect(weightsOf(second)).toEqual(weightsOf(whole));
      expect(weightsOf(first)).not.toEqual(weightsOf(whole));
    }
  });

  test("a new model takes up the checkpoint at its path, whatever is of one's own in it", async () => {
    const rate = (step: number): number => 0.03 / (1 + step);
    const path = join(folder, device, "new");
    const options = { ...base, checkpoint: { path, everySteps: 1 }, resume: true };
    const whole = tagger(rate);
    await whole.fit(x, y, base);
    const first = tagger(rate);
    const fault = async (): Promise<unknown> =>
      first.fit(x, y, {
        ...options,
        callbacks: [
          {
            onStepEnd: ({ step }) => {
              if (step === 5) throw new Error("power cut");
            },
          },
        ],
      });
    await expect(fault()).rejects.toThrow("power cut");
    setSeed(99); // that of the checkpoint counts
    const second = tagger(rate);
    expect(weightsOf(second)).not.toEqual(weightsOf(first));
    await second.fit(x, y, { ...options, callbacks: [idle] });
    expect(weightsOf(second)).toEqual(weightsOf(whole));
  });

  test("callbacks go on where they were: modelCheckpoint after any step, early stopping with its best weights", async () => {
    const callbacks = (path: string, more: Callback = idle): Callback[] => [
      earlyStopping({ monitor: "loss", patience: 1, restoreBestWeights: true, minDelta: 0.02 }),
      modelCheckpoint({ path: join(path, "{step}"), everySteps: 1 }),
      modelCheckpoint({ path: join(path, "best"), monitor: "mae" }),
      more,
    ];
    const path = join(folder, device, "callbacks");
    const options = { ...base, epochs: 12 };
    const whole = tagger();
    const { history } = await whole.fit(x, y, { ...options, callbacks: callbacks(path) });
    expect(history.loss.length).toBeLessThan(12);
    const steps = history.loss.length * 2;
    for (const last of [3, 4, steps - 1]) {
      const second = await loadModel(join(path, String(last)));
      const resumed = await second.fit(x, y, {
        ...options,
        callbacks: callbacks(join(path, `from${last}`)),
        resume: true,
      });
      expect(resumed.history).toEqual(history);
      expect(weightsOf(second)).toEqual(weightsOf(whole));
    }
    expect((await loadModel(join(path, "best"))).getWeights()).toHaveLength(5);
  });

  test("a training that early stopping ended stays ended, however often it is begun again", async () => {
    const path = join(folder, device, "ended");
    const stopping = (patience: number): FitOptions => ({
      ...base,
      epochs: 12,
      callbacks: [earlyStopping({ monitor: "loss", patience, restoreBestWeights: true, minDelta: 0.02 })],
      checkpoint: { path },
      resume: true,
    });
    const whole = tagger();
    const { epoch, history } = await whole.fit(x, y, stopping(1));
    expect(epoch.length).toBeLessThan(12);
    for (const again of [tagger(), await loadModel(path)]) {
      expect((await again.fit(x, y, stopping(1))).history).toEqual(history);
      expect(weightsOf(again)).toEqual(weightsOf(whole));
    }
    expect((await tagger().fit(x, y, stopping(2))).epoch.length).toBeGreaterThan(epoch.length);
  });
});

describe("refused", () => {
  beforeEach(() => {
    setDevice("reference");
    setSeed(3);
  });
  const options: FitOptions = { epochs: 2, batchSize: 4, verbose: 0 };
  const interrupted = async (name: string): Promise<string> => {
    const path = join(folder, name);
    const { signal, callback } = abortAfter(2);
    await tagger().fit(x, y, { ...options, callbacks: [callback], signal, checkpoint: { path } });
    return path;
  };

  test("the same data cut another way", async () => {
    const model = await loadModel(await interrupted("cut"));
    await expect(model.fit(x, y, { ...options, batchSize: 5, resume: true })).rejects.toThrow(/batchSize/);
  });

  test("other weights of classes", async () => {
    const model: Model = sequential(input({ shape: [null, 3] }), gru({ units: 2 }), dense({ units: 2 }));
    model.compile({ optimizer: "sgd", loss: sparseCategoricalCrossentropy({ fromLogits: true }) });
    const labels = Array.from({ length: rows }, (_, row) => row % 2);
    const { signal, callback } = abortAfter(2);
    const train = (weight: number, more: FitOptions): Promise<unknown> =>
      model.fit(x, labels, { ...options, classWeight: { 0: 1, 1: weight }, ...more });
    await train(2, { callbacks: [callback], signal });
    await expect(train(3, { resume: true })).rejects.toThrow(/expected the data, their weights/);
    await train(2, { resume: true });
  });

  test("the checkpoint of another model", async () => {
    const path = await interrupted("other");
    const other: Model = sequential(
      input({ shape: [null, 3] }),
      gru({ units: 6, returnSequences: true }),
      dense({ units: 2 }),
    );
    other.compile({ optimizer: adam(), loss: "meanSquaredError" });
    const before = weightsOf(other);
    await expect(other.fit(x, y, { ...options, checkpoint: { path }, resume: true })).rejects.toThrow(
      /gru_1/,
    );
    expect(weightsOf(other)).toEqual(before);
  });

  test("another optimizer", async () => {
    const path = await interrupted("optimizer");
    const other = tagger();
    other.compile({ optimizer: "rmsprop", loss: "meanSquaredError" });
    await expect(other.fit(x, y, { ...options, checkpoint: { path }, resume: true })).rejects.toThrow(
      /slots/,
    );
  });

  test("a folder that is trained to, for another model", async () => {
    const path = join(folder, "trained");
    const [one, other] = [tagger(), tagger()];
    const told: string[] = [];
    const save: Callback["onStepEnd"] = async ({ model }) => {
      await model.save(`${path}/`);
      await other.save(path).catch(({ message }: Error) => told.push(message));
    };
    const callbacks = [{ onStepEnd: save }, modelCheckpoint({ path: join(path, "best"), everySteps: 1 })];
    await one.fit(x, y, { ...options, callbacks, checkpoint: { path, everySteps: 1 } });
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toMatch(
      new RegExp(`got one that another model of this process, ${process.pid}, is saved to\\.`),
    );
    expect(weightsOf(await loadModel(path))).toEqual(weightsOf(one));
    await other.save(path);
    expect(weightsOf(await loadModel(path))).toEqual(weightsOf(other));
  });

  test("a step that makes the weights infinite leaves the last good checkpoint", async () => {
    const path = join(folder, "infinite");
    const learningRate = (step: number): number => (step < 5 ? 1e-5 : 3e38);
    const model = tagger();
    model.compile({ optimizer: sgd({ learningRate }), loss: "meanSquaredError" });
    const far = Array.from({ length: rows }, () => Array(6).fill([1e3, 1e3])) as never;
    const failing = model.fit(x, far, { ...options, checkpoint: { path, everySteps: 1 } });
    await expect(failing).rejects.toThrow(
      /in the weight or state .*, after step 6\. .*last checkpoint is .*after step 5/,
    );
    const loaded = await loadModel(path);
    expect(loaded.weights.every(({ data }) => data.every(Number.isFinite))).toBe(true);
    await expect(model.save(path)).rejects.toThrow(/model\.save\(path\): expected finite numbers/);
    expect(weightsOf(await loadModel(path))).toEqual(weightsOf(loaded));
  });

  test("a first run with resume begins one", async () => {
    const path = join(folder, "begins");
    const [one, two] = [tagger(), tagger()];
    await one.fit(x, y, options);
    await two.fit(x, y, { ...options, checkpoint: { path }, resume: true });
    expect(weightsOf(two)).toEqual(weightsOf(one));
    expect(weightsOf(await loadModel(path))).toEqual(weightsOf(one));
  });
});
