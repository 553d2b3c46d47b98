/** Central differences of convolution, pooling and delay taps, and faults that they must notice. */
import { describe, expect, test } from "vitest";
import { make } from "../../src/core/graph/build.ts";
import { conv1d } from "../../src/nn/layers/conv1d.ts";
import { delayTaps } from "../../src/nn/layers/delayTaps.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { globalAveragePooling1d, globalMaxPooling1d } from "../../src/nn/layers/globalPooling1d.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { averagePooling1d, maxPooling1d } from "../../src/nn/layers/pooling1d.ts";
import { gru, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { add } from "../../src/nn/operators.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { checkNetwork } from "./networks.ts";
import { at, fault, inBackward, isConstant, nothing, nth, scans } from "./plant.ts";

const lengths = [5, 3, 0, 1];
const zeroAt = [
  [1, 0],
  [0, 1],
] as const;
const holes = [dense({ units: 2, bias: false }), masking()];

describe("conv1d", () => {
  const filters = 2;
  test.each(["valid", "same", "causal"] as const)("%s, with dilation and with strides", (padding) => {
    checkNetwork({ layers: [conv1d({ filters, kernelSize: 3, padding, activation: "tanh" })], lengths });
    checkNetwork({ layers: [conv1d({ filters, kernelSize: 2, dilationRate: 2, padding })], lengths });
    checkNetwork({ layers: [conv1d({ filters, kernelSize: 3, strides: 2, padding, bias: false })], lengths });
  });
  test("of a fixed number of steps", () => {
    const layers = [
      conv1d({ filters, kernelSize: 2 }),
      conv1d({ filters, kernelSize: 3, strides: 3, padding: "same" }),
    ];
    checkNetwork({ layers, fixed: true, lengths: [5, 5] });
  });
  test.each(["valid", "same", "causal"] as const)("%s, of steps that do not count", (padding) => {
    checkNetwork({
      layers: [...holes, conv1d({ filters, kernelSize: 2, padding }), gru({ units: 2 })],
      zeroAt,
    });
  });
  test("between recurrent layers, windows of windows", () => {
    const layers = [
      simpleRNN({ units: 2, returnSequences: true }),
      conv1d({ filters: 3, kernelSize: 2 }),
      maxPooling1d({ poolSize: 2, strides: 1 }),
      gru({ units: 2, returnSequences: true }),
    ];
    checkNetwork({ layers, lengths });
  });
  test("given the last steps before the first", () => {
    checkNetwork({ layers: [conv1d({ filters, kernelSize: 3, padding: "causal" })], given: true, lengths });
  });
  test("two ways that meet again", () => {
    const [first, second] = [conv1d({ filters, kernelSize: 2 }), conv1d({ filters, kernelSize: 2 })];
    checkNetwork({ layers: [(x: Signal) => add(first(x as never), second(x as never))], lengths });
  });
});

describe("pooling", () => {
  const all = { averagePooling1d, maxPooling1d };
  test.each(Object.entries(all))("%s", (_, pooling) => {
    checkNetwork({ layers: [pooling()], lengths });
    checkNetwork({ layers: [pooling({ poolSize: 3, strides: 2, padding: "same" })], lengths });
    checkNetwork({ layers: [...holes, pooling({ padding: "same" }), simpleRNN({ units: 2 })], zeroAt });
    checkNetwork({ layers: [...holes, pooling({ strides: 1 }), simpleRNN({ units: 2 })], zeroAt });
  });
  test.each(Object.entries({ globalAveragePooling1d, globalMaxPooling1d }))("%s", (_, pooling) => {
    checkNetwork({ layers: [pooling(), dense({ units: 2 })], lengths });
    checkNetwork({ layers: [...holes, pooling(), dense({ units: 2 })], zeroAt });
  });
});

describe("delayTaps", () => {
  test("one after the other, apart, and given", () => {
    checkNetwork({ layers: [delayTaps({ taps: 3 }), dense({ units: 2 })], lengths });
    checkNetwork({ layers: [delayTaps({ taps: 2, dilationRate: 2 }), simpleRNN({ units: 2 })], lengths });
    checkNetwork({ layers: [...holes, delayTaps({ taps: 2 }), dense({ units: 2 })], zeroAt });
    checkNetwork({ layers: [delayTaps({ taps: 3 })], given: true, lengths });
  });
});

describe("central differences notice that", () => {
  const same = { layers: [conv1d({ filters: 2, kernelSize: 3, padding: "same" })], lengths };
  const strided = { layers: [averagePooling1d({ poolSize: 2, strides: 2 })], lengths };
  const line = { layers: [conv1d({ filters: 2, kernelSize: 3, padding: "causal" })], lengths, given: true };
  const largest = { layers: [globalMaxPooling1d()], lengths };
  const resampled = (change: (attributes: Attributes) => Partial<Attributes>): ReturnType<typeof at> =>
    at("resample", (node) =>
      make("resample", node.inputs, { ...node.attributes, ...change(node.attributes) }),
    );
  const faults = [
    ["a step is given back to its neighbour", same, resampled(({ offset }) => ({ offset: offset + 1 }))],
    ["a place of the window sends nothing back", same, nth(0, at("resample", nothing))],
    ["a step is given back to every step of its window", strided, resampled(() => ({ per: 1 }))],
    [
      "the delay line forgets what is sent back",
      line,
      scans(true, (parts) => ({ ...parts, body: { ...parts.body, next: parts.body.next.map(nothing) } })),
    ],
    [
      "every step has the gradient of the largest",
      largest,
      inBackward(at("where", (node) => (isConstant(node.inputs[2], 0) ? node.inputs[1] : node))),
    ],
  ] as const;
  test.each(faults)("%s", (_, one, rule) => {
    checkNetwork(one);
    expect(() => checkNetwork(one, { after: fault(rule) })).toThrow(/central differences give/);
  });
});

interface Attributes {
  readonly offset: number;
  readonly per: number;
}
