/**
 * Planted faults that central differences must notice. Each stands in the gradients (or, where it takes a derivative
 * away, in the graph before it is differentiated), and the same check of the right thing passes.
 */
import { describe, expect, test } from "vitest";
import { make, parameter } from "../../src/core/graph/build.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import { mul, random, slice, stopGradient } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { jordanRNN } from "../../src/nn/layers/jordanRNN.ts";
import { layerNormalization } from "../../src/nn/layers/layerNormalization.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { sumMemory } from "../../src/nn/layers/sumMemory.ts";
import { integers } from "./check.ts";
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
  without,
} from "./plant.ts";

const units = 2;
const lengths = [3, 2];
const networks = {
  simpleRNN: { layers: [simpleRNN({ units, returnSequences: true })], lengths },
  lstm: { layers: [lstm({ units, returnSequences: true })], lengths },
  gru: { layers: [gru({ units, returnSequences: true })], lengths },
  "gru before": { layers: [gru({ units, resetAfter: false })], lengths },
  masked: {
    layers: [dense({ units, bias: false }), masking(), simpleRNN({ units, returnSequences: true })],
    lengths,
    zeroAt: [[1, 0]],
  },
  dropout: { layers: [dense({ units: 4 }), dropout({ rate: 0.5 })], lengths, training: true },
  recurrentDropout: { layers: [simpleRNN({ units: 3, recurrentDropout: 0.4 })], lengths, training: true },
  zoneout: {
    layers: [simpleRNN({ units: 3, zoneout: 0.4, returnSequences: true })],
    lengths,
    training: true,
  },
  peephole: { layers: [lstm({ units, peephole: true, returnSequences: true })], lengths },
  blocks: { layers: [lstm({ units, cellsPerBlock: 2, returnSequences: true })], lengths },
  normalised: {
    layers: [simpleRNN({ units: 3, layerNormalization: true, returnSequences: true })],
    lengths,
  },
  sumMemory: { layers: [sumMemory({ units, returnSequences: true })], lengths },
  jordan: { layers: [jordanRNN({ units: 3, outputUnits: 2 })], lengths },
  bidirectional: { layers: [bidirectional(simpleRNN({ units, returnSequences: true }))], lengths },
  shared: { layers: [twice(simpleRNN({ units, returnSequences: true }))], lengths },
  embedding: {
    layers: [embedding({ inputDim: 4, outputDim: 2 })],
    lengths,
    tokens: [
      [1, 1, 2],
      [3, 1, 0],
    ],
  },
  layerNormalization: { layers: [layerNormalization()], features: 4, lengths },
  softmax: { layers: [dense({ units: 3, activation: "softmax" })], lengths },
  relu: { layers: [dense({ units: 3, activation: "relu" })], lengths },
  softsign: { layers: [dense({ units: 3, activation: "softsign" })], lengths },
} as const satisfies Readonly<Record<string, NetworkCase>>;

function twice(layer: unknown): (x: never) => unknown {
  const call = layer as (x: unknown) => unknown;
  return (x) => call(call(x));
}

/** 1 - z */
const isRest = ({ op, inputs: [one, z] }: Node): boolean =>
  op === "sub" && isConstant(one, 1) && z?.op === "parameter";
const slope = (is: (node: Node) => boolean, index: number): Rule =>
  inBackward(nth(index, (node) => (is(node) ? scaled(node) : node)));
const allSteps = parameter("all steps", [rows], "int32");
const fewer = parameter("one step fewer", [rows], "int32");
const otherKey = parameter("another key", [2], "int32");
const isLast = parameter("the last of its token", ["time", rows, 1]);
const extra = new Map<Node, HostValue>([
  [allSteps, integers(3, 3)],
  [fewer, integers(2, 1)],
  [otherKey, integers(5, 6)],
  [isLast, { shape: [3, 2, 1], data: Float64Array.of(0, 1, 0, 1, 1, 1) }],
]);

type Planted = readonly [what: string, network: keyof typeof networks, rule: () => Rule];
const inGradients: readonly Planted[] = [
  ["the derivative of tanh(c') is 0.1 % off", "lstm", () => slope(isTanhSlope, 0)],
  ["the derivative of gate g is 0.1 % off", "lstm", () => slope(isTanhSlope, 1)],
  ["the derivative of gate i is 0.1 % off", "lstm", () => slope(isSigmoidSlope, 0)],
  ["the derivative of gate f is 0.1 % off", "lstm", () => slope(isSigmoidSlope, 1)],
  ["the derivative of gate o is 0.1 % off", "lstm", () => slope(isSigmoidSlope, 2)],
  ["the derivative of the reset gate is 0.1 % off", "gru", () => slope(isSigmoidSlope, 0)],
  ["the derivative of the update gate is 0.1 % off", "gru before", () => slope(isSigmoidSlope, 1)],
  [
    "the derivative of tanh is made from its input, not from its output",
    "lstm",
    () => kept((node) => (node.op === "tanh" ? node.inputs[0] : node)),
  ],
  [
    "the weight gradient has h_t for h_{t-1}",
    "simpleRNN",
    () => kept((node, next) => next.get(node) ?? node),
  ],
  [
    "the gradient of gate f has c_t for c_{t-1}",
    "lstm",
    () => kept((node, next) => (named(node, "c") ? (next.get(node) ?? node) : node)),
  ],
  ["the delta of c forgets the c of the step after", "lstm", () => inBackward(without("add", "delta.c"))],
  [
    "the delta of c forgets the way through h",
    "lstm",
    () => inBackward(at("add", (node) => (named(node.inputs[0], "delta.c") ? node.inputs[0] : node))),
  ],
  [
    "the delta of c passes the forget gate unchanged",
    "lstm",
    () => deltas((node, k) => (k === 1 ? (node.inputs[0] as Node) : node)),
  ],
  [
    "the delta of h goes back one step and no further",
    "lstm",
    () => deltas((node, k) => (k === 0 ? nothing(node) : node)),
  ],
  ["the outputs of earlier steps send nothing back", "lstm", () => inBackward(without("add", "gradient."))],
  [
    "the recurrent kernel is not transposed",
    "simpleRNN",
    () => at("transpose", (node) => (named(node.inputs[0], "simpleRNN_1/recurrent") ? node.inputs[0] : node)),
  ],
  [
    "the backward loop begins at the first step",
    "lstm",
    () => scans(true, (parts) => ({ ...parts, reverse: false })),
  ],
  [
    "the backward loop takes in padded steps",
    "lstm",
    () => scans(true, (parts) => ({ ...parts, lengths: allSteps })),
  ],
  ["the bias gets no gradient", "lstm", () => inBackward(at("sumLeading", nothing))],
  ["minus is plus in the derivative of 1 - z", "gru", () => inBackward(at("neg", (node) => node.inputs[0]))],
  [
    "the candidate's derivative lacks 1 - z",
    "gru",
    () =>
      inBackward(
        at("mul", (node) =>
          node.inputs[0].op !== "parameter" && isRest(node.inputs[1]) ? node.inputs[0] : node,
        ),
      ),
  ],
  ["the state kept by z sends nothing back", "gru", () => deltas((node) => node.inputs[1] as Node)],
  [
    "the reset gate is left out where the candidate sends back to the state",
    "gru before",
    () =>
      inBackward(
        nth(
          0,
          at("mul", (node) => (node.inputs[0].op === "matmul" ? node.inputs[0] : node)),
        ),
      ),
  ],
  [
    "masked steps send back as if they counted",
    "masked",
    () => inBackward(at("where", (node) => (isConstant(node.inputs[2], 0) ? node.inputs[1] : node))),
  ],
  [
    "the state that a masked step keeps sends nothing back",
    "masked",
    () => inBackward(at("where", (node) => (isConstant(node.inputs[1], 0) ? nothing(node) : node))),
  ],
  [
    "the mask of dropout is drawn anew on the way back",
    "dropout",
    () => at("random", (node) => random(otherKey, node.shape)),
  ],
  [
    "dropped numbers send back all the same",
    "dropout",
    () => at("mul", (node) => (node.inputs[1].op === "where" ? node.inputs[0] : node)),
  ],
  [
    "states are dropped on the way there alone",
    "recurrentDropout",
    () => inBackward(at("mul", (node) => (node.inputs[0].op === "matmul" ? node.inputs[0] : node))),
  ],
  [
    "what zoneout keeps sends nothing back to the step before",
    "zoneout",
    () => inBackward(at("where", (node) => (isConstant(node.inputs[2], 0) ? nothing(node) : node))),
  ],
  [
    "what zoneout keeps goes back through the step all the same",
    "zoneout",
    () => inBackward(at("where", (node) => (isConstant(node.inputs[1], 0) ? node.inputs[2] : node))),
  ],
  [
    "the cells get nothing back through a peephole",
    "peephole",
    () =>
      inBackward(
        nth(
          0,
          at("mul", (node) => (node.inputs[1].op === "reshape" ? nothing(node) : node)),
        ),
      ),
  ],
  [
    "a gate gets the gradient of one cell of its block",
    "blocks",
    () => inBackward(at("sum", (node) => slice(node.inputs[0], 0, 1))),
  ],
  ["the sum sends back to the state through its product alone", "sumMemory", () => deltas(nothing)],
  ["the output sends nothing back through the step behind it", "jordan", () => deltas(nothing)],
  [
    "sequences are turned back at one step fewer",
    "bidirectional",
    () => at("reverse", (node) => make("reverse", [node.inputs[0], fewer], {})),
  ],
  [
    "the two directions get each other's gradient",
    "bidirectional",
    () => at("slice", (node) => slice(node.inputs[0], units - node.attributes.start, units)),
  ],
  [
    "a shared weight gets the gradient of one call",
    "shared",
    () =>
      at("add", (node) =>
        node.inputs.every(({ op }) => op === "output") && !node.shape.includes(rows) ? node.inputs[0] : node,
      ),
  ],
  [
    "a vector gets the gradient of its token's last place, not of all",
    "embedding",
    () =>
      at("scatterAdd", (node) =>
        make("scatterAdd", [node.inputs[0], mul(node.inputs[1], isLast)], node.attributes),
      ),
  ],
  ["relu sends back everything", "relu", () => at("where", (node) => node.inputs[1])],
  ["the derivative of a quotient has no minus", "softsign", () => at("neg", (node) => node.inputs[0])],
  [
    "the derivative of |x| is 1",
    "softsign",
    () =>
      at("mul", (node) =>
        node.inputs[1].op === "sub" && node.inputs[1].inputs[0].op === "greater" ? node.inputs[0] : node,
      ),
  ],
];

const beforehand: readonly Planted[] = [
  [
    "the deviation inside a step counts as a constant",
    "normalised",
    () => inForward(at("sqrt", (node) => stopGradient(node))),
  ],
  [
    "the standard deviation counts as a constant",
    "layerNormalization",
    () => at("sqrt", (node) => stopGradient(node)),
  ],
  [
    "the mean counts as a constant",
    "layerNormalization",
    () => at("sub", (node) => make("sub", [node.inputs[0], stopGradient(node.inputs[1])], {})),
  ],
  [
    "the divisor of softmax counts as a constant",
    "softmax",
    () => at("div", (node) => make("div", [node.inputs[0], stopGradient(node.inputs[1])], {})),
  ],
  [
    "the output gate counts as a constant",
    "lstm",
    () =>
      inForward(
        nth(
          0,
          at("sigmoid", (node) => stopGradient(node)),
        ),
      ),
  ],
  [
    "the state counts as a constant in one product",
    "gru before",
    () =>
      inForward(
        nth(
          1,
          at("mul", (node) => make("mul", [node.inputs[0], stopGradient(node.inputs[1])], {})),
        ),
      ),
  ],
];

describe("central differences notice in a network that", () => {
  const right = new Set<string>();
  const noticed = (network: keyof typeof networks, faults: Faults): void => {
    const one: NetworkCase = networks[network];
    if (!right.has(network)) checkNetwork(one);
    right.add(network);
    expect(() => checkNetwork(one, { ...faults, values: extra })).toThrow(/central differences give/);
  };
  test.each(inGradients)("%s (%s)", (_, network, rule) => {
    noticed(network, { after: fault(rule()) });
  });
  test.each(beforehand)("%s (%s)", (_, network, rule) => {
    noticed(network, { before: fault(rule()) });
  });
});
