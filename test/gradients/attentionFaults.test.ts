/** Planted faults in the gradients of attention that central differences must notice. */
import { describe, expect, test } from "vitest";
import { make } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { stopGradient } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import { type AttentionLayer, attention } from "../../src/nn/layers/attention.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { multiHeadAttention } from "../../src/nn/layers/multiHeadAttention.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { checkNetwork, type Faults, type NetworkCase, type Piece } from "./networks.ts";
import { at, fault, isConstant, isTanhSlope, nothing, nth, scaled } from "./plant.ts";

const looking = (layer: AttentionLayer): Piece => {
  const [query, key] = [dense({ units: 3 }), dense({ units: 3 })];
  return (x: Signal<"sequence", 2>) => layer([query(x), x, key(x)]);
};
const networks = {
  dot: { layers: [looking(attention())] },
  causal: { layers: [looking(attention({ causal: true }))] },
  additive: { layers: [looking(attention({ score: "additive" }))] },
  "two heads": { layers: [looking(multiHeadAttention({ numHeads: 2, keyDim: 2 }))] },
} as const satisfies Readonly<Record<string, NetworkCase>>;

type Planted = readonly [what: string, network: keyof typeof networks, rule: () => Rule];

/** The way back from `[rows, sites, ...]` to the steps of a sequence. */
const toSteps = (change: (node: Node) => Node): Rule => at("sitesToTime", change);
const inGradients: readonly Planted[] = [
  ["a key gets nothing back", "dot", () => nth(0, toSteps(nothing))],
  ["a value gets nothing back", "causal", () => nth(1, toSteps(nothing))],
  [
    "the derivative of tanh in the score is 0.1 % off",
    "additive",
    () => nth(0, (node) => (isTanhSlope(node) ? scaled(node) : node)),
  ],
  ["one head of two gets no gradient", "two heads", () => nth(0, at("slice", nothing))],
];
const beforehand: readonly Planted[] = [
  [
    "the divisor of the softmax counts as a constant",
    "dot",
    () => at("div", (node) => make("div", [node.inputs[0], stopGradient(node.inputs[1])], {})),
  ],
  [
    "the powers of what is looked at count as constants",
    "additive",
    () => at("exp", (node) => stopGradient(node)),
  ],
  [
    "a step that may not be looked at sends back through its zero",
    "causal",
    () => at("where", (node) => (isConstant(node.inputs[2], 0) ? stopGradient(node) : node)),
  ],
];

describe("central differences notice that", () => {
  const noticed = (network: keyof typeof networks, faults: Faults): void => {
    checkNetwork(networks[network]);
    expect(() => checkNetwork(networks[network], faults)).toThrow(/central differences give/);
  };
  test.each(inGradients)("%s (%s)", (_, network, rule) => {
    noticed(network, { after: fault(rule()) });
  });
  test.each(beforehand)("%s (%s)", (_, network, rule) => {
    noticed(network, { before: fault(rule()) });
  });
});
