/** Planted faults in the gradients of linear cells and of slstm that central differences must notice. */
import { describe, expect, test } from "vitest";
import { make } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { stopGradient, sub } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import { lru } from "../../src/nn/layers/lru.ts";
import { minGRU, minLSTM } from "../../src/nn/layers/minGru.ts";
import { slstm } from "../../src/nn/layers/slstm.ts";
import { sru } from "../../src/nn/layers/sru.ts";
import { checkNetwork, type Faults } from "./networks.ts";
import {
  at,
  deltas,
  fault,
  inBackward,
  inForward,
  isSigmoidSlope,
  named,
  nothing,
  nth,
  scaled,
  without,
} from "./plant.ts";

const every = { units: 2, returnSequences: true } as const;
const networks = {
  minGRU: minGRU(every),
  "minGRU, log form": minGRU({ ...every, form: "log" }),
  minLSTM: minLSTM(every),
  sru: sru(every),
  lru: lru(every),
  slstm: slstm(every),
  "two heads": slstm({ ...every, heads: 2 }),
} as const;

const slope = (index: number): Rule =>
  inBackward(nth(index, (node) => (isSigmoidSlope(node) ? scaled(node) : node)));

type Planted = readonly [what: string, network: keyof typeof networks, rule: () => Rule];
const inGradients: readonly Planted[] = [
  ["the derivative of the gate is 0.1 % off", "minGRU", () => slope(0)],
  ["the delta passes the gate unchanged", "minGRU", () => deltas((node) => node.inputs[0] as Node)],
  ["the outputs of earlier steps send nothing back", "minGRU", () => inBackward(without("add", "gradient."))],
  [
    "minus is plus in the derivative of 1 - z",
    "minGRU",
    () => inBackward(at("neg", (node) => node.inputs[0])),
  ],
  [
    "the positive candidate sends back everything",
    "minGRU, log form",
    () =>
      inBackward(
        nth(
          0,
          at("where", (node) => node.inputs[1]),
        ),
      ),
  ],
  ["the share of i is independent of f", "minLSTM", () => inBackward(nth(0, at("neg", nothing)))],
  ["the derivative of a gate is 0.1 % off", "sru", () => slope(1)],
  [
    "the gates do not send back to the state they see",
    "sru",
    () => deltas((node) => (node.op === "add" ? (node.inputs[0] as Node) : node)),
  ],
  [
    "a number is turned back the way it was turned",
    "lru",
    () => deltas((node, k) => (k === 0 && node.op === "add" ? sub(...node.inputs) : node)),
  ],
  [
    "the delta of im goes back one step and no further",
    "lru",
    () => deltas((node, k) => (k === 1 ? nothing(node) : node)),
  ],
  ["the cell forgets the normaliser", "slstm", () => inBackward(without("add", "delta.n"))],
  ["the stabiliser hands nothing on", "slstm", () => deltas((node, k) => (k === 3 ? nothing(node) : node))],
  [
    "minus is plus in the derivative of a quotient",
    "slstm",
    () =>
      inBackward(
        nth(
          0,
          at("neg", (node) => node.inputs[0]),
        ),
      ),
  ],
  [
    "the blocks of two heads get each other's gradient",
    "two heads",
    () =>
      at("padRows", (node) => make("padRows", node.inputs, { start: 1 - node.attributes.start, size: 2 })),
  ],
];

const beforehand: readonly Planted[] = [
  [
    "the gate counts as a constant",
    "minGRU",
    () =>
      inForward(
        nth(
          0,
          at("sigmoid", (node) => stopGradient(node)),
        ),
      ),
  ],
  [
    "the normaliser counts as a constant",
    "slstm",
    () => at("div", (node) => make("div", [node.inputs[0], stopGradient(node.inputs[1])], {})),
  ],
  [
    "the phase counts as a constant",
    "lru",
    () => at("exp", (node) => (named(node.inputs[0], "lru_1/thetaLog") ? stopGradient(node) : node)),
  ],
  [
    "the radius counts as a constant",
    "lru",
    () => at("exp", (node) => (node.inputs[0].op === "neg" ? stopGradient(node) : node)),
  ],
];

describe("central differences notice that", () => {
  const right = new Set<string>();
  const noticed = (network: keyof typeof networks, faults: Faults): void => {
    const one = { layers: [networks[network]], lengths: [3, 2] };
    if (!right.has(network)) checkNetwork(one);
    right.add(network);
    expect(() => checkNetwork(one, faults)).toThrow(/central differences give/);
  };
  test.each(inGradients)("%s (%s)", (_, network, rule) => {
    noticed(network, { after: fault(rule()) });
  });
  test.each(beforehand)("%s (%s)", (_, network, rule) => {
    noticed(network, { before: fault(rule()) });
  });
});
