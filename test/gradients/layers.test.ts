/** Central differences of every layer, alone or with what it needs around it. */
import { describe, expect, test } from "vitest";
import { defineCell } from "../../src/nn/cells/defineCell.ts";
import { activation } from "../../src/nn/layers/activation.ts";
import { type AttentionLayer, attention } from "../../src/nn/layers/attention.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { conv2d } from "../../src/nn/layers/conv2d.ts";
import { convLstm2d } from "../../src/nn/layers/convLstm2d.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { flatten } from "../../src/nn/layers/flatten.ts";
import { gaussian, gaussianMixture, quantiles } from "../../src/nn/layers/heads.ts";
import { layerNormalization } from "../../src/nn/layers/layerNormalization.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { multiHeadAttention } from "../../src/nn/layers/multiHeadAttention.ts";
import {
  averagePooling2d,
  globalAveragePooling2d,
  globalMaxPooling2d,
  maxPooling2d,
} from "../../src/nn/layers/pooling2d.ts";
import { positionalEncoding } from "../../src/nn/layers/positionalEncoding.ts";
import { gru, lstm, recurrent, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { repeatVector } from "../../src/nn/layers/repeatVector.ts";
import { timeDistributed } from "../../src/nn/layers/timeDistributed.ts";
import { add, concat, matmul, mul, softmax, split, tanh } from "../../src/nn/operators.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { activations, checkNetwork, type Piece, prepared } from "./networks.ts";

const units = 2;
describe("activation", () => {
  test.each(activations)("%s, on a sequence and on a vector", (name) => {
    checkNetwork({ layers: [activation(name)], features: 4 });
    checkNetwork({ layers: [activation(name)], features: 4, vector: true });
  });
  test("a function of one's own", () => {
    checkNetwork({ layers: [activation((x) => mul(x, softmax(x)))], features: 4 });
  });
});

describe("attention", () => {
  const query = dense({ units: 3 });
  const key = dense({ units: 3 });
  const looking =
    (layer: AttentionLayer): Piece =>
    (x: Signal<"sequence", 2>) =>
      layer([query(x), x, key(x)]);
  test.each([
    {},
    { causal: true },
    { useScale: true },
    { score: "additive" },
    { score: "additive", useScale: false, causal: true },
  ] as const)("%o", (options) => {
    checkNetwork({ layers: [looking(attention(options))] });
  });
  test("of a vector to a sequence", () => {
    const layer = attention();
    const of: Piece = (x: Signal<"sequence", 2>) => layer([simpleRNN({ units: 2 })(x), x]);
    checkNetwork({ layers: [of], lengths: [2, 3, 1] });
  });
  test("of several heads", () => {
    checkNetwork({ layers: [looking(multiHeadAttention({ numHeads: 2, keyDim: 2, valueDim: 3 }))] });
    const causal = multiHeadAttention({ numHeads: 2, keyDim: 2, causal: true, bias: false, dropout: 0.3 });
    checkNetwork({ layers: [looking(causal)], training: true });
  });
  test("to steps that count", () => {
    const tokens = [
      [1, 0, 2],
      [0, 1, 3],
      [2, 2, 2],
    ];
    const self: Piece = (x: Signal<"sequence", 2>) => attention({ causal: true })([x, x]);
    checkNetwork({ layers: [embedding({ inputDim: 5, outputDim: 2, maskZero: true }), self], tokens });
  });
  test("with positions", () => {
    checkNetwork({ layers: [positionalEncoding(), simpleRNN({ units: 2 })], features: 5 });
  });
});

describe("images", () => {
  const image = [4, 3] as const;
  test.each([
    {},
    { padding: "same", activation: "tanh" },
    { strides: 2, padding: "same", bias: false },
    { dilationRate: [2, 1] },
  ] as const)("conv2d %o", (options) => {
    const layer = conv2d({ filters: 3, kernelSize: 2, ...options });
    checkNetwork({ layers: [layer], image, vector: true });
    checkNetwork({ layers: [timeDistributed(layer)], image });
  });
  test.each([{}, { poolSize: [2, 1], strides: 1 }, { padding: "same" }] as const)("pooling %o", (options) => {
    checkNetwork({ layers: [maxPooling2d(options)], image, vector: true });
    checkNetwork({ layers: [averagePooling2d(options)], image, vector: true });
  });
  test.each([
    {},
    { padding: "same", returnSequences: true, returnState: true },
    { padding: "same", strides: 2, bias: "double", goBackwards: true, recurrentDropout: 0.3 },
  ] as const)("convLstm2d %o", (options) => {
    const layer = convLstm2d({ filters: 2, kernelSize: 2, ...options });
    checkNetwork({ layers: [layer], image, training: true });
    checkNetwork({ layers: [layer], image, given: true });
  });
  test("a cell of one's own over images", () => {
    const blur = defineCell({
      name: "blur",
      state: ({ shape, units }) => ({ h: [...shape.slice(0, -1), units] }),
      weights: ({ features, units }) => ({ kernel: [features, units] }),
      step: (x, { h }, { kernel }) => ({ h: add(mul(h, 0.5), tanh(matmul(x, kernel))) }),
    });
    checkNetwork({ layers: [recurrent(blur, { units: 2, returnSequences: true })], image });
  });
  test("of all pixels, and flattened", () => {
    checkNetwork({ layers: [timeDistributed(globalAveragePooling2d()), simpleRNN({ units })], image });
    checkNetwork({ layers: [timeDistributed(globalMaxPooling2d())], image });
    checkNetwork({ layers: [flatten(), dense({ units })], image, vector: true });
    checkNetwork({ layers: [timeDistributed(flatten()), simpleRNN({ units })], image });
  });
});

describe("dense", () => {
  test("on a sequence, with and without a bias", () => {
    checkNetwork({ layers: [dense({ units: 3 })] });
    checkNetwork({ layers: [dense({ units: 3, bias: false })] });
  });
  test("on a vector, with an activation", () => {
    checkNetwork({ layers: [dense({ units: 3, activation: "gelu" })], vector: true });
    checkNetwork({ layers: [dense({ units: 3, activation: "softmax" }), dense({ units: 1 })], vector: true });
  });
});

describe("heads", () => {
  test.each([
    gaussian({ units: 2 }),
    gaussianMixture({ units: 2, components: 3 }),
    quantiles({ units: 2, probabilities: [0.25, 0.75], bias: false }),
  ])("on a sequence and on a vector", (layer) => {
    checkNetwork({ layers: [layer] });
    checkNetwork({ layers: [layer], vector: true });
  });
});

describe("embedding", () => {
  const tokens = [
    [1, 1, 2],
    [0, 1, 3],
    [2, 2, 2],
  ];
  test("a token that comes again adds to the gradient of its vector", () => {
    checkNetwork({ layers: [embedding({ inputDim: 5, outputDim: 2 })], tokens, lengths: [3, 2, 0] });
  });
  test("with a mask, under a recurrent layer", () => {
    const layers = [
      embedding({ inputDim: 5, outputDim: 2, maskZero: true }),
      gru({ units, returnSequences: true }),
    ];
    checkNetwork({ layers, tokens, lengths: [3, 3, 2] });
  });
});

describe("layerNormalization", () => {
  test.each([{}, { epsilon: 0.1 }, { center: false }, { scale: false }, { center: false, scale: false }])(
    "%o",
    (options) => {
      checkNetwork({ layers: [layerNormalization(options)], features: 4, lengths: [2, 1] });
    },
  );
  test("on a vector, and between recurrent layers", () => {
    checkNetwork({ layers: [layerNormalization()], features: 4, vector: true });
    const layers = [lstm({ units, returnSequences: true }), layerNormalization(), simpleRNN({ units })];
    checkNetwork({ layers, lengths: [2, 3] });
  });
});

describe("bidirectional", () => {
  const modes = ["concat", "sum", "mul", "ave", "none"] as const;
  test.each(modes)("%s, of sequences and of last outputs", (mergeMode) => {
    checkNetwork({ layers: [bidirectional(gru({ units, returnSequences: true }), { mergeMode })] });
    checkNetwork({ layers: [bidirectional(simpleRNN({ units }), { mergeMode })] });
  });
  test("with states, given ones and a mask", () => {
    const inner = lstm({ units, returnSequences: true, returnState: true });
    checkNetwork({ layers: [bidirectional(inner)], given: true, lengths: [3, 1] });
    const layers = [
      dense({ units, bias: false }),
      masking(),
      bidirectional(simpleRNN({ units, returnSequences: true })),
    ];
    checkNetwork({
      layers,
      zeroAt: [
        [0, 0],
        [1, 1],
      ],
    });
  });
  test("backwards inside, learned first states, two of them", () => {
    const inner = simpleRNN({ units, goBackwards: true, initialState: "learned", returnSequences: true });
    checkNetwork({ layers: [bidirectional(inner), bidirectional(gru({ units: 1 }))], lengths: [3, 1] });
  });
});

describe("timeDistributed", () => {
  test("dense, activation, layerNormalization", () => {
    checkNetwork({ layers: [timeDistributed(dense({ units: 3, activation: "tanh" }))] });
    checkNetwork({
      layers: [timeDistributed(activation("softmax")), timeDistributed(layerNormalization())],
      features: 3,
    });
  });
});

describe("from sequences to vectors and back", () => {
  test("flatten", () => {
    checkNetwork({ layers: [flatten(), dense({ units: 3 })], fixed: true, lengths: [3, 3] });
    checkNetwork({
      layers: [simpleRNN({ units, returnSequences: true }), flatten()],
      fixed: true,
      lengths: [3, 1, 0],
    });
  });
  test("repeatVector", () => {
    const layers = [simpleRNN({ units }), repeatVector({ n: 3 }), lstm({ units, returnSequences: true })];
    checkNetwork({ layers, lengths: [2, 1] });
  });
});

describe("dropout", () => {
  test("its mask is the same there and back", () => {
    const one = { layers: [dense({ units: 4 }), dropout({ rate: 0.5 })], training: true, lengths: [3, 2] };
    checkNetwork(one);
    expect(prepared(one).traced.keys).toHaveLength(1);
  });
  test("of the inputs and states of every recurrent layer, in both directions", () => {
    const inner = lstm({ units, dropout: 0.3, recurrentDropout: 0.3, returnSequences: true });
    checkNetwork({ layers: [bidirectional(inner), dropout({ rate: 0.2 })], training: true, lengths: [3, 2] });
  });
  test("zoneout, in both directions and backwards", () => {
    const inner = lstm({ units, zoneout: { h: 0.3, c: 0.5 }, goBackwards: true, returnSequences: true });
    checkNetwork({ layers: [bidirectional(inner)], training: true, lengths: [3, 2] });
  });
  test("of a gated state, which enters the product through the reset gate", () => {
    checkNetwork({
      layers: [gru({ units, recurrentDropout: 0.4, resetAfter: false })],
      training: true,
      lengths: [3, 2],
    });
  });
});

describe("masking", () => {
  const zeroAt = [
    [1, 0],
    [0, 1],
  ] as const;
  test("a step of nothing else than its value does not count", () => {
    const layers = [dense({ units, bias: false }), masking(), simpleRNN({ units }), dense({ units: 1 })];
    checkNetwork({ layers, zeroAt });
  });
  test("through layers that keep it", () => {
    const kept = [dense({ units: 2 }), layerNormalization(), activation("tanh")];
    checkNetwork({ layers: [dense({ units, bias: false }), masking(), ...kept, lstm({ units })], zeroAt });
  });
});

describe("graphs of layers", () => {
  test("a shared layer adds up what both calls send back", () => {
    const shared = simpleRNN({ units, returnSequences: true });
    checkNetwork({ layers: [(x: Signal) => add(shared(shared(x as never)), x)], features: units });
  });
  test("operators on symbols: residual, gate, parts", () => {
    const inner = gru({ units: 4, returnSequences: true });
    const gated = (x: Signal): Signal => {
      const [a, b] = split(inner(x as never), 2);
      return concat(mul(a, softmax(b)), x);
    };
    checkNetwork({ layers: [gated], lengths: [2, 3] });
  });
  test("last states of one layer begin another", () => {
    const first = lstm({ units, returnState: true });
    const second = lstm({ units, returnSequences: true });
    const both = (x: Signal): unknown => {
      const { output, h, c } = first(x as never) as { output: Signal; h: Signal; c: Signal };
      return [second(x as never, { initialState: { h, c } }), output];
    };
    checkNetwork({ layers: [both] });
  });
});
