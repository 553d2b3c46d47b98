/** Every option of every layer, and which of the values that are usually wrong it takes. */
import * as unroll from "unroll-rnn";
import {
  callable,
  choice,
  count,
  flag,
  fraction,
  from0,
  none,
  number,
  type Target,
  target,
  text,
} from "./suspects.ts";

const activation = callable;
const zoneout = ["zero", "object"];

const named = { name: text };
const common = { trainable: flag, name: text };
const weights = {
  kernelInitializer: callable,
  biasInitializer: callable,
  kernelRegularizer: choice,
  biasRegularizer: choice,
};
const affine = { ...common, ...weights, bias: flag };
const recurrent = {
  ...common,
  returnSequences: flag,
  returnState: flag,
  goBackwards: flag,
  stateful: flag,
  dropout: fraction,
  recurrentDropout: fraction,
  zoneout,
  initialState: choice,
};
const inputKernel = { ...recurrent, ...weights, units: count, bias: choice };
const recurrentKernel = {
  ...inputKernel,
  recurrentInitializer: callable,
  recurrentRegularizer: choice,
};
const elman = { ...recurrentKernel, activation };
const gated = { ...elman, recurrentActivation: activation };
const windows = { filters: count, kernelSize: count, strides: count, padding: choice, dilationRate: count };
const pooling = { poolSize: count, strides: count, padding: choice, name: text };
const { units: _, ...videos } = { ...gated, unitForgetBias: flag };

const leaky = unroll.defineCell({
  name: "leaky",
  options: { rate: 0.5, activation: unroll.tanh },
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units }) => ({ kernel: [features, units] }),
  step: (x, { h }, { kernel }, { rate, activation }) => ({
    h: activation(unroll.add(unroll.mul(h, rate), unroll.matmul(x, kernel))),
  }),
});
const lstm = unroll.lstm({ units: 2 });
const sequence = unroll.input({ shape: [null, 2] });
const { h, c } = unroll.lstm({ units: 2, returnState: true })(sequence);

export const layerTargets: readonly Target[] = [
  target("dense", unroll.dense, { units: 2 }, { ...affine, units: count, activation }),
  target(
    "activation",
    (options: { readonly name?: string }) => unroll.activation("tanh", options),
    {},
    named,
  ),
  target("flatten", unroll.flatten, {}, named),
  target("dropout", unroll.dropout, { rate: 0.5 }, { ...named, rate: fraction }),
  target("masking", unroll.masking, {}, { ...named, maskValue: number }),
  target("repeatVector", unroll.repeatVector, { n: 2 }, { ...named, n: count }),
  target("positionalEncoding", unroll.positionalEncoding, {}, named),
  target("delayTaps", unroll.delayTaps, { taps: 2 }, { ...named, taps: count, dilationRate: count }),
  target(
    "embedding",
    unroll.embedding,
    { inputDim: 3, outputDim: 2 },
    {
      ...common,
      inputDim: count,
      outputDim: count,
      maskZero: flag,
      embeddingsInitializer: callable,
      embeddingsRegularizer: choice,
    },
  ),
  target(
    "layerNormalization",
    unroll.layerNormalization,
    {},
    {
      ...common,
      epsilon: from0,
      center: flag,
      scale: flag,
      gammaInitializer: callable,
      betaInitializer: callable,
    },
  ),
  target("input", unroll.input, { shape: [null, 2] }, { shape: none, dtype: choice, name: text }),
  target(
    "timeDistributed",
    (options: { readonly name?: string }) => unroll.timeDistributed(unroll.dense({ units: 2 }), options),
    {},
    named,
  ),
  target(
    "bidirectional",
    (options: { readonly mergeMode?: unroll.MergeMode; readonly name?: string }) =>
      unroll.bidirectional(lstm, options),
    {},
    { ...named, mergeMode: choice },
  ),
  target("conv1d", unroll.conv1d, { filters: 2, kernelSize: 2 }, { ...affine, ...windows, activation }),
  target("conv2d", unroll.conv2d, { filters: 2, kernelSize: 2 }, { ...affine, ...windows, activation }),
  target("convLstm2d", unroll.convLstm2d, { filters: 2, kernelSize: 2 }, { ...videos, ...windows }),
  target("maxPooling1d", unroll.maxPooling1d, {}, pooling),
  target("averagePooling1d", unroll.averagePooling1d, {}, pooling),
  target("maxPooling2d", unroll.maxPooling2d, {}, pooling),
  target("averagePooling2d", unroll.averagePooling2d, {}, pooling),
  target("globalMaxPooling1d", unroll.globalMaxPooling1d, {}, named),
  target("globalAveragePooling1d", unroll.globalAveragePooling1d, {}, named),
  target("globalMaxPooling2d", unroll.globalMaxPooling2d, {}, named),
  target("globalAveragePooling2d", unroll.globalAveragePooling2d, {}, named),
  target("attention", unroll.attention, {}, { ...common, score: choice, causal: flag, useScale: flag }),
  target(
    "multiHeadAttention",
    unroll.multiHeadAttention,
    { numHeads: 2, keyDim: 2 },
    {
      ...common,
      numHeads: count,
      keyDim: count,
      valueDim: count,
      outputDim: count,
      causal: flag,
      dropout: fraction,
      bias: flag,
      kernelInitializer: callable,
    },
  ),
  target(
    "crf",
    unroll.crf,
    { units: 2 },
    {
      ...common,
      ...weights,
      units: count,
      transitionsInitializer: callable,
      transitionsRegularizer: choice,
    },
  ),
  target("gaussian", unroll.gaussian, { units: 2 }, { ...affine, units: count }),
  target(
    "gaussianMixture",
    unroll.gaussianMixture,
    { units: 2, components: 2 },
    { ...affine, units: count, components: count },
  ),
  target("quantiles", unroll.quantiles, { units: 2 }, { ...affine, units: count, probabilities: none }),
  target("simpleRNN", unroll.simpleRNN, { units: 2 }, { ...elman, layerNormalization: flag }),
  target(
    "lstm",
    unroll.lstm,
    { units: 2, peephole: true, projection: 2 },
    {
      ...gated,
      unitForgetBias: flag,
      cellsPerBlock: count,
      peephole: flag,
      projection: count,
      layerNormalization: flag,
      peepholeInitializer: callable,
      projectionKernelInitializer: callable,
      peepholeRegularizer: choice,
      projectionKernelRegularizer: choice,
    },
  ),
  target(
    "lstm, called on a symbol",
    (options: Parameters<typeof lstm>[1]) => lstm(sequence, options),
    { initialState: { h, c } },
    { initialState: ["object"] },
  ),
  target("gru", unroll.gru, { units: 2 }, { ...gated, resetAfter: flag, layerNormalization: flag }),
  target("minGRU", unroll.minGRU, { units: 2 }, { ...inputKernel, form: choice }),
  target("minLSTM", unroll.minLSTM, { units: 2 }, { ...inputKernel, form: choice }),
  target("sumMemory", unroll.sumMemory, { units: 2 }, { ...inputKernel, activation }),
  target(
    "sru",
    unroll.sru,
    { units: 2 },
    { ...recurrentKernel, activation, peephole: flag, highwayScale: number },
  ),
  target(
    "slstm",
    unroll.slstm,
    { units: 2 },
    { ...recurrentKernel, heads: count, forgetGate: choice, unitForgetBias: flag },
  ),
  target(
    "lru",
    unroll.lru,
    { units: 2 },
    {
      ...recurrent,
      units: count,
      stateUnits: count,
      minRadius: fraction,
      maxRadius: none,
      maxPhase: ["fraction"],
      nuLogInitializer: callable,
      thetaLogInitializer: callable,
      gammaLogInitializer: callable,
      kernelInitializer: callable,
      outputKernelInitializer: callable,
      feedthroughInitializer: callable,
      nuLogRegularizer: choice,
      thetaLogRegularizer: choice,
      gammaLogRegularizer: choice,
      kernelRegularizer: choice,
      outputKernelRegularizer: choice,
      feedthroughRegularizer: choice,
    },
  ),
  target(
    "jordanRNN",
    unroll.jordanRNN,
    { units: 2, outputUnits: 2 },
    {
      ...common,
      ...weights,
      units: count,
      outputUnits: count,
      returnSequences: flag,
      activation,
      outputActivation: activation,
      bias: choice,
      teacherForcing: flag,
      scheduledSampling: ["zero"],
      dropout: fraction,
      recurrentInitializer: callable,
      recurrentRegularizer: choice,
      outputKernelInitializer: callable,
      outputKernelRegularizer: choice,
      outputBiasInitializer: callable,
      outputBiasRegularizer: choice,
    },
  ),
  target(
    "recurrent",
    (options: {
      readonly units: number;
      readonly rate?: number;
      readonly activation?: unroll.Activation;
      readonly kernelInitializer?: unroll.Initializer;
      readonly kernelRegularizer?: "l1" | "l2";
    }) => unroll.recurrent(leaky, options),
    { units: 2 },
    {
      units: count,
      rate: number,
      activation,
      kernelInitializer: callable,
      kernelRegularizer: choice,
    },
  ),
];
