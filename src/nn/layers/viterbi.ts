/** The best path through a chain of labels (Viterbi 1967), in float64 on the host. */
import { placeOfLargest } from "../scores.ts";

/** What the steps of one sequence say of each label. */
export interface Lattice {
  /** `[steps, labels]`. */
  readonly emissions: Float32Array;
  /** `[labels, labels]`: from, to. */
  readonly transitions: Float32Array;
  readonly labels: number;
  /** `[steps]`: 0 where a step does not count; null where all do. */
  readonly mask: Float32Array | null;
}

/**
 * The labels `[steps]` whose emissions and transitions sum to the most; of equal paths the one of smaller labels, from
 * the last step backwards. A step that does not count is passed over: it repeats the label before it, 0 at the
 * beginning.
 */
export function bestPath({ emissions, transitions, labels, mask }: Lattice): Float32Array {
  const steps = emissions.length / labels;
  const counted = Array.from({ length: steps }, (_, t) => t).filter((t) => mask === null || mask[t] !== 0);
  const from = new Int32Array(counted.length * labels);
  let scores = new Float64Array(labels);
  counted.forEach((t, k) => {
    const next = Float64Array.from(emissions.subarray(t * labels, (t + 1) * labels));
    for (let to = 0; to < labels && k > 0; to++) {
      const best = bestBefore(scores, transitions, to);
      from[k * labels + to] = best;
      next[to]! += scores[best]! + transitions[best * labels + to]!;
    }
    scores = next;
  });
  const chosen = new Map<number, number>();
  let label = placeOfLargest(scores);
  for (let k = counted.length - 1; k >= 0; k--) {
    chosen.set(counted[k] ?? 0, label);
    label = from[k * labels + label] ?? 0;
  }
  const path = new Float32Array(steps);
  for (let t = 0; t < steps; t++) path[t] = chosen.get(t) ?? path[t - 1] ?? 0;
  return path;
}

/** The label before `to` from which most is brought. */
function bestBefore(scores: Float64Array, transitions: Float32Array, to: number): number {
  return placeOfLargest(scores.map((score, from) => score + transitions[from * scores.length + to]!));
}
