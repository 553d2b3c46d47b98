/**
 * Elementary functions in float32, as straight lines of vector arithmetic without branches or tables.
 *
 * They are written once over an interface: the planner gives them operations that write its program, a test
 * gives them operations on numbers. "Operations" below counts all but constants and reinterpretations. The
 * errors are the largest over all float32 numbers, in units in the last place (ulp), with multiply-adds fused
 * and rounded twice:
 *
 *   exp      14 operations   1.5 and 1.8 ulp        log      27 operations   1.3 and 1.4 ulp
 *   sigmoid  14 operations   3.3 and 3.4 ulp        log1p    28 operations   1.8 and 1.9 ulp
 *   tanh     14 operations   3.2 and 3.6 ulp        erf      16 operations   3.8 and 4.1 ulp
 *
 * NaN gives NaN. The coefficients are minimax fits, then moved bit by bit until the largest error of the
 * float32 evaluation, rounding and all, stopped falling.
 */

/**
 * What the elementary functions are made of. V is a float32 vector, I a vector of 32-bit integers (also used
 * as a lane mask: all ones or all zeros).
 */
export interface VectorArithmetic<V, I> {
  constant(value: number): V; // rounded to float32
  integer(value: number): I;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  mul(a: V, b: V): V;
  div(a: V, b: V): V;
  /** `a b + c`: fused in relaxed mode, rounded twice in strict mode. */
  multiplyAdd(a: V, b: V, c: V): V;
  sqrt(a: V): V;
  abs(a: V): V;
  neg(a: V): V;
  /** `b < a ? b : a`: the first when either is NaN. */
  min(a: V, b: V): V;
  /** `a < b ? b : a`: the first when either is NaN. */
  max(a: V, b: V): V;
  less(a: V, b: V): I;
  lessEqual(a: V, b: V): I;
  equal(a: V, b: V): I;
  select(mask: I, whenTrue: V, whenFalse: V): V;
  bits(a: V): I; // reinterpret
  float(a: I): V; // reinterpret
  toInteger(a: V): I; // truncate, saturating, NaN -> 0
  toFloat(a: I): V; // convert
  addInteger(a: I, b: I): I;
  subInteger(a: I, b: I): I;
  mulInteger(a: I, b: I): I;
  shiftLeft(a: I, by: number): I;
  shiftRight(a: I, by: number): I; // arithmetic
  shiftRightUnsigned(a: I, by: number): I;
  and(a: I, b: I): I;
  or(a: I, b: I): I;
  xor(a: I, b: I): I;
}

const ln2 = Math.LN2;
const ln2High = 0.693145751953125; // 16 bits, so that n times it is exact
const ln2Low = 1.428606765330187e-6;
/**
 * Added to a small number it rounds that to an integer n, and leaves n + 127 in the lowest bits: the exponent
 * of 2^n.
 */
const rounder = 1.5 * 2 ** 23 + 127;

// by powers of r; of e^r on [-log(2) / 2, log 2], and of e^-r on [-log(2) / 2, log(2) / 2]
const growth = [1, 0.999999881, 0.500002444, 0.166672319, 0.0416184068, 0.00831630547, 0.00163691794];
const decay = [1, -0.999999762, 0.499992162, -0.166676164, 0.0418910384, -0.00828866474];
// by powers of f, of (log(1 + f) - f) / f^2
const logTail = [
  -0.5, 0.333332688, -0.25004226, 0.200078741, -0.164727852, 0.140423536, -0.151191816, 0.138197571,
];
// by powers of x^2; their scale keeps leading digits large in the binade, where a rounding weighs least
const tanhAbove = [1.8125, 0.0539489537, 0.000206734869];
const tanhBelow = [3.625, 0.409981102, 0.00437036809, 4.4401063e-6];
const erfAbove = [1.02259362, 0.261793315, 0.0286137518, 0.00220257649];
const erfBelow = [1.8125, 0.491247922, 0.0864847526, 0.0105494717, 0.000171163265];

/**
 * e^x = 2^n e^r. A result below 2^-126 is rounded to a multiple of 2^-149 or is 0.
 *
 * n stops at 127, for 2^128 is no float32: between 127.5 log 2 and overflow it is r that grows, to log 2.
 */
export function exp<V, I>(x: V, o: VectorArithmetic<V, I>): V {
  const bounded = o.max(x, o.constant(-88));
  const rounded = o.multiplyAdd(bounded, o.constant(Math.LOG2E), o.constant(rounder));
  const shifted = o.min(rounded, o.constant(rounder + 127));
  const n = o.sub(shifted, o.constant(rounder));
  const near = o.multiplyAdd(n, o.constant(-ln2High), bounded);
  const r = o.multiplyAdd(n, o.constant(-ln2Low), near);
  return o.mul(polynomial(r, growth, o), powerOfTwo(shifted, o));
}

/** 1 / (1 + e^-x), to relative accuracy in both tails; 0 where it would be below about 2^-127. */
export function sigmoid<V, I>(x: V, o: VectorArithmetic<V, I>): V {
  const one = o.constant(1);
  const bounded = o.max(o.min(x, o.constant(87)), o.constant(-89));
  const shifted = o.multiplyAdd(bounded, o.constant(-Math.LOG2E), o.constant(rounder));
  const n = o.sub(shifted, o.constant(rounder));
  const near = o.multiplyAdd(n, o.constant(ln2High), bounded);
  const r = o.multiplyAdd(n, o.constant(ln2Low), near);
  return o.div(one, o.multiplyAdd(polynomial(r, decay, o), powerOfTwo(shifted, o), one));
}

/** The hyperbolic tangent; keeps the sign of 0. In strict mode a value may be one ulp beyond 1. */
export function tanh<V, I>(x: V, o: VectorArithmetic<V, I>): V {
  return doubled(x, 9, tanhAbove, tanhBelow, o);
}

/** The error function; keeps the sign of 0. A value may be one ulp beyond 1. */
export function erf<V, I>(x: V, o: VectorArithmetic<V, I>): V {
  return doubled(x, 3.90625, erfAbove, erfBelow, o);
}

/**
 * The natural logarithm; -Infinity at 0, NaN below. Right for subnormal numbers too, where the machine keeps
 * them.
 */
export function log<V, I>(x: V, o: VectorArithmetic<V, I>): V {
  const subnormal = o.less(x, o.constant(2 ** -126));
  const { exponent, fraction } = parts(o.select(subnormal, o.mul(x, o.constant(2 ** 23)), x), o);
  const lifted = o.subInteger(exponent, o.and(subnormal, o.integer(23)));
  return withEdges(x, sumOfLogs(lifted, fraction, o), o);
}

/** log(1 + x), to relative accuracy near 0 too; -Infinity at -1, NaN below. */
export function log1p<V, I>(x: V, o: VectorArithmetic<V, I>): V {
  const one = o.constant(1);
  const sum = o.add(one, x);
  const { exponent, fraction } = parts(sum, o);
  const main = withEdges(sum, sumOfLogs(exponent, fraction, o), o);
  // by the rounding of 1 + x; NaN where main is not finite
  const lost = o.div(o.sub(x, o.sub(sum, one)), sum);
  return o.add(main, o.min(one, lost));
}

/** The constants of Threefry-2x32: rotations by round, repeated, and what the third key word is made with. */
export const threefry = { rotations: [13, 15, 26, 6, 17, 29, 16, 24], parity: 0x1bd11bda } as const;

/**
 * Numbers in [0, 1): the top 24 bits of the first word of Threefry-2x32 with 20 rounds (Salmon et al. 2011),
 * times 2^-24. 122 operations.
 */
export function uniform<V, I>(key0: I, key1: I, counter0: I, counter1: I, o: VectorArithmetic<V, I>): V {
  const keys = [key0, key1, o.xor(o.xor(key0, key1), o.integer(threefry.parity))] as const;
  let a = o.addInteger(counter0, key0);
  let b = o.addInteger(counter1, key1);
  for (let round = 0; round < 20; round++) {
    const by = threefry.rotations[(round % 8) as 0];
    a = o.addInteger(a, b);
    b = o.xor(o.or(o.shiftLeft(b, by), o.shiftRightUnsigned(b, 32 - by)), a);
    const block = (round + 1) / 4;
    if (!Number.isInteger(block)) continue;
    a = o.addInteger(a, keys[(block % 3) as 0]);
    b = o.addInteger(o.addInteger(b, keys[((block + 1) % 3) as 0]), o.integer(block));
  }
  return o.mul(o.toFloat(o.shiftRightUnsigned(a, 8)), o.constant(2 ** -24));
}

/** c0 + x (c1 + x (c2 + ...)): one multiply-add a power. */
function polynomial<V, I>(x: V, coefficients: readonly number[], o: VectorArithmetic<V, I>): V {
  const [last, ...others] = coefficients.map((c) => o.constant(c)).reverse() as [V, ...V[]];
  return others.reduce((sum, c) => o.multiplyAdd(sum, x, c), last);
}

/** 2^n from n + rounder: 0 for n = -127, infinity for n = 128. */
function powerOfTwo<V, I>(shifted: V, o: VectorArithmetic<V, I>): V {
  return o.float(o.shiftLeft(o.bits(shifted), 23));
}

/**
 * An odd function that goes to 1, as 2 t / (1 + t^2) with t = x above(x^2) / below(x^2): near 1 an error of t
 * hardly counts, and t needs few coefficients. Multiplied out, so that there is one division.
 */
function doubled<V, I>(
  x: V,
  bound: number,
  above: readonly number[],
  below: readonly number[],
  o: VectorArithmetic<V, I>,
): V {
  const bounded = o.max(o.min(x, o.constant(bound)), o.constant(-bound));
  const square = o.mul(bounded, bounded);
  const n = o.mul(bounded, polynomial(square, above, o));
  const d = polynomial(square, below, o);
  return o.div(o.mul(o.add(n, n), d), o.multiplyAdd(d, d, o.mul(n, n)));
}

/** x = 2^exponent (1 + fraction), the fraction in [-1/3, 1/3), for a normal x. */
function parts<V, I>(x: V, o: VectorArithmetic<V, I>): { exponent: I; fraction: V } {
  const aboveTwoThirds = o.subInteger(o.bits(x), o.integer(0x3f2aaaab));
  const exponent = o.shiftRight(aboveTwoThirds, 23);
  const significand = o.float(o.subInteger(o.bits(x), o.shiftLeft(exponent, 23)));
  return { exponent, fraction: o.sub(significand, o.constant(1)) };
}

function sumOfLogs<V, I>(exponent: I, fraction: V, o: VectorArithmetic<V, I>): V {
  const tail = polynomial(fraction, logTail, o);
  const near = o.multiplyAdd(o.mul(fraction, fraction), tail, fraction);
  return o.multiplyAdd(o.toFloat(exponent), o.constant(ln2), near);
}

/** `value` for a positive finite x, otherwise what the logarithm is at x. */
function withEdges<V, I>(x: V, value: V, o: VectorArithmetic<V, I>): V {
  const zero = o.constant(0);
  const notPositive = o.select(o.equal(x, zero), o.constant(-Infinity), o.constant(NaN));
  const notLarge = o.select(o.less(zero, x), value, notPositive);
  return o.select(o.less(x, o.constant(Infinity)), notLarge, x);
}
