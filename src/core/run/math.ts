/**
 * Elementary functions in float64 with the same bits on every engine and machine.
 *
 * `Math.exp` and its kin may differ in the last place from one engine to the next; these are made of
 * operations whose result the language fixes (+ - * / and the square root), so a weight, a sample or a
 * schedule is the same everywhere. Each takes its argument to a short interval, by a power of two or a
 * multiple of pi / 2, and sums the Taylor series there: the coefficients are plain fractions.
 *
 * Reduction in two or three parts: Cody and Waite 1980. Numbers of two parts: Dekker 1971.
 */
import { invariant } from "../../errors.ts";

const log2e = Math.LOG2E;
const ln2High = 0.6931471803691238; // 32 bits, so that a small integer times it is exact
const ln2Low = 1.9082149292705877e-10;

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer); // low, high

/** 1/2!, 1/3!, ..., 1/14!. */
const expTail: readonly number[] = Array.from({ length: 13 }, (_, k) => 1 / factorial(k + 2));
/** -1/3!, 1/5!, ..., and 1/4!, -1/6!, ... */
const sinTail: readonly number[] = Array.from(
  { length: 8 },
  (_, k) => (k % 2 ? 1 : -1) / factorial(2 * k + 3),
);
const cosTail: readonly number[] = Array.from(
  { length: 7 },
  (_, k) => (k % 2 ? -1 : 1) / factorial(2 * k + 4),
);
/** 2/3, 2/5, ..., 2/29. */
const logTail: readonly number[] = Array.from({ length: 14 }, (_, k) => 2 / (2 * k + 3));

/** e^x, within 1 ulp. */
export function exp(x: number): number {
  if (x > 709.8) return Infinity;
  if (x < -745.2) return 0;
  const n = Math.floor(x * log2e + 0.5);
  return timesPowerOfTwo(1 + expm1Near(x, n), n);
}

/** e^x - 1, within 2 ulp also near 0. */
export function expm1(x: number): number {
  if (x > 40) return exp(x);
  if (x < -40) return -1;
  const n = Math.floor(x * log2e + 0.5);
  if (n === 0) return x === 0 ? x : expm1Near(x, 0);
  const power = powerOfTwo(n);
  return power * expm1Near(x, n) + (power - 1);
}

/** The natural logarithm, within 1 ulp; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (x <= 0) return x === 0 ? -Infinity : NaN;
  if (!(x < Infinity)) return x;
  const lift = x < 2 ** -1022 ? 54 : 0; // makes a subnormal x normal
  float64[0] = lift === 0 ? x : x * 2 ** 54;
  const aboveRoot = (words[1]! & 0xfffff) > 0x6a09e ? 1 : 0; // the significand is above the square root of 2
  const n = (words[1]! >>> 20) - 1023 + aboveRoot - lift;
  words[1] = (words[1]! & 0xfffff) | ((1023 - aboveRoot) << 20);
  // log(1 + f) = 2 atanh(s) with s = f / (2 + f), arranged so that the exact f carries the result
  const f = float64[0]! - 1;
  const s = f / (2 + f);
  const halfSquare = 0.5 * f * f;
  const rest = s * (halfSquare + s * s * polynomial(s * s, logTail));
  return n * ln2High - (halfSquare - (rest + n * ln2Low) - f);
}

/** log(1 + x), within 2 ulp also near 0. */
export function log1p(x: number): number {
  if (x === 0 || x >= 2 ** 54 || x <= -1) return x === 0 ? x : x > 0 ? log(x) : log(1 + x);
  const sum = 1 + x;
  return log(sum) + (x - (sum - 1)) / sum; // what the rounding of 1 + x lost, to first order
}

/** The hyperbolic tangent, within 2.1 ulp. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size > 22) return Math.sign(x);
  const t = expm1(2 * size);
  const value = size > 0.55 ? 1 - 2 / (t + 2) : t / (t + 2);
  return x < 0 || Object.is(x, -0) ? -value : value;
}

/** 1 / (1 + e^-x), within 2.1 ulp in both tails. */
export function sigmoid(x: number): number {
  const e = exp(-Math.abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/** log(1 + e^x), within 2 ulp in both tails. */
export function softplus(x: number): number {
  return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
}

/** The sine, for |x| up to 2^20: within 1 ulp. */
export function sin(x: number): number {
  return x === 0 ? x : sinOfQuarters(x, 0);
}

/** The cosine, for |x| up to 2^20: within 1 ulp. */
export function cos(x: number): number {
  return sinOfQuarters(x, 1);
}

/**
 * x^y: within 1 ulp for an integer y, by squaring in numbers of two parts; otherwise e^(y log x), whose
 * relative error is about |y log x| times that of a float64, and NaN for x < 0.
 */
export function pow(x: number, y: number): number {
  if (!Number.isSafeInteger(y)) return exp(y * log(x));
  let base = y < 0 ? reciprocal(x) : pair(x);
  let result = pair(1);
  for (let left = Math.abs(y); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = product(result, base);
    if (left > 1) base = product(base, base);
  }
  return result.high + result.low;
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

/** c0 + x (c1 + x (c2 + ...)). */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * x + coefficients[k]!;
  return sum;
}

/** e^r - 1 for r = x - n log 2, small. */
function expm1Near(x: number, n: number): number {
  const high = x - n * ln2High;
  const low = n * ln2Low;
  const r = high - low;
  return r + (r * r * polynomial(r, expTail) + (high - r - low));
}

/** 2^n for -1022 <= n <= 1023. */
function powerOfTwo(n: number): number {
  words[0] = 0;
  words[1] = (n + 1023) << 20;
  return float64[0]!;
}

/** x 2^n for -1100 <= n <= 1024, rounded once. */
function timesPowerOfTwo(x: number, n: number): number {
  if (n > 1023) return x * 2 * powerOfTwo(n - 1);
  return n < -1022 ? x * powerOfTwo(n + 100) * powerOfTwo(-100) : x * powerOfTwo(n);
}

/** sin(x + quarters pi / 2). */
function sinOfQuarters(x: number, quarters: number): number {
  if (!Number.isFinite(x)) return NaN;
  invariant(Math.abs(x) <= 2 ** 20, "math: a sine or cosine is taken of a number up to 2^20");
  const n = Math.floor(x * 0.6366197723675814 + 0.5);
  // pi / 2 in three parts; n times each of the first two (33 bits) is exact
  const first = x - n * 1.5707963267341256;
  const second = n * 6.077100506303966e-11;
  const sum = first - second;
  const moved = sum - first;
  const lost = first - (sum - moved) - (second + moved) - n * 2.0222662487959506e-21;
  const r = sum + lost;
  const tail = sum - r + lost;
  const quadrant = (n + quarters) & 3;
  const value = quadrant % 2 === 0 ? sinNear(r, tail) : cosNear(r, tail);
  return quadrant > 1 ? -value : value;
}

/** sin(r + tail) for |r| <= pi / 4 and a tail below its last place. */
function sinNear(r: number, tail: number): number {
  const square = r * r;
  return r + (r * square * polynomial(square, sinTail) + tail * (1 - 0.5 * square));
}

function cosNear(r: number, tail: number): number {
  const square = r * r;
  const half = 0.5 * square;
  const main = 1 - half;
  return main + (1 - main - half + (square * square * polynomial(square, cosTail) - r * tail));
}

/** A number of about 106 bits: high + low, low at most half the last place of high. */
interface Pair {
  readonly high: number;
  readonly low: number;
}

function pair(high: number, low: number = 0): Pair {
  const sum = high + low;
  return { high: sum, low: low === 0 ? 0 : high - sum + low };
}

function product(a: Pair, b: Pair): Pair {
  const high = a.high * b.high;
  if (high === 0 || !Number.isFinite(high)) return pair(high);
  return pair(high, lostBy(a.high, b.high, high) + (a.high * b.low + a.low * b.high));
}

function reciprocal(x: number): Pair {
  const high = 1 / x;
  if (high === 0 || !Number.isFinite(high)) return pair(high);
  const back = high * x;
  return pair(high, (1 - back - lostBy(high, x, back)) * high);
}

/**
 * What rounding took from the product of a and b; 0 where it is beyond the range in which that can be told.
 */
function lostBy(a: number, b: number, rounded: number): number {
  const limit = 2 ** 996;
  if (!(Math.abs(a) < limit && Math.abs(b) < limit && Math.abs(rounded) < limit)) return 0;
  const aHigh = upperHalf(a);
  const bHigh = upperHalf(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aHigh * bHigh - rounded + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** The upper 26 bits of x. */
function upperHalf(x: number): number {
  const shifted = x * 134217729;
  return shifted - (shifted - x);
}
