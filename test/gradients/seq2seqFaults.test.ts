/** Planted faults in the gradients of seq2seq networks, between both sides above all, that central differences must notice. */
import { describe, expect, test } from "vitest";
import { parameter, withInputs } from "../../src/core/graph/build.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import { slice, stopGradient } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { integers } from "./check.ts";
import type { Faults } from "./networks.ts";
import { at, fault, isTanhSlope, named, nothing, scaled, scans } from "./plant.ts";
import { checkSeq2seq, type Seq2seqCase } from "./seq2seqNetworks.ts";

const read = () => embedding({ inputDim: 4, outputDim: 2 });
const said = () => dense({ units: 4 });
const both = read();
const looking = (units: number): Pick<Seq2seqCase, "encoder" | "decoder"> => ({
  encoder: [read(), bidirectional(simpleRNN({ units: 2, returnSequences: true }))],
  decoder: [read(), simpleRNN({ units, returnSequences: true }), said()],
});
const networks = {
  lstm: {
    encoder: [read(), lstm({ units: 2 })],
    decoder: [read(), lstm({ units: 2, returnSequences: true }), said()],
  },
  "one embedding for both": {
    encoder: [both, gru({ units: 2 })],
    decoder: [both, gru({ units: 2, returnSequences: true }), said()],
  },
  "one state for two layers": {
    encoder: [read(), simpleRNN({ units: 2 })],
    decoder: [
      read(),
      simpleRNN({ units: 2, returnSequences: true }),
      simpleRNN({ units: 2, returnSequences: true }),
      said(),
    ],
  },
  dot: { ...looking(4), attention: "dot" },
  "a bridge, additive": { ...looking(3), attention: "additive" },
} as const satisfies Readonly<Record<string, Seq2seqCase>>;

/** What the backward loop of the encoder begins with, one for each state: what the decoder sends back. */
const sentBack = (change: (node: Node, index: number, all: readonly Node[]) => Node): Rule =>
  scans(true, (parts) => (parts.time === "time" ? { ...parts, initial: parts.initial.map(change) } : parts));
const allSteps = parameter("all steps", [rows], "int32");
const extra = new Map<Node, HostValue>([[allSteps, integers(3, 3, 3)]]);

type Planted = readonly [what: string, network: keyof typeof networks, rule: () => Rule];
const inGradients: readonly Planted[] = [
  [
    "the decoder sends nothing back to h",
    "lstm",
    () => sentBack((node, k) => (k === 0 ? nothing(node) : node)),
  ],
  [
    "the decoder sends nothing back to c",
    "lstm",
    () => sentBack((node, k) => (k === 1 ? nothing(node) : node)),
  ],
  ["h and c get each other's gradient", "lstm", () => sentBack((_, k, all) => all[1 - k] as Node)],
  [
    "the encoder goes back over padded steps of the source",
    "lstm",
    () => scans(true, (parts) => (parts.time === "time" ? { ...parts, lengths: allSteps } : parts)),
  ],
  [
    "tokens of the source get the gradient of the target's side alone",
    "one embedding for both",
    () => at("add", (node) => (node.inputs.every(({ op }) => op === "scatterAdd") ? node.inputs[0] : node)),
  ],
  [
    "a state that begins two layers gets the gradient of one",
    "one state for two layers",
    () => sentBack((node) => (node.op === "add" ? (node.inputs[0] as Node) : node)),
  ],
  ["attention sends nothing back to the source", "dot", () => at("sitesToTime", nothing)],
  [
    "the last states of both directions get each other's gradient",
    "dot",
    () =>
      at("slice", (node) => (isOfVectors(node) ? slice(node.inputs[0], 2 - node.attributes.start, 2) : node)),
  ],
  [
    "steps of the source that are not real are looked at on the way back",
    "dot",
    () => at("where", (node) => (node.inputs[2].op === "constant" ? node.inputs[1] : node)),
  ],
  [
    "the derivative of the bridge's tanh is 0.1 % off",
    "a bridge, additive",
    () => (node) => (isTanhSlope(node) && isOfVectors(node) ? scaled(node) : node),
  ],
  [
    "the derivative of the score's tanh is 0.1 % off",
    "a bridge, additive",
    () => (node) => (isTanhSlope(node) && !isOfVectors(node) ? scaled(node) : node),
  ],
];
const isOfVectors = ({ shape }: Node): boolean => shape.length === 2 && shape[0] === rows;

const beforehand: readonly Planted[] = [
  [
    "the decoder's first state counts as a constant",
    "lstm",
    () =>
      scans(false, (parts) =>
        parts.time === "time" ? parts : { ...parts, initial: parts.initial.map(stopGradient) },
      ),
  ],
  [
    "what a step looks for counts as a constant",
    "a bridge, additive",
    () => at("matmul", (node) => (named(node.inputs[1], "attention_query") ? stopGradient(node) : node)),
  ],
  [
    "the divisor of the weights counts as a constant",
    "dot",
    () => at("div", (node) => withInputs(node, [node.inputs[0], stopGradient(node.inputs[1])])),
  ],
];

describe("central differences notice that", () => {
  const right = new Set<string>();
  const noticed = (network: keyof typeof networks, faults: Faults): void => {
    if (!right.has(network)) checkSeq2seq(networks[network]);
    right.add(network);
    expect(() => checkSeq2seq(networks[network], { ...faults, values: extra })).toThrow(
      /central differences give/,
    );
  };
  test.each(inGradients)("%s (%s)", (_, network, rule) => {
    noticed(network, { after: fault(rule()) });
  });
  test.each(beforehand)("%s (%s)", (_, network, rule) => {
    noticed(network, { before: fault(rule()) });
  });
});
