/**
 * Cases of Keras 3: fit without shuffling. Three epochs of models of every layer, with a validation, weights of samples
 * and classes, regularizers; twenty steps of every optimizer and every schedule. The weights afterwards are compared,
 * and the figures of each epoch: every batch has as many padded steps, see kerasDifferences.ts for others.
 */
import { twoOutputs } from "./kerasFigures.ts";
import { type Case, type Compile, type Fit, grid, type Step, whole } from "./kerasModels.ts";
import {
  around,
  compiled,
  dense,
  embedding,
  everyLstm,
  type Ground,
  lastGru,
  masked,
  type Options,
  recurrentOf,
  rows,
  step,
  steps,
  tokens,
  unmasked,
  vectors,
} from "./kerasParts.ts";

type Asked = Omit<Case, "seed">;
const sparse = "sparseCategoricalCrossentropy";
const logits = { fromLogits: true };
const one = grid([rows, 1], 51);
const ones = grid([rows, steps, 1], 52);
const classes = whole([rows], 53, 3);
const classesOfSteps = whole([rows, steps], 54, 3);

interface Trained {
  readonly on: Ground;
  readonly layers: readonly Step[];
  readonly compile: Compile;
  readonly fit: Pick<Fit, "y"> & Partial<Fit>;
}
/** With another optimizer than sgd. */
const by = (name: string, options: Options, compile: Compile): Compile => ({
  ...compile,
  optimizer: { name, options },
});
const adam = { learningRate: 0.02 };
const squares = by("adam", adam, compiled("meanSquaredError"));
const chosen = by("rmsprop", adam, compiled(sparse, logits));

const trained: Readonly<Record<string, Trained>> = {
  simpleRNN: {
    on: unmasked,
    layers: [recurrentOf("simpleRNN"), dense(1)],
    compile: by("sgd", { learningRate: 0.1, momentum: 0.9 }, compiled("meanSquaredError", {}, ["mae"])),
    fit: { y: [one], validationSplit: 0.34 },
  },
  "simpleRNN, masked, every step": {
    on: masked,
    layers: [recurrentOf("simpleRNN", { returnSequences: true }), dense(3)],
    compile: chosen,
    fit: { y: [classesOfSteps] },
  },
  lstm: {
    on: unmasked,
    layers: [recurrentOf("lstm"), dense(1)],
    compile: by("adam", adam, compiled("meanSquaredError", {}, ["mae"])),
    fit: { y: [one], validationSplit: 0.5 },
  },
  "lstm, masked, every step": {
    on: masked,
    layers: [everyLstm, dense(3, "softmax")],
    compile: by("nadam", adam, compiled(sparse)),
    fit: { y: [classesOfSteps], validation: { x: masked.x, y: [classesOfSteps] } },
  },
  gru: {
    on: unmasked,
    layers: [lastGru, dense(3)],
    compile: by("adamw", adam, compiled(sparse, logits, ["accuracy"])),
    fit: { y: [classes] },
  },
  "gru, masked": {
    on: masked,
    layers: [lastGru, dense(1)],
    compile: by("adagrad", { learningRate: 0.1 }, compiled("huber", {}, ["mae"])),
    fit: { y: [one] },
  },
  "gru resetAfter false, masked, every step": {
    on: masked,
    layers: [recurrentOf("gru resetAfter false", { returnSequences: true }), dense(1)],
    compile: by("adadelta", { learningRate: 0.5 }, compiled("meanAbsoluteError")),
    fit: { y: [ones] },
  },
  "goBackwards, masked": {
    on: masked,
    layers: [recurrentOf("lstm", { goBackwards: true }), dense(1)],
    compile: squares,
    fit: { y: [one] },
  },
  "bidirectional lstm, masked, every step": {
    on: masked,
    layers: [around("bidirectional", everyLstm), dense(3)],
    compile: chosen,
    fit: { y: [classesOfSteps] },
  },
  "bidirectional gru, sum": {
    on: masked,
    layers: [around("bidirectional", lastGru, { mergeMode: "sum" }), dense(1)],
    compile: squares,
    fit: { y: [one] },
  },
  "stacked, with timeDistributed, masked": {
    on: masked,
    layers: [everyLstm, around("timeDistributed", dense(2, "tanh")), lastGru, dense(1)],
    compile: squares,
    fit: { y: [one] },
  },
  "an embedding without a mask, its mean": {
    on: { inputs: [tokens], x: masked.x, first: [step("embedding", { inputDim: 6, outputDim: 3 })] },
    layers: [step("globalAveragePooling1d"), dense(1, "sigmoid")],
    compile: by("adam", adam, compiled("binaryCrossentropy", {}, ["accuracy"])),
    fit: { y: [whole([rows, 1], 55, 2)] },
  },
  "a mean of what counts": {
    on: masked,
    layers: [step("globalAveragePooling1d"), dense(3, "softmax")],
    compile: by("adam", adam, compiled(sparse, {}, ["acc"])),
    fit: { y: [classes] },
  },
  "layerNormalization, conv1d and a residual": {
    on: unmasked,
    layers: [
      step("conv1d", { filters: 3, kernelSize: 2, padding: "causal", activation: "relu" }),
      step("layerNormalization"),
      step("add", {}, { of: [0, 2] }),
      lastGru,
      dense(1),
    ],
    compile: squares,
    fit: { y: [one] },
  },
  "the last states of an lstm": {
    on: masked,
    layers: [recurrentOf("lstm", { returnState: true }), step("concat", {}, { of: [3, 4] }), dense(1)],
    compile: squares,
    fit: { y: [one] },
  },
  "sampleWeight of rows": {
    on: unmasked,
    layers: [lastGru, dense(1)],
    compile: by("sgd", { learningRate: 0.1 }, compiled("meanSquaredError", {}, ["mae"])),
    fit: { y: [one], sampleWeight: grid([rows], 56, 2), validationSplit: 0.34 },
  },
  "sampleWeight of steps, masked": {
    on: masked,
    layers: [everyLstm, dense(3)],
    compile: chosen,
    fit: {
      y: [classesOfSteps],
      sampleWeight: grid([rows, steps], 57, 2),
      validation: { x: masked.x, y: [classesOfSteps], sampleWeight: grid([rows, steps], 58, 2) },
    },
  },
  classWeight: {
    on: unmasked,
    layers: [lastGru, dense(3, "softmax")],
    compile: by("adam", adam, compiled(sparse, {}, ["accuracy"])),
    fit: { y: [classes], classWeight: { 0: 2, 2: 0.5 }, validationSplit: 0.34 },
  },
  "classWeight of yes and no": {
    on: unmasked,
    layers: [lastGru, dense(1, "sigmoid")],
    compile: by("adam", adam, compiled("binaryCrossentropy")),
    fit: { y: [whole([rows, 1], 59, 2)], classWeight: { 1: 3 } },
  },
  regularizers: {
    on: masked,
    layers: [
      recurrentOf("lstm", {
        kernelRegularizer: { l1: 0.0625, l2: 0.125 },
        recurrentRegularizer: "l2",
        biasRegularizer: "l1",
      }),
      dense(1, "linear", { kernelRegularizer: "l2" }),
    ],
    compile: by("sgd", { learningRate: 0.1 }, compiled("meanSquaredError", {}, ["mse"])),
    fit: { y: [one], validationSplit: 0.5 },
  },
  "regularizers in both directions": {
    on: masked,
    layers: [around("bidirectional", recurrentOf("gru", { recurrentRegularizer: "l2" })), dense(1)],
    compile: squares,
    fit: { y: [one] },
  },
  "regularizers of a direction that no output needs": {
    on: masked,
    layers: [
      around("bidirectional", recurrentOf("lstm", { kernelRegularizer: "l2" }), { mergeMode: "none" }),
      dense(1, "linear", { kernelRegularizer: "l1" }),
    ],
    compile: squares,
    fit: { y: [one] },
  },
  "a layer that is not trainable": {
    on: masked,
    layers: [recurrentOf("lstm", { trainable: false }), dense(1)],
    compile: squares,
    fit: { y: [one] },
  },
  initialEpoch: {
    on: unmasked,
    layers: [lastGru, dense(1)],
    compile: squares,
    fit: { y: [one], initialEpoch: 1, epochs: 3 },
  },
};

const models: readonly Asked[] = Object.entries(trained).map(([name, { on, layers, compile, fit }]) => ({
  name: `fit: ${name}`,
  inputs: on.inputs,
  layers: [...on.first, ...layers],
  batches: [on.x],
  compile,
  fit: { x: on.x, epochs: 3, batchSize: 2, ...fit },
}));

const encoder: Asked = {
  name: "fit: an encoder and a decoder that begins with its states",
  inputs: [tokens, vectors],
  layers: [
    { ...embedding, of: [0] },
    recurrentOf("lstm", { returnState: true }),
    { ...everyLstm, of: [1], states: { h: 4, c: 5 } },
    dense(3, "softmax"),
  ],
  batches: [[masked.x[0] ?? [], unmasked.x[0] ?? []]],
  compile: by("adam", adam, compiled(sparse, {}, ["accuracy"])),
  fit: { x: [...masked.x, ...unmasked.x], y: [classesOfSteps], epochs: 3, batchSize: 2 },
};
const several: Asked = {
  ...twoOutputs,
  name: "fit: two outputs",
  fit: { x: unmasked.x, y: [one, classes], epochs: 3, batchSize: 4 },
};

/** Five epochs of four batches. */
const twenty = (name: string, options: Options, schedule?: Compile["schedule"]): Asked => ({
  name: `twenty steps: ${[name, schedule?.name, ...words(schedule ?? {}), ...words(options)].filter(Boolean).join(", ")}`,
  inputs: [vectors],
  layers: [recurrentOf("simpleRNN", { units: 2 }), dense(1)],
  batches: [[grid([8, 3, 3], 61, 2)]],
  compile: {
    ...compiled("meanSquaredError"),
    optimizer: { name, options },
    ...(schedule ? { schedule } : {}),
  },
  fit: { x: [grid([8, 3, 3], 61, 2)], y: [grid([8, 1], 62)], epochs: 5, batchSize: 2 },
});
const words = (options: Options): readonly string[] =>
  Object.entries(options).flatMap(([key, value]) => (key === "name" ? [] : [`${key} ${value}`]));

const optimizers: readonly Asked[] = [
  ...["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamw", "nadam"].map((name) => twenty(name, {})),
  twenty("sgd", { learningRate: 0.1, momentum: 0.9, clipNorm: 0.125 }),
  twenty("sgd", { learningRate: 0.1, momentum: 0.9, nesterov: true, globalClipNorm: 0.25 }),
  twenty("sgd", { learningRate: 0.1, clipValue: 0.03125, weightDecay: 0.25 }),
  twenty("rmsprop", {
    learningRate: 0.02,
    momentum: 0.5,
    centered: true,
    epsilon: 1e-5,
    globalClipNorm: 0.25,
  }),
  twenty("rmsprop", { learningRate: 0.02, rho: 0.8, clipValue: 0.03125 }),
  twenty("adagrad", { learningRate: 0.1, initialAccumulatorValue: 0.25, weightDecay: 0.125 }),
  twenty("adadelta", { learningRate: 0.5, rho: 0.9, epsilon: 1e-6, clipNorm: 0.125 }),
  twenty("adam", { learningRate: 0.05, beta1: 0.8, beta2: 0.9, amsgrad: true, clipNorm: 0.125 }),
  twenty("adam", { learningRate: 0.05, epsilon: 0.01, weightDecay: 0.25, globalClipNorm: 0.25 }),
  twenty("adamw", { learningRate: 0.05, weightDecay: 0.5, amsgrad: true, clipValue: 0.03125 }),
  twenty("nadam", { learningRate: 0.05, beta1: 0.8, weightDecay: 0.25, clipNorm: 0.125 }),
];

const exponential = { name: "exponentialDecay", initialLearningRate: 0.1, decaySteps: 4, decayRate: 0.5 };
const cosine = { name: "cosineDecay", initialLearningRate: 0.1, decaySteps: 12 };
const rising = { ...cosine, initialLearningRate: 0.01, decaySteps: 10, warmupTarget: 0.2, warmupSteps: 5 };
const pieces = { name: "piecewiseConstantDecay", boundaries: [3, 10], values: [0.1, 0.05, 0.01] };
const schedules: readonly Asked[] = [
  twenty("sgd", {}, exponential),
  twenty("sgd", { momentum: 0.9 }, { ...exponential, staircase: true }),
  twenty("sgd", {}, cosine),
  twenty("adam", {}, { ...cosine, alpha: 0.125 }),
  twenty("sgd", {}, rising),
  twenty("adamw", { weightDecay: 0.5 }, rising),
  twenty("sgd", {}, pieces),
  twenty("nadam", { weightDecay: 0.25 }, pieces),
  twenty("rmsprop", {}, exponential),
  twenty("adagrad", {}, pieces),
  twenty("adadelta", {}, rising),
];

export const trainingCases: readonly Case[] = [...models, encoder, several, ...optimizers, ...schedules].map(
  (each, k) => ({ ...each, seed: 300 + k }),
);
