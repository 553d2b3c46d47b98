/** Cases of Keras 3: what models of every layer predict, with masks, states, directions and merge modes. */
import type { Nested } from "../../src/nn/model/tensor.ts";
import { type Case, grid, type Step } from "./kerasModels.ts";
import { around, embedding, kindNames, padded, recurrentOf, step, tokens, vectors } from "./kerasParts.ts";

const all = { returnSequences: true, returnState: true };

type Asked = Omit<Case, "seed" | "predict">;
const onTokens = (name: string, batches: readonly Nested[], ...layers: readonly Step[]): Asked => ({
  name,
  inputs: [tokens],
  layers: [embedding, ...layers],
  batches: batches.map((batch) => [batch]),
});
const onVectors = (name: string, batches: readonly Nested[], ...layers: readonly Step[]): Asked => ({
  name,
  inputs: [vectors],
  layers,
  batches: batches.map((batch) => [batch]),
});
const numbers = grid([2, 4, 3], 3, 2);

/** Outputs of every step and last states, wherever the padding is, in both directions. */
const masked: readonly Asked[] = kindNames.flatMap((kind) =>
  [false, true].flatMap((goBackwards) =>
    Object.entries(padded).map(([where, batch]) =>
      onTokens(
        `${kind}, padding ${where}${goBackwards ? ", goBackwards" : ""}`,
        [batch],
        recurrentOf(kind, { ...all, goBackwards }),
      ),
    ),
  ),
);

const options: readonly Asked[] = [
  ...kindNames.flatMap((kind) => [
    onVectors(`${kind}, no options`, [numbers], recurrentOf(kind)),
    onVectors(`${kind}, no bias`, [numbers], recurrentOf(kind, { bias: "none" })),
  ]),
  onVectors("simpleRNN, relu", [numbers], recurrentOf("simpleRNN", { activation: "relu" })),
  onVectors(
    "lstm, softsign and hardSigmoid",
    [numbers],
    recurrentOf("lstm", { activation: "softsign", recurrentActivation: "hardSigmoid" }),
  ),
  onVectors(
    "gru, elu and hardSigmoid, resetAfter false",
    [numbers],
    recurrentOf("gru resetAfter false", { activation: "elu", recurrentActivation: "hardSigmoid" }),
  ),
];

/** Three batches, the states handed on; before a fourth they are reset. */
const stateful: readonly Asked[] = kindNames.flatMap((kind) => {
  const layer = recurrentOf(kind, { stateful: true, returnSequences: true });
  const batches = [1, 2, 3, 4].map((seed) => grid([2, 3, 3], seed, 2));
  const { left, middle, right } = padded;
  return [
    { ...onVectors(`${kind}, stateful`, batches, layer), resets: [3] },
    { ...onTokens(`${kind}, stateful, padded`, [middle, right, left, middle], layer), resets: [3] },
  ];
});
const statefulStacks: readonly Asked[] = [
  {
    ...onVectors(
      "two stateful layers, one backwards",
      [1, 2, 3].map((seed) => grid([2, 3, 3], seed, 2)),
      recurrentOf("lstm", { stateful: true, returnSequences: true }),
      recurrentOf("gru", { stateful: true, goBackwards: true }),
    ),
    resets: [2],
  },
  {
    ...onVectors(
      "bidirectional, stateful",
      [1, 2, 3].map((seed) => grid([2, 3, 3], seed, 2)),
      around("bidirectional", recurrentOf("gru", { stateful: true })),
    ),
    resets: [2],
  },
];

const modes = ["concat", "sum", "mul", "ave", "none"];
const bidirectional: readonly Asked[] = [
  ...modes.flatMap((mergeMode) =>
    [true, false].map((returnSequences) =>
      onTokens(
        `bidirectional ${mergeMode}${returnSequences ? ", returnSequences" : ""}`,
        [padded.middle],
        around("bidirectional", recurrentOf("gru", { returnSequences }), { mergeMode }),
      ),
    ),
  ),
  ...kindNames.map((kind) =>
    onTokens(
      `bidirectional ${kind}, returnState`,
      [padded.right],
      around("bidirectional", recurrentOf(kind, all)),
    ),
  ),
  onTokens(
    "bidirectional lstm, returnState, mergeMode none",
    [padded.left],
    around("bidirectional", recurrentOf("lstm", { returnState: true }), { mergeMode: "none" }),
  ),
  onTokens(
    "two bidirectional layers, padded",
    [padded.right],
    around("bidirectional", recurrentOf("lstm", { returnSequences: true })),
    around("bidirectional", recurrentOf("gru"), { mergeMode: "sum" }),
  ),
];

/** What each layer makes of a mask shows in the last output of the recurrent layer behind it. */
const dense = step("dense", { units: 3, activation: "relu" });
const behind: Readonly<Record<string, readonly Step[]>> = {
  dense: [dense],
  activation: [step("activation", { activation: "softplus" })],
  dropout: [step("dropout", { rate: 0.5 })],
  layerNormalization: [step("layerNormalization")],
  "timeDistributed dense": [around("timeDistributed", dense)],
  "a recurrent layer": [recurrentOf("gru", { returnSequences: true })],
  masking: [dense, step("masking")],
  "a sum of two": [dense, step("add", {}, { of: [1, 2] })],
  "a product of two": [dense, step("mul", {}, { of: [1, 2] })],
  "two side by side": [dense, step("concat", {}, { of: [1, 2] })],
};
const through: readonly Asked[] = [
  ...Object.entries(behind).map(([name, layers]) =>
    onTokens(`a mask through ${name}`, [padded.middle], ...layers, recurrentOf("lstm")),
  ),
  onTokens("the mean of the steps that count", [padded.middle], step("globalAveragePooling1d")),
  onVectors(
    "masking, maskValue 0.5",
    [
      [
        [
          [1, 2, 3],
          [0.5, 0.5, 0.5],
          [0.5, 0, 0.5],
        ],
        [
          [0.5, 0.5, 0.5],
          [-1, 1, 0],
          [0.5, 0.5, 0.5],
        ],
      ],
    ],
    step("masking", { maskValue: 0.5 }),
    recurrentOf("gru", all),
  ),
  onTokens(
    "a last output repeated",
    [padded.right],
    recurrentOf("lstm"),
    step("repeatVector", { n: 3 }),
    recurrentOf("gru", all),
  ),
];

/** Two inputs, the second read by a layer that begins where the first ended. */
const encoders: readonly Asked[] = kindNames.map((kind) => ({
  name: `an encoder's states to a decoder, ${kind}`,
  inputs: [tokens, vectors],
  layers: [
    step("embedding", { inputDim: 6, outputDim: 3, maskZero: true }, { of: [0] }),
    recurrentOf(kind, { returnState: true }),
    {
      ...recurrentOf(kind, { returnSequences: true }),
      of: [1],
      states: kind === "lstm" ? { h: 4, c: 5 } : { h: 4 },
    },
    step("dense", { units: 2, activation: "softmax" }),
  ],
  batches: [[padded.right, grid([2, 4, 3], 8, 2)]],
}));

export const layerCases: readonly Case[] = [
  ...masked,
  ...options,
  ...stateful,
  ...statefulStacks,
  ...bidirectional,
  ...through,
  ...encoders,
].map((one, k) => ({ ...one, seed: k, predict: true }));

const wide = { shape: [null, 40], dtype: "float32" } as const;
const image = { shape: [6, 6, 10], dtype: "float32" } as const;
/** Layers whose first weights are compared by how they are spread. */
export const firstCases: readonly Case[] = [
  { inputs: [wide], layers: [step("dense", { units: 60 })] },
  { inputs: [tokens], layers: [step("embedding", { inputDim: 60, outputDim: 60 })] },
  ...kindNames.map((kind) => ({ inputs: [wide], layers: [recurrentOf(kind, { units: 60 })] })),
  { inputs: [wide], layers: [recurrentOf("lstm", { units: 60, unitForgetBias: false })] },
  { inputs: [wide], layers: [around("bidirectional", recurrentOf("lstm", { units: 60 }))] },
  { inputs: [wide], layers: [step("layerNormalization")] },
  { inputs: [wide], layers: [step("conv1d", { filters: 60, kernelSize: 3 })] },
  { inputs: [image], layers: [step("conv2d", { filters: 60, kernelSize: 3 })] },
  ...[
    "glorotNormal",
    "heUniform",
    "heNormal",
    "lecunUniform",
    "lecunNormal",
    "randomNormal",
    "truncatedNormal",
  ].map((name) => ({ inputs: [wide], layers: [step("dense", { units: 60, kernelInitializer: name })] })),
].map((one, k) => ({
  ...one,
  name: `first weights: ${one.layers.map(({ type, options }) => [type, ...Object.values(options)].join(" "))} ${k}`,
  batches: [[]],
  seed: k,
  initial: true,
}));
