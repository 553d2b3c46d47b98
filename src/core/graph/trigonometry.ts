/**
 * Sine and cosine, made of other operators: two turns of a quarter of the angle doubled.
 *
 *   r = x - 2 pi k, |r| <= pi      q = r / 4      sin 2q = 2 sin q cos q      cos 2q = 1 - 2 sin^2 q
 *
 * sin q and cos q, |q| <= pi / 4, are their Taylor series as far as float64 can tell. 2 pi is taken off in two parts,
 * the first of which is exact times any k up to 2^16. In float32 the error is below 2^-21 for |x| <= 2 pi.
 */
import type { Node } from "./nodes.ts";
import { add, floor, mul, nodeOf, type Operand, square, sub } from "./operators.ts";

interface Turn {
  readonly sine: Node;
  readonly cosine: Node;
}

/** The sine of an angle in radians. */
export const sin = (x: Operand): Node => turned(x).sine;
/** The cosine of an angle in radians. */
export const cos = (x: Operand): Node => turned(x).cosine;

const circle = 2 * Math.PI;
const circleHigh = 6.28125;
const circleLow = 0.001935307179586477;

function turned(x: Operand): Turn {
  const circles = floor(add(mul(x, 1 / circle), 0.5));
  const rest = sub(sub(x, mul(circles, circleHigh)), mul(circles, circleLow));
  return doubled(doubled(small(mul(rest, 0.25))));
}

const doubled = ({ sine, cosine }: Turn): Turn => ({
  sine: mul(2, sine, cosine),
  cosine: sub(1, mul(2, square(sine))),
});

/** 1 / (2n)! and 1 / (2n + 1)! with their signs: the series by powers of q^2. */
const cosines: readonly number[] = Array.from({ length: 9 }, (_, n) => (-1) ** n / factorial(2 * n));
const sines: readonly number[] = Array.from({ length: 9 }, (_, n) => (-1) ** n / factorial(2 * n + 1));

function small(q: Node): Turn {
  const q2 = square(q);
  return { sine: mul(q, series(q2, sines)), cosine: nodeOf(series(q2, cosines)) };
}

const series = (x: Node, [first = 0, ...rest]: readonly number[]): Operand =>
  rest.length === 0 ? first : add(first, mul(x, series(x, rest)));

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}
