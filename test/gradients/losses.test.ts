/** Central differences of every loss: of what it says a step, and of the objective that training minimises. */
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import { concat, mul, sigmoid, softmax, sumLeading } from "../../src/core/graph/operators.ts";
import { verify } from "../../src/core/graph/verify.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import { counted } from "../../src/nn/train/counts.ts";
import { targetWidth } from "../../src/nn/train/loss.ts";
import { type Loss, lossNamed } from "../../src/nn/train/losses.ts";
import { objectiveOf } from "../../src/nn/train/objective.ts";
import { checkGradients, compareGradients, integers, numbers } from "./check.ts";
import { prepared } from "./networks.ts";

const [steps, count, classes] = [3, 2, 4];
const dims = { rows: count, time: steps };
const shape = [steps, count, classes];
const prediction = parameter("prediction", ["time", rows, classes]);
const weights = parameter("weights", ["time", rows, 1]);
const drawnWeights = numbers([steps, count, 1], 5, [0, 2]);

/** Targets that fit the loss: classes, distributions over classes, yes or no, or any numbers. */
function targetOf(given: Loss): { readonly node: Node; readonly value: HostValue } {
  const { loss, target = "values" } = given;
  if (target === "class") {
    const value = { shape: [steps, count], data: integers(0, 3, 1, 1, 2, 0).data };
    return { node: parameter("target", ["time", rows], "int32"), value };
  }
  const width = targetWidth(given, classes);
  const node = parameter("target", ["time", rows, width]);
  const value = numbers([steps, count, width], 3, loss === "categoricalCrossentropy" ? [0, 0.5] : [0, 1]);
  return { node, value };
}

/** A target of one feature. */
const oneNumber = { node: parameter("target", ["time", rows, 1]), value: numbers([steps, count, 1], 3) };

/** What comes out of the last layer, and the numbers that go into it. */
const linkings = {
  plain: { link: (x: Node): Node => x, range: [-1, 1] },
  probabilities: { link: (x: Node): Node => x, range: [0.05, 0.95] },
  softmax: { link: softmax, range: [-2, 2] },
  sigmoid: { link: sigmoid, range: [-2, 2] },
  /** As wide as four components of one unit are. */
  mixture: { link: (x: Node): Node => concat(x, mul(x, 1.5), mul(x, -0.7)), range: [-1, 1] },
} as const;
type Linking = keyof typeof linkings;

const cases: readonly (readonly [string, Record<string, unknown>, Linking])[] = [
  ["meanSquaredError", {}, "plain"],
  ["meanAbsoluteError", {}, "plain"],
  ["huber", {}, "plain"],
  ["huber", { delta: 0.4 }, "plain"],
  ["binaryCrossentropy", {}, "probabilities"],
  ["binaryCrossentropy", {}, "sigmoid"],
  ["binaryCrossentropy", { fromLogits: true }, "plain"],
  ["binaryCrossentropy", { fromLogits: true, labelSmoothing: 0.2 }, "plain"],
  ["binaryCrossentropy", { labelSmoothing: 0.2 }, "probabilities"],
  ["categoricalCrossentropy", {}, "probabilities"],
  ["categoricalCrossentropy", {}, "softmax"],
  ["categoricalCrossentropy", { fromLogits: true }, "plain"],
  ["categoricalCrossentropy", { fromLogits: true, labelSmoothing: 0.3 }, "plain"],
  ["categoricalCrossentropy", { labelSmoothing: 0.3 }, "probabilities"],
  ["sparseCategoricalCrossentropy", {}, "probabilities"],
  ["sparseCategoricalCrossentropy", {}, "softmax"],
  ["sparseCategoricalCrossentropy", { fromLogits: true }, "plain"],
  ["gaussianNll", {}, "plain"],
  ["mixtureNll", { components: 4 }, "mixture"],
  ["pinball", { probabilities: [0.2, 0.7] }, "plain"],
];

describe("what a loss says of each step", () => {
  test.each(cases)("%s %o, %s", (name, options, linking) => {
    const loss = lossNamed(name, options);
    const { link, range } = linkings[linking];
    const { node, value } = loss.loss === "mixtureNll" ? oneNumber : targetOf(loss);
    const each = mul(loss.perStep(link(prediction), node), weights);
    const given = new Map<Node, HostValue>([
      [prediction, numbers(shape, 1, range)],
      [weights, drawnWeights],
      [node, value],
    ]);
    checkGradients({ loss: sumLeading(each, 2), wrt: [prediction, weights], given, dims });
  });
  test("also with respect to the target, where it is a number", () => {
    const loss = lossNamed("meanSquaredError");
    const { node, value } = targetOf(loss);
    const given = new Map([
      [prediction, numbers(shape, 1)],
      [node, value],
    ] as const);
    checkGradients({
      loss: sumLeading(loss.perStep(prediction, node), 2),
      wrt: [prediction, node],
      given,
      dims,
    });
  });
  test("of logits that are 0, as those of a layer that begins with zeros", () => {
    const loss = lossNamed("binaryCrossentropy", { fromLogits: true });
    const { node, value } = targetOf(loss);
    const zeros = { shape, data: new Float64Array(shape.reduce((a, b) => a * b)) };
    const given = new Map<Node, HostValue>([
      [prediction, zeros],
      [node, value],
    ]);
    checkGradients({ loss: sumLeading(loss.perStep(prediction, node), 2), wrt: [prediction], given, dims });
  });
  test("far out, where a probability rounds to 0 or 1", () => {
    const loss = lossNamed("binaryCrossentropy", { fromLogits: true });
    const given = new Map<Node, HostValue>([[prediction, numbers(shape, 2, [-40, 40])]]);
    const { node, value } = targetOf(loss);
    given.set(node, value);
    checkGradients({ loss: sumLeading(loss.perStep(prediction, node), 2), wrt: [prediction], given, dims });
  });
});

/** The objective of a network with one loss: ragged rows, weights of steps, classes that do not count. */
function objectiveChecked(loss: Loss, reduction: "mean" | "sum", sampleWeight: Float32Array | null): void {
  const lengths = [3, 1];
  const layers = [gru({ units: 2, returnSequences: true }), dense({ units: classes, activation: "softmax" })];
  const { traced, values } = prepared({ layers, lengths });
  const given = { counts: true, weights: sampleWeight !== null };
  const goals = [{ name: "output", loss, metrics: [] }];
  const {
    computation,
    goals: [parts],
  } = objectiveOf(
    traced,
    goals,
    [given],
    traced.weights.map(() => true),
  );
  if (parts === undefined) throw new Error("The objective has a part for its goal.");
  const { value } = targetOf(loss);
  const byRow = swapped(value.data, loss.target === "class" ? 1 : targetWidth(loss, classes));
  const host = { rows: count, time: steps, mask: null, classWeight: null, sampleWeight };
  const target = Float32Array.from(byRow);
  const known = counted({ ...host, lengths: Int32Array.from(lengths), target }, loss, given, reduction);
  const perStep = (data: Float32Array): HostValue => ({
    shape: [steps, count, 1],
    data: swapped(data, 1, true),
  });
  values.set(parts.target, value);
  values.set(parts.scale, { shape: [1], data: Float64Array.of(1 / known.divisor) });
  if (parts.counts && known.counts) values.set(parts.counts, perStep(known.counts));
  if (parts.weights && known.weights) values.set(parts.weights, perStep(known.weights));
  traced.weights.forEach((weight, k) =>
    values.set(weight, numbers(weight.shape as readonly number[], k + 1)),
  );
  const total = mul(computation.outputs[0] as Node, parts.scale);
  verify([total, ...computation.gradients.filter((gradient) => gradient !== null)], "objective");
  const gradients = compareGradients({
    loss: total,
    again: total,
    wrt: traced.weights,
    gradients: computation.gradients,
    given: values,
    dims,
  });
  expect(gradients.every((gradient) => gradient?.data.some((x) => x !== 0))).toBe(true);
}

/** `[time, rows, width]` to `[rows, time, width]`, or the way back. */
function swapped(data: ArrayLike<number>, width: number, back = false): Float64Array {
  const [outer, inner] = back ? [steps, count] : [count, steps];
  return Float64Array.from({ length: data.length }, (_, k) => {
    const [i, j, f] = [Math.floor(k / (inner * width)), Math.floor(k / width) % inner, k % width];
    return data[(j * outer + i) * width + f] ?? 0;
  });
}

describe("the objective", () => {
  const names = [
    "meanSquaredError",
    "binaryCrossentropy",
    "categoricalCrossentropy",
    "sparseCategoricalCrossentropy",
  ];
  test.each(names)("%s, the mean of all steps that count", (name) => {
    objectiveChecked(lossNamed(name), "mean", null);
  });
  test("distributions, whose targets are narrower than the predictions", () => {
    for (const [name, options] of [
      ["gaussianNll", {}],
      ["pinball", { probabilities: [0.3, 0.6] }],
    ] as const)
      objectiveChecked(lossNamed(name, options), "mean", Float32Array.of(1, 2, 3, 4, 5, 6));
  });
  test("the sum over time, steps with weights", () => {
    objectiveChecked(lossNamed("huber", { delta: 0.1 }), "sum", Float32Array.of(0.5, 2, 0, 1, 3, 1));
    objectiveChecked(lossNamed("meanAbsoluteError"), "mean", Float32Array.of(2, 0.25));
  });
  test("a class that does not count", () => {
    const loss = lossNamed("sparseCategoricalCrossentropy", { ignoreClass: 1 });
    objectiveChecked(loss, "mean", null);
    objectiveChecked(loss, "mean", Float32Array.of(1, 2, 3, 4, 5, 6));
  });
});
