/** Features brought to mean 0 and variance 1 at every step (Ba, Kiros, Hinton 2016). */
import { add, div, mean, mul, sqrt, square, sub } from "../../core/graph/operators.ts";
import { checkOptions, commonChecks, flag, from0 } from "../options.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import { type Definition, onNode, sameForm, type WeightSpec } from "./layer.ts";

export interface LayerNormalizationOptions {
  /** Added to the variance. Default: 0.001. */
  readonly epsilon?: number;
  /** Whether `beta` is added. Default: true. */
  readonly center?: boolean;
  /** Whether `gamma` multiplies. Default: true. */
  readonly scale?: boolean;
  readonly gammaInitializer?: Initializer;
  readonly betaInitializer?: Initializer;
  readonly trainable?: boolean;
  readonly name?: string;
}
const checks = {
  ...commonChecks,
  epsilon: from0,
  center: flag,
  scale: flag,
  gammaInitializer: initializerCheck,
  betaInitializer: initializerCheck,
};

/** `(x - mean) / sqrt(variance + epsilon) gamma + beta`, on the last axis. */
export function layerNormalization(
  options: LayerNormalizationOptions = {},
): LayerOf<Numbers, "same", "same"> {
  checkOptions("layerNormalization", options, checks);
  const {
    epsilon = 0.001,
    center = true,
    scale = true,
    gammaInitializer = "ones",
    betaInitializer = "zeros",
  } = options;
  const apply: Definition["apply"] = onNode((x, weights) => {
    const next = weights.values();
    const centred = sub(x, mean(x));
    const normal = div(centred, sqrt(add(mean(square(centred)), epsilon)));
    const scaled = scale ? mul(normal, next.next().value ?? 1) : normal;
    return center ? add(scaled, next.next().value ?? 0) : scaled;
  });
  const spec = (name: string, width: number, initializer: Initializer): WeightSpec => ({
    name,
    shape: [width],
    initializer,
    regularizer: null,
  });
  return makeLayer({
    base: "layerNormalization",
    className: "LayerNormalization",
    name: options.name ?? null,
    trainable: options.trainable ?? true,
    takes: ["vector", "sequence", "image", "other"],
    config: configOf("layerNormalization", options),
    outputs: sameForm,
    weights: ([x]) => {
      const width = Number(x?.axes.at(-1));
      return [
        ...(scale ? [spec("gamma", width, gammaInitializer)] : []),
        ...(center ? [spec("beta", width, betaInitializer)] : []),
      ];
    },
    apply,
    everyStep: apply,
  });
}
