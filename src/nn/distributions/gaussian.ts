/**
 * Independent normal distributions, one for each unit (heteroscedastic regression: Nix and Weigend 1994).
 *
 *   parameters   [mean of every unit | log of the standard deviation of every unit]          2 units numbers
 *   loss         sum over units of  z^2 / 2 + log deviation + log(2 pi) / 2,   z = (target - mean) / deviation
 *
 * The deviation comes as its logarithm, which is what the loss needs: no number of a network stands for a deviation
 * that is negative, and none is lost where it is tiny.
 */
import { add, slice, sum } from "../../core/graph/operators.ts";
import { exp } from "../../core/run/math.ts";
import { type Distribution, normalConstant, normalCost } from "./distribution.ts";

export function gaussianOf(units: number): Distribution {
  const numbers = (parameters: ArrayLike<number>, from: number): readonly number[] =>
    Array.from({ length: units }, (_, k) => parameters[from + k] as number);
  const deviations = (parameters: ArrayLike<number>): readonly number[] =>
    numbers(parameters, units).map((x) => exp(x));
  return {
    kind: "gaussian",
    options: {},
    units,
    width: 2 * units,
    loss: (prediction, target) => {
      const cost = normalCost(target, slice(prediction, 0, units), slice(prediction, units, units));
      return add(sum(cost), units * normalConstant);
    },
    mean: (prediction) => slice(prediction, 0, units),
    moments: (parameters) => ({
      mean: numbers(parameters, 0),
      standardDeviation: deviations(parameters),
    }),
    sample: (parameters, { normal }) =>
      deviations(parameters).map((deviation, k) => (parameters[k] as number) + deviation * normal()),
  };
}
