/** A model with every layer, with ten examples whose targets have no rule in them. */
import {
  activation,
  attention,
  averagePooling1d,
  averagePooling2d,
  bidirectional,
  type CompileOptions,
  concat,
  conv1d,
  conv2d,
  convLstm2d,
  crf,
  ctc,
  delayTaps,
  dense,
  dropout,
  embedding,
  flatten,
  functional,
  gaussian,
  gaussianMixture,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  gru,
  input,
  jordanRNN,
  layerNormalization,
  lru,
  lstm,
  type Model,
  masking,
  maxPooling1d,
  maxPooling2d,
  minGRU,
  minLSTM,
  mixtureNll,
  multiHeadAttention,
  pinball,
  positionalEncoding,
  quantiles,
  ragged,
  recurrent,
  repeatVector,
  type Signal,
  sequential,
  simpleRNN,
  slstm,
  split,
  sru,
  sumMemory,
  timeDistributed,
} from "unroll-rnn";
import { leaky } from "./saving/models.ts";
import { sequences } from "./training/harness.ts";

const features = 3;
const lengths = [5, 2, 7, 1, 4, 6, 3, 7, 2, 5];
const data = sequences(lengths, features, 1);
/** Numbers with no rule in them: one, or two, for a row. */
const one = sequences(lengths, 1, 2).map(([first]) => first ?? []);
const two = sequences(lengths, 2, 3).map(([first]) => first ?? []);
const labels = sequences(lengths, 1, 4).map((row) => row.map(([value = 0]) => (value < 0 ? 0 : 1)));
export const tokens: readonly (readonly number[])[] = lengths.map((length, row) =>
  Array.from({ length }, (_, t) => 1 + ((row * 2 + t * t) % 11)),
);
/** Fewer labels than frames, also where one repeats. */
export const said: readonly (readonly number[])[] = labels.map((row) =>
  row.slice(0, row.length >> 1).map((label) => label + 1),
);

export interface Example {
  readonly make: () => Model;
  readonly x: readonly (readonly unknown[])[];
  readonly y: readonly unknown[];
  readonly loss?: CompileOptions<Signal>["loss"] | null;
  /** Of the loss. Default: 1e-10. */
  readonly below?: number;
  readonly epochs?: number;
  readonly ahead?: true;
}
type Series = Signal<"sequence", 3, "causal">;
type Layered = (x: Series) => Signal;
export const every = { returnSequences: true } as const;
const units = 16;

const from = (layers: Layered) => (): Model => {
  const x: Series = input({ shape: [null, features] });
  return functional({ inputs: x, outputs: layers(x) }) as unknown as Model;
};
const asVector = (x: unknown): Signal<"vector"> => x as Signal<"vector">;
const asSeries = (x: unknown): Signal<"sequence"> => x as Signal<"sequence">;

/** The last output of a recurrent layer says a number. */
const last = (layer: () => (x: Series) => unknown): Example => ({
  make: from((x) => dense({ units: 1 })(asVector(layer()(x)))),
  x: data,
  y: one,
});
/** A layer on a sequence, below a recurrent one. */
const below = (layers: (x: Series) => unknown, more: Partial<Example> = {}): Example => ({
  make: from((x) => dense({ units: 1 })(gru({ units })(asSeries(layers(x))))),
  x: data,
  y: one,
  ...more,
});
/** A layer on the outputs of a recurrent one. */
const above = (
  layers: (h: Signal<"sequence", 16, "causal">) => unknown,
  more: Partial<Example>,
): Example => ({
  make: from((x) => layers(gru({ units, ...every })(x)) as Signal),
  x: data,
  y: one,
  ...more,
});
const ahead = { ahead: true } as const;
const videos = sequences(lengths, 16, 6).map((row) =>
  row.map((step) => [0, 4, 8, 12].map((at) => step.slice(at, at + 4).map((pixel) => [pixel]))),
);
/** Layers on videos of images `[4, 4, 1]`, then a number. */
const watching = (...layers: readonly unknown[]): Example => ({
  make: () => {
    const chain = [input({ shape: [null, 4, 4, 1] }), ...layers, dense({ units: 1 })];
    return (sequential as unknown as (...all: unknown[]) => Model)(...chain);
  },
  x: videos,
  y: one,
});
/** A density has no end: this one is that of a standard deviation of 0.03. */
const density = -5;

export const examples: Readonly<Record<string, Example>> = {
  simpleRNN: last(() => simpleRNN({ units })),
  "simpleRNN, relu, two biases": last(() => simpleRNN({ units, activation: "relu", bias: "double" })),
  "simpleRNN, normalised, a learned first state": last(() =>
    simpleRNN({ units, layerNormalization: true, initialState: "learned" }),
  ),
  lstm: last(() => lstm({ units })),
  "lstm, two cells a block, peepholes, a projection": last(() =>
    lstm({ units: 8, cellsPerBlock: 2, peephole: true, projection: 12 }),
  ),
  "lstm, normalised": last(() => lstm({ units, layerNormalization: true })),
  "lstm, zoneout": { ...last(() => lstm({ units, zoneout: 0.05 })), below: 1e-2 },
  gru: last(() => gru({ units })),
  "gru, reset before": last(() => gru({ units, resetAfter: false })),
  "gru, backwards": { ...last(() => gru({ units, goBackwards: true })), ...ahead },
  minGRU: last(() => minGRU({ units: 24 })),
  minLSTM: last(() => minLSTM({ units: 24 })),
  sru: last(() => sru({ units: 24 })),
  lru: last(() => lru({ units: 24 })),
  slstm: last(() => slstm({ units })),
  sumMemory: last(() => sumMemory({ units: 32 })),
  "a cell of one's own": last(() => recurrent(leaky, { units, rate: 0.5 })),
  bidirectional: { ...last(() => bidirectional(lstm({ units: 8 }))), ...ahead },
  jordanRNN: {
    make: from(jordanRNN({ units: 64, outputUnits: 1 })),
    x: data,
    y: sequences(lengths, 1, 2),
    epochs: 5000,
  },
  embedding: {
    make: () => {
      const x = input({ shape: [null], dtype: "int32" });
      const h = gru({ units })(embedding({ inputDim: 12, outputDim: 8, maskZero: true })(x));
      return functional({ inputs: x, outputs: dense({ units: 1 })(h) }) as unknown as Model;
    },
    x: tokens,
    y: one,
  },
  masking: below((x) => masking()(x)),
  dense: below((x) => dense({ units: 8, activation: "tanh" })(x)),
  activation: below((x) => activation("softsign")(x)),
  dropout: below((x) => dropout({ rate: 0.05 })(x), { below: 1e-2 }),
  layerNormalization: below((x) => layerNormalization()(dense({ units: 8 })(x))),
  timeDistributed: below((x) => timeDistributed(dense({ units: 8, activation: "relu" }))(x)),
  positionalEncoding: below((x) => positionalEncoding()(dense({ units: 8 })(x))),
  "conv1d, causal": below((x) => conv1d({ filters: 8, kernelSize: 3, padding: "causal" })(x)),
  "conv1d, same": below((x) => conv1d({ filters: 8, kernelSize: 3, padding: "same" })(x), ahead),
  delayTaps: below((x) => delayTaps({ taps: 3 })(x)),
  maxPooling1d: below((x) => maxPooling1d({ poolSize: 2, strides: 1, padding: "same" })(x), ahead),
  averagePooling1d: below((x) => averagePooling1d({ poolSize: 2, strides: 1, padding: "same" })(x), ahead),
  attention: below((x) => {
    const h = dense({ units: 8 })(x);
    return attention({ causal: true })([h, h]);
  }),
  "attention, additive, to all steps": below((x) => {
    const h = dense({ units: 8 })(x);
    return attention({ score: "additive" })([h, h]);
  }, ahead),
  multiHeadAttention: below((x) => {
    const h = dense({ units: 8 })(x);
    return multiHeadAttention({ numHeads: 2, keyDim: 4, causal: true })([h, h]);
  }),
  globalMaxPooling1d: above((h) => dense({ units: 1 })(globalMaxPooling1d()(h)), ahead),
  globalAveragePooling1d: above((h) => dense({ units: 1 })(globalAveragePooling1d()(h)), ahead),
  "repeatVector and flatten": {
    make: from((x) => {
      const h = gru({ units: 8, ...every })(repeatVector({ n: 3 })(lstm({ units })(x)));
      return dense({ units: 1 })(flatten()(h)) as Signal;
    }),
    x: data,
    y: one,
    ...ahead,
  },
  "conv2d and pooling of each frame": watching(
    timeDistributed(conv2d({ filters: 6, kernelSize: 2, activation: "tanh" })),
    timeDistributed(maxPooling2d({ poolSize: 2, strides: 1 })),
    timeDistributed(averagePooling2d({ poolSize: [1, 2], strides: 1 })),
    timeDistributed(flatten()),
    gru({ units }),
  ),
  convLstm2d: watching(
    convLstm2d({ filters: 4, kernelSize: 3, padding: "same", returnSequences: true }),
    timeDistributed(globalAveragePooling2d()),
    gru({ units }),
  ),
  "convLstm2d, both ways": {
    ...watching(
      bidirectional(convLstm2d({ filters: 1, kernelSize: 2, returnSequences: true })),
      bidirectional(convLstm2d({ filters: 8, kernelSize: 2 }), { mergeMode: "sum" }),
      globalMaxPooling2d(),
    ),
    ...ahead,
  },
  "convLstm2d, its largest numbers": watching(
    convLstm2d({ filters: 16, kernelSize: 2 }),
    globalMaxPooling2d(),
  ),
  "weights for every position": {
    make: () => {
      const x = input({ shape: [4, features] });
      const parts = split(flatten()(x), 4).map((step) => dense({ units: 4, activation: "tanh" })(step));
      const [first, ...others] = parts as [Signal, ...Signal[]];
      const outputs = dense({ units: 1 })(concat(first, ...others) as Signal<"vector">);
      return functional({ inputs: x, outputs }) as unknown as Model;
    },
    x: sequences(Array(10).fill(4), features, 5),
    y: one,
    ...ahead,
  },
  crf: above((h) => crf({ units: 2 })(h), { y: labels, loss: null, below: 1e-3, ...ahead }),
  "dense, with ctc": above((h) => dense({ units: 3 })(h), { y: said, loss: ctc(), below: 1e-3 }),
  gaussian: {
    ...last(() => gru({ units })),
    make: from((x) => gaussian({ units: 2 })(gru({ units })(x)) as Signal),
    y: two,
    loss: "gaussianNll",
    below: density,
  },
  gaussianMixture: {
    ...last(() => gru({ units })),
    make: from((x) => gaussianMixture({ units: 2, components: 2 })(gru({ units })(x)) as Signal),
    y: two,
    loss: mixtureNll({ components: 2 }),
    below: density,
  },
  quantiles: {
    ...last(() => gru({ units })),
    make: from((x) => quantiles({ units: 2, probabilities: [0.1, 0.9] })(gru({ units })(x)) as Signal),
    y: two,
    loss: pinball({ probabilities: [0.1, 0.9] }),
    below: 1e-3,
  },
};

/** Rows as a model takes them: ragged, or one vector a row. */
const given = (rows: readonly unknown[]): never =>
  (Array.isArray((rows[0] as unknown[])[0]) ? ragged(rows as never) : rows) as never;
export const xOf = ({ x }: Example): never => (x === tokens ? x : given(x)) as never;
export const yOf = ({ y }: Example): never => (y === labels || y === said ? y : given(y)) as never;

export const predicted = async (model: Model, x: never): Promise<unknown[]> => {
  const made = (await model.predict(x)) as unknown as { toArray(): unknown };
  return made.toArray() as unknown[];
};
