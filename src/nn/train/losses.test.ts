import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { differentiate } from "../../core/grad/gradients.ts";
import { parameter } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/nodes.ts";
import { mul, reshape, sigmoid, softmax, sumLeading } from "../../core/graph/operators.ts";
import { evaluate } from "../../core/run/reference.ts";
import { counted } from "./counts.ts";
import { type Loss, lossNamed, sigmoidLogits, softmaxLogits } from "./losses.ts";

type Nested = number | readonly Nested[];
interface Case {
  readonly name: string;
  readonly kind: string;
  readonly options: Record<string, unknown> & { readonly loss: string };
  readonly input: Nested;
  readonly targets: Nested;
  readonly sampleWeight: Nested | null;
  readonly outputs: number;
  readonly gradients: { readonly input: Nested };
}
const file = new URL("../../../test/parity/torch.json", import.meta.url);
const cases = (JSON.parse(readFileSync(file, "utf8")) as { cases: readonly Case[] }).cases.filter(
  ({ kind }) => kind === "loss",
);

describe("value and gradient as in PyTorch", () => {
  test.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const { loss: name, ...options } = one.options;
    const result = weighted(lossNamed(name, options), one);
    expect(result.loss).toBeCloseTo(one.outputs, 7);
    flat(one.gradients.input).forEach((wanted, k) => {
      expect(result.gradient[k], `element ${k}`).toBeCloseTo(wanted, 7);
    });
  });
  test("all six losses are there", () => {
    expect(new Set(cases.map(({ options }) => options.loss)).size).toBe(6);
  });
});

test("a cross-entropy behind softmax is computed from the logits", () => {
  const x = parameter("x", [1, 2]);
  const target = parameter("target", [1, 2]);
  const loss = lossNamed("categoricalCrossentropy").perStep(softmax(x), target);
  const value = evaluate(
    [loss],
    given([
      [x, [0, 800]],
      [target, [1, 0]],
    ]),
    {},
  )[0];
  expect(value?.data[0]).toBe(800);
  expect(softmaxLogits(softmax(x))).toBe(x);
  expect(softmaxLogits(x)).toBe(null);
});

test("a binary cross-entropy behind sigmoid is computed from the logits", () => {
  const x = parameter("x", [1, 1]);
  const target = parameter("target", [1, 1]);
  const loss = lossNamed("binaryCrossentropy").perStep(sigmoid(x), target);
  expect(
    evaluate(
      [loss],
      given([
        [x, [-900]],
        [target, [1]],
      ]),
      {},
    )[0]?.data[0],
  ).toBe(900);
  expect(sigmoidLogits(sigmoid(x))).toBe(x);
});

test("a probability of which nothing is known is clipped as in Keras", () => {
  const p = parameter("p", [1, 2]);
  const target = parameter("target", [1], "int32");
  const loss = lossNamed("sparseCategoricalCrossentropy").perStep(p, target);
  const value = evaluate(
    [loss],
    given([
      [p, [0, 1]],
      [target, [0]],
    ]),
    {},
  )[0]?.data[0];
  expect(value).toBeCloseTo(-Math.log(1e-7), 12);
});

/** The loss of one row. */
function lossOf(name: string, options: object, prediction: number[], targets: number[]): number {
  const [x, target] = [parameter("x", [1, prediction.length]), parameter("target", [1, targets.length])];
  const loss = lossNamed(name, { ...options }).perStep(x, target);
  const values = given([
    [x, prediction],
    [target, targets],
  ]);
  return evaluate([loss], values, {})[0]?.data[0] ?? Number.NaN;
}

test.each<[string, number[]]>([
  ["categoricalCrossentropy", [0.05, 0.85, 0.05, 0.05]],
  ["binaryCrossentropy", [0.1, 0.9, 0.1, 0.1]], // each of the four toward a half
])("smoothed targets move toward the middle: %s", (name, wanted) => {
  const logits = [0.5, -1, 2, 0];
  const smooth = lossOf(name, { fromLogits: true, labelSmoothing: 0.2 }, logits, [0, 1, 0, 0]);
  expect(smooth).toBeCloseTo(lossOf(name, { fromLogits: true }, logits, wanted), 12);
});

test("probabilities that do not add up to 1 are brought there, and huber is linear behind delta", () => {
  expect(lossOf("categoricalCrossentropy", {}, [1, 3], [0, 1])).toBeCloseTo(-Math.log(0.75), 12);
  expect(lossOf("huber", { delta: 3 }, [5, 1], [0, 0])).toBeCloseTo((3 * (5 - 1.5) + 0.5) / 2, 12);
});

test("a wrong name is answered with the one that was meant", () => {
  expect(() => lossNamed("meanSquareError")).toThrow(/Did you mean "meanSquaredError"/);
});

function weighted(loss: Loss, one: Case): { readonly loss: number; readonly gradient: Float64Array } {
  const shape = shapeOf(one.input);
  const [rows = 0, ...inner] = shape;
  const time = inner.length === 2 ? (inner[0] ?? 0) : null;
  const classes = loss.target === "class";
  const prediction = parameter("prediction", shape);
  const target = parameter("target", classes ? shape.slice(0, -1) : shape, classes ? "int32" : "float32");
  const weights = parameter("weights", [...shape.slice(0, -1), 1]);
  const host = {
    rows,
    time,
    lengths: null,
    mask: null,
    target: Float32Array.from(flat(one.targets)),
    sampleWeight: one.sampleWeight === null ? null : Float32Array.from(flat(one.sampleWeight)),
    classWeight: null,
  };
  const steps = counted(host, loss, { counts: true, weights: true }, "mean");
  const root = reshape(sumLeading(mul(loss.perStep(prediction, target), weights), shape.length - 1), []);
  const scaled = mul(root, 1 / steps.divisor);
  const { roots, gradients } = differentiate({ roots: [scaled], wrt: [prediction] });
  const values = given([
    [prediction, flat(one.input)],
    [target, flat(one.targets)],
    [weights, [...(steps.weights ?? [])]],
  ]);
  const [value, gradient] = evaluate([...roots, gradients[0] as Node], values, {});
  return { loss: value?.data[0] ?? Number.NaN, gradient: gradient?.data ?? new Float64Array() };
}

function given(values: readonly (readonly [Node, readonly number[]])[]): Parameters<typeof evaluate>[1] {
  return new Map(
    values.map(([node, data]) => [
      node,
      { shape: node.shape as readonly number[], data: Float64Array.from(data) },
    ]),
  );
}

const flat = (x: Nested): readonly number[] => (typeof x === "number" ? [x] : x.flatMap(flat));
const shapeOf = (x: Nested): readonly number[] =>
  typeof x === "number" ? [] : [x.length, ...shapeOf(x[0] ?? 0)];
