/**
 * The error function in float64, slow and right to some units in the last place (7 at most, near 5): the
 * series whose terms are all positive, so that nothing cancels.
 *
 *   erf(x) = 2 / sqrt(pi) exp(-x^2) (x + 2 x^3 / 3 + 4 x^5 / (3 5) + 8 x^7 / (3 5 7) + ...)
 *
 * Abramowitz and Stegun 1964, 7.1.6.
 */
import { exp } from "./math.ts";

/** 2 / sqrt(pi). */
const scale = 1.1283791670955126;

export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) > 6) return Math.sign(x); // 1 - erf(6) is below half a unit in the last place of 1
  let sum = 0;
  let term = x;
  for (let n = 1; sum + term !== sum; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return x === 0 ? x : scale * exp(-x * x) * sum;
}
