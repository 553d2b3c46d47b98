/** Scores on the host: one number for each class, label or token. */
import { exp, log } from "../core/run/math.ts";

/** Where the largest stands; of equal ones the first. */
export function placeOfLargest(scores: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < scores.length; k++) if (scores[k]! > scores[best]!) best = k;
  return best;
}

/** Logits, of which one at least is finite, as log-probabilities. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const scores = Float64Array.from(logits);
  const highest = scores.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);
  const total = log(scores.reduce((sum, x) => sum + exp(x - highest), 0));
  return scores.map((x) => x - highest - total);
}
