import { describe, expect, test } from "vitest";
import * as math from "./math.ts";
import { keyOf, threefry2x32 } from "./random.ts";

/** Numbers spread over [low, high): the same ones at every run. */
function spread(low: number, high: number, count = 20_000): number[] {
  const [key0, key1] = keyOf(7);
  return Array.from({ length: count }, (_, k) => {
    const [a, b] = threefry2x32(key0, key1, k, 0);
    return low + (high - low) * (a * 2 ** -32 + b * 2 ** -64);
  });
}

const words = new BigInt64Array(1);
const floats = new Float64Array(words.buffer);

/** How many float64 numbers lie between two. */
function distance(a: number, b: number): number {
  const order = (x: number): bigint => {
    floats[0] = x;
    return words[0]! < 0n ? -(words[0]! & 0x7fffffffffffffffn) : words[0]!;
  };
  if (Number.isNaN(a) || Number.isNaN(b)) return Object.is(a, b) ? 0 : Infinity;
  const gap = order(a) - order(b);
  return Number(gap < 0n ? -gap : gap);
}

function worst(f: (x: number) => number, reference: (x: number) => number, xs: readonly number[]): number {
  return xs.reduce((largest, x) => Math.max(largest, distance(f(x), reference(x))), 0);
}

/** From the smallest number to the largest, both signs. */
const everyMagnitude = Array.from({ length: 2000 }, (_, k) => 2 ** (k - 1000) * 1.37).flatMap((x) => [x, -x]);
const tiny = [5e-324, -5e-324, 1e-310, -1e-310, 2 ** -1022, 2 ** -30, -(2 ** -30)];
const near0 = [...spread(-1, 1), ...spread(-1e-3, 1e-3), ...tiny, 0, -0];

// Engines are allowed an ulp of their own, hence 4; our own errors were measured against 160-bit arithmetic.
describe.each([
  ["exp", math.exp, Math.exp, [...spread(-745, 709.7), -708.5, -720.25, -745, 709.78]],
  ["expm1", math.expm1, Math.expm1, [...spread(-60, 60), ...spread(-3, 3), 709.78]],
  ["log", math.log, Math.log, [...spread(0, 3), ...spread(0.99, 1.01), ...everyMagnitude]],
  ["log1p", math.log1p, Math.log1p, [...spread(-1, 3), ...spread(0, 1e17)]],
  ["tanh", math.tanh, Math.tanh, [...spread(-30, 30), ...spread(-2, 2)]],
  ["sin", math.sin, Math.sin, [...spread(-1e6, 1e6), ...spread(-7, 7)]],
  ["cos", math.cos, Math.cos, [...spread(-1e6, 1e6), ...spread(-7, 7)]],
] as const)("%s", (name, own, builtIn, points) => {
  test("is within 4 ulp of the engine's", () => {
    const xs = name === "log" ? [...points, ...near0.map(Math.abs)] : [...points, ...near0];
    expect(worst(own, builtIn, xs)).toBeLessThanOrEqual(4);
  });
  test("has the engine's values at the edges", () => {
    const edges = [0, -0, 1e-320, NaN, Infinity, -Infinity, -1, -2];
    // only the values that are exact, so that an engine has no choice
    const exact = edges.filter((x) => Object.is(builtIn(x), Math.fround(builtIn(x))));
    for (const x of exact) expect(own(x), `${name}(${x})`).toBe(builtIn(x));
  });
});

test("exp goes to infinity and to 0 where it should", () => {
  expect(math.exp(709.7827128933841)).toBeGreaterThan(1.797e308);
  expect(math.exp(709.782712893385)).toBe(Infinity);
  expect(math.exp(1e300)).toBe(Infinity);
  expect(math.exp(-745.13)).toBe(5e-324);
  expect(math.exp(-745.14)).toBe(0);
});

test("sigmoid and softplus keep their relative accuracy in the far tail", () => {
  expect(math.sigmoid(0)).toBe(0.5);
  expect([math.sigmoid(-Infinity), math.sigmoid(Infinity), math.sigmoid(NaN)]).toEqual([0, 1, NaN]);
  for (const x of spread(-700, -40, 2000)) {
    expect(distance(math.sigmoid(x), math.exp(x))).toBeLessThanOrEqual(1);
    expect(distance(math.softplus(x), math.exp(x))).toBeLessThanOrEqual(1);
  }
  expect(math.softplus(0)).toBe(Math.LN2);
  expect(math.softplus(1e300)).toBe(1e300);
});

test("a sine near a multiple of pi keeps its digits", () => {
  expect(math.sin(Math.PI)).toBe(1.2246467991473532e-16);
  expect(distance(math.sin(318309 * Math.PI), Math.sin(318309 * Math.PI))).toBeLessThanOrEqual(1);
  expect(() => math.sin(3e6)).toThrow(/sine/);
});

describe("pow", () => {
  test("of an integer power is right to the last place, also after 100,000 factors", () => {
    for (const beta of [0.9, 0.99, 0.999, 0.9999, 1.0001, 2, 10, -3]) {
      for (const t of [0, 1, 2, 3, 7, 100, 1000, -1, -17, 100_000]) {
        expect(distance(math.pow(beta, t), exactPower(beta, t)), `${beta}^${t}`).toBeLessThanOrEqual(1);
      }
    }
  });
  test("of a fraction is the exponential of a multiple of the logarithm", () => {
    for (const x of spread(0.1, 5, 2000)) {
      expect(Math.abs(math.pow(x, 0.5) / Math.sqrt(x) - 1)).toBeLessThan(1e-15);
    }
  });
  test("has the usual edges", () => {
    expect([math.pow(0, 0), math.pow(0, 3), math.pow(0, -2), math.pow(-2, 3)]).toEqual([1, 0, Infinity, -8]);
    expect([math.pow(10, 400), math.pow(10, -400), math.pow(NaN, 1)]).toEqual([Infinity, 0, NaN]);
    expect(math.pow(1.7e308, 1)).toBe(1.7e308);
  });
});

/** beta^t from fixed-point integers of 400 bits more than a float64 needs. */
function exactPower(beta: number, t: number): number {
  let scale = 0;
  while (!Number.isInteger(beta * 2 ** scale)) scale++;
  let mantissa = BigInt(beta * 2 ** scale);
  let exponent = -scale;
  let [result, resultExponent] = [1n, 0];
  const trimmed = (value: bigint, power: number): [bigint, number] => {
    const extra = Math.max(value.toString(16).length * 4 - 400, 0);
    return [value >> BigInt(extra), power + extra];
  };
  for (let left = Math.abs(t); left > 0; left = Math.floor(left / 2)) {
    if (left % 2) [result, resultExponent] = trimmed(result * mantissa, resultExponent + exponent);
    [mantissa, exponent] = trimmed(mantissa * mantissa, 2 * exponent);
  }
  if (t < 0) [result, resultExponent] = [(1n << 1000n) / result, -1000 - resultExponent];
  const extra = Math.max(result.toString(2).replace("-", "").length - 64, 0);
  const top = Number(result >> BigInt(extra));
  const power = resultExponent + extra;
  return power < -1000 ? top * 2 ** -500 * 2 ** (power + 500) : top * 2 ** power;
}
