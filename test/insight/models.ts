/** Models that are looked into, each with data and targets. */

import { defineCell } from "../../src/nn/cells/defineCell.ts";
import { attention } from "../../src/nn/layers/attention.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { conv1d } from "../../src/nn/layers/conv1d.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { flatten } from "../../src/nn/layers/flatten.ts";
import { input } from "../../src/nn/layers/input.ts";
import { layerNormalization } from "../../src/nn/layers/layerNormalization.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { minGRU } from "../../src/nn/layers/minGru.ts";
import { multiHeadAttention } from "../../src/nn/layers/multiHeadAttention.ts";
import { averagePooling1d } from "../../src/nn/layers/pooling1d.ts";
import { gru, lstm, recurrent, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { repeatVector } from "../../src/nn/layers/repeatVector.ts";
import { slstm } from "../../src/nn/layers/slstm.ts";
import { tensor } from "../../src/nn/model/tensor.ts";
import { functional, sequential } from "../../src/nn/models.ts";
import type { Model } from "../../src/nn/modelTypes.ts";
import { add, concat, matmul, mul, tanh } from "../../src/nn/operators.ts";
import { sequences } from "../training/harness.ts";

export interface LookedInto {
  readonly model: Model;
  readonly x: unknown;
  readonly y: unknown;
}

const leaky = defineCell({
  name: "leaky",
  options: { rate: 0.3 },
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units }) => ({ kernel: [features, units], recurrentKernel: [units, units] }),
  step: (x, { h }, { kernel, recurrentKernel }, { rate }) => {
    const a = tanh(add(matmul(x, kernel), matmul(h, recurrentKernel)));
    return { h: add(mul(h, 1 - rate), mul(a, rate)), a, seen: mul(a, a) };
  },
  output: "seen",
});

const units = 3;
const lengths = [4, 2, 5];
const x = sequences(lengths, 2, 1);
const each = sequences(lengths, 2, 2);
const last = sequences([1, 1, 1], 2, 3).map(([row]) => row);
const withZeros = x.map((row, k) => row.map((step, t) => (k === 0 && t === 1 ? [0, 0] : step)));
const real = () => input({ shape: [null, 2] });
const fixed = sequences([3, 3], 2, 4);

const models: Readonly<Record<string, () => LookedInto>> = {
  simpleRNN: () => ({
    model: sequential(
      real(),
      simpleRNN({ units, returnSequences: true, activation: "softplus" }),
      dense({ units: 2 }),
    ),
    x,
    y: each,
  }),
  "lstm, one output": () => ({ model: sequential(real(), lstm({ units }), dense({ units: 2 })), x, y: last }),
  gru: () => ({
    model: sequential(real(), gru({ units, returnSequences: true }), dense({ units: 2 })),
    x,
    y: each,
  }),
  "gru, reset before": () => ({
    model: sequential(real(), gru({ units, resetAfter: false }), dense({ units: 2 })),
    x,
    y: last,
  }),
  "a cell whose output is a value": () => ({
    model: sequential(real(), recurrent(leaky, { units, returnSequences: true }), dense({ units: 2 })),
    x,
    y: each,
  }),
  deep: () => ({
    model: sequential(
      real(),
      lstm({ units: 2, returnSequences: true }),
      layerNormalization(),
      gru({ units }),
      dense({ units: 2 }),
    ),
    x,
    y: last,
  }),
  masked: () => ({
    model: sequential(real(), masking(), lstm({ units, returnSequences: true }), dense({ units: 2 })),
    x: withZeros,
    y: each,
  }),
  bidirectional: () => ({
    model: sequential(real(), bidirectional(gru({ units: 2, returnSequences: true })), dense({ units: 2 })),
    x,
    y: each,
  }),
  "bidirectional, one output": () => ({
    model: sequential(
      real(),
      bidirectional(simpleRNN({ units: 2 }), { mergeMode: "sum" }),
      dense({ units: 2 }),
    ),
    x,
    y: last,
  }),
  backwards: () => ({
    model: sequential(real(), simpleRNN({ units, goBackwards: true }), dense({ units: 2 })),
    x,
    y: last,
  }),
  "learned and random first states": () => ({
    model: sequential(
      real(),
      simpleRNN({ units: 2, returnSequences: true, initialState: "learned" }),
      gru({ units, initialState: "random" }),
      dense({ units: 2 }),
    ),
    x,
    y: last,
  }),
  shared: () => {
    const from = real();
    const twice = simpleRNN({ units: 2, returnSequences: true });
    return {
      model: functional({ inputs: from, outputs: dense({ units: 2 })(twice(twice(from))) }),
      x,
      y: each,
    };
  },
  "output and last states": () => {
    const from = real();
    const { output, h, c } = lstm({ units, returnState: true })(from);
    return {
      model: functional({ inputs: from, outputs: dense({ units: 2 })(concat(output, h, c)) }),
      x,
      y: last,
    };
  },
  "several inputs and outputs": () => {
    const [left, right] = [real(), real()];
    const h = add(lstm({ units, returnSequences: true })(left), gru({ units, returnSequences: true })(right));
    const outputs = { steps: dense({ units: 2 })(h), end: dense({ units: 2 })(simpleRNN({ units })(h)) };
    return {
      model: functional({ inputs: { left, right }, outputs }),
      x: { left: x, right: each },
      y: { steps: each, end: last },
    };
  },
  "linear and stabilised recurrences": () => ({
    model: sequential(
      real(),
      minGRU({ units: 2, returnSequences: true }),
      slstm({ units: 2 }),
      dense({ units: 2 }),
    ),
    x,
    y: last,
  }),
  attention: () => {
    const from = real();
    const h = simpleRNN({ units, returnSequences: true })(from);
    const seen = attention({ causal: true, score: "additive" })([h, h]);
    const heads = multiHeadAttention({ numHeads: 2, keyDim: 2 })([seen, seen]);
    return { model: functional({ inputs: from, outputs: dense({ units: 2 })(heads) }), x, y: each };
  },
  "tokens and classes": () => ({
    model: sequential(
      input({ shape: [null], dtype: "int32" }),
      embedding({ inputDim: 5, outputDim: 2, maskZero: true }),
      lstm({ units, returnSequences: true }),
      dense({ units: 4, activation: "softmax" }),
    ),
    x: [[1, 4, 0, 2], [3], [2, 2, 1]],
    y: [[0, 3, 1, 2], [1], [3, 0, 0]],
  }),
  "windows: fewer steps than the input": () => ({
    model: sequential(
      real(),
      conv1d({ filters: 2, kernelSize: 2 }),
      gru({ units, returnSequences: true }),
      averagePooling1d({ padding: "same" }),
      dense({ units: 2 }),
    ),
    x,
    y: sequences([2, 1, 2], 2, 5),
  }),
  "a number of steps": () => ({
    model: sequential(
      input({ shape: [3, 2] }),
      simpleRNN({ units, returnSequences: true }),
      flatten(),
      repeatVector({ n: 2 }),
      gru({ units: 2 }),
      dense({ units: 2 }),
    ),
    x: fixed,
    y: last.slice(0, 2),
  }),
};

export const names: readonly string[] = Object.keys(models);

/** A model by name, compiled, its weights the same each time and none of them zero. */
export function lookedInto(name: string, timeReduction: "mean" | "sum" = "mean"): LookedInto {
  const made = (models[name] as () => LookedInto)();
  const loss = name === "tokens and classes" ? "sparseCategoricalCrossentropy" : "meanSquaredError";
  made.model.compile({ optimizer: "sgd", loss, timeReduction });
  made.model.setWeights(
    made.model.getWeights().map(({ shape, data }, k) =>
      tensor(
        Float32Array.from(data, (value, i) => value + 0.3 * Math.sin(i + k)),
        shape,
      ),
    ),
  );
  return made;
}
