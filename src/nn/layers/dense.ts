/** Every step, or the vector, times a matrix. */

import { checkOptions, whole } from "../options.ts";
import { type Activation, activationCheck, activationOnNodes } from "./activations.ts";
import { type AffineOptions, affine, affineChecks } from "./affine.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";

export interface DenseOptions<W extends number> extends AffineOptions {
  readonly units: W;
  /** Default: none. */
  readonly activation?: Activation;
}
const checks = { ...affineChecks, units: whole(1), activation: activationCheck };

/** `activation(x W + b)` on the last axis: `[batch, features]` or `[batch, time, features]`. */
export function dense<const W extends number>(options: DenseOptions<W>): LayerOf<Numbers, "same", W> {
  checkOptions("dense", options, checks, ["units"]);
  return affine(options, {
    base: "dense",
    className: "Dense",
    width: options.units,
    config: configOf("dense", options),
    activate: activationOnNodes(options.activation),
  });
}
