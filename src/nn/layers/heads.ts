/**
 * Last layers whose output tells a distribution instead of one guess: products and biases, like `dense`, as wide as
 * the distribution has parameters. The layout of these is in distributions/; each has a loss of its own.
 */
import type { Distribution } from "../distributions/distribution.ts";
import { gaussianOf } from "../distributions/gaussian.ts";
import { mixtureOf } from "../distributions/mixture.ts";
import { quantilesOf, usualProbabilities } from "../distributions/quantiles.ts";
import { type Check, checkOptions, whole } from "../options.ts";
import { type AffineOptions, affine, affineChecks } from "./affine.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";

export interface GaussianOptions extends AffineOptions {
  /** The features of the target. */
  readonly units: number;
}
export interface GaussianMixtureOptions extends GaussianOptions {
  /** How many normal distributions are mixed. */
  readonly components: number;
}
export interface QuantilesOptions extends GaussianOptions {
  /** Which quantiles: rising, above 0 and below 1; 2^10 at most. Default: 0.1, 0.5 and 0.9. */
  readonly probabilities?: readonly number[];
}
/** Of a distribution, each of which makes nodes of its own. */
const mostParts = 2 ** 10;
const gaussianChecks = { ...affineChecks, units: whole(1) };
const mixtureChecks = { ...gaussianChecks, units: whole(1, mostParts), components: whole(1) };
/** Its width is that of the parameters. */
export type HeadOf = LayerOf<Numbers, "same", number>;

/**
 * A normal distribution for each unit: `[..., 2 units]`, the means, then the logs of the standard deviations. For the
 * loss `gaussianNll()`.
 */
export function gaussian(options: GaussianOptions): HeadOf {
  checkOptions("gaussian", options, gaussianChecks, ["units"]);
  return headOf("gaussian", options, gaussianOf(options.units));
}

/**
 * A mixture of normal distributions over all units: `[..., components (1 + 2 units)]`, the logits of the components,
 * then their means, then the logs of their standard deviations, unit by unit. For the loss
 * `mixtureNll({ components })`. Of 2^10 units at most.
 */
export function gaussianMixture(options: GaussianMixtureOptions): HeadOf {
  checkOptions("gaussianMixture", options, mixtureChecks, ["units", "components"]);
  return headOf("gaussianMixture", options, mixtureOf(options.units, options.components));
}

/**
 * Quantiles of each unit: `[..., units probabilities]`, the first of all units, then the second of all. For the loss
 * `pinball({ probabilities })`.
 */
export function quantiles(options: QuantilesOptions): HeadOf {
  checkOptions("quantiles", options, { ...gaussianChecks, probabilities: probabilitiesCheck }, ["units"]);
  const { units, probabilities = usualProbabilities } = options;
  return headOf("quantiles", options, quantilesOf(units, [...probabilities]));
}

function headOf(base: string, options: GaussianOptions, distribution: Distribution): HeadOf {
  const config = configOf(base, options);
  const className = base.charAt(0).toUpperCase() + base.slice(1);
  return affine(options, { base, className, width: distribution.width, config, distribution });
}

export const probabilitiesCheck: Check = {
  expected: `an array of rising numbers above 0 and below 1, ${mostParts} at most`,
  holds: (x) =>
    Array.isArray(x) &&
    x.length > 0 &&
    x.length <= mostParts &&
    [...x].every((p, k) => typeof p === "number" && p > (k === 0 ? 0 : x[k - 1]) && p < 1),
};
