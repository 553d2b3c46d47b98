/**
 * A distribution over `units` numbers at each step, told by `width` parameters side by side: what a network gives
 * instead of one guess. Each is written twice, as equations that are trained and as numbers that are read.
 */
import type { Node } from "../../core/graph/nodes.ts";
import { add, exp, mul, sub } from "../../core/graph/operators.ts";
import { log } from "../../core/run/math.ts";
import { type Key, normal, uniform } from "../../core/run/random.ts";

export interface Distribution {
  readonly kind: "gaussian" | "gaussianMixture" | "quantiles";
  /** Besides the units, what makes the same again. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How many numbers it is about: the features of a target. */
  readonly units: number;
  /** How many parameters it has: the features of a prediction. */
  readonly width: number;
  /** What is minimised: `[..., width]` and the target `[..., units]` to `[..., 1]`. */
  readonly loss: (prediction: Node, target: Node) => Node;
  /** `[..., width]` to `[..., units]`. */
  readonly mean: (prediction: Node) => Node;
  /** The same of numbers, with how far from the mean values are; each `[units]`. */
  readonly moments: (parameters: ArrayLike<number>) => Moments;
  /** One draw, `[units]`. */
  readonly sample: (parameters: ArrayLike<number>, draws: Draws) => readonly number[];
}
export interface Moments {
  readonly mean: readonly number[];
  readonly standardDeviation: readonly number[];
}
/** Random numbers, one after the other. */
export interface Draws {
  /** In [0, 1). */
  readonly uniform: () => number;
  /** Of mean 0 and deviation 1. */
  readonly normal: () => number;
}

/** The random numbers of a key, from its first. */
export function drawsFrom(key: Key): Draws {
  let index = 0;
  return { uniform: () => uniform(key, index++), normal: () => normal(key, index++) };
}

export const sameDistribution = (a: Distribution, b: Distribution): boolean =>
  a.kind === b.kind && a.units === b.units && JSON.stringify(a.options) === JSON.stringify(b.options);

/** How it was written: `gaussianMixture({"units":2,"components":3})`. */
export const distributionText = ({ kind, units, options }: Distribution): string =>
  `${kind}(${JSON.stringify({ units, ...options })})`;

/** (1 / 2) log 2 pi: what a normal density has for each number. */
export const normalConstant: number = 0.5 * log(2 * Math.PI);

/** z^2 / 2 + log deviation, with z = (target - mean) / deviation: minus the log-density but for the constant. */
export function normalCost(target: Node, mean: Node, logDeviation: Node): Node {
  const z = mul(sub(target, mean), exp(mul(logDeviation, -1)));
  return add(mul(mul(z, z), 0.5), logDeviation);
}
