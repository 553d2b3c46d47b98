import { describe, expect, test } from "vitest";
import { parameter } from "../../core/graph/build.ts";
import type { Shape } from "../../core/graph/nodes.ts";
import { evaluate } from "../../core/run/reference.ts";
import { lossNamed } from "./losses.ts";
import { binaryAccuracy, type Metric, metricNamed } from "./metrics.ts";

const sparse = lossNamed("sparseCategoricalCrossentropy");
const binary = lossNamed("binaryCrossentropy");
const categorical = lossNamed("categoricalCrossentropy");

/** The number of each row. */
function values(
  metric: Metric,
  predictions: readonly (readonly number[])[],
  targets: readonly (number | readonly number[])[],
): number[] {
  const [rows, width] = [predictions.length, predictions[0]?.length ?? 0];
  const classes = typeof targets[0] === "number";
  const shape: Shape = classes ? [rows] : [rows, width];
  const [prediction, target] = [
    parameter("p", [rows, width]),
    parameter("t", shape, classes ? "int32" : "float32"),
  ];
  const given = new Map([
    [prediction, { shape: [rows, width], data: Float64Array.from(predictions.flat()) }],
    [
      target,
      { shape: shape as readonly number[], data: Float64Array.from(targets.flat() as readonly number[]) },
    ],
  ]);
  return [...(evaluate([metric.perStep(prediction, target)], given, {})[0]?.data ?? [])];
}

const three = [
  [0.1, 0.7, 0.2],
  [0.4, 0.4, 0.2],
  [0.1, 0.2, 0.7],
];

describe("accuracy is chosen as in Keras", () => {
  test("classes as targets: the place of the largest; of equal ones the first", () => {
    expect(values(metricNamed("accuracy", sparse, 3), three, [1, 0, 1])).toEqual([1, 1, 0]);
    expect(values(metricNamed("acc", sparse, 3), three, [1, 1, 2])).toEqual([1, 0, 1]);
  });
  test("one feature: above one half, or not", () => {
    expect(values(metricNamed("accuracy", binary, 1), [[0.6], [0.5], [0.2]], [[1], [1], [0]])).toEqual([
      1, 0, 1,
    ]);
    expect(values(binaryAccuracy({ threshold: 0.7 }), [[0.6], [0.8]], [[1], [1]])).toEqual([0, 1]);
  });
  test("several features: the place of the largest target", () => {
    expect(
      values(metricNamed("accuracy", categorical, 3), three, [
        [0, 1, 0],
        [0, 1, 0],
        [0, 0, 1],
      ]),
    ).toEqual([1, 0, 1]);
  });
});

test("errors by their short names", () => {
  expect(values(metricNamed("mse", binary, 2), [[1, 2]], [[0, 4]])).toEqual([2.5]);
  expect(values(metricNamed("mae", binary, 2), [[1, 2]], [[0, 4]])).toEqual([1.5]);
});

test("perplexity and bits are figures of the mean cross-entropy", () => {
  const [perplexity, bits] = [metricNamed("perplexity", sparse, 3), metricNamed("bitsPerToken", sparse, 3)];
  expect(values(perplexity, three, [1, 0, 2])).toEqual(values(bits, three, [1, 0, 2]));
  expect(values(perplexity, three, [1, 0, 2])[0]).toBeCloseTo(-Math.log(0.7), 6);
  expect(perplexity.figure?.(Math.log(8))).toBeCloseTo(8, 12);
  expect(bits.figure?.(Math.log(8))).toBeCloseTo(3, 12);
});

test("the key in History is the name that was given", () => {
  expect(metricNamed("acc", sparse, 3).metric).toBe("acc");
  expect(() => metricNamed("acuracy", sparse, 3)).toThrow(/Did you mean "accuracy"/);
});

test.each([
  ["mse", sparse, "classes"],
  ["categoricalAccuracy", sparse, "classes"],
  ["sparseCategoricalAccuracy", categorical, "values"],
  ["gaussianNll", binary, "values"],
  ["mixtureNll", binary, "values"],
] as const)("%s is refused beside a loss of other targets", (name, loss, targets) => {
  expect(() => metricNamed(name, loss, 3)).toThrow(
    `metrics that go with the loss "${loss.loss}", whose targets are ${targets}, got "${name}"`,
  );
});

test("perplexity beside a loss of one's own takes targets as that loss does", () => {
  const own = { loss: "own", perStep: categorical.perStep };
  expect(values(metricNamed("perplexity", own, 3), three.slice(1, 2), [[0, 1, 0]])).toEqual(
    values(metricNamed("perplexity", categorical, 3), three.slice(1, 2), [[0, 1, 0]]),
  );
});
