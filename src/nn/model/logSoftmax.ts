/** The softmax of the host. */
import { exp, log } from "../../core/run/math.ts";

/** Logits, of which one at least is finite, as log-probabilities. */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  const scores = Float64Array.from(logits);
  const highest = scores.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);
  const total = log(scores.reduce((sum, x) => sum + exp(x - highest), 0));
  return scores.map((x) => x - highest - total);
}
