/** Every option of what trains a model, and which of the values that are usually wrong it takes. */
import * as unroll from "unroll-rnn";
import {
  above0,
  callable,
  choice,
  count,
  countFrom0,
  flag,
  fraction,
  from0,
  from0OrNull,
  none,
  number,
  numberOrNull,
  type Target,
  target,
  text,
} from "./suspects.ts";

const rate = [...from0, ...callable];
const upTo1 = fraction;
const optimizer = {
  learningRate: rate,
  weightDecay: from0OrNull,
  clipNorm: from0OrNull,
  globalClipNorm: from0OrNull,
  clipValue: from0OrNull,
};
const moments = { ...optimizer, beta1: fraction, beta2: fraction, epsilon: from0 };
const probabilities = { fromLogits: flag, labelSmoothing: fraction };
const monitor = { monitor: text, mode: choice };

const normal = { mean: number, stddev: from0 };
const { initializers } = unroll;

export const trainingTargets: readonly Target[] = [
  target("sgd", unroll.sgd, {}, { ...optimizer, momentum: upTo1, nesterov: flag }),
  target(
    "rmsprop",
    unroll.rmsprop,
    {},
    { ...optimizer, rho: fraction, momentum: upTo1, epsilon: from0, centered: flag },
  ),
  target("adagrad", unroll.adagrad, {}, { ...optimizer, initialAccumulatorValue: from0, epsilon: from0 }),
  target("adadelta", unroll.adadelta, {}, { ...optimizer, rho: fraction, epsilon: from0 }),
  target("adam", unroll.adam, {}, { ...moments, amsgrad: flag }),
  target("adamw", unroll.adamw, {}, { ...moments, amsgrad: flag }),
  target("nadam", unroll.nadam, {}, moments),
  target(
    "exponentialDecay",
    unroll.exponentialDecay,
    { initialLearningRate: 1, decaySteps: 2, decayRate: 0.5 },
    { initialLearningRate: from0, decaySteps: above0, decayRate: from0, staircase: flag },
  ),
  target(
    "cosineDecay",
    unroll.cosineDecay,
    { initialLearningRate: 1, decaySteps: 2 },
    {
      initialLearningRate: from0,
      decaySteps: above0,
      alpha: from0,
      warmupTarget: from0OrNull,
      warmupSteps: from0,
    },
  ),
  target(
    "piecewiseConstantDecay",
    unroll.piecewiseConstantDecay,
    { boundaries: [2], values: [1, 0.1] },
    { boundaries: none, values: none },
  ),
  target(
    "warmup",
    unroll.warmup,
    { steps: 2, learningRate: 1 },
    { steps: above0, learningRate: rate, from: from0 },
  ),
  target("huber", unroll.huber, {}, { delta: above0 }),
  target("binaryCrossentropy", unroll.binaryCrossentropy, {}, probabilities),
  target("categoricalCrossentropy", unroll.categoricalCrossentropy, {}, probabilities),
  target(
    "sparseCategoricalCrossentropy",
    unroll.sparseCategoricalCrossentropy,
    {},
    { fromLogits: flag, ignoreClass: ["null", "zero", "negative"] },
  ),
  target("gaussianNll", unroll.gaussianNll, {}, {}),
  target("mixtureNll", unroll.mixtureNll, { components: 2 }, { components: count }),
  target("pinball", unroll.pinball, {}, { probabilities: none }),
  target("ctc", unroll.ctc, {}, { blank: countFrom0 }),
  target("binaryAccuracy", unroll.binaryAccuracy, {}, { threshold: number }),
  target("l1l2", unroll.l1l2, {}, { l1: from0, l2: from0 }),
  target("initializers.constant", initializers.constant, {}, { value: number }),
  target("initializers.randomNormal", initializers.randomNormal, {}, normal),
  target("initializers.truncatedNormal", initializers.truncatedNormal, {}, normal),
  target("initializers.randomUniform", initializers.randomUniform, {}, { minval: number, maxval: number }),
  target("initializers.orthogonal", initializers.orthogonal, {}, { gain: number }),
  target("initializers.identity", initializers.identity, {}, { gain: number }),
  target(
    "earlyStopping",
    unroll.earlyStopping,
    {},
    {
      ...monitor,
      patience: countFrom0,
      minDelta: number,
      baseline: numberOrNull,
      startFromEpoch: countFrom0,
      restoreBestWeights: flag,
    },
  ),
  target(
    "modelCheckpoint",
    unroll.modelCheckpoint,
    { path: "somewhere" },
    { ...monitor, path: text, everySteps: count },
  ),
  target("jsonLogger", unroll.jsonLogger, { path: "somewhere" }, { path: text }),
];
