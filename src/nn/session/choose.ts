/**
 * The next token from the scores of all tokens: the likeliest, or one drawn by chance.
 *
 *   temperature   p = softmax(logits / temperature); 0 takes the likeliest
 *   topK          among the k likeliest
 *   topP          among the likeliest that together have this probability (nucleus sampling: Holtzman et al. 2020)
 */
import { exp } from "../../core/run/math.ts";
import { placeOfLargest } from "../scores.ts";

export interface Choice {
  readonly temperature: number;
  readonly topK: number | null;
  readonly topP: number | null;
}

/** `draw` is in [0, 1). `logits` may be -Infinity for what never comes; the first of equals is the likelier. */
export function choose(logits: Float64Array, { temperature, topK, topP }: Choice, draw: number): number {
  const best = placeOfLargest(logits);
  if (temperature === 0) return best;
  const highest = logits[best]!;
  const weights = logits.map((x) => exp((x - highest) / temperature));
  const order = Uint32Array.from(weights.keys());
  if (topK === null && topP === null) return drawn(weights, order, draw) ?? best;
  const kept = order.sort((a, b) => logits[b]! - logits[a]! || a - b).subarray(0, topK ?? order.length);
  return drawn(weights, nucleus(weights, kept, topP ?? 1), draw) ?? best;
}

/**
 * Logits with those of the tokens `seen` made smaller, in place: divided by the penalty above 0, multiplied below
 * (Keskar et al. 2019, arXiv:1909.05858).
 */
export function penalized(logits: Float64Array, seen: ReadonlySet<number>, penalty: number): Float64Array {
  if (penalty === 1) return logits;
  for (const token of seen) {
    if (token >= logits.length) continue;
    const logit = logits[token]!;
    logits[token] = logit > 0 ? logit / penalty : logit * penalty;
  }
  return logits;
}

/** The beginning of `order` that has at least the fraction `topP` of its whole weight. */
function nucleus(weights: Float64Array, order: Uint32Array, topP: number): Uint32Array {
  const needed = topP * order.reduce((sum, k) => sum + weights[k]!, 0);
  let sum = 0;
  const last = order.findIndex((k) => {
    sum += weights[k]!;
    return sum >= needed;
  });
  return order.subarray(0, last + 1);
}

/** The token at `draw` of the way through the weights of `order`; null where rounding has run past the end. */
function drawn(weights: Float64Array, order: Uint32Array, draw: number): number | null {
  let rest = draw * order.reduce((sum, k) => sum + weights[k]!, 0);
  for (const k of order) {
    rest -= weights[k]!;
    if (rest < 0) return k;
  }
  return null;
}
