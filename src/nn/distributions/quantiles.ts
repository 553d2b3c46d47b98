/**
 * Quantiles of each unit (quantile regression: Koenker and Bassett 1978): the value below which the target lies with
 * each of some probabilities. Nothing is supposed about the distribution between them.
 *
 *   parameters   [the first quantile of every unit | the second of every unit | ...]       units probabilities numbers
 *   loss         mean of  max(p e, (p - 1) e),   e = target - quantile               "pinball"
 *
 * Read as a distribution, values lie evenly between two quantiles, and none lies below the first or above the last:
 * what would, is there itself.
 */
import type { Node } from "../../core/graph/nodes.ts";
import { add, maximum, mul, slice, sub, sum } from "../../core/graph/operators.ts";
import type { Distribution } from "./distribution.ts";

export const usualProbabilities: readonly number[] = [0.1, 0.5, 0.9];

/** `probabilities` rise, above 0 and below 1. */
export function quantilesOf(units: number, probabilities: readonly number[]): Distribution {
  const count = probabilities.length;
  const shares = sharesOf(probabilities);
  const parts = (prediction: Node): readonly Node[] =>
    probabilities.map((_, k) => slice(prediction, k * units, units));
  const total = (nodes: readonly Node[]): Node => nodes.reduce((left, node) => add(left, node));
  const loss = (prediction: Node, target: Node): Node => {
    const costs = parts(prediction).map((quantile, k) => {
      const error = sub(target, quantile);
      const p = probabilities[k] as number;
      return maximum(mul(error, p), mul(error, p - 1));
    });
    return mul(sum(total(costs)), 1 / (units * count));
  };
  const quantilesIn = (parameters: ArrayLike<number>): readonly (readonly number[])[] =>
    Array.from({ length: units }, (_, unit) =>
      probabilities.map((__, k) => parameters[k * units + unit] as number),
    );
  return {
    kind: "quantiles",
    options: { probabilities },
    units,
    width: units * count,
    loss,
    mean: (prediction) => total(parts(prediction).map((quantile, k) => mul(quantile, shares[k] as number))),
    moments: (parameters) => {
      const all = quantilesIn(parameters);
      const mean = all.map((own) => own.reduce((left, x, k) => left + x * (shares[k] as number), 0));
      const deviation = (own: readonly number[], unit: number): number =>
        Math.sqrt(variance(own, probabilities, mean[unit] as number));
      return { mean, standardDeviation: all.map(deviation) };
    },
    sample: (parameters, { uniform }) =>
      quantilesIn(parameters).map((own) => valueAt(own, probabilities, uniform())),
  };
}

/** How much of the mean each quantile is: half of the way to its neighbours, at the ends all that lies beyond. */
function sharesOf(probabilities: readonly number[]): readonly number[] {
  const last = probabilities.length - 1;
  const middle = (k: number): number => ((probabilities[k] as number) + (probabilities[k + 1] as number)) / 2;
  return probabilities.map((_, k) => (k === last ? 1 : middle(k)) - (k === 0 ? 0 : middle(k - 1)));
}

/** The mean square of the distance from `mean`: constant beyond the ends, a square of a line between two quantiles. */
function variance(quantiles: readonly number[], probabilities: readonly number[], mean: number): number {
  const apart = quantiles.map((x) => x - mean);
  const [first, last] = [apart[0] as number, apart.at(-1) as number];
  const beyond =
    (probabilities[0] as number) * first * first + (1 - (probabilities.at(-1) as number)) * last * last;
  return apart.slice(1).reduce((left, b, k) => {
    const [a, p, q] = [apart[k] as number, probabilities[k] as number, probabilities[k + 1] as number];
    return left + ((q - p) * (a * a + a * b + b * b)) / 3;
  }, beyond);
}

/** The value below which a part `u` of all lie. */
function valueAt(quantiles: readonly number[], probabilities: readonly number[], u: number): number {
  const next = probabilities.findIndex((p) => p > u);
  if (next <= 0) return (next < 0 ? quantiles.at(-1) : quantiles[0]) as number;
  const [p, q] = [probabilities[next - 1] as number, probabilities[next] as number];
  const [a, b] = [quantiles[next - 1] as number, quantiles[next] as number];
  return a + ((u - p) / (q - p)) * (b - a);
}
