/** Where sessions are tested, and causal models of every kind of layer, each with a sequence. */
import type { Device } from "../src/core/run/device.ts";
import { referenceDevice } from "../src/core/run/referenceDevice.ts";
import { defineCell } from "../src/nn/cells/defineCell.ts";
import { activation } from "../src/nn/layers/activation.ts";
import { attention } from "../src/nn/layers/attention.ts";
import { conv1d } from "../src/nn/layers/conv1d.ts";
import { delayTaps } from "../src/nn/layers/delayTaps.ts";
import { dense } from "../src/nn/layers/dense.ts";
import { dropout } from "../src/nn/layers/dropout.ts";
import { embedding } from "../src/nn/layers/embedding.ts";
import { gaussianMixture } from "../src/nn/layers/heads.ts";
import { input } from "../src/nn/layers/input.ts";
import { jordanRNN } from "../src/nn/layers/jordanRNN.ts";
import { layerNormalization } from "../src/nn/layers/layerNormalization.ts";
import { lru } from "../src/nn/layers/lru.ts";
import { masking } from "../src/nn/layers/masking.ts";
import { minGRU, minLSTM } from "../src/nn/layers/minGru.ts";
import { multiHeadAttention } from "../src/nn/layers/multiHeadAttention.ts";
import { positionalEncoding } from "../src/nn/layers/positionalEncoding.ts";
import { gru, lstm, recurrent, simpleRNN } from "../src/nn/layers/recurrent.ts";
import { slstm } from "../src/nn/layers/slstm.ts";
import { sru } from "../src/nn/layers/sru.ts";
import { sumMemory } from "../src/nn/layers/sumMemory.ts";
import { timeDistributed } from "../src/nn/layers/timeDistributed.ts";
import { networkOf } from "../src/nn/model/network.ts";
import { functional, sequential } from "../src/nn/models.ts";
import { add, concat, matmul, mul, tanh } from "../src/nn/operators.ts";
import type { Signal } from "../src/nn/signals.ts";
import { devices } from "./conformance/devices.ts";
import { draws } from "./draws.ts";

export const sessionDevices: readonly (readonly [string, Device])[] = [
  ...devices.map(({ name, device }) => [name, device()] as const),
  ["reference", referenceDevice()],
];

/** Numbers in [-1, 1), the same in every run. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, draws(7));
}
const steps = (length: number, features: number): number[][] => {
  const all = numbers(length * features);
  return Array.from({ length }, (_, t) => all.slice(t * features, (t + 1) * features));
};

const decay = defineCell({
  name: "decay",
  state: ({ units }) => ({ h: [units], trace: [units] }),
  weights: ({ features, units }) => ({ kernel: [features, units], recurrentKernel: [units, units] }),
  output: "y",
  step: (x, { h, trace }, { kernel, recurrentKernel }) => {
    const next = tanh(add(matmul(x, kernel), matmul(h, recurrentKernel)));
    return { h: next, trace: add(mul(trace, 0.9), next), y: mul(next, trace) };
  },
});

export const reals = (): Signal<"sequence", 3, "causal"> => input({ shape: [null, 3] });
export const words = (): Signal<"tokens", number, "causal"> => input({ shape: [null], dtype: "int32" });
export const real: readonly number[][] = steps(7, 3);
const hidden = [real[0], [0, 0, 0], real[1], real[2], [0, 0, 0], [0, 0, 0], real[3]].map(
  (step) => step ?? [],
);
const leading = [[0, 0, 0], ...real.slice(0, 4)];
const tokens = [0, 3, 0, 0, 5, 1, 0, 2];

/** A model, and one sequence for it. */
export const causalModels: readonly (readonly [string, () => object, readonly unknown[]])[] = [
  ["simpleRNN", () => sequential(reals(), simpleRNN({ units: 5, returnSequences: true })), real],
  ["lstm, many to one", () => sequential(reals(), lstm({ units: 5 }), dense({ units: 2 })), real],
  [
    "gru, both forms",
    () =>
      sequential(reals(), gru({ units: 17, returnSequences: true }), gru({ units: 4, resetAfter: false })),
    real,
  ],
  [
    "tokens and a softmax",
    () =>
      sequential(
        words(),
        embedding({ inputDim: 6, outputDim: 4 }),
        lstm({ units: 8, returnSequences: true }),
        lstm({ units: 8, returnSequences: true }),
        dense({ units: 6, activation: "softmax" }),
      ),
    tokens,
  ],
  [
    "padding tokens",
    () =>
      sequential(
        words(),
        embedding({ inputDim: 6, outputDim: 4, maskZero: true }),
        lstm({ units: 8, returnSequences: true }),
        gru({ units: 3, returnSequences: true }),
        dense({ units: 6 }),
      ),
    tokens,
  ],
  [
    "padding tokens, many to one",
    () => sequential(words(), embedding({ inputDim: 6, outputDim: 4, maskZero: true }), gru({ units: 8 })),
    tokens,
  ],
  [
    "masked steps",
    () => sequential(reals(), masking(), simpleRNN({ units: 4, returnSequences: true })),
    hidden,
  ],
  [
    "masked steps of a cell whose output is no state",
    () => sequential(reals(), masking(), recurrent(decay, { units: 4, returnSequences: true })),
    hidden,
  ],
  [
    "cells of a block, peepholes, projection, normalised steps, zoneout",
    () =>
      sequential(
        reals(),
        lstm({
          units: 3,
          cellsPerBlock: 2,
          peephole: true,
          projection: 4,
          zoneout: 0.3,
          returnSequences: true,
        }),
        gru({ units: 5, layerNormalization: true, zoneout: { h: 0.2 }, returnSequences: true }),
        lstm({ units: 4, layerNormalization: true, returnSequences: true }),
        simpleRNN({ units: 3, layerNormalization: true }),
      ),
    real,
  ],
  ["a sum", () => sequential(reals(), sumMemory({ units: 5, returnSequences: true })), real],
  [
    "a Jordan network, masked",
    () => sequential(reals(), masking(), jordanRNN({ units: 4, outputUnits: 2, scheduledSampling: 0.5 })),
    hidden,
  ],
  ["learned first states", () => sequential(reals(), lstm({ units: 4, initialState: "learned" })), real],
  [
    "random first states",
    () => sequential(reals(), gru({ units: 4, initialState: "random", returnSequences: true })),
    real,
  ],
  [
    "the first input as first state",
    () => sequential(reals(), lstm({ units: 3, initialState: "firstInput", returnSequences: true })),
    real,
  ],
  [
    "the first input that counts as first state",
    () =>
      sequential(
        reals(),
        masking(),
        gru({ units: 3, initialState: "firstInput", returnSequences: true }),
        simpleRNN({ units: 3, initialState: "firstInput" }),
      ),
    leading,
  ],
  [
    "linear recurrences",
    () =>
      sequential(
        reals(),
        minGRU({ units: 5, returnSequences: true }),
        minLSTM({ units: 4, form: "log", returnSequences: true }),
        sru({ units: 4, returnSequences: true }),
        sru({ units: 5, peephole: false, activation: "tanh", returnSequences: true }),
        lru({ units: 4, stateUnits: 9, returnSequences: true }),
        lru({ units: 3 }),
      ),
    real,
  ],
  ["slstm, two heads", () => sequential(reals(), slstm({ units: 6, heads: 2, returnSequences: true })), real],
  [
    "masked steps of a linear recurrence whose output is no state",
    () => sequential(reals(), masking(), lru({ units: 4, returnSequences: true }), sru({ units: 4 })),
    hidden,
  ],
  ["a cell of one's own", () => sequential(reals(), recurrent(decay, { units: 4 })), real],
  [
    "layers that treat each step alike",
    () =>
      sequential(
        reals(),
        timeDistributed(dense({ units: 4 })),
        layerNormalization(),
        dropout({ rate: 0.5 }),
        lstm({ units: 4, returnSequences: true, dropout: 0.3, recurrentDropout: 0.3 }),
        activation("relu"),
      ),
    real,
  ],
  [
    "causal convolutions, delay taps",
    () =>
      sequential(
        reals(),
        conv1d({ filters: 5, kernelSize: 3, padding: "causal", activation: "relu" }),
        conv1d({ filters: 4, kernelSize: 2, dilationRate: 2, padding: "causal" }),
        delayTaps({ taps: 3 }),
        conv1d({ filters: 9, kernelSize: 8, padding: "causal", bias: false }),
        conv1d({ filters: 2, kernelSize: 1, padding: "causal" }),
      ),
    real,
  ],
  [
    "a convolution of padding tokens below a gru",
    () =>
      sequential(
        words(),
        embedding({ inputDim: 6, outputDim: 4, maskZero: true }),
        conv1d({ filters: 4, kernelSize: 3, padding: "causal" }),
        gru({ units: 3 }),
      ),
    tokens,
  ],
  [
    "a fixed number of steps",
    () => sequential(input({ shape: [7, 3] }), lstm({ units: 4, returnSequences: true })),
    real,
  ],
  [
    "operators between layers",
    () => {
      const x = reals();
      const h = lstm({ units: 3, returnSequences: true })(x);
      const g = gru({ units: 3, returnSequences: true })(add(h, x));
      return functional({ inputs: x, outputs: simpleRNN({ units: 4 })(concat(g, h, x)) });
    },
    real,
  ],
  [
    "attention to all steps before",
    () => {
      const x = reals();
      const h = add(dense({ units: 4 })(x), 0);
      const seen = multiHeadAttention({ numHeads: 2, keyDim: 3, causal: true })([positionalEncoding()(h), h]);
      return functional({ inputs: x, outputs: attention({ score: "additive", causal: true })([seen, h]) });
    },
    real,
  ],
  [
    "attention to the steps that count",
    () => {
      const x = words();
      const h = embedding({ inputDim: 6, outputDim: 4, maskZero: true })(x);
      return functional({ inputs: x, outputs: attention({ causal: true })([h, h]) });
    },
    tokens,
  ],
  [
    "a head that tells a distribution",
    () =>
      sequential(
        reals(),
        gru({ units: 3, returnSequences: true }),
        gaussianMixture({ units: 2, components: 2 }),
      ),
    real,
  ],
  [
    "a layer used twice",
    () => {
      const x = reals();
      const shared = lstm({ units: 3, returnSequences: true });
      return functional({ inputs: x, outputs: shared(shared(x)) });
    },
    real,
  ],
];

/** Weights that are not what layers begin with: no zeros in biases and learned states. */
export function roughened<M extends object>(model: M): M {
  const network = networkOf(model);
  for (const { value } of network.variables)
    numbers(value.length).forEach((x, k) => {
      value[k] = 0.8 * x;
    });
  network.version++;
  return model;
}
