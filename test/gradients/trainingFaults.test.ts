/**
 * Planted faults in losses and optimizers that the numbers of PyTorch and Keras must notice: in an equation, or what
 * the host counts. The same case without them passes.
 */
import { describe, expect, test } from "vitest";
import { constant, make } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { add, mul, neg, sqrt, sub } from "../../src/core/graph/operators.ts";
import { type Rule, substitute } from "../../src/core/graph/rewrite.ts";
import { topological } from "../../src/core/graph/walk.ts";
import { caseNamed } from "../parity/close.ts";
import { distributionCases, expectLoss, type LossFaults, lossCases } from "../parity/losses.ts";
import { expectOptimizer, type OptimizerFaults, optimizerCases } from "../parity/optimizers.ts";
import { at, fault, named, nth } from "./plant.ts";

const noticed = /the largest difference/;

const inLosses: readonly (readonly [what: string, name: string, faults: () => LossFaults])[] = [
  [
    "features are summed, not averaged",
    "meanSquaredError 4x3 weights none",
    () => ({ graph: fault(at("mul", (node) => (node.inputs[0].op === "sum" ? node.inputs[0] : node))) }),
  ],
  [
    "steps are summed, not averaged",
    "meanSquaredError 4x3 weights none",
    () => ({
      graph: fault(at("mul", (node) => (node.inputs[0].op === "sumLeading" ? node.inputs[0] : node))),
    }),
  ],
  [
    "weights of steps are left out",
    "huber 3x2x4 weights sample",
    () => ({ host: (steps) => ({ ...steps, sampleWeight: null }) }),
  ],
  [
    "only the first row has its weight",
    "huber 3x2x4 weights row",
    () => ({
      host: (steps) => ({
        ...steps,
        sampleWeight: Float32Array.from(steps.sampleWeight ?? [], (w, k) => (k === 0 ? w : 1)),
      }),
    }),
  ],
  [
    "an ignored class counts",
    "sparseCategoricalCrossentropy ignored 4x3 weights none",
    () => ({ host: (steps) => ({ ...steps, target: steps.target.map((c) => (c === 2 ? 1 : c)) }) }),
  ],
  [
    "the loss is quadratic all the way",
    "huber 4x3 weights none",
    () => ({ graph: fault(at("minimum", (node) => node.inputs[0])) }),
  ],
  [
    "the error has the wrong sign",
    "meanAbsoluteError 4x3 weights none",
    () => ({ graph: fault(at("abs", (node) => node.inputs[0])) }),
  ],
  [
    "the log is taken of the other class",
    "binaryCrossentropy 4x3 weights none",
    () => ({
      graph: fault(
        nth(
          0,
          at("log", (node) =>
            node.inputs[0].op === "sub" ? node : make("log", [sub(1, node.inputs[0])], {}),
          ),
        ),
      ),
    }),
  ],
  [
    "the log of the deviation is left out",
    "gaussianNll 3  3x2",
    () => ({ graph: fault(at("add", (node) => (node.inputs[1].op === "slice" ? node.inputs[0] : node))) }),
  ],
  [
    "a deviation is taken for its inverse",
    "gaussianNll 2  2x3",
    () => ({
      graph: fault(at("exp", ({ inputs: [x] }) => make("exp", [x.op === "mul" ? x.inputs[0] : x], {}))),
    }),
  ],
  [
    "the largest of a log of a sum is not put back",
    "mixtureNll 2 4 3x2",
    () => ({
      graph: fault(at("add", (node) => (node.inputs[0].op === "stopGradient" ? node.inputs[1] : node))),
    }),
  ],
  [
    "the components are not weighed",
    "mixtureNll 1 3 4",
    () => ({
      graph: fault(at("sub", (node) => (node.inputs[0].op === "slice" ? neg(node.inputs[1]) : node))),
    }),
  ],
  [
    "a target below the quantile costs nothing",
    "pinball 1 [0.1, 0.5, 0.9] 4",
    () => ({ graph: fault(at("maximum", (node) => make("maximum", [node.inputs[0], constant(0)], {}))) }),
  ],
];

describe("PyTorch notices in a loss that", () => {
  test.each(inLosses)("%s (%s)", (_, name, faults) => {
    const one = caseNamed([...lossCases, ...distributionCases], name);
    expectLoss(one);
    expect(() => expectLoss(one, faults())).toThrow(noticed);
  });
});

/** sqrt(x + e) for sqrt(x) + e, and the other way round. */
const epsilonInside: Rule = at("add", (node) =>
  node.inputs[0].op === "sqrt" ? sqrt(add(node.inputs[0].inputs[0], node.inputs[1])) : node,
);
const epsilonOutside: Rule = at("sqrt", ({ inputs: [sum] }) =>
  sum.op === "add" ? add(sqrt(sum.inputs[0]), sum.inputs[1]) : sqrt(sum),
);
/** Is it w - rate decay w, what the weight is before the step? */
const isDecay = (node: Node): boolean =>
  node.op === "sub" && named(node.inputs[0], "weight") && named(node.inputs[1].inputs[1], "rate");
const decay = 0.02;
const withoutDecay = fault((node) => (isDecay(node) ? (node.inputs[0] as Node) : node));
const parameterIn = (roots: readonly Node[], name: string): Node =>
  topological(roots).find((node) => named(node, name)) ?? constant(Number.NaN);
/** w' (1 - rate decay) for (w - rate decay w)'. */
const decayedAfter = (roots: readonly Node[]): readonly Node[] => {
  const [weight, ...slots] = withoutDecay(roots) as [Node, ...Node[]];
  return [sub(weight, mul(weight, decay, parameterIn(roots, "rate"))), ...slots];
};
/** g + decay w for g. */
const decayedInGradient = (roots: readonly Node[]): readonly Node[] => {
  const [weight, gradient] = [parameterIn(roots, "weight"), parameterIn(roots, "gradient")];
  return substitute(withoutDecay(roots), new Map([[gradient, add(gradient, mul(weight, decay))]]));
};

const inOptimizers: readonly (readonly [what: string, name: string, faults: () => OptimizerFaults])[] = [
  ["epsilon is added under the root", "adam, learningRate 0.05", () => ({ graph: fault(epsilonInside) })],
  [
    "epsilon is added to the root",
    "adadelta, learningRate 1.0, rho 0.9, epsilon 1e-06",
    () => ({ graph: fault(epsilonOutside) }),
  ],
  [
    "epsilon is added to the root",
    "rmsprop, learningRate 0.02, centered True, epsilon 1e-05",
    () => ({ graph: fault(epsilonOutside) }),
  ],
  [
    "the bias of the averages is not corrected",
    "adam, defaults",
    () => ({ optimizer: (one) => ({ ...one, numbers: (rate) => [rate] }) }),
  ],
  [
    "the correction is one step ahead",
    "adam, defaults",
    () => ({ optimizer: (one) => ({ ...one, numbers: (rate, step) => one.numbers(rate, step + 1) }) }),
  ],
  [
    "momentum has the wrong sign",
    "sgd, learningRate 0.1, momentum 0.9",
    () => ({
      graph: fault(at("mul", (node) => (named(node.inputs[0], "momentum") ? neg(node) : node))),
    }),
  ],
  [
    "Nesterov's look ahead is left out",
    "sgd, learningRate 0.1, momentum 0.9, nesterov True",
    () => ({
      graph: fault(
        at("sub", (node) =>
          node.inputs[0].op === "mul" && node.inputs[0].inputs[0].op === "vanish"
            ? node.inputs[0].inputs[0]
            : node,
        ),
      ),
    }),
  ],
  [
    "weights decay after the step instead of before",
    "sgd, learningRate 0.1, momentum 0.9, weightDecay 0.02",
    () => ({ graph: decayedAfter }),
  ],
  [
    "decay is part of the gradient",
    "adam, learningRate 0.05, weightDecay 0.02",
    () => ({ graph: decayedInGradient }),
  ],
  [
    "the largest average is not kept",
    "adam, learningRate 0.05, beta1 0.8, beta2 0.9, amsgrad True",
    () => ({ graph: fault(at("maximum", (node) => node.inputs[1])) }),
  ],
  [
    "the first sum of squares is zero",
    "adagrad, defaults",
    () => ({ optimizer: (one) => ({ ...one, slots: { accumulator: 0 } }) }),
  ],
  [
    "the variance is not centred",
    "rmsprop, learningRate 0.02, centered True, epsilon 1e-05",
    () => ({ graph: fault(at("sub", (node) => (node.inputs[0].op === "vanish" ? node.inputs[0] : node))) }),
  ],
  [
    "the average is of gradients, not of their squares",
    "rmsprop, learningRate 0.02",
    () => ({
      graph: fault(at("mul", (node) => (node.inputs[0] === node.inputs[1] ? node.inputs[0] : node))),
    }),
  ],
  [
    "only numbers that are too large are clipped",
    "sgd, learningRate 0.1, clipValue 0.25",
    () => ({ graph: fault(at("maximum", (node) => node.inputs[0])) }),
  ],
  [
    "each weight is clipped by its own norm",
    "sgd, learningRate 0.1, globalClipNorm 0.75",
    () => ({
      optimizer: ({ options, ...one }) => ({
        ...one,
        options: { ...options, globalClipNorm: null, clipNorm: 0.75 },
      }),
    }),
  ],
];
describe("Keras notices in an optimizer that", () => {
  test.each(inOptimizers)("%s (%s)", (_, name, faults) => {
    const one = caseNamed(optimizerCases, name);
    expectOptimizer(one);
    expect(() => expectOptimizer(one, faults())).toThrow(noticed);
  });
});
