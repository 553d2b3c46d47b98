import { describe, expect, test } from "vitest";
import { threefry2x32 } from "../run/random.ts";
import type { VectorArithmetic } from "./functions.ts";
import * as functions from "./functions.ts";

const round = Math.fround;
const float32 = new Float32Array(1);
const int32 = new Int32Array(float32.buffer);
const floatOf = (bits: number): number => {
  int32[0] = bits;
  return float32[0]!;
};
const bitsOf = (x: number): number => {
  float32[0] = x;
  return int32[0]!;
};
const mask = (condition: boolean): number => (condition ? -1 : 0);

/**
 * a b + c rounded once. The product is exact in float64; their sum is rounded there, which matters only where
 * it falls in the middle between two float32 numbers: there the lost part decides.
 */
function fused(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const moved = sum - product;
  const lost = product - (sum - moved) + (c - moved);
  const rounded = round(sum);
  const rest = sum - rounded;
  const isMiddle = rest !== 0 && round(sum + rest) === sum + rest;
  return isMiddle && lost !== 0 && lost > 0 === rest > 0 ? sum + rest : rounded;
}

type Scalars = VectorArithmetic<number, number>;
const arithmetic = (multiplyAdd: Scalars["multiplyAdd"]): Scalars => ({
  constant: round,
  integer: (value) => value | 0,
  add: (a, b) => round(a + b),
  sub: (a, b) => round(a - b),
  mul: (a, b) => round(a * b),
  div: (a, b) => round(a / b),
  multiplyAdd,
  sqrt: (a) => round(Math.sqrt(a)),
  abs: Math.abs,
  neg: (a) => -a,
  min: (a, b) => (b < a ? b : a),
  max: (a, b) => (a < b ? b : a),
  less: (a, b) => mask(a < b),
  lessEqual: (a, b) => mask(a <= b),
  equal: (a, b) => mask(a === b),
  select: (condition, a, b) => (condition !== 0 ? a : b),
  bits: bitsOf,
  float: floatOf,
  toInteger: (a) => Math.min(Math.max(Math.trunc(a), -(2 ** 31)), 2 ** 31 - 1) | 0,
  toFloat: round,
  addInteger: (a, b) => (a + b) | 0,
  subInteger: (a, b) => (a - b) | 0,
  mulInteger: Math.imul,
  shiftLeft: (a, by) => a << by,
  shiftRight: (a, by) => a >> by,
  shiftRightUnsigned: (a, by) => (a >>> by) | 0,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
});
const modes = {
  fused: arithmetic(fused),
  strict: arithmetic((a, b, c) => round(round(a * b) + c)),
};

test("the emulated fused multiply-add rounds once", () => {
  // products 2^-70 away from the middle between two float32 numbers: float64 alone would take them for the
  // middle
  const [a, b] = [2 ** -12 * (1 + 2 ** -23), 2 ** -12 * (1 - 2 ** -23)];
  expect(fused(a, b, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
  expect(fused(-a, b, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
  // the middle itself goes to the even one
  expect(fused(2 ** -12, 2 ** -12, 1 + 2 ** -23)).toBe(1 + 2 ** -22);
  expect(fused(2 ** -12, 2 ** -12, 1)).toBe(1);
  expect(fused(1 + 2 ** -22, 1 + 2 ** -22, -1)).toBe(2 ** -21 + 2 ** -44);
});

/** An error in units in the last place of the exact value, for a value that may be subnormal. */
function ulps(value: number, exact: number): number {
  if (value === exact) return 0;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  return Math.abs(value - exact) / 2 ** (exponent - 23);
}

interface Claim {
  readonly f: (x: number, o: Scalars) => number;
  /** Right to a few units in the last place of a float64. */
  readonly exact: (x: number) => number;
  /** The largest error, in ulp. */
  readonly bound: number;
  /** Where values change fastest or errors were largest. */
  readonly dense: readonly (readonly [number, number])[];
  readonly edges: readonly (readonly [number, number])[];
  readonly operations: number;
}
const claims: { readonly [name: string]: Claim } = {
  exp: {
    f: functions.exp,
    exact: Math.exp,
    bound: 2.5,
    dense: [
      [-88, 89],
      [-1, 1],
      [88, 88.73],
      [-87.4, -86],
    ],
    edges: [
      [0, 1],
      [-0, 1],
      [89, Infinity],
      [Infinity, Infinity],
      [1e38, Infinity],
      [-Infinity, 0],
      [-1e38, 0],
    ],
    operations: 14,
  },
  sigmoid: {
    f: functions.sigmoid,
    exact: (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))),
    bound: 4,
    dense: [
      [-88, 30],
      [-17, -16],
      [-2, 2],
      [-87.4, -86],
    ],
    edges: [
      [0, 0.5],
      [-0, 0.5],
      [Infinity, 1],
      [1e38, 1],
      [-Infinity, 0],
      [-1e38, 0],
    ],
    operations: 14,
  },
  tanh: {
    f: functions.tanh,
    exact: Math.tanh,
    bound: 4,
    dense: [
      [-10, 10],
      [-1, 1],
      [0.12, 0.13],
      [0.03, 0.032],
    ],
    edges: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [1e38, 1],
      [-1e38, -1],
      [2 ** -149, 2 ** -149],
    ],
    operations: 14,
  },
  log: {
    f: functions.log,
    exact: Math.log,
    bound: 2.5,
    dense: [
      [0, 4],
      [0.6, 1.4],
      [0.999, 1.001],
    ],
    edges: [
      [0, -Infinity],
      [-0, -Infinity],
      [1, 0],
      [-1, NaN],
      [-Infinity, NaN],
      [Infinity, Infinity],
    ],
    operations: 27,
  },
  log1p: {
    f: functions.log1p,
    exact: Math.log1p,
    bound: 2.5,
    dense: [
      [-1, 4],
      [-0.4, 0.4],
      [0, 1],
    ],
    edges: [
      [0, 0],
      [-1, -Infinity],
      [-2, NaN],
      [-Infinity, NaN],
      [Infinity, Infinity],
    ],
    operations: 28,
  },
  erf: {
    f: functions.erf,
    exact: erf,
    bound: 4.5,
    dense: [
      [-4.5, 4.5],
      [0.22, 0.23],
      [-1, 1],
    ],
    edges: [
      [0, 0],
      [-0, -0],
      [Infinity, 1],
      [-Infinity, -1],
      [1e38, 1],
    ],
    operations: 16,
  },
};
const named = Object.entries(claims);

describe.each(Object.entries(modes))("with multiply-adds in %s mode", (_, o) => {
  test.each(named)("%s is right everywhere to the stated error", (_name, { f, exact, bound, dense }) => {
    let worst = { error: 0, x: 0, value: 0 };
    const look = (x: number): void => {
      const wanted = exact(x);
      const value = f(x, o);
      const flushed = Math.abs(wanted) < 2 ** -126 && Math.abs(value) <= 2 ** -126;
      const overflown = Math.abs(round(wanted)) === Infinity && value === round(wanted);
      const error = flushed || overflown || Object.is(value, wanted) ? 0 : ulps(value, wanted);
      if (!(error <= worst.error)) worst = { error, x, value };
    };
    for (const x of everyExponent()) look(x);
    for (const [low, high] of dense) {
      for (let k = 0; k < 40_000; k++) look(round(low + ((high - low) * (k + 0.37)) / 40_000));
    }
    expect(worst.error, JSON.stringify(worst)).toBeLessThanOrEqual(bound);
  });
  test.each(named)("%s has exact values at its edges and passes NaN on", (_name, { f, edges }) => {
    for (const [x, value] of edges) expect(f(x, o), `at ${x}`).toBe(value);
    expect(f(NaN, o)).toBe(NaN);
    expect(f(floatOf(0x7f800001), o)).toBe(NaN);
  });
  test("tanh and erf are odd, and pass 1 by one ulp at most", () => {
    for (let x = 2; x < 10; x += 1 / 1024) {
      expect(functions.tanh(-x, o)).toBe(-functions.tanh(x, o));
      expect(functions.erf(-x, o)).toBe(-functions.erf(x, o));
      expect(functions.tanh(x, o)).toBeLessThanOrEqual(1 + 2 ** -23);
      expect(functions.erf(x, o)).toBeLessThanOrEqual(1 + 2 ** -23);
    }
  });
});

test.each(named)("%s costs the operations that its comment counts", (_name, { f, operations }) => {
  expect(operationsOf((o) => f(0.3, o))).toBe(operations);
});

describe("uniform", () => {
  test("is the scalar generator's upper 24 bits", () => {
    for (let k = 0; k < 1000; k++) {
      const [key0, key1] = threefry2x32(1, 2, k, 0);
      const [word] = threefry2x32(key0, key1, k, 7);
      expect(functions.uniform(key0 | 0, key1 | 0, k, 7, modes.strict)).toBe((word >>> 8) * 2 ** -24);
    }
  });
  test("costs 122 operations", () => {
    expect(operationsOf((o) => functions.uniform(1, 2, 3, 4, o))).toBe(122);
  });
});

/** Numbers of both signs and every exponent, subnormal ones too. */
function* everyExponent(): Generator<number> {
  for (let exponent = 0; exponent < 255; exponent++) {
    for (let k = 0; k < 160; k++) {
      const significand = (Math.imul(k * 255 + exponent, 0x9e3779b1) >>> 9) & 0x7fffff;
      const magnitude = floatOf((exponent << 23) | (k === 0 ? 0 : k === 1 ? 0x7fffff : significand));
      yield magnitude;
      yield -magnitude;
    }
  }
}

/** How many operations a formula takes, constants and reinterpretations left out. */
function operationsOf(formula: (o: Scalars) => number): number {
  let count = 0;
  const free = new Set(["constant", "integer", "bits", "float"]);
  const counting = new Proxy(modes.strict, {
    get: (target, name) => {
      if (!free.has(String(name))) count++;
      return Reflect.get(target, name);
    },
  });
  formula(counting);
  return count;
}

/** The series whose terms are all positive: Abramowitz and Stegun 1964, 7.1.6. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [sum, term] = [0, x];
  for (let n = 1; sum + term !== sum; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return x === 0 ? x : (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
