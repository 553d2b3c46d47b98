/**
 * Models of every layer, for sequences of any length: the causal ones of test/sessions.ts, and those that look ahead. A
 * layer that is in neither fails a test: give it a model here, or there where it is causal.
 */
import { attention } from "../../src/nn/layers/attention.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { conv1d } from "../../src/nn/layers/conv1d.ts";
import { conv2d } from "../../src/nn/layers/conv2d.ts";
import { convLstm2d } from "../../src/nn/layers/convLstm2d.ts";
import { crf } from "../../src/nn/layers/crf.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import type { Facts } from "../../src/nn/layers/facts.ts";
import { flatten } from "../../src/nn/layers/flatten.ts";
import { globalAveragePooling1d, globalMaxPooling1d } from "../../src/nn/layers/globalPooling1d.ts";
import { gaussian, gaussianMixture, quantiles } from "../../src/nn/layers/heads.ts";
import { input } from "../../src/nn/layers/input.ts";
import type { LayerConfig } from "../../src/nn/layers/layer.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { multiHeadAttention } from "../../src/nn/layers/multiHeadAttention.ts";
import { averagePooling1d, maxPooling1d } from "../../src/nn/layers/pooling1d.ts";
import {
  averagePooling2d,
  globalAveragePooling2d,
  globalMaxPooling2d,
  maxPooling2d,
} from "../../src/nn/layers/pooling2d.ts";
import { positionalEncoding } from "../../src/nn/layers/positionalEncoding.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { repeatVector } from "../../src/nn/layers/repeatVector.ts";
import { timeDistributed } from "../../src/nn/layers/timeDistributed.ts";
import { type Network, networkOf } from "../../src/nn/model/network.ts";
import { functional, sequential } from "../../src/nn/models.ts";
import { add, concat } from "../../src/nn/operators.ts";
import { causalModels, reals, words } from "../sessions.ts";

export type Named = readonly [string, () => object];

/** Of vectors of 3 features, or of tokens 0 to 5, in sequences of any length. */
const ahead: readonly Named[] = [
  ["backwards", () => sequential(reals(), lstm({ units: 4, goBackwards: true, returnSequences: true }))],
  [
    "backwards, many to one",
    () => sequential(reals(), gru({ units: 4, goBackwards: true }), dense({ units: 2 })),
  ],
  ...(["concat", "sum", "mul", "ave"] as const).map(
    (mergeMode): Named => [
      `bidirectional, ${mergeMode}`,
      () => sequential(reals(), bidirectional(lstm({ units: 3, returnSequences: true }), { mergeMode })),
    ],
  ),
  [
    "pooling over time",
    () =>
      sequential(
        reals(),
        conv1d({ filters: 3, kernelSize: 2, padding: "same" }),
        maxPooling1d({ poolSize: 2, strides: 1, padding: "same" }),
        averagePooling1d({ poolSize: 3, strides: 1, padding: "same" }),
        globalMaxPooling1d(),
      ),
  ],
  ["labels of steps", () => sequential(reals(), gru({ units: 3, returnSequences: true }), crf({ units: 4 }))],
  ["the mean of all steps", () => sequential(reals(), dense({ units: 3 }), globalAveragePooling1d())],
  [
    "bidirectional, many to one",
    () => sequential(reals(), bidirectional(simpleRNN({ units: 3 })), dense({ units: 2 })),
  ],
  [
    "two bidirectional layers over padding",
    () =>
      sequential(
        words(),
        embedding({ inputDim: 6, outputDim: 4, maskZero: true }),
        bidirectional(gru({ units: 3, returnSequences: true })),
        bidirectional(lstm({ units: 3, initialState: "learned" })),
      ),
  ],
  [
    "bidirectional over masked steps",
    () => sequential(reals(), masking(), bidirectional(simpleRNN({ units: 3, returnSequences: true }))),
  ],
  [
    "the code of a sequence, repeated, and its outputs side by side",
    () =>
      sequential(
        reals(),
        lstm({ units: 4 }),
        repeatVector({ n: 3 }),
        gru({ units: 3, returnSequences: true }),
        flatten(),
      ),
  ],
  [
    "bidirectional, both apart",
    () => {
      const x = reals();
      const [forward, backward] = bidirectional(gru({ units: 3, returnSequences: true }), {
        mergeMode: "none",
      })(x);
      return functional({ inputs: x, outputs: { forward, backward } });
    },
  ],
  [
    "past and future beside the input",
    () => {
      const x = reals();
      const past = simpleRNN({ units: 3, returnSequences: true })(x);
      const future = simpleRNN({ units: 3, returnSequences: true, goBackwards: true })(x);
      return functional({
        inputs: x,
        outputs: [timeDistributed(dense({ units: 2 }))(concat(past, x)), add(past, future)],
      });
    },
  ],
  [
    "attention in both directions, over masked steps",
    () => {
      const x = reals();
      const h = lstm({ units: 4, returnSequences: true })(masking()(x));
      const seen = multiHeadAttention({ numHeads: 2, keyDim: 3 })([positionalEncoding()(h), h]);
      return functional({ inputs: x, outputs: attention({ score: "additive" })([seen, h]) });
    },
  ],
  [
    "the last state asks every step",
    () => {
      const x = reals();
      const h = gru({ units: 4, returnSequences: true })(x);
      return functional({ inputs: x, outputs: attention()([gru({ units: 4 })(h), h]) });
    },
  ],
  [
    "heads that give distributions",
    () => {
      const x = reals();
      const h = bidirectional(gru({ units: 3, returnSequences: true }))(x);
      const heads = [
        gaussian({ units: 2 }),
        gaussianMixture({ units: 1, components: 2 }),
        quantiles({ units: 2, probabilities: [0.1, 0.9] }),
      ];
      return functional({ inputs: x, outputs: heads.map((head) => head(h)) });
    },
  ],
];

const video = () => input({ shape: [null, 4, 5, 2] });
/** Of videos of 4 x 5 pixels with 2 channels. */
export const videoModels: readonly Named[] = [
  [
    "a convolution of each frame",
    () =>
      sequential(
        video(),
        timeDistributed(conv2d({ filters: 3, kernelSize: 2, activation: "relu" })),
        timeDistributed(maxPooling2d({ padding: "same" })),
        timeDistributed(averagePooling2d({ poolSize: [1, 2], strides: 1 })),
        timeDistributed(flatten()),
        lstm({ units: 3 }),
      ),
  ],
  [
    "convLstm2d",
    () =>
      sequential(
        video(),
        convLstm2d({ filters: 2, kernelSize: 2, padding: "same", returnSequences: true }),
        convLstm2d({ filters: 3, kernelSize: 3, strides: 2 }),
        globalAveragePooling2d(),
      ),
  ],
  [
    "convLstm2d, every step",
    () =>
      sequential(
        video(),
        convLstm2d({ filters: 2, kernelSize: [2, 3], goBackwards: true, returnSequences: true }),
        timeDistributed(globalMaxPooling2d()),
      ),
  ],
];

/** Recurrent layers that give every output, or the last one only. */
export const recurrentLayers: readonly (readonly [string, (returnSequences: boolean) => Facts])[] = [
  ["simpleRNN", (returnSequences) => simpleRNN({ units: 3, returnSequences })],
  ["lstm", (returnSequences) => lstm({ units: 3, returnSequences })],
  [
    "lstm, learned first states",
    (returnSequences) => lstm({ units: 3, returnSequences, initialState: "learned" }),
  ],
  ["lstm, backwards", (returnSequences) => lstm({ units: 3, returnSequences, goBackwards: true })],
  ["gru", (returnSequences) => gru({ units: 3, returnSequences })],
  ["gru, resetAfter: false", (returnSequences) => gru({ units: 3, returnSequences, resetAfter: false })],
];

const anyLength = (make: () => object): boolean => typeof networkOf(make()).inputs[0]?.time === "string";

export const raggedModels: readonly Named[] = [
  ...causalModels.filter(([, make]) => anyLength(make)).map(([name, make]): Named => [name, make]),
  ...ahead,
];

/** The layers of a network, those inside others too. */
export function layersIn(network: Network): readonly string[] {
  const all = (config: LayerConfig): string[] => [config.layer, ...(config.inner ? all(config.inner) : [])];
  return network.layers.flatMap(({ definition }) => all(definition.config()));
}

export const takesTokens = (network: Network): boolean => network.inputs[0]?.symbol.dtype === "int32";
/** Whether there are steps that a model leaves out: those of zeros, or of token 0. */
export const masks = (network: Network): boolean =>
  layersIn(network).includes("masking") ||
  network.layers.some(({ definition }) => definition.config().options["maskZero"] === true);
