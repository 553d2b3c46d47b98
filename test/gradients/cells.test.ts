/** Central differences of every cell with every option: weights, inputs, first states, over ragged rows, one empty. */
import { describe, expect, test } from "vitest";
import { defineCell } from "../../src/nn/cells/defineCell.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { jordanRNN } from "../../src/nn/layers/jordanRNN.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { gru, lstm, recurrent, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { sumMemory } from "../../src/nn/layers/sumMemory.ts";
import {
  add,
  concat,
  div,
  exp,
  greater,
  matmul,
  max,
  mul,
  softmax,
  split,
  sub,
  sum,
  tanh,
  where,
} from "../../src/nn/operators.ts";
import { activations, checkNetwork, type Piece } from "./networks.ts";

const units = 2;
const biases = ["none", "single", "double"] as const;

/** Every cell, one with several states and an output that is none of them among them. */
type Options = Parameters<typeof simpleRNN>[0];
const kinds: Readonly<Record<string, (options: Options) => Piece>> = {
  simpleRNN: (options) => simpleRNN(options),
  lstm: (options) => lstm(options),
  gru: (options) => gru(options),
  "gru resetAfter false": (options) => gru({ ...options, resetAfter: false }),
  sumMemory: ({ bias, recurrentDropout: _, ...options }) =>
    sumMemory({ ...options, ...(bias === "none" ? { bias } : {}) }),
  "lstm, everything": (options) => lstm({ ...everything, ...options, projection: options.units }),
  own: ({ units, ...options }) => recurrent(own, { units, ...(options as object) }),
};
const everything = { cellsPerBlock: 2, peephole: true, layerNormalization: true } as const;
const own = defineCell({
  name: "own",
  options: { rate: 0.3, squash: tanh },
  state: ({ units }) => ({ fast: [units], slow: [units], count: [1] }),
  weights: ({ features, units }) => ({
    kernel: [units, features + units],
    gates: { shape: [units, 2 * units], initializer: "orthogonal" },
    bias: [2 * units],
  }),
  step: (x, { fast, slow, count }, { kernel, gates, bias }, { rate, squash }) => {
    const a = squash(matmul(kernel, concat(x, fast)));
    const [p, q] = split(add(matmul(slow, gates), bias), 2);
    const share = softmax(p);
    const y = div(add(mul(share, a), where(greater(q, 0), q, mul(q, 0.1))), add(exp(count), 1));
    return {
      fast: a,
      slow: add(mul(slow, 1 - rate), mul(y, rate)),
      count: add(mul(count, 0.5), sub(max(y), sum(p))),
      y,
    };
  },
  output: "y",
});

const builtIn = Object.entries(kinds).filter(([name]) => name !== "own");
test.each(builtIn.flatMap(([name, layer]) => biases.map((bias) => [name, bias, layer] as const)))(
  "%s, bias %s",
  (_, bias, layer) => {
    checkNetwork({ layers: [layer({ units, bias, returnSequences: true })] });
  },
);

describe.each(Object.entries(kinds))("%s", (_, layer) => {
  test("the last output alone", () => {
    checkNetwork({ layers: [layer({ units })] });
  });
  test("output and states", () => {
    checkNetwork({ layers: [layer({ units, returnState: true, returnSequences: true })] });
  });
  test("backwards", () => {
    checkNetwork({ layers: [layer({ units, goBackwards: true, returnSequences: true })] });
  });
  test.each(["zeros", "random", "learned", "firstInput"] as const)("first states: %s", (initialState) => {
    checkNetwork({ layers: [layer({ units, initialState, returnSequences: true })] });
  });
  test("first states from outside", () => {
    const gradients = checkNetwork({ layers: [layer({ units, returnSequences: true })], given: true });
    const empty = gradients[1]?.data.slice(-1) ?? [];
    expect(empty[0], "the first state of an empty row is its last").not.toBe(0);
  });
  test("a mask", () => {
    const layers = [dense({ units, bias: false }), masking(), layer({ units, returnSequences: true })];
    checkNetwork({
      layers,
      zeroAt: [
        [0, 0],
        [1, 1],
      ],
    });
  });
  test("a mask, the last output, backwards", () => {
    const layers = [
      embedding({ inputDim: 4, outputDim: units, maskZero: true }),
      layer({ units, goBackwards: true }),
    ];
    checkNetwork({
      layers,
      tokens: [
        [0, 2, 1],
        [3, 0, 3],
        [0, 0, 0],
      ],
      lengths: [3, 2, 3],
    });
  });
  test("a mask and first states from the input", () => {
    const layers = [dense({ units, bias: false }), masking(), layer({ units, initialState: "firstInput" })];
    checkNetwork({
      layers,
      zeroAt: [
        [0, 0],
        [1, 1],
      ],
    });
  });
  test("dropout of inputs and states", () => {
    const layers = [layer({ units, dropout: 0.4, recurrentDropout: 0.4, returnSequences: true })];
    checkNetwork({ layers, training: true, lengths: [3, 2] });
  });
  test("two layers", () => {
    checkNetwork({ layers: [layer({ units, returnSequences: true }), layer({ units })], lengths: [3, 1] });
  });
});

test.each(activations)("simpleRNN with %s", (activation) => {
  checkNetwork({ layers: [simpleRNN({ units, activation, returnSequences: true })] });
});
test("activations of the gates", () => {
  const options = { units, activation: "softsign", recurrentActivation: "hardSigmoid" } as const;
  checkNetwork({ layers: [lstm(options)] });
  checkNetwork({ layers: [gru(options)] });
  checkNetwork({
    layers: [gru({ ...options, resetAfter: false, activation: "elu", recurrentActivation: "softmax" })],
  });
});
test("options of a cell of one's own", () => {
  checkNetwork({ layers: [recurrent(own, { units, rate: 0.9, squash: "softplus", returnSequences: true })] });
});
test("one unit, one feature, one step", () => {
  for (const layer of Object.values(kinds))
    checkNetwork({ layers: [layer({ units: 1 })], features: 1, lengths: [1] });
});
const width = 3; // of two features, or one, a normalised value is hardly more than a sign
const variants: Readonly<Record<string, Piece>> = {
  "lstm, peephole": lstm({ units, peephole: true, returnSequences: true }),
  "lstm, projection": lstm({ units: 3, projection: 1, returnSequences: true }),
  "lstm, normalised": lstm({ units: width, layerNormalization: true, returnSequences: true }),
  "gru, normalised": gru({ units: width, layerNormalization: true, returnSequences: true }),
  "gru resetAfter false, normalised": gru({
    units: width,
    layerNormalization: true,
    resetAfter: false,
    returnSequences: true,
  }),
  "simpleRNN, normalised": simpleRNN({
    units: width,
    layerNormalization: true,
    bias: "double",
    returnSequences: true,
  }),
};
describe.each(Object.entries(variants))("%s", (_, layer) => {
  test("from zeros", () => {
    checkNetwork({ layers: [layer], features: 3 });
  });
  test("from given states", () => {
    checkNetwork({ layers: [layer], features: 3, given: true, lengths: [3, 1] });
  });
});
test.each([2, 3])("%i cells a block", (cellsPerBlock) => {
  const options = { units, cellsPerBlock, returnSequences: true } as const;
  checkNetwork({ layers: [lstm(options)] });
  checkNetwork({ layers: [lstm({ ...options, peephole: true, returnState: true })], given: true });
});

describe.each(Object.entries(kinds).slice(0, 4))("zoneout of %s", (_, layer) => {
  const options = { units, returnSequences: true, zoneout: 0.4 } as const;
  test("in training: what is kept sends back to the step before", () => {
    checkNetwork({ layers: [layer(options)], training: true, lengths: [3, 2] });
  });
  test("outside of training", () => {
    checkNetwork({ layers: [layer(options)], lengths: [3, 2] });
  });
});
test("zoneout of one state, under a mask, from the first input", () => {
  const zoneout = { c: 0.5 };
  const layers = [
    dense({ units, bias: false }),
    masking(),
    lstm({ units, zoneout, initialState: "firstInput" }),
  ];
  checkNetwork({
    layers,
    training: true,
    zeroAt: [
      [0, 1],
      [1, 0],
    ],
  });
});

describe("jordanRNN", () => {
  const options = { units: 3, outputUnits: 2 } as const;
  test.each(biases)("bias %s, on its own outputs", (bias) => {
    checkNetwork({ layers: [jordanRNN({ ...options, bias })] });
    checkNetwork({ layers: [jordanRNN({ ...options, bias, returnSequences: false })], given: true });
  });
  test.each(biases)("bias %s, fed targets", (bias) => {
    checkNetwork({ layers: [jordanRNN({ ...options, bias, outputActivation: "softmax" })], forced: true });
  });
  test("fed some of its own outputs", () => {
    const layers = [jordanRNN({ ...options, scheduledSampling: 0.5, dropout: 0.3 })];
    checkNetwork({ layers, forced: true, training: true, lengths: [4, 3] });
  });
  test("fed more and more of its own outputs", () => {
    const layers = [jordanRNN({ ...options, scheduledSampling: { steps: 2 } })];
    checkNetwork({ layers, forced: true, training: true, lengths: [4, 3] });
  });
  test("fed targets under a mask", () => {
    const layers = [
      dense({ units, bias: false }),
      masking(),
      jordanRNN({ ...options, scheduledSampling: 0.5 }),
    ];
    checkNetwork({
      layers,
      forced: true,
      training: true,
      zeroAt: [
        [0, 1],
        [1, 0],
      ],
    });
  });
});

test("a cell with one weight used three times", () => {
  const cell = defineCell({
    name: "thrice",
    state: ({ units }) => ({ h: [units] }),
    weights: ({ units }) => ({ kernel: [units, units], scale: [units] }),
    step: (x, { h }, { kernel, scale }) => ({
      h: tanh(add(matmul(x, kernel), mul(matmul(h, kernel), scale), matmul(kernel, mul(h, scale)))),
    }),
  });
  checkNetwork({ layers: [recurrent(cell, { units, returnSequences: true })] });
});
