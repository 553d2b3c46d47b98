import { expect, test } from "vitest";
import { dense } from "../../src/nn/layers/dense.ts";
import { input } from "../../src/nn/layers/input.ts";
import { lstm } from "../../src/nn/layers/recurrent.ts";
import type { Network } from "../../src/nn/model/network.ts";
import { type Callback, earlyStopping, modelCheckpoint } from "../../src/nn/train/callbacks.ts";
import type { CompileOptions } from "../../src/nn/train/compile.ts";
import { compileNetwork, learnerIn } from "../../src/nn/train/learning.ts";
import { huber } from "../../src/nn/train/losses.ts";
import { binaryAccuracy } from "../../src/nn/train/metrics.ts";
import { adam, sgd } from "../../src/nn/train/optimizers.ts";
import { restoreTraining, type SavedTraining, savedTraining } from "../../src/nn/train/saved.ts";
import { exponentialDecay, warmup } from "../../src/nn/train/schedules.ts";
import { modelOf, networkOf, sequences, train, weightsOf } from "./harness.ts";

const data = { x: sequences([4, 6, 2, 5, 3, 4], 3, 1), y: sequences([4, 6, 2, 5, 3, 4], 1, 2) };
const decay = exponentialDecay({ initialLearningRate: 0.05, decaySteps: 5, decayRate: 0.5 });
const options: CompileOptions = {
  optimizer: adam({ learningRate: warmup({ steps: 3, learningRate: decay }), amsgrad: true, clipValue: 0.5 }),
  loss: huber({ delta: 0.3 }),
  metrics: ["mae", binaryAccuracy({ threshold: 0.2 })],
  timeReduction: "sum",
};
const build = (): Network =>
  networkOf(input({ shape: [null, 3] }), (s) =>
    dense({ units: 1 })(lstm({ units: 4, returnSequences: true })(s)),
  );

test("what is saved as JSON and arrays goes on as if nothing had been", async () => {
  const run = { epochs: 3, batchSize: 2 };
  const whole = build();
  compileNetwork(whole, options);
  const { history } = await train(whole, data, run);

  const first = build();
  compileNetwork(first, options);
  const abort = new AbortController();
  const watch: Callback = { onStepEnd: ({ step }) => (step === 4 ? abort.abort() : undefined) };
  await train(first, data, { ...run, callbacks: [watch], signal: abort.signal });
  const saved = savedTraining(first);
  if (saved === null) throw new Error("nothing was saved");
  const config: unknown = JSON.parse(JSON.stringify(saved.config));
  expect(config).toEqual(saved.config);

  const second = build();
  second.variables.forEach((variable, k) => {
    variable.value = first.variables[k]?.value.slice() ?? variable.value;
  });
  restoreTraining(second, { ...structuredClone(saved), config: config as typeof saved.config });
  expect((await train(second, data, { ...run, resume: true })).history).toEqual(history);
  expect(weightsOf(second)).toEqual(weightsOf(whole));
});

test("a checkpoint saved by a callback has the state of all of them, whatever their order", async () => {
  const callbacks = (): Callback[] => [
    modelCheckpoint({ path: "best", monitor: "loss" }),
    earlyStopping({ monitor: "loss", mode: "max", patience: 3 }), // the loss falls: it stops after four epochs
  ];
  const run = { epochs: 9, batchSize: 3 };
  const whole = build();
  compileNetwork(whole, options);
  const { history } = await train(whole, data, { ...run, callbacks: callbacks() });
  expect(history["loss"]).toHaveLength(4);

  const first = build();
  compileNetwork(first, options);
  const files: { saved: SavedTraining; weights: readonly Float32Array[] }[] = [];
  const model = modelOf(first, () => {
    const saved = savedTraining(first);
    if (saved) files.push(structuredClone({ saved, weights: first.variables.map(({ value }) => value) }));
  });
  await train(first, data, { ...run, epochs: 2, callbacks: callbacks() }, model);
  const [file] = files;
  const second = build();
  second.variables.forEach((variable, k) => {
    variable.value = file?.weights[k] ?? variable.value;
  });
  restoreTraining(second, file?.saved as SavedTraining);
  const resumed = await train(second, data, { ...run, callbacks: callbacks(), resume: true });
  expect(resumed.history).toEqual(history);
  expect(weightsOf(second)).toEqual(weightsOf(whole));
});

test("a learning rate of the user's own is not in the file, and all else is", async () => {
  const network = build();
  compileNetwork(network, {
    optimizer: sgd({ learningRate: (step) => 1 / (step + 10) }),
    loss: "meanSquaredError",
  });
  await train(network, data, {});
  const saved = savedTraining(network);
  expect(saved?.config).toBe(null);
  expect(saved?.state.step).toBe(1);
  const other = build();
  restoreTraining(other, { config: null, state: structuredClone(saved?.state as never), carried: {} });
  expect(learnerIn(other)).toBe(null);
});
