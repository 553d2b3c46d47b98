/** Cases of Keras 3: what evaluate says of losses, metrics, masks, weights of samples and regularizers. */
import type { Nested } from "../../src/nn/model/tensor.ts";
import { type Case, type Compile, grid, type Step, whole } from "./kerasModels.ts";
import {
  around,
  compiled,
  dense,
  embedding,
  everyLstm,
  type Ground,
  gaps,
  lastGru,
  masked,
  recurrentOf,
  rows,
  series,
  step,
  steps,
  tokens,
  unmasked,
  vectors,
} from "./kerasParts.ts";

const hot = (shape: readonly number[], seed: number, classes: number): Nested => {
  const through = (x: Nested): Nested =>
    typeof x === "number" ? Array.from({ length: classes }, (_, k) => (k === x ? 1 : 0)) : x.map(through);
  return through(whole(shape, seed, classes));
};
const sparse = "sparseCategoricalCrossentropy";
const logits = { fromLogits: true };

interface Told {
  readonly ground: Ground;
  readonly layers: readonly Step[];
  readonly compile: Compile;
  readonly y: Nested;
  readonly sampleWeight?: Nested;
  /** Default: four, so that the last batch has two. */
  readonly batchSize?: number;
}
const perRow = grid([rows], 31, 2);
/** As Keras asks for it where there are outputs at every step. */
const perRowAlone = grid([rows, 1], 31, 2);
const perStep = grid([rows, steps], 32, 2);
const one = grid([rows, 1], 33);
const ones = grid([rows, steps, 1], 34);
const classes = whole([rows], 35, 3);
const classesOfSteps = whole([rows, steps], 36, 3);
const last = (units: number, activation?: string): readonly Step[] => [lastGru, dense(units, activation)];
const every = (units: number, activation?: string): readonly Step[] => [everyLstm, dense(units, activation)];

const told: Readonly<Record<string, Told>> = {
  "meanSquaredError, of vectors": {
    ground: unmasked,
    layers: last(2),
    compile: compiled("meanSquaredError", {}, ["mae", "mse"]),
    y: grid([rows, 2], 41),
  },
  "meanAbsoluteError, of steps": {
    ground: unmasked,
    layers: every(2),
    compile: compiled("meanAbsoluteError", {}, ["mse", "meanSquaredError"]),
    y: grid([rows, steps, 2], 42),
  },
  "huber, masked": {
    ground: masked,
    layers: every(2),
    compile: compiled("huber", { delta: 0.25 }),
    y: grid([rows, steps, 2], 43),
  },
  "meanSquaredError, masked": {
    ground: masked,
    layers: every(1),
    compile: compiled("meanSquaredError", {}, ["mae", "mse"]),
    y: ones,
  },
  "meanSquaredError, the mask ends at the last output": {
    ground: masked,
    layers: last(1),
    compile: compiled("meanSquaredError", {}, ["mae"]),
    y: one,
  },
  "binaryCrossentropy, accuracy of one": {
    ground: unmasked,
    layers: last(1, "sigmoid"),
    compile: compiled("binaryCrossentropy", {}, ["accuracy"]),
    y: whole([rows, 1], 44, 2),
  },
  "binaryCrossentropy, accuracy of several": {
    ground: unmasked,
    layers: last(3, "sigmoid"),
    compile: compiled("binaryCrossentropy", {}, ["accuracy", "binaryAccuracy"]),
    y: whole([rows, 3], 45, 2),
  },
  "binaryCrossentropy, masked, from logits": {
    ground: masked,
    layers: every(1),
    compile: compiled("binaryCrossentropy", { ...logits, labelSmoothing: 0.125 }, ["binaryAccuracy"]),
    y: whole([rows, steps, 1], 46, 2),
  },
  "categoricalCrossentropy, acc": {
    ground: unmasked,
    layers: last(3, "softmax"),
    compile: compiled("categoricalCrossentropy", { labelSmoothing: 0.25 }, ["acc", "categoricalAccuracy"]),
    y: hot([rows], 47, 3),
  },
  "categoricalCrossentropy, masked": {
    ground: masked,
    layers: every(3, "softmax"),
    compile: compiled("categoricalCrossentropy", {}, ["accuracy"]),
    y: hot([rows, steps], 48, 3),
  },
  "sparseCategoricalCrossentropy, accuracy": {
    ground: unmasked,
    layers: last(3, "softmax"),
    compile: compiled(sparse, {}, ["accuracy", "sparseCategoricalAccuracy", sparse]),
    y: classes,
  },
  "sparseCategoricalCrossentropy, classes as [batch, 1]": {
    ground: unmasked,
    layers: last(3),
    compile: compiled(sparse, logits, ["accuracy"]),
    y: whole([rows, 1], 35, 3),
  },
  "sparseCategoricalCrossentropy of steps": {
    ground: unmasked,
    layers: every(3, "softmax"),
    compile: compiled(sparse, {}, ["accuracy"]),
    y: classesOfSteps,
  },
  "sparseCategoricalCrossentropy, classes as [batch, time, 1]": {
    ground: unmasked,
    layers: every(3, "softmax"),
    compile: compiled(sparse, {}, ["accuracy"]),
    y: whole([rows, steps, 1], 36, 3),
  },
  "sparseCategoricalCrossentropy, masked": {
    ground: masked,
    layers: every(3, "softmax"),
    compile: compiled(sparse, {}, ["accuracy"]),
    y: classesOfSteps,
  },
  "sparseCategoricalCrossentropy, ignoreClass, one batch": {
    ground: unmasked,
    layers: every(3),
    compile: compiled(sparse, { ...logits, ignoreClass: 2 }),
    y: classesOfSteps,
    batchSize: rows,
  },
  "ignoreClass and a mask, one batch": {
    ground: masked,
    layers: every(3),
    compile: compiled(sparse, { ...logits, ignoreClass: 0 }),
    y: classesOfSteps,
    batchSize: rows,
  },
  "sampleWeight of rows, metrics without": {
    ground: unmasked,
    layers: last(1),
    compile: compiled("meanSquaredError", {}, ["mae"]),
    y: one,
    sampleWeight: perRow,
  },
  "sampleWeight of rows, outputs at every step": {
    ground: unmasked,
    layers: every(1),
    compile: compiled("meanSquaredError", {}, ["mae"]),
    y: ones,
    sampleWeight: perRowAlone,
  },
  "sampleWeight of steps": {
    ground: unmasked,
    layers: every(1),
    compile: compiled("meanAbsoluteError", {}, ["mse"]),
    y: ones,
    sampleWeight: perStep,
  },
  "sampleWeight of rows, masked": {
    ground: masked,
    layers: every(3),
    compile: compiled(sparse, logits),
    y: classesOfSteps,
    sampleWeight: perRowAlone,
  },
  "sampleWeight of steps, masked": {
    ground: masked,
    layers: every(3),
    compile: compiled(sparse, logits, ["accuracy"]),
    y: classesOfSteps,
    sampleWeight: perStep,
  },
  "sampleWeight [batch, 1]": {
    ground: unmasked,
    layers: last(1),
    compile: compiled("meanSquaredError"),
    y: one,
    sampleWeight: perRowAlone,
  },
  "regularizers of every weight": {
    ground: masked,
    layers: [
      recurrentOf("lstm", {
        kernelRegularizer: { l1: 0.125, l2: 0.25 },
        recurrentRegularizer: "l1",
        biasRegularizer: "l2",
      }),
      dense(1, "linear", { kernelRegularizer: { l1: 0, l2: 0.5 }, biasRegularizer: { l1: 0.5, l2: 0 } }),
    ],
    compile: compiled("meanSquaredError", {}, ["mse"]),
    y: one,
  },
  "regularizers in both directions, weights of samples": {
    ground: masked,
    layers: [
      around(
        "bidirectional",
        recurrentOf("gru", { kernelRegularizer: "l2", recurrentRegularizer: { l1: 0.25, l2: 0 } }),
      ),
      dense(1),
    ],
    compile: compiled("meanSquaredError", {}, ["mse"]),
    y: one,
    sampleWeight: perRow,
  },
  "meanSquaredError, targets [batch]": {
    ground: unmasked,
    layers: last(1),
    compile: compiled("meanSquaredError", {}, ["mae"]),
    y: grid([rows], 33),
  },
  "meanSquaredError, targets [batch, time]": {
    ground: unmasked,
    layers: every(1),
    compile: compiled("meanSquaredError"),
    y: grid([rows, steps], 34),
  },
  "binaryCrossentropy, targets [batch]": {
    ground: unmasked,
    layers: last(1, "sigmoid"),
    compile: compiled("binaryCrossentropy", {}, ["accuracy"]),
    y: whole([rows], 44, 2),
  },
};

const single = Object.entries(told).map(
  ([name, { ground, layers, compile, y, sampleWeight, batchSize = 4 }]): Omit<Case, "seed"> => ({
    name: `figures: ${name}`,
    inputs: ground.inputs,
    layers: [...ground.first, ...layers],
    batches: [ground.x],
    compile,
    evaluate: { x: ground.x, y: [y], ...(sampleWeight === undefined ? {} : { sampleWeight }), batchSize },
  }),
);

/** The loss is the sum of theirs; the figures of each have its name. */
export const twoOutputs: Omit<Case, "seed"> = {
  name: "figures: two outputs",
  inputs: [vectors],
  layers: [
    lastGru,
    step("dense", { units: 1, name: "value" }),
    step("dense", { units: 3, name: "kind" }, { of: [1] }),
  ],
  outputs: [2, 3],
  names: ["value", "kind"],
  batches: [[series]],
  compile: {
    optimizer: { name: "adam", options: { learningRate: 0.01 } },
    losses: [
      { name: "meanSquaredError", options: {} },
      { name: sparse, options: logits },
    ],
    metrics: [],
  },
  evaluate: { x: [series], y: [one, classes], batchSize: 4 },
};

const oneByOne: Omit<Case, "seed"> = {
  name: "figures: one batch after another",
  inputs: [tokens],
  layers: [embedding, everyLstm, dense(1)],
  batches: [[gaps]],
  compile: {
    ...compiled("meanSquaredError"),
    optimizer: { name: "adam", options: { learningRate: 0.02 } },
  },
  onBatches: [2, 1, 3].map((end) => ({
    x: [(gaps as readonly Nested[]).slice(0, end)],
    y: [(ones as readonly Nested[]).slice(0, end)],
    sampleWeight: (perStep as readonly Nested[]).slice(0, end),
  })),
};

export const figureCases: readonly Case[] = [...single, twoOutputs, oneByOne].map((each, k) => ({
  ...each,
  seed: 200 + k,
}));
