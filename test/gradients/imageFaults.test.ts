/**
 * Planted faults in conv2d, pooling and convLstm2d: those in the gradients central differences must notice, those in
 * the equations the numbers of Keras.
 */
import { describe, expect, test } from "vitest";
import { make } from "../../src/core/graph/build.ts";
import type { Node, Windows } from "../../src/core/graph/nodes.ts";
import { div, stopGradient } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import { conv2d } from "../../src/nn/layers/conv2d.ts";
import { convLstm2d } from "../../src/nn/layers/convLstm2d.ts";
import { averagePooling2d, maxPooling2d } from "../../src/nn/layers/pooling2d.ts";
import { caseNamed, devices, type Tested } from "../parity/close.ts";
import { expectKeras, imageCases } from "../parity/keras.ts";
import { checkNetwork, type Faults, type NetworkCase } from "./networks.ts";
import {
  at,
  deltas,
  fault,
  inBackward,
  inForward,
  isConstant,
  isSigmoidSlope,
  isTanhSlope,
  kept,
  named,
  nothing,
  nth,
  scaled,
  scans,
  swapped,
  without,
} from "./plant.ts";

const image = { image: [4, 3], vector: true, lengths: [2, 3] } as const;
/** The states of the first ConvLSTM are images of two by two. */
const video = { image: [3, 3], lengths: [3, 2] } as const;
const [filters, kernelSize] = [2, 2];
const networks = {
  conv2d: { layers: [conv2d({ filters, kernelSize, padding: "same", activation: "tanh" })], ...image },
  "conv2d, strided": { layers: [conv2d({ filters, kernelSize, strides: 2 })], ...image },
  "conv2d, dilated": { layers: [conv2d({ filters, kernelSize, dilationRate: [2, 1] })], ...image },
  maxPooling2d: { layers: [maxPooling2d({ padding: "same" })], ...image },
  averagePooling2d: { layers: [averagePooling2d({ padding: "same" })], ...image },
  convLstm2d: { layers: [convLstm2d({ filters, kernelSize, returnSequences: true })], ...video },
  "convLstm2d, strided": {
    layers: [convLstm2d({ filters, kernelSize, strides: 2, padding: "same" })],
    ...video,
  },
} as const satisfies Readonly<Record<string, NetworkCase>>;

type Change = (windows: Windows) => Partial<Windows>;
/** Patches that see, or give back to, other pixels. */
const patched = (change: Change): Rule =>
  at("patches", (node) => make("patches", node.inputs, { ...node.attributes, ...change(node.attributes) }));
const givenBack = (change: Change): Rule =>
  at("overlapAdd", (node) =>
    make("overlapAdd", node.inputs, { ...node.attributes, ...change(node.attributes) }),
  );
const oneLower: Change = ({ start: [top, left] }) => ({ start: [top + 1, left] });
const ofStates =
  (change: Change): Change =>
  (windows) =>
    windows.image[0] === 2 ? change(windows) : {};
const sideBySide: Change = () => ({ strides: [1, 1], dilation: [1, 1] });
const slope = (is: (node: Node) => boolean, index: number): Rule =>
  inBackward(nth(index, (node) => (is(node) ? scaled(node) : node)));

type Planted = readonly [what: string, network: keyof typeof networks, rule: () => Rule];
const inGradients: readonly Planted[] = [
  ["a pixel is given back to its neighbour", "conv2d", () => givenBack(oneLower)],
  ["the kernel's gradient is that of an image one pixel lower", "conv2d", () => patched(oneLower)],
  [
    "the derivative of the activation is left out",
    "conv2d",
    () => at("mul", (node) => (isTanhSlope(node.inputs[1]) ? node.inputs[0] : node)),
  ],
  ["windows lie side by side on the way back", "conv2d, strided", () => givenBack(sideBySide)],
  ["places of a window lie side by side on the way back", "conv2d, dilated", () => givenBack(sideBySide)],
  ["the bias gets no gradient", "conv2d, strided", () => at("sumLeading", nothing)],
  [
    "a pixel that is not the largest gets the gradient too",
    "maxPooling2d",
    () =>
      nth(
        0,
        at("where", (node) => (isConstant(node.inputs[1], 0) ? node.inputs[2] : node)),
      ),
  ],
  ["a mean sends back as a sum", "averagePooling2d", () => at("div", (node) => node.inputs[0])],
  ["the derivative of tanh(c') is 0.1 % off", "convLstm2d", () => slope(isTanhSlope, 0)],
  ["the derivative of gate g is 0.1 % off", "convLstm2d", () => slope(isTanhSlope, 1)],
  ["the derivative of gate i is 0.1 % off", "convLstm2d", () => slope(isSigmoidSlope, 0)],
  ["the derivative of gate f is 0.1 % off", "convLstm2d", () => slope(isSigmoidSlope, 1)],
  ["the derivative of gate o is 0.1 % off", "convLstm2d", () => slope(isSigmoidSlope, 2)],
  [
    "the delta of c forgets the c of the step after",
    "convLstm2d",
    () => inBackward(without("add", "delta.c")),
  ],
  [
    "the delta of h goes back one step and no further",
    "convLstm2d",
    () => deltas((node, k) => (k === 0 ? nothing(node) : node)),
  ],
  [
    "a state is given back to the neighbour of its pixel",
    "convLstm2d",
    () => inBackward(givenBack(ofStates(oneLower))),
  ],
  [
    "the recurrent kernel's gradient is that of a state one pixel lower",
    "convLstm2d",
    () => kept((node) => (named(node.inputs[0], "h") ? patched(oneLower)(node) : node)),
  ],
  [
    "the gradient of gate f has c_t for c_{t-1}",
    "convLstm2d",
    () => kept((node, next) => (named(node, "c") ? (next.get(node) ?? node) : node)),
  ],
  [
    "the input's windows lie side by side on the way back",
    "convLstm2d, strided",
    () => inBackward(givenBack(sideBySide)),
  ],
  ["the bias gets no gradient", "convLstm2d, strided", () => inBackward(at("sumLeading", nothing))],
  [
    "the backward loop begins at the first step",
    "convLstm2d, strided",
    () => scans(true, (parts) => ({ ...parts, reverse: false })),
  ],
];
const beforehand: readonly Planted[] = [
  [
    "the state counts as a constant where it is convolved",
    "convLstm2d",
    () => inForward(at("patches", (node) => (named(node.inputs[0], "h") ? stopGradient(node) : node))),
  ],
  [
    "the output gate counts as a constant",
    "convLstm2d, strided",
    () =>
      inForward(
        nth(
          0,
          at("sigmoid", (node) => stopGradient(node)),
        ),
      ),
  ],
];

describe("central differences notice that", () => {
  const right = new Set<string>();
  const noticed = (network: keyof typeof networks, faults: Faults): void => {
    if (!right.has(network)) checkNetwork(networks[network]);
    right.add(network);
    expect(() => checkNetwork(networks[network], faults)).toThrow(/central differences give/);
  };
  test.each(inGradients)("%s (%s)", (_, network, rule) => {
    noticed(network, { after: fault(rule()) });
  });
  test.each(beforehand)("%s (%s)", (_, network, rule) => {
    noticed(network, { before: fault(rule()) });
  });
});

const ofH = (change: Change): Rule =>
  at("patches", (node) => (named(node.inputs[0], "h") ? patched(change)(node) : node));
const inKeras: readonly (readonly [what: string, name: string, rule: () => Rule])[] = [
  ["windows begin one pixel lower", "conv2d padding same", () => patched(oneLower)],
  [
    "what is missing at both ends is put before the image",
    "conv2d strides [2, 1] padding same",
    () => patched(({ start: [top, left] }) => ({ start: [top, left - 1] })),
  ],
  ["a window is taken at every pixel", "conv2d strides 2", () => patched(() => ({ strides: [1, 1] }))],
  [
    "places of a window lie side by side",
    "conv2d dilationRate 2 activation tanh",
    () => patched(() => ({ dilation: [1, 1] })),
  ],
  ["zeros stand around the image", "maxPooling2d same", () => patched(() => ({ outside: 0 }))],
  [
    "what stands around the image counts in the mean",
    "averagePooling2d same",
    () => at("div", (node) => div(node.inputs[0], 6)),
  ],
  ["gates i and f are swapped", "convLstm2d padding same", () => swapped(0, 1)],
  ["gates g and o are swapped", "convLstm2d padding same", () => swapped(2, 3)],
  ["the state is convolved one pixel lower", "convLstm2d padding same", () => inForward(ofH(oneLower))],
  [
    "the state's window is dilated as the input's is",
    "convLstm2d padding same dilationRate 2 bias none",
    () => inForward(ofH(() => ({ dilation: [2, 2] }))),
  ],
  [
    "the video is not turned",
    "convLstm2d padding same goBackwards True returnSequences True",
    () => at("reverse", (node) => node.inputs[0]),
  ],
];
const [reference] = devices as [Tested];
describe("Keras notices that", () => {
  test.each(inKeras)("%s (%s)", (_, name, rule) => {
    const one = caseNamed(imageCases, name);
    expectKeras(one, reference);
    expect(() => expectKeras(one, reference, fault(rule()))).toThrow(/the largest difference/);
  });
});
