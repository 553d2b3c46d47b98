import { describe, expect, test } from "vitest";
import { keyOf } from "../../core/run/random.ts";
import { type Distribution, distributionText, drawsFrom, sameDistribution } from "./distribution.ts";
import { gaussianOf } from "./gaussian.ts";
import { mixtureOf } from "./mixture.ts";
import { quantilesOf } from "./quantiles.ts";

const log = Math.log;
const cases: readonly (readonly [string, Distribution, readonly number[]])[] = [
  ["a normal distribution", gaussianOf(1), [0.5, log(2)]],
  ["two of them", gaussianOf(2), [0.5, -3, log(0.1), log(4)]],
  ["a mixture", mixtureOf(1, 2), [log(0.25), log(0.75), -2, 3, log(0.5), log(1.5)]],
  ["a mixture over two", mixtureOf(2, 2), [log(3), 0, -2, 3, 1, 0, log(0.5), log(1.5), log(2), log(0.3)]],
  ["quantiles", quantilesOf(1, [0.1, 0.5, 0.9]), [-1, 0.5, 4]],
  ["quantiles of two", quantilesOf(2, [0.25, 0.5]), [-1, 2, 0, 8]],
];

describe("draws have the mean and the deviation that are told", () => {
  test.each(cases)("%s", (_, { sample, moments, units, width }, parameters) => {
    expect(parameters.length).toBe(width);
    const { mean, standardDeviation } = moments(parameters);
    const count = 20_000;
    const draws = drawsFrom(keyOf(1, "test"));
    const drawn = Array.from({ length: count }, () => sample(parameters, draws));
    for (let unit = 0; unit < units; unit++) {
      const own = drawn.map((values) => values[unit] as number);
      const average = own.reduce((sum, x) => sum + x, 0) / count;
      const spread = Math.sqrt(own.reduce((sum, x) => sum + (x - average) ** 2, 0) / count);
      const [m = 0, s = 0] = [mean[unit], standardDeviation[unit]];
      expect(Math.abs(average - m)).toBeLessThan((4 * s) / Math.sqrt(count)); // four deviations of an average
      expect(Math.abs(spread / s - 1)).toBeLessThan(0.04);
    }
  });
});

test("the units of a mixture are drawn from one component", () => {
  const far = [0, 0, -100, 100, -100, 100, 0, 0, 0, 0]; // both units near -100, or both near 100
  const draws = drawsFrom(keyOf(1, "test"));
  const { sample } = mixtureOf(2, 2);
  const drawn = Array.from({ length: 100 }, () => sample(far, draws));
  expect(drawn.every(([a = 0, b = 0]) => Math.sign(a) === Math.sign(b))).toBe(true);
  expect(new Set(drawn.map(([a = 0]) => Math.sign(a))).size).toBe(2);
});

test("draws from quantiles lie between the first and the last, as often as the probabilities say", () => {
  const { sample } = quantilesOf(1, [0.1, 0.5, 0.9]);
  const count = 1000;
  const spread = Array.from({ length: count }, (_, k) =>
    sample([-1, 0.5, 4], { uniform: () => (k + 0.5) / count, normal: () => 0 }),
  ).flat();
  expect(spread.filter((x) => x <= -1).length / count).toBeCloseTo(0.1, 2);
  expect(spread.filter((x) => x < 0.5).length / count).toBeCloseTo(0.5, 2);
  expect(spread.filter((x) => x >= 4).length / count).toBeCloseTo(0.1, 2);
  expect(spread).toEqual([...spread].sort((a, b) => a - b));
});

test("are the same when they say the same", () => {
  expect(sameDistribution(mixtureOf(1, 2), mixtureOf(1, 2))).toBe(true);
  expect(sameDistribution(mixtureOf(1, 2), mixtureOf(1, 3))).toBe(false);
  expect(sameDistribution(gaussianOf(1), gaussianOf(2))).toBe(false);
  expect(sameDistribution(quantilesOf(1, [0.1]), quantilesOf(1, [0.2]))).toBe(false);
  expect(distributionText(mixtureOf(1, 2))).toBe('gaussianMixture({"units":1,"components":2})');
});
