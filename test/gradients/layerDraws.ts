/**
 * What every option of every layer may be, for checks of drawn layers. A layer that is not listed here fails a test, and
 * so does an option that a layer knows and this table does not.
 */
import type { LayerConfig } from "../../src/nn/layers/layer.ts";
import type { Kind } from "../../src/nn/signals.ts";
import type { Draw } from "./draw.ts";

type Options = Readonly<Record<string, unknown>>;
/** Values of an option; "refused" where the layer knows it as every recurrent layer does, but will not have it. */
type Values = readonly unknown[] | "refused";
export interface LayerDraw {
  /** What has to be given, where it is not among what was drawn. */
  readonly base: (draw: Draw, drawn: Options) => Options;
  /** What must go with what was drawn. */
  readonly settled?: (drawn: Options) => Options;
  /** Those that change a value or a derivative. */
  readonly options?: Readonly<Record<string, Values>>;
  /** Options without which others are unknown. */
  readonly asking?: Options;
  /** Of wrappers. */
  readonly inner?: (draw: Draw) => LayerConfig;
  /** The features of the input, where the layer does not take any number. Default: 1 to 3. */
  readonly features?: (options: Options) => number;
  /** Where it takes several kinds: this one. Default: any. */
  readonly takes?: Kind;
  /** Sequences have a known number of steps, and no mask. Default: false. */
  readonly fixed?: boolean;
}

/** Options that change no derivative: names, what is trained at all, and what weights begin as. */
export const withoutDerivative = (option: string): boolean =>
  ["name", "trainable", "unitForgetBias", "minRadius", "maxRadius", "maxPhase"].includes(option) ||
  option.endsWith("Initializer");

const units = (draw: Draw): Options => ({ units: draw.whole(1, 3) });
const filters = (draw: Draw): Options => ({ filters: draw.whole(1, 3), kernelSize: draw.whole(1, 3) });
const none = (): Options => ({});
const flags = [true, false];
const rates = [0.3, 0.6];
const some = ["tanh", "relu", "softsign", "elu", "softmax"];
const gates = ["hardSigmoid", "softplus"];
const windows = {
  strides: [2, 3],
  padding: ["same", "causal"],
  dilationRate: [2],
  activation: some,
  bias: [false],
};
const sides = { strides: [2, [1, 2]], padding: ["same"] };
const pools = { poolSize: [1, 2, 3], strides: [1, 2], padding: ["same"] };
const recurrent = {
  returnSequences: [true],
  returnState: [true],
  goBackwards: [true],
  stateful: [true],
  dropout: rates,
  recurrentDropout: rates,
  initialState: ["zeros", "random", "firstInput", "learned"],
  zoneout: [0.4],
} as const satisfies Readonly<Record<string, Values>>;
const built = { ...recurrent, activation: some, bias: ["none", "single", "double"] };
/** What is normalised is three numbers at least: of two it is hardly more than a sign. */
const normalized = (draw: Draw, { layerNormalization }: Options): Options => ({
  units: layerNormalization ? 3 : draw.whole(1, 3),
});
/** The first output is the first input: as wide as that. */
const asWide =
  (width: (options: Options) => number) =>
  (options: Options): number =>
    options["initialState"] === "firstInput" ? width(options) : 2;
const unitsOf = ({ units }: Options): number => Number(units);
const linear = {
  ...recurrent,
  recurrentDropout: "refused",
  bias: ["none", "single"],
  form: ["plain", "log"],
} as const;

export const layerDraws: Readonly<Record<string, LayerDraw>> = {
  embedding: {
    base: (draw) => ({ inputDim: draw.whole(2, 5), outputDim: draw.whole(1, 3) }),
    options: { maskZero: flags },
  },
  masking: { base: none, options: { maskValue: [0, 0.5] } },
  dense: { base: units, options: { bias: [false], activation: some } },
  gaussian: { base: units, options: { bias: [false] } },
  gaussianMixture: {
    base: (draw) => ({ ...units(draw), components: draw.whole(1, 3) }),
    options: { bias: [false] },
  },
  quantiles: { base: units, options: { bias: [false], probabilities: [[0.5], [0.1, 0.9]] } },
  dropout: { base: () => ({ rate: 0.5 }), options: { rate: rates } },
  activation: {
    base: () => ({ activation: "tanh" }),
    options: {
      activation: [
        ...some,
        "linear",
        "sigmoid",
        "gelu",
        "silu",
        "softplus",
        "logSoftmax",
        "hardSigmoid",
        "exp",
      ],
    },
  },
  flatten: { base: none, fixed: true },
  layerNormalization: {
    base: none,
    options: { epsilon: [0.1, 1e-3], center: [false], scale: [false] },
    features: () => 4,
  },
  repeatVector: { base: (draw) => ({ n: draw.whole(1, 3) }) },
  conv2d: {
    base: filters,
    options: { ...sides, dilationRate: [2, [2, 1]], activation: some, bias: [false] },
  },
  convLstm2d: {
    base: (draw) => ({ filters: draw.whole(1, 2), kernelSize: draw.whole(1, 2) }),
    settled: ({ initialState }) =>
      initialState === "firstInput" ? { filters: 2, padding: "same", strides: 1 } : {},
    features: asWide(() => 2),
    options: {
      ...built,
      recurrentActivation: gates,
      strides: [2],
      padding: ["same"],
      dilationRate: [2],
      zoneout: [0.4, { c: 0.5 }],
    },
  },
  maxPooling2d: { base: none, options: { ...sides, poolSize: [[1, 2], 1] } },
  averagePooling2d: { base: none, options: { ...sides, poolSize: [[1, 2], 1] } },
  globalAveragePooling2d: { base: none },
  globalMaxPooling2d: { base: none },
  attention: { base: none, options: { score: ["dot", "additive"], causal: flags, useScale: flags } },
  multiHeadAttention: {
    base: (draw) => ({ numHeads: draw.whole(1, 3), keyDim: draw.whole(1, 2) }),
    options: { valueDim: [1, 3], outputDim: [1, 3], causal: flags, dropout: rates, bias: [false] },
  },
  positionalEncoding: { base: none },
  conv1d: { base: filters, options: windows },
  delayTaps: { base: (draw) => ({ taps: draw.whole(1, 3) }), options: { dilationRate: [2] } },
  maxPooling1d: { base: none, options: pools },
  averagePooling1d: { base: none, options: pools },
  globalMaxPooling1d: { base: none },
  globalAveragePooling1d: { base: none },
  simpleRNN: {
    base: normalized,
    options: { ...built, layerNormalization: flags, zoneout: [0.4, { h: 0.5 }] },
    features: asWide(unitsOf),
  },
  lstm: {
    base: normalized,
    options: {
      ...built,
      recurrentActivation: gates,
      cellsPerBlock: [2, 3],
      peephole: flags,
      projection: [1, 2],
      layerNormalization: flags,
      zoneout: [0.4, { c: 0.5 }],
    },
    asking: { peephole: true, projection: 1 },
    features: asWide(({ units, cellsPerBlock = 1, projection }) =>
      Number(projection ?? Number(units) * Number(cellsPerBlock)),
    ),
  },
  gru: {
    base: normalized,
    options: { ...built, recurrentActivation: gates, resetAfter: flags, layerNormalization: flags },
    features: asWide(unitsOf),
  },
  minGRU: { base: units, options: linear, features: asWide(unitsOf) },
  minLSTM: { base: units, options: linear, features: asWide(unitsOf) },
  sru: {
    base: units,
    options: {
      ...recurrent,
      recurrentDropout: "refused",
      activation: some,
      bias: ["none", "single"],
      peephole: flags,
      highwayScale: [0.5, 1.5],
    },
    features: asWide(unitsOf),
  },
  lru: {
    base: units,
    settled: ({ initialState }) => (initialState === "firstInput" ? { units: 2, stateUnits: 2 } : {}),
    options: { ...recurrent, stateUnits: [1, 3] },
    features: asWide(unitsOf),
  },
  slstm: {
    base: (draw, { heads }) => ({ units: heads === 2 ? 2 : draw.whole(1, 3) }),
    options: { ...recurrent, bias: ["none", "single"], forgetGate: ["sigmoid", "exp"], heads: [1, 2] },
    features: asWide(unitsOf),
  },
  jordanRNN: {
    base: (draw) => ({ ...units(draw), outputUnits: draw.whole(1, 2) }),
    settled: ({ scheduledSampling }) => (scheduledSampling === undefined ? {} : { teacherForcing: true }),
    options: {
      returnSequences: flags,
      dropout: rates,
      activation: some,
      outputActivation: some,
      bias: built.bias,
      teacherForcing: flags,
      scheduledSampling: [0.5, { steps: 2 }],
    },
  },
  sumMemory: {
    base: units,
    options: { ...recurrent, recurrentDropout: "refused", activation: some, bias: ["none", "single"] },
    features: asWide(unitsOf),
  },
  recurrent: {
    base: (draw) => ({ cell: "leaky", ...units(draw) }),
    options: { ...recurrent, rate: [0.2, 0.9], activation: some },
    asking: { cell: "leaky" },
    takes: "sequence",
    features: asWide(unitsOf),
  },
  crf: { base: units },
  timeDistributed: {
    base: none,
    inner: (draw) =>
      draw.oneOf([
        { layer: "dense", options: { units: 2, activation: "tanh" } },
        { layer: "activation", options: { activation: "softmax" } },
        { layer: "layerNormalization", options: { epsilon: 0.1 } },
      ]),
  },
  bidirectional: {
    base: none,
    options: { mergeMode: ["concat", "sum", "mul", "ave", "none"] },
    inner: (draw) => ({
      layer: draw.oneOf(["simpleRNN", "gru", "lstm", "minGRU", "sru", "slstm"]),
      options: { units: 2, returnSequences: draw.chance(0.5), goBackwards: draw.chance(0.3) },
    }),
  },
};
