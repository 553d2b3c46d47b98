/**
 * How far float32 may be from float64, stated once. Every rounding errs by at most u = 2^-24 of its result.
 *
 * A sum of n products, in any order, with or without fused products. Each term passes through n roundings at most, its
 * own and those of the sums it goes into, each a factor 1 + d with |d| <= u, and so
 *
 *   |error| <= gamma(n) sum |a_i b_i|,   gamma(n) = n u / (1 - n u)
 *
 * (Higham 2002, "Accuracy and Stability of Numerical Algorithms", lemma 3.1 and equation 3.5). It holds always, for each
 * element, and grows with the length of the sum: sums.test.ts holds every device to it.
 *
 * A whole network, there and back, is a chain of such sums and of functions, and gamma of all its roundings would be far
 * above what happens. The errors are nearly independent and of mean zero, so they add up as their square root:
 * |error| <= lambda sqrt(n) u |number|, but with the probability 2 exp(-lambda^2 / 2) (Higham, Mary 2019, "A new approach
 * to probabilistic rounding error analysis"). lambda = 8 leaves 3e-14 for each number. A function (exp, tanh, ...) is off
 * by at most 4 ulp and by 1 or 2 as a rule, as much as 16 roundings. Errors that cancel leave a small number with the
 * error of the large ones: so the largest number of the array counts, not the one at hand.
 */
const unit = 2 ** -24;
const lambda = 8;

/** The error of a sum of so many products, in units of the sum of their magnitudes: never more, in any order. */
export const gamma = (terms: number): number => (terms * unit) / (1 - terms * unit);

/** Roundings that one elementary function counts for. */
export const functionRoundings = 16;
/** Below this magnitude errors count as if the array held it: the numbers of these tests are about one, a sum of them may be anything. */
export const smallest: number = 2 ** -4;

/** The relative error, of the largest number of an array, after `roundings` one behind the other. */
export const relative = (roundings: number): number => lambda * Math.sqrt(roundings) * unit;

export interface Recurrence {
  readonly features: number;
  readonly units: number;
  readonly classes: number;
  readonly steps: number;
  readonly rows: number;
}

/**
 * Roundings of a recurrent network with a dense layer, a softmax and a loss on top, there and back: each step is a
 * product over features and units and a few functions, and the one back a product over all gates; a weight gradient,
 * a loss, is a sum over steps and rows.
 */
export function recurrenceRoundings({ features, units, classes, steps, rows }: Recurrence): number {
  const functions = 6 * functionRoundings;
  const step = features + 5 * units + functions;
  return 2 * steps * step + 3 * classes + functions + steps * rows;
}
