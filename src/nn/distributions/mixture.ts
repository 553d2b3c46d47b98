/**
 * A mixture of normal distributions (Bishop 1994; over sequences: Graves 2013, arXiv:1308.0850): a component is drawn
 * with a probability, and all units from it, independent of each other.
 *
 *   parameters   [logit of each component | means | logs of the standard deviations]
 *                components (1 + 2 units) numbers; in the last two the components of unit 0, then those of unit 1 ...
 *   loss         -log sum over components k of  softmax(logits)_k  product over units of  N(target; mean_k, dev_k)
 */
import type { Node } from "../../core/graph/nodes.ts";
import { add, concat, mul, slice, softmax, sub, sum } from "../../core/graph/operators.ts";
import { exp } from "../../core/run/math.ts";
import { logSumExp } from "../logSumExp.ts";
import { type Distribution, normalConstant, normalCost } from "./distribution.ts";

export function mixtureOf(units: number, components: number): Distribution {
  const meansAt = (unit: number): number => components * (1 + unit);
  const deviationsAt = (unit: number): number => components * (1 + units + unit);
  const each = <T>(count: number, make: (k: number) => T): readonly T[] =>
    Array.from({ length: count }, (_, k) => make(k));
  const loss = (prediction: Node, target: Node): Node => {
    const part = (from: number): Node => slice(prediction, from, components);
    const costs = each(units, (unit) =>
      normalCost(slice(target, unit, 1), part(meansAt(unit)), part(deviationsAt(unit))),
    );
    const logits = part(0);
    const joint = costs.reduce((left, cost) => sub(left, cost), logits);
    return add(sub(logSumExp(logits), logSumExp(joint)), units * normalConstant);
  };
  const mean = (prediction: Node): Node => {
    const weights = softmax(slice(prediction, 0, components));
    return concat(...each(units, (unit) => sum(mul(weights, slice(prediction, meansAt(unit), components)))));
  };
  return {
    kind: "gaussianMixture",
    options: { components },
    units,
    width: components * (1 + 2 * units),
    loss,
    mean,
    moments: (parameters) => {
      const weights = weightsIn(parameters, components);
      const at = (from: number): readonly number[] => each(components, (k) => parameters[from + k] as number);
      const over = (values: readonly number[]): number =>
        values.reduce((total, x, k) => total + (weights[k] as number) * x, 0);
      const means = each(units, (unit) => over(at(meansAt(unit))));
      const deviation = (middle: number, unit: number): number => {
        const logs = at(deviationsAt(unit));
        const apart = at(meansAt(unit)).map((m) => m - middle);
        return Math.sqrt(over(apart.map((a, k) => a * a + exp(2 * (logs[k] ?? 0)))));
      };
      return { mean: means, standardDeviation: means.map(deviation) };
    },
    sample: (parameters, { uniform, normal }) => {
      const k = drawn(weightsIn(parameters, components), uniform());
      const at = (from: number): number => parameters[from + k] as number;
      return each(units, (unit) => at(meansAt(unit)) + exp(at(deviationsAt(unit))) * normal());
    },
  };
}

/** The probability of each component. */
function weightsIn(parameters: ArrayLike<number>, components: number): readonly number[] {
  const logits = Array.from({ length: components }, (_, k) => parameters[k] as number);
  const largest = Math.max(...logits);
  const powers = logits.map((x) => exp(x - largest));
  const total = powers.reduce((left, x) => left + x, 0);
  return powers.map((x) => x / total);
}

/** The place at `draw` of the way through the weights; the last where rounding has run past the end. */
function drawn(weights: readonly number[], draw: number): number {
  let rest = draw;
  const found = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  return found < 0 ? weights.length - 1 : found;
}
