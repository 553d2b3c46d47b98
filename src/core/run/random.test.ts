import { describe, expect, test } from "vitest";
import { UnrollError } from "../../errors.ts";
import { keyOf, normal, permutation, threefry2x32, truncatedNormal, uniform } from "./random.ts";

describe("threefry2x32", () => {
  // the answers that come with the generator's paper
  test.each([
    [
      [0, 0, 0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)("of %j gives the published answer", ([key0, key1, counter0, counter1], answer) => {
    expect(threefry2x32(key0, key1, counter0, counter1)).toEqual(answer);
  });
});

describe("keyOf", () => {
  test("tells every seed and every path from every other", () => {
    const keys = [
      keyOf(0),
      keyOf(1),
      keyOf(2 ** 32),
      keyOf(2 ** 53 - 1),
      keyOf(0, 0),
      keyOf(0, 0, 0),
      keyOf(0, 1, 2),
      keyOf(0, 2, 1),
      keyOf(0, 0.5),
      keyOf(0, -1),
      keyOf(0, ""),
      keyOf(0, "a"),
      keyOf(0, "ab"),
      keyOf(0, "a", "b"),
      keyOf(0, "abcd"),
      keyOf(0, "abcde"),
      keyOf(0, "abcd\0"),
      keyOf(0, "1"),
    ];
    expect(new Set(keys.map(String)).size).toBe(keys.length);
  });
  test("is the same key each time", () => {
    expect(keyOf(42, "dropout", 3)).toEqual(keyOf(42, "dropout", 3));
    expect(keyOf(1, -0)).toEqual(keyOf(1, 0));
  });
  test.each([-1, 0.5, 2 ** 53, NaN, Infinity])("refuses the seed %s", (seed) => {
    expect(() => keyOf(seed)).toThrow(UnrollError);
  });
});

describe("numbers", () => {
  const key = keyOf(1, "numbers");
  const count = 100_000;
  const indices = Array.from({ length: count }, (_, k) => k);
  const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const variance = (xs: readonly number[]): number => mean(xs.map((x) => x * x)) - mean(xs) ** 2;

  test("uniform ones fill [0, 1) evenly and are exact in float32", () => {
    const xs = indices.map((k) => uniform(key, k));
    expect(xs.every((x) => x >= 0 && x < 1 && Math.fround(x) === x)).toBe(true);
    const counts = new Array<number>(16).fill(0);
    for (const x of xs) counts[Math.floor(x * 16)]!++;
    const chiSquare = counts.reduce((sum, n) => sum + (n - count / 16) ** 2 / (count / 16), 0);
    expect(chiSquare).toBeLessThan(37.7); // 15 degrees of freedom, one in a thousand
  });
  test("an index beyond 32 bits is another index", () => {
    expect(uniform(key, 5 + 2 ** 32)).not.toBe(uniform(key, 5));
    expect(normal(key, 5 + 2 ** 32)).not.toBe(normal(key, 5));
  });
  test("normal ones have the moments and the tails of the distribution", () => {
    const xs = indices.map((k) => normal(key, k));
    expect(Math.abs(mean(xs))).toBeLessThan(0.013); // four deviations of the mean
    expect(Math.abs(variance(xs) - 1)).toBeLessThan(0.018);
    expect(Math.abs(mean(xs.map((x) => x ** 4)) - 3)).toBeLessThan(0.13);
    expect(Math.abs(xs.filter((x) => Math.abs(x) > 2).length / count - 0.0455)).toBeLessThan(0.0027);
    expect(Math.abs(mean(xs.slice(1).map((x, k) => x * xs[k]!)))).toBeLessThan(0.013); // neighbours
  });
  test("truncated normal ones end at two deviations", () => {
    const xs = indices.map((k) => truncatedNormal(key, k));
    expect(xs.every((x) => Math.abs(x) <= 2)).toBe(true);
    expect(Math.abs(mean(xs))).toBeLessThan(0.012);
    expect(Math.abs(variance(xs) - 0.7737)).toBeLessThan(0.012);
  });
  test("are these, on every machine", () => {
    expect([uniform(key, 0), normal(key, 0), truncatedNormal(key, 12)]).toMatchInlineSnapshot(`
      [
        0.7166276574134827,
        0.6630015466765447,
        0.8759405415609871,
      ]
    `);
  });
});

describe("permutation", () => {
  test("holds every number once", () => {
    const order = permutation(keyOf(3), 1000);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, k) => k));
    expect([...order]).not.toEqual([...permutation(keyOf(4), 1000)]);
    expect([...permutation(keyOf(3), 0), ...permutation(keyOf(3), 1)]).toEqual([0]);
  });
  test("gives all orders of three equally often", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = permutation(keyOf(seed), 3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(120); // four deviations
  });
});
