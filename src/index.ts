/** Every public name, by hand, grouped by floor. Nothing inside src/ imports this file. */

// nn: where and from what
export type { Calibration } from "./core/run/calibration.ts";
export { type ErrorFacts, UnrollError } from "./errors.ts";
export { calibrate } from "./nn/calibrate.ts";
// nn: cells
export { type Cell, type CellDescription, defineCell, type Sizes } from "./nn/cells/defineCell.ts";
export type { Bias } from "./nn/cells/preActivation.ts";
export {
  type DeviceInfo,
  type DeviceName,
  type DeviceOptions,
  deviceInfo,
  type NativeOffer,
  setDevice,
} from "./nn/device.ts";
// nn: seeing inside
export {
  type BackpropagationOptions,
  type BackpropagationSteps,
  backpropagationSteps,
} from "./nn/insight/backpropagation.ts";
export type { BackpropagationStep, StepDelta, StepGradient } from "./nn/insight/backpropagationStep.ts";
export {
  type Inspection,
  type InspectOptions,
  inspect,
  type LayerInspection,
} from "./nn/insight/inspect.ts";
export type { MemoryLength, MemoryLengthOptions } from "./nn/insight/memoryLength.ts";
export type { Values } from "./nn/insight/run.ts";
export type { Jacobian, SensitivityQuestion } from "./nn/insight/sensitivity.ts";
export { spectralRadius } from "./nn/insight/spectralRadius.ts";
export { type UnfoldedGraph, type UnfoldOptions, unfold } from "./nn/insight/unfold.ts";
export type { UnfoldedEdge, UnfoldedNode } from "./nn/insight/unfoldedGraph.ts";
// nn: layers
export { activation } from "./nn/layers/activation.ts";
export type { Activation, ActivationName } from "./nn/layers/activations.ts";
export { type AttentionLayer, type AttentionOptions, attention } from "./nn/layers/attention.ts";
export { bidirectional, type MergeMode } from "./nn/layers/bidirectional.ts";
export { type Conv1dOptions, conv1d } from "./nn/layers/conv1d.ts";
export { type Conv2dOptions, conv2d } from "./nn/layers/conv2d.ts";
export { type ConvLstm2dOptions, convLstm2d } from "./nn/layers/convLstm2d.ts";
export { type CrfOptions, crf } from "./nn/layers/crf.ts";
export { type DelayTapsOptions, delayTaps } from "./nn/layers/delayTaps.ts";
export { type DenseOptions, dense } from "./nn/layers/dense.ts";
export { dropout } from "./nn/layers/dropout.ts";
export { type EmbeddingOptions, embedding } from "./nn/layers/embedding.ts";
export type { Facts, Layer, LayerOf } from "./nn/layers/facts.ts";
export { flatten } from "./nn/layers/flatten.ts";
export {
  type GlobalPoolingOptions,
  globalAveragePooling1d,
  globalMaxPooling1d,
} from "./nn/layers/globalPooling1d.ts";
export {
  type GaussianMixtureOptions,
  type GaussianOptions,
  gaussian,
  gaussianMixture,
  type HeadOf,
  type QuantilesOptions,
  quantiles,
} from "./nn/layers/heads.ts";
export { type Initializer, type InitializerName, initializers } from "./nn/layers/initializers.ts";
export { input } from "./nn/layers/input.ts";
export { type JordanOptions, jordanRNN } from "./nn/layers/jordanRNN.ts";
export type { Regularizer } from "./nn/layers/layer.ts";
export { type LayerNormalizationOptions, layerNormalization } from "./nn/layers/layerNormalization.ts";
export { type LruOptions, lru } from "./nn/layers/lru.ts";
export { masking } from "./nn/layers/masking.ts";
export { type MinGruOptions, minGRU, minLSTM } from "./nn/layers/minGru.ts";
export { type MultiHeadAttentionOptions, multiHeadAttention } from "./nn/layers/multiHeadAttention.ts";
export { averagePooling1d, maxPooling1d, type Pooling1dOptions } from "./nn/layers/pooling1d.ts";
export {
  averagePooling2d,
  globalAveragePooling2d,
  globalMaxPooling2d,
  maxPooling2d,
  type Pooling2dOptions,
} from "./nn/layers/pooling2d.ts";
export { positionalEncoding } from "./nn/layers/positionalEncoding.ts";
export {
  type GruOptions,
  gru,
  type LstmOptions,
  lstm,
  type RecurrentLayerOf,
  type RecurrentOptions,
  recurrent,
  type SimpleRnnOptions,
  simpleRNN,
} from "./nn/layers/recurrent.ts";
export { repeatVector } from "./nn/layers/repeatVector.ts";
export { type SlstmOptions, slstm } from "./nn/layers/slstm.ts";
export { type SruOptions, sru } from "./nn/layers/sru.ts";
export { type SumMemoryOptions, sumMemory } from "./nn/layers/sumMemory.ts";
export { timeDistributed } from "./nn/layers/timeDistributed.ts";
export { type CtcDecodeOptions, ctcDecode } from "./nn/model/ctcDecode.ts";
// nn: values
export { distributionOf, type PredictedDistribution } from "./nn/model/distributionOf.ts";
export { type Ragged, ragged } from "./nn/model/ragged.ts";
export { type Nested, type Tensor, type TypedArray, tensor } from "./nn/model/tensor.ts";
export type { NamedTensor } from "./nn/model/weights.ts";
// nn: models
export { functional, loadModel, sequential } from "./nn/models.ts";
export type {
  BatchSession,
  CausalModel,
  CausalTokenModel,
  CompileOptions,
  ForecastOptions,
  GenerateBestOptions,
  GenerateOptions,
  History,
  Hypothesis,
  Model,
  ModelThatLooksAhead,
  ModelWithoutTime,
  PredictOptions,
  Session,
  StepResult,
} from "./nn/modelTypes.ts";
// nn: operators, in a step and on symbols
export {
  abs,
  add,
  clip,
  concat,
  cos,
  div,
  elu,
  exp,
  gelu,
  greater,
  hardSigmoid,
  log,
  logSoftmax,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  type Operand,
  relu,
  sigmoid,
  silu,
  sin,
  softmax,
  softplus,
  softsign,
  split,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  where,
} from "./nn/operators.ts";
export { setSeed } from "./nn/seed.ts";
// nn: sequences to sequences
export type { Seq2seqBestOptions, Seq2seqGenerateOptions } from "./nn/seq2seq/generate.ts";
export {
  loadSeq2seq,
  type Seq2seq,
  type Seq2seqCompileOptions,
  type Seq2seqFitOptions,
  type Seq2seqOptions,
  seq2seq,
} from "./nn/seq2seq/seq2seq.ts";
export type { Kind, Signal, Time } from "./nn/signals.ts";
// nn: training
export {
  type Callback,
  type EarlyStoppingOptions,
  earlyStopping,
  type ModelCheckpointOptions,
  modelCheckpoint,
  type TrainingMoment,
} from "./nn/train/callbacks.ts";
export type { LoadOptions } from "./nn/train/checkpoint.ts";
export type { FitOptions } from "./nn/train/fitOptions.ts";
export { jsonLogger } from "./nn/train/jsonLogger.ts";
export { gaussianNll, mixtureNll, pinball } from "./nn/train/likelihoods.ts";
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  huber,
  type Loss,
  type LossName,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./nn/train/losses.ts";
export {
  binaryAccuracy,
  bitsPerToken,
  categoricalAccuracy,
  type Metric,
  type MetricName,
  perplexity,
  sparseCategoricalAccuracy,
} from "./nn/train/metrics.ts";
export type { OptimizerState } from "./nn/train/once.ts";
export {
  adadelta,
  adagrad,
  adam,
  adamw,
  nadam,
  type Optimizer,
  type OptimizerName,
  rmsprop,
  sgd,
} from "./nn/train/optimizers.ts";
export { l1, l1l2, l2 } from "./nn/train/regularizers.ts";
export {
  cosineDecay,
  exponentialDecay,
  type LearningRate,
  piecewiseConstantDecay,
  type Schedule,
  warmup,
} from "./nn/train/schedules.ts";
export { type CtcOptions, ctc, type SequenceLoss } from "./nn/train/sequenceLosses.ts";
