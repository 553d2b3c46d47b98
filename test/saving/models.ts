/** Models of every layer and kind, for the tests of saving; the numbers in them are those of training. */
import { type Cell, defineCell } from "../../src/nn/cells/defineCell.ts";
import { activation } from "../../src/nn/layers/activation.ts";
import { attention } from "../../src/nn/layers/attention.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { conv1d } from "../../src/nn/layers/conv1d.ts";
import { conv2d } from "../../src/nn/layers/conv2d.ts";
import { convLstm2d } from "../../src/nn/layers/convLstm2d.ts";
import { crf } from "../../src/nn/layers/crf.ts";
import { delayTaps } from "../../src/nn/layers/delayTaps.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { flatten } from "../../src/nn/layers/flatten.ts";
import { globalAveragePooling1d } from "../../src/nn/layers/globalPooling1d.ts";
import { gaussian, gaussianMixture, quantiles } from "../../src/nn/layers/heads.ts";
import { initializers } from "../../src/nn/layers/initializers.ts";
import { input } from "../../src/nn/layers/input.ts";
import { jordanRNN } from "../../src/nn/layers/jordanRNN.ts";
import { layerNormalization } from "../../src/nn/layers/layerNormalization.ts";
import { lru } from "../../src/nn/layers/lru.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { minGRU, minLSTM } from "../../src/nn/layers/minGru.ts";
import { multiHeadAttention } from "../../src/nn/layers/multiHeadAttention.ts";
import { averagePooling1d, maxPooling1d } from "../../src/nn/layers/pooling1d.ts";
import { averagePooling2d, globalMaxPooling2d, maxPooling2d } from "../../src/nn/layers/pooling2d.ts";
import { positionalEncoding } from "../../src/nn/layers/positionalEncoding.ts";
import { gru, lstm, recurrent, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { repeatVector } from "../../src/nn/layers/repeatVector.ts";
import { slstm } from "../../src/nn/layers/slstm.ts";
import { sru } from "../../src/nn/layers/sru.ts";
import { sumMemory } from "../../src/nn/layers/sumMemory.ts";
import { timeDistributed } from "../../src/nn/layers/timeDistributed.ts";
import { functional, sequential } from "../../src/nn/models.ts";
import type { Model } from "../../src/nn/modelTypes.ts";
import {
  type ActivationFunction,
  add,
  concat,
  matmul,
  mul,
  split,
  sub,
  tanh,
} from "../../src/nn/operators.ts";
import { mixtureNll, pinball } from "../../src/nn/train/likelihoods.ts";
import { adadelta, adagrad, adam, nadam, rmsprop, sgd } from "../../src/nn/train/optimizers.ts";
import { l2 } from "../../src/nn/train/regularizers.ts";
import { cosineDecay, piecewiseConstantDecay, warmup } from "../../src/nn/train/schedules.ts";
import { ctc } from "../../src/nn/train/sequenceLosses.ts";
import { draws } from "../draws.ts";

export interface Example {
  readonly name: string;
  readonly make: () => Model;
  readonly x: unknown;
  readonly y: unknown;
}

interface LeakyOptions {
  readonly rate: number;
  readonly activation: ActivationFunction;
}
const options: LeakyOptions = { rate: 0.1, activation: tanh };
export const leaky: Cell<"h", string, LeakyOptions, "kernel" | "recurrentKernel" | "bias"> = defineCell({
  name: "leaky",
  options,
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units }) => ({
    kernel: [features, units],
    recurrentKernel: [units, units],
    bias: [units],
  }),
  step: (x, { h }, { kernel, recurrentKernel, bias }, { rate, activation: f }) => {
    const a = f(add(matmul(x, kernel), matmul(h, recurrentKernel), bias));
    return { h: add(mul(h, 1 - rate), mul(a, rate)), a };
  },
});

/** Numbers in [-1, 1), the same in every run. */
export function numbers(shape: readonly number[], seed = 1): unknown {
  const draw = draws(seed);
  const made = ([length, ...rest]: readonly number[]): unknown =>
    length === undefined ? draw() : Array.from({ length }, () => made(rest));
  return made(shape);
}
const tokens = (rows: number, steps: number): number[][] =>
  Array.from({ length: rows }, (_, row) => Array.from({ length: steps }, (__, k) => (row * 3 + k * k) % 7));

export const examples: readonly Example[] = [
  {
    name: "text, with a schedule in a schedule",
    make: () => {
      const model: Model = sequential(
        embedding({ inputDim: 7, outputDim: 3, maskZero: true }),
        lstm({
          units: 4,
          returnSequences: true,
          dropout: 0.2,
          kernelRegularizer: "l2",
          unitForgetBias: false,
        }),
        dense({ units: 7, activation: "softmax" }),
      );
      const learningRate = warmup({
        steps: 2,
        learningRate: cosineDecay({ initialLearningRate: 0.02, decaySteps: 9 }),
      });
      const metrics = ["accuracy", "perplexity"] as const;
      model.compile({
        optimizer: adam({ learningRate, amsgrad: true }),
        loss: "sparseCategoricalCrossentropy",
        metrics,
      });
      return model;
    },
    x: tokens(6, 5),
    y: tokens(6, 5),
  },
  {
    name: "every option of a recurrent layer",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 3], name: "series" }),
        masking({ maskValue: 9 }),
        gru({
          units: 3,
          returnSequences: true,
          resetAfter: false,
          bias: "double",
          initialState: "learned",
          recurrentDropout: 0.3,
        }),
        simpleRNN({
          units: 2,
          goBackwards: true,
          returnSequences: true,
          bias: "none",
          activation: "relu",
          trainable: false,
        }),
        bidirectional(lstm({ units: 2, recurrentInitializer: initializers.orthogonal({ gain: 0.5 }) }), {
          mergeMode: "ave",
        }),
        dense({ units: 2, kernelInitializer: (shape) => new Float32Array(shape[0]! * shape[1]!).fill(0.1) }),
      );
      const values = [0.1, 0.05];
      model.compile({
        optimizer: rmsprop({
          learningRate: piecewiseConstantDecay({ boundaries: [2], values }),
          momentum: 0.5,
          centered: true,
        }),
        loss: "huber",
        timeReduction: "sum",
      });
      return model;
    },
    x: numbers([6, 4, 3]),
    y: numbers([6, 2], 2),
  },
  {
    name: "a graph: shared layers, states handed on, operators, several inputs and outputs",
    make: () => {
      const a = input({ shape: [null, 4], name: "a" });
      const b = input({ shape: [4] });
      const shared = lstm({ units: 4, returnSequences: true, returnState: true });
      const first = shared(a);
      const second = shared(sub(1, first.output), { initialState: { h: first.h, c: b } });
      const [left, right] = split(second.output, 2);
      const merged = concat(mul(left, right, 0.5), a);
      const outputs = {
        series: timeDistributed(dense({ units: 2 }), { name: "head" })(merged),
        vector: layerNormalization({ epsilon: 0.01 })(add(second.c, b)),
      };
      const model = functional({ inputs: [a, b], outputs });
      model.compile({
        optimizer: nadam({ clipNorm: 1 }),
        loss: { series: "meanSquaredError", vector: "meanAbsoluteError" },
      });
      return model as unknown as Model;
    },
    x: [numbers([6, 3, 4]), numbers([6, 4], 3)],
    y: { series: numbers([6, 3, 2], 4), vector: numbers([6, 4], 5) },
  },
  {
    name: "layers of vectors and of fixed lengths",
    make: () => {
      const model: Model = sequential(
        input({ shape: [5] }),
        dropout({ rate: 0.25 }),
        repeatVector({ n: 3 }),
        simpleRNN({ units: 2, returnSequences: true }),
        flatten(),
        activation("tanh", { name: "squash" }),
        dense({ units: 1, bias: false, activation: "sigmoid" }),
      );
      model.compile({
        optimizer: adagrad({ weightDecay: 0.01 }),
        loss: "binaryCrossentropy",
        metrics: ["accuracy"],
      });
      return model;
    },
    x: numbers([6, 5]),
    y: [0, 1, 1, 0, 1, 0],
  },
  {
    name: "linear recurrences, and an LSTM with exponential gates",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 2] }),
        minGRU({ units: 3, form: "log", kernelInitializer: "heNormal", returnSequences: true }),
        minLSTM({ units: 2, bias: "none", returnSequences: true }),
        sru({ units: 3, activation: "tanh", recurrentRegularizer: "l2", returnSequences: true }),
        sru({ units: 3, peephole: false, highwayScale: 1.7, returnSequences: true }),
        lru({ units: 3, stateUnits: 4, minRadius: 0.4, maxRadius: 0.9, maxPhase: 1, returnSequences: true }),
        bidirectional(lru({ units: 2, returnSequences: true })),
        slstm({ units: 4, heads: 2, forgetGate: "exp", unitForgetBias: false, recurrentDropout: 0.2 }),
        dense({ units: 2 }),
      );
      model.compile({ optimizer: adam(), loss: "meanSquaredError" });
      return model;
    },
    x: numbers([6, 4, 2]),
    y: numbers([6, 2], 2),
  },
  {
    name: "convolutions and pooling over time",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 2] }),
        delayTaps({ taps: 2 }),
        conv1d({ filters: 3, kernelSize: 2, padding: "same", strides: 2, activation: "tanh" }),
        maxPooling1d({ poolSize: 2, strides: 1, padding: "same" }),
        conv1d({ filters: 3, kernelSize: 2, padding: "causal", dilationRate: 2, kernelRegularizer: "l2" }),
        averagePooling1d({ poolSize: 2, strides: 1 }),
        globalAveragePooling1d(),
        dense({ units: 2 }),
      );
      model.compile({ optimizer: adam(), loss: "meanSquaredError" });
      return model;
    },
    x: numbers([6, 7, 2]),
    y: numbers([6, 2], 2),
  },
  {
    name: "attention, with one head and with several",
    make: () => {
      const x = input({ shape: [null, 4] });
      const h = positionalEncoding()(dense({ units: 4 })(x));
      const seen = attention({ score: "additive", causal: true })([h, x]);
      const heads = multiHeadAttention({ numHeads: 2, keyDim: 3, valueDim: 2, outputDim: 4, dropout: 0.1 });
      const last = attention({ useScale: true, trainable: false })([simpleRNN({ units: 4 })(seen), seen]);
      const outputs = add(globalAveragePooling1d()(heads([seen, h, x])), last);
      const model = functional({ inputs: x, outputs });
      model.compile({ optimizer: adam(), loss: "meanSquaredError" });
      return model as unknown as Model;
    },
    x: numbers([6, 5, 4]),
    y: numbers([6, 4], 2),
  },
  {
    name: "memory blocks, normalised steps, states that are kept, a sum",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 3] }),
        lstm({
          units: 2,
          cellsPerBlock: 2,
          peephole: true,
          projection: 3,
          zoneout: { h: 0.1, c: 0.4 },
          returnSequences: true,
          peepholeInitializer: "heNormal",
          projectionKernelRegularizer: "l2",
        }),
        gru({ units: 3, layerNormalization: true, zoneout: 0.2, returnSequences: true }),
        sumMemory({ units: 2, bias: "none", activation: "softsign", returnSequences: true }),
        simpleRNN({ units: 2, layerNormalization: true }),
      );
      model.compile({ optimizer: adam(), loss: "meanSquaredError" });
      return model;
    },
    x: numbers([6, 4, 3]),
    y: numbers([6, 2], 2),
  },
  {
    name: "a Jordan network that is fed some of its outputs",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 3] }),
        jordanRNN({
          units: 4,
          outputUnits: 3,
          outputActivation: "softmax",
          scheduledSampling: { to: 0.5, steps: 4 },
          dropout: 0.2,
        }),
      );
      model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
      return model;
    },
    x: numbers([6, 4, 3]),
    y: tokens(6, 4).map((row) => row.map((token) => token % 3)),
  },
  {
    name: "a crf",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 2] }),
        gru({ units: 3, returnSequences: true }),
        crf({ units: 4, transitionsInitializer: "glorotUniform", transitionsRegularizer: l2(0.01) }),
      ) as unknown as Model;
      model.compile({ optimizer: adam() });
      return model;
    },
    x: numbers([6, 3, 2]),
    y: Array.from({ length: 6 }, (_, k) => [k % 4, (k + 1) % 3, 3]),
  },
  {
    name: "ctc",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 2] }),
        gru({ units: 3, returnSequences: true }),
        dense({ units: 4 }),
      );
      model.compile({ optimizer: adam(), loss: ctc({ blank: 3 }) });
      return model;
    },
    x: numbers([6, 5, 2]),
    y: [[0, 1], [2], [0, 0], [], [1, 2, 1], [0, 1, 2]],
  },
  {
    name: "images of a video",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 4, 4, 1] }),
        timeDistributed(
          conv2d({ filters: 2, kernelSize: [2, 2], activation: "tanh", kernelRegularizer: "l2" }),
        ),
        timeDistributed(maxPooling2d({ poolSize: 2, strides: 1, padding: "same" })),
        timeDistributed(averagePooling2d({ poolSize: [2, 1], strides: 1 })),
        convLstm2d({
          filters: 2,
          kernelSize: 2,
          padding: "same",
          recurrentDropout: 0.2,
          returnSequences: true,
        }),
        timeDistributed(globalMaxPooling2d()),
        gru({ units: 2 }),
      );
      model.compile({ optimizer: adam(), loss: "meanSquaredError" });
      return model;
    },
    x: numbers([6, 3, 4, 4, 1]),
    y: numbers([6, 2], 2),
  },
  {
    name: "a stateful layer",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 2] }),
        gru({ units: 3, stateful: true, returnSequences: true }),
        dense({ units: 2 }),
      );
      model.compile({ optimizer: adadelta(), loss: "meanSquaredError" });
      return model;
    },
    x: numbers([6, 4, 2]),
    y: numbers([6, 4, 2], 2),
  },
  {
    name: "distributions, one of each kind",
    make: () => {
      const x = input({ shape: [null, 2] });
      const h = gru({ units: 3, returnSequences: true })(x);
      const outputs = {
        normal: gaussian({ units: 2 })(h),
        mixed: gaussianMixture({ units: 2, components: 3 })(h),
        parts: timeDistributed(quantiles({ units: 1, probabilities: [0.2, 0.8] }))(h),
      };
      const model = functional({ inputs: x, outputs });
      model.compile({
        optimizer: adam(),
        loss: {
          normal: "gaussianNll",
          mixed: mixtureNll({ components: 3 }),
          parts: pinball({ probabilities: [0.2, 0.8] }),
        },
        metrics: ["mae"],
      });
      return model as unknown as Model;
    },
    x: numbers([6, 4, 2]),
    y: { normal: numbers([6, 4, 2], 2), mixed: numbers([6, 4, 2], 3), parts: numbers([6, 4, 1], 4) },
  },
  {
    name: "a cell of one's own",
    make: () => {
      const model: Model = sequential(
        input({ shape: [null, 2] }),
        recurrent(leaky, { units: 3, rate: 0.3, activation: "sigmoid", kernelInitializer: "heNormal" }),
        dense({ units: 2 }),
      );
      model.compile({ optimizer: sgd({ momentum: 0.9, nesterov: true }), loss: "meanSquaredError" });
      return model;
    },
    x: numbers([6, 4, 2]),
    y: numbers([6, 2], 2),
  },
];
