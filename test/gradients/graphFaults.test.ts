/** Planted faults in the gradients of operators and losses that central differences must notice: see faults.test.ts. */
import { describe, expect, test } from "vitest";
import { constant, make, parameter } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { add, max, mul, reshape, sumLeading } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { lossNamed } from "../../src/nn/train/losses.ts";
import { type Check, checkGradients, numbers } from "./check.ts";
import { at, fault, isConstant, nothing, without } from "./plant.ts";

const x = parameter("x", [3, 4]);
const b = parameter("b", [4]);
const target = parameter("target", [3, 4]);
const weights = parameter("weights", [3, 1]);
const ties = Float64Array.of(1, 2, 2, 0, 3, -1, 3, 1, 0, -2, -1, 0);
const checks = {
  bias: {
    loss: mul(add(x, b), target),
    wrt: [x, b],
    given: [
      [x, numbers([3, 4], 1)],
      [b, numbers([4], 2)],
      [target, numbers([3, 4], 3)],
    ],
  },
  ties: { loss: max(x), wrt: [x], given: [[x, { shape: [3, 4], data: ties }]] },
  meanSquaredError: lossCheck("meanSquaredError", {}),
  smoothed: lossCheck("categoricalCrossentropy", { fromLogits: true, labelSmoothing: 0.3 }),
  binary: lossCheck("binaryCrossentropy", { fromLogits: true }),
} as const satisfies Readonly<Record<string, unknown>>;

function lossCheck(
  name: string,
  options: Readonly<Record<string, unknown>>,
): {
  readonly loss: Node;
  readonly wrt: readonly Node[];
  readonly given: readonly (readonly [Node, HostValue])[];
} {
  const loss = mul(lossNamed(name, options).perStep(x, target), weights);
  const given = [
    [x, numbers([3, 4], 1)],
    [target, numbers([3, 4], 3, [0, 0.5])],
    [weights, numbers([3, 1], 5, [0.5, 2])],
  ] as const;
  return { loss, wrt: [x], given };
}

const ofGraphs: readonly (readonly [what: string, check: keyof typeof checks, rule: () => Rule])[] = [
  [
    "what was repeated for every row gets the gradient of one",
    "bias",
    () =>
      at("sumLeading", (node) => reshape(make("sliceRows", [node.inputs[0]], { start: 0, size: 1 }), [4])),
  ],
  [
    "each of several largest numbers gets the whole gradient",
    "ties",
    () => at("div", (node) => node.inputs[0]),
  ],
  [
    "a mean sends back as a sum",
    "meanSquaredError",
    () => at("mul", (node) => (isConstant(node.inputs[1], 0.25) ? node.inputs[0] : node)),
  ],
  ["the weight of a step is left out", "meanSquaredError", () => without("mul", "weights")],
  ["a square sends back once, not twice", "meanSquaredError", () => at("add", (node) => node.inputs[0])],
  [
    "targets are smoothed on the way there alone",
    "smoothed",
    () => at("mul", (node) => (node.inputs[0] === target ? target : node)),
  ],
  ["the log of the sum sends nothing back", "smoothed", () => at("exp", nothing)],
  [
    "the target is left out of the derivative",
    "binary",
    () => at("mul", (node) => (node.inputs[1] === target ? nothing(node) : node)),
  ],
  [
    "the derivative of log(1 + x) is that of log x",
    "binary",
    () =>
      at("div", (node) =>
        make("div", [node.inputs[0], (node.inputs[1].inputs[0] ?? constant(1)) as Node], {}),
      ),
  ],
];

describe("central differences notice in a graph that", () => {
  test.each(ofGraphs)("%s (%s)", (_, name, rule) => {
    const { loss, wrt, given } = checks[name];
    const check: Check = {
      loss: sumLeading(loss, 1),
      wrt,
      given: new Map<Node, HostValue>(given),
    };
    checkGradients(check);
    expect(() => checkGradients({ ...check, planted: fault(rule()) })).toThrow(/central differences give/);
  });
});
