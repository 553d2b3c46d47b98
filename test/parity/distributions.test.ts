/** Distributions against torch.distributions: loss and gradient, mean and standard deviation. */
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import { evaluate } from "../../src/core/run/reference.ts";
import { lossNamed } from "../../src/nn/train/losses.ts";
import { expectClose } from "./close.ts";
import { distributionCases, expectLoss } from "./losses.ts";
import { flat } from "./measure.ts";

describe.each(distributionCases.map((one) => [one.name, one] as const))("%s", (_, one) => {
  const { loss: name, ...options } = one.options;
  const numbers = flat(one.input);

  test("loss and gradient", () => {
    expectLoss(one);
  });

  test("mean and standard deviation", () => {
    const { distribution } = lossNamed(name, options);
    const [first] = widthsOf(one.input);
    const { units, width, moments, mean } = distribution?.(first ?? 0) ?? expect.unreachable();
    const read = Array.from({ length: numbers.length / width }, (__, k) =>
      moments(numbers.slice(k * width, (k + 1) * width)),
    );
    // the numbers of the quantiles come from sums over a million places
    const close = { tolerance: name === "pinball" ? 2e-6 : 2e-7, smallest: 1 };
    expectClose(
      read.flatMap((each) => each.mean),
      flat(one.mean),
      "mean",
      close,
    );
    const deviations = read.flatMap(({ standardDeviation }) => standardDeviation);
    expectClose(deviations, flat(one.standardDeviation), "standard deviation", close);

    const prediction = parameter("prediction", [read.length, width]);
    const given = new Map([[prediction, { shape: [read.length, width], data: Float64Array.from(numbers) }]]);
    const [means] = evaluate([mean(prediction)], given, {});
    expect(means?.shape).toEqual([read.length, units]);
    expectClose(Array.from(means?.data ?? []), flat(one.mean), "the equation of the mean", close);
  });
});

test("all three losses are there", () => {
  expect(new Set(distributionCases.map(({ options }) => options.loss)).size).toBe(3);
});

/** The length of the innermost arrays. */
const widthsOf = (x: unknown): readonly number[] =>
  Array.isArray(x) ? (typeof x[0] === "number" ? [x.length] : x.flatMap(widthsOf)) : [];
