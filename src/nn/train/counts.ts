/**
 * Which steps of a batch count, and how much: what the host knows before the batch runs.
 *
 *   counts    1 for a real step, 0 beyond the length of its row, where a mask is 0, or where the class is ignored
 *   weights   counts * sample weight * class weight
 *   divisor   "mean": the steps that count; "sum", over time: the rows. No step: the loss is 0.
 */
import type { HostArray } from "../../core/run/device.ts";
import type { Given } from "./objective.ts";
import { type AnyLoss, ignoredBy } from "./sequenceLosses.ts";

/** Keras's mean over all steps, or the sum over time and the mean over the rows. */
export type TimeReduction = "mean" | "sum";

/** One output of a batch, host arrays `[rows, time, ...]`. */
export interface Steps {
  readonly rows: number;
  /** Null for an output without time. */
  readonly time: number | null;
  readonly lengths: Int32Array | null;
  /** `[rows, time]`. */
  readonly mask: Float32Array | null;
  readonly target: HostArray;
  /** One a row, or one a step. */
  readonly sampleWeight: Float32Array | null;
  readonly classWeight: ReadonlyMap<number, number> | null;
}
export interface Counted {
  readonly counts: Float32Array | null;
  readonly weights: Float32Array | null;
  /** Steps that count. */
  readonly count: number;
  readonly divisor: number;
}

export function counted(steps: Steps, loss: AnyLoss, given: Given, reduction: TimeReduction): Counted {
  const { rows, time } = steps;
  const counts = given.counts ? countsOf(steps, loss) : null;
  const count = counts === null ? rows * (time ?? 1) : counts.reduce((sum, x) => sum + x, 0);
  const weights = given.weights ? weightsOf(steps, loss, counts) : null;
  const divisor = reduction === "sum" && time !== null ? rows : count;
  return { counts, weights, count, divisor };
}

function countsOf({ rows, time, lengths, mask, target }: Steps, loss: AnyLoss): Float32Array {
  const ignoreClass = ignoredBy(loss);
  const steps = time ?? 1;
  const counts = new Float32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const real = time === null || lengths === null ? steps : (lengths[row] ?? 0);
    for (let t = 0; t < real; t++) {
      const k = row * steps + t;
      const ignored = ignoreClass !== null && target[k] === ignoreClass;
      counts[k] = ignored ? 0 : (mask?.[k] ?? 1);
    }
  }
  return counts;
}

function weightsOf(steps: Steps, loss: AnyLoss, counts: Float32Array | null): Float32Array {
  const { rows, sampleWeight, classWeight } = steps;
  const perRow = steps.time ?? 1;
  const weights = counts === null ? new Float32Array(rows * perRow).fill(1) : Float32Array.from(counts);
  const width = loss.target === "class" ? 1 : steps.target.length / Math.max(1, weights.length);
  for (let k = 0; k < weights.length; k++) {
    const row = Math.floor(k / perRow);
    const ofSample = sampleWeight === null ? 1 : (sampleWeight[sampleWeight.length === rows ? row : k] ?? 1);
    const ofClass = classWeight?.get(classAt(steps.target, k, width)) ?? 1;
    weights[k] = (weights[k] ?? 0) * ofSample * ofClass;
  }
  return weights;
}

/** A class as it stands, a yes or no rounded, or the place of the largest of several. */
function classAt(target: HostArray, step: number, width: number): number {
  if (width <= 1) return Math.round(target[step] ?? 0);
  let best = 0;
  for (let k = 1; k < width; k++) {
    if ((target[step * width + k] ?? 0) > (target[step * width + best] ?? 0)) best = k;
  }
  return best;
}
