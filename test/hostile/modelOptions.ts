/** Every option of what is done with a model, and which of the values that are usually wrong it takes. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as unroll from "unroll-rnn";
import {
  choice,
  count,
  countFrom0,
  double0,
  flag,
  fraction,
  none,
  type Target,
  target,
  text,
} from "./suspects.ts";

const { lstm, dense } = unroll;
const x = [
  [[1], [2]],
  [[3], [4]],
];
const y = [[1], [2]];

/** A new one each time: what is wrong must not reach it, what is right may change it. */
const numbers = () => {
  const model = unroll.sequential(
    unroll.input({ shape: [null, 1] }),
    lstm({ units: 2, name: "cell" }),
    dense({ units: 1 }),
  );
  model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["mae"] });
  return model;
};
const series = unroll.sequential(
  unroll.input({ shape: [null, 1] }),
  lstm({ units: 2, returnSequences: true }),
  dense({ units: 1 }),
);
const tokens = unroll.sequential(
  unroll.input({ shape: [null], dtype: "int32" }),
  unroll.embedding({ inputDim: 5, outputDim: 2 }),
  lstm({ units: 2, returnSequences: true }),
  dense({ units: 5, activation: "softmax" }),
);
const layers = {
  encoder: [unroll.input({ shape: [null, 1] }), lstm({ units: 2 })],
  decoder: [
    unroll.embedding({ inputDim: 5, outputDim: 2 }),
    lstm({ units: 2, returnSequences: true }),
    dense({ units: 5 }),
  ],
} as const;
const translator = unroll.seq2seq({ ...layers, startToken: 0, endToken: 1 });
const head = unroll.sequential(unroll.input({ shape: [2] }), unroll.gaussian({ units: 1 }));
/** Of what is saved here; the test takes it away. */
export const folder: string = mkdtempSync(join(tmpdir(), "unroll-options-"));
const [saved, savedTranslator] = [join(folder, "model"), join(folder, "translator")];
await series.save(saved);
await translator.save(savedTranslator);
const drawn = await head.predict([[1, 2]]);

const generating = {
  prompt: ["typedArray"],
  length: countFrom0,
  temperature: double0,
  topK: count,
  topP: none,
  repetitionPenalty: ["fraction", "huge"],
  beam: count,
  lengthPenalty: none,
  seed: countFrom0,
  stop: ["zero", "negative", "array"],
  signal: none,
};
const weighing = { sampleWeight: ["typedArray"], classWeight: ["object"] };
const fitting = {
  ...weighing,
  epochs: countFrom0,
  batchSize: count,
  validationSplit: fraction,
  validationData: none,
  shuffle: flag,
  seed: countFrom0,
  callbacks: ["array"],
  signal: none,
  verbose: ["zero"],
  initialEpoch: countFrom0,
  checkpoint: none,
  resume: flag,
};
const forecasting = { steps: countFrom0, future: none, sample: flag, seed: countFrom0, signal: none };

export const modelTargets: readonly Target[] = [
  target(
    "setDevice",
    (options: unroll.DeviceOptions) => unroll.setDevice("wasm", options),
    {},
    { threads: count, strict: flag, shardRows: count, memoryLimit: count },
  ),
  target(
    "functional",
    unroll.functional,
    { inputs: series.inputs, outputs: series.outputs },
    { inputs: none, outputs: none },
  ),
  target(
    "model.compile",
    (options: unroll.CompileOptions<unroll.Signal>) => numbers().compile(options),
    { optimizer: "sgd", loss: "meanSquaredError" },
    { optimizer: none, loss: none, metrics: ["array", "object"], timeReduction: choice },
  ),
  target(
    "model.fit",
    (options: unroll.FitOptions) => numbers().fit(x, y, options),
    {},
    { ...fitting, tbptt: none },
  ),
  target(
    "model.fit, checkpoint",
    (checkpoint: { readonly path: string; readonly everySteps?: number }) =>
      numbers().fit(x, y, { epochs: 0, checkpoint }),
    { path: join(folder, "checkpoint") },
    { path: text, everySteps: count },
  ),
  target(
    "model.fit, tbptt",
    (tbptt: { readonly steps: number }) => {
      const model = unroll.sequential(
        unroll.input({ shape: [null, 1] }),
        lstm({ units: 1, returnSequences: true }),
      );
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      return model.fit(x, x, { epochs: 0, tbptt });
    },
    { steps: 1 },
    { steps: count },
  ),
  target(
    "model.evaluate",
    (options: NonNullable<Parameters<unroll.Model["evaluate"]>[2]>) => numbers().evaluate(x, y, options),
    {},
    { ...weighing, batchSize: count },
  ),
  target(
    "model.predict",
    (options: unroll.PredictOptions) => numbers().predict(x, options),
    {},
    { initialState: ["object"], batchSize: count, device: choice },
  ),
  target(
    "model.trainOnBatch",
    (options: NonNullable<Parameters<unroll.Model["trainOnBatch"]>[2]>) =>
      numbers().trainOnBatch(x, y, options),
    {},
    weighing,
  ),
  target(
    "model.gradients",
    (options: NonNullable<Parameters<unroll.Model["gradients"]>[2]>) => numbers().gradients(x, y, options),
    {},
    { ...weighing, training: flag },
  ),
  target(
    "model.session",
    (options: { readonly batch: number; readonly maxSteps?: number }) => series.session(options),
    { batch: 2 },
    { batch: count, maxSteps: count },
  ),
  target(
    "model.generate",
    (options: unroll.GenerateOptions) => tokens.generate(options),
    { prompt: [1], length: 2 },
    generating,
  ),
  target(
    "model.generate, beam",
    (options: unroll.GenerateBestOptions) => tokens.generate(options),
    { prompt: [1], length: 2, beam: 3, nBest: 2 },
    { ...generating, temperature: none, topK: none, lengthPenalty: double0, nBest: count },
  ),
  target(
    "model.stream",
    (options: unroll.GenerateOptions) => tokens.stream(options).next(),
    { prompt: [1], length: 2 },
    generating,
  ),
  target(
    "model.forecast",
    (options: unroll.ForecastOptions) => series.forecast(x, options),
    { steps: 1 },
    forecasting,
  ),
  target(
    "model.forecastStream",
    (options: unroll.ForecastOptions) => series.forecastStream(x, options).next(),
    { steps: 1 },
    forecasting,
  ),
  target(
    "loadModel",
    (options: unroll.LoadOptions) => unroll.loadModel(saved, options),
    {},
    { cells: ["array"] },
  ),
  target(
    "loadSeq2seq",
    (options: unroll.LoadOptions) => unroll.loadSeq2seq(savedTranslator, options),
    {},
    { cells: ["array"] },
  ),
  target(
    "ctcDecode",
    (options: unroll.CtcDecodeOptions) => unroll.ctcDecode([[[0, 1]]], options),
    {},
    { beam: count, blank: countFrom0 },
  ),
  target(
    "distributionOf(model).sample",
    (options: { readonly seed?: number }) =>
      unroll.distributionOf(head).sample(drawn as unroll.Tensor, options),
    {},
    { seed: countFrom0 },
  ),
  target(
    "inspect",
    (options: unroll.InspectOptions<unroll.Signal>) => unroll.inspect(numbers(), x, options),
    {},
    { y: ["typedArray"], initialState: ["object"] },
  ),
  target(
    "inspection.memoryLength",
    async (options: unroll.MemoryLengthOptions) => (await unroll.inspect(numbers(), x)).memoryLength(options),
    {},
    { layer: none },
  ),
  target(
    "inspection.sensitivity",
    async (options: unroll.SensitivityQuestion) => (await unroll.inspect(numbers(), x)).sensitivity(options),
    { from: { input: 0, step: 0 }, to: { output: 0 } },
    { from: none, to: none },
  ),
  target(
    "spectralRadius",
    (options: { readonly layer?: string }) => unroll.spectralRadius(numbers(), options),
    { layer: "cell" },
    { layer: choice },
  ),
  target(
    "unfold",
    (options: unroll.UnfoldOptions) => unroll.unfold(series, options),
    {},
    { steps: count, names: choice },
  ),
  target(
    "backpropagationSteps",
    (options: unroll.BackpropagationOptions) => unroll.backpropagationSteps(numbers(), x, y, options),
    {},
    { row: countFrom0, names: choice },
  ),
  target(
    "seq2seq",
    unroll.seq2seq,
    { ...layers, startToken: 0, endToken: 1 },
    { encoder: none, decoder: none, attention: choice, startToken: countFrom0, endToken: countFrom0 },
  ),
  target(
    "seq2seq.compile",
    (options: unroll.Seq2seqCompileOptions) => translator.compile(options),
    { optimizer: "sgd" },
    { optimizer: none, loss: none, metrics: ["array", "object"], timeReduction: choice },
  ),
  target(
    "seq2seq.fit",
    (options: unroll.Seq2seqFitOptions) => {
      const model = unroll.seq2seq({ ...layers, startToken: 0, endToken: 1 });
      model.compile({ optimizer: "sgd" });
      return model.fit(x, [[2], [3]], options);
    },
    {},
    fitting,
  ),
  target(
    "seq2seq.generate",
    (options: unroll.Seq2seqBestOptions) => translator.generate(x, options),
    { maxLength: 2, beam: 3, nBest: 2 },
    {
      maxLength: countFrom0,
      beam: count,
      nBest: count,
      lengthPenalty: double0,
      batchSize: count,
      signal: none,
    },
  ),
];
