/**
 * Losses for predictions that are distributions: minus the logarithm of the density at the target, and for quantiles
 * the pinball loss. The prediction is as wide as the layer of the same distribution makes it, the target as it has
 * units (distributions/).
 */
import { widthOf } from "../../core/graph/shapes.ts";
import { UnrollError } from "../../errors.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { gaussianOf } from "../distributions/gaussian.ts";
import { mixtureOf } from "../distributions/mixture.ts";
import { quantilesOf, usualProbabilities } from "../distributions/quantiles.ts";
import { probabilitiesCheck } from "../layers/heads.ts";
import { checkOptions, whole } from "../options.ts";
import type { Loss } from "./loss.ts";

/** Minus the log-density of a `gaussian`: the sum over its units. */
export function gaussianNll(options: Readonly<Record<never, never>> = {}): Loss {
  checkOptions("gaussianNll", options, {});
  return lossOf("gaussianNll", {}, { of: gaussianOf, perUnit: 2, more: 0 });
}

/** Minus the log-density of a `gaussianMixture` of so many components, all its units together. */
export function mixtureNll(options: { readonly components: number }): Loss {
  checkOptions("mixtureNll", options, { components: whole(1) }, ["components"]);
  const { components } = options;
  const of = (units: number): Distribution => mixtureOf(units, components);
  return lossOf("mixtureNll", { components }, { of, perUnit: 2 * components, more: components });
}

/** The mean over `quantiles` and units of max(p e, (p - 1) e), e = target - quantile. Default: 0.1, 0.5 and 0.9. */
export function pinball(options: { readonly probabilities?: readonly number[] } = {}): Loss {
  checkOptions("pinball", options, { probabilities: probabilitiesCheck });
  const probabilities = [...(options.probabilities ?? usualProbabilities)];
  const of = (units: number): Distribution => quantilesOf(units, probabilities);
  return lossOf("pinball", { probabilities }, { of, perUnit: probabilities.length, more: 0 });
}

/** Distributions by their units, whose predictions are `perUnit` numbers a unit wide and `more`. */
interface Family {
  readonly of: (units: number) => Distribution;
  readonly perUnit: number;
  readonly more: number;
}

function lossOf(loss: string, options: Loss["options"] & object, { of, perUnit, more }: Family): Loss {
  const distribution = (width: number): Distribution => {
    const units = (width - more) / perUnit;
    if (Number.isInteger(units) && units >= 1) return of(units);
    const [one, two] = [of(1), of(2)];
    throw new UnrollError({
      where: `the loss "${loss}"`,
      expected: `predictions of ${one.width} numbers for a target of 1, ${two.width} for one of 2, and so on`,
      got: `${width}`,
      fix: `End the model with ${one.kind}({ ${["units", ...Object.keys(options)].join(", ")} }).`,
    });
  };
  return {
    loss,
    options,
    distribution,
    perStep: (prediction, target) => distribution(widthOf(prediction)).loss(prediction, target),
  };
}
