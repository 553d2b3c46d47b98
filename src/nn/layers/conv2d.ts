/** Filters that move over an image: a product of what each window sees. */
import type { Node } from "../../core/graph/nodes.ts";
import { add } from "../../core/graph/operators.ts";
import { checkOptions, oneOf, whole } from "../options.ts";
import { convolved, type ImagePadding, pairOf, type Size, type Windowing } from "../windows.ts";
import { type Activation, activationCheck, activationOnNodes } from "./activations.ts";
import { type AffineOptions, affineChecks, affineWeights } from "./affine.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { type Definition, onNode } from "./layer.ts";
import { distancesCheck, seenForm, sizeCheck } from "./window.ts";

export interface Conv2dOptions<F extends number> extends AffineOptions {
  readonly filters: F;
  /** Of 2^16 pixels at most. */
  readonly kernelSize: Size;
  /** Up to 2^16. Default: 1. */
  readonly strides?: Size;
  /** Default: "valid". */
  readonly padding?: ImagePadding;
  /** Up to 2^16. Default: 1. */
  readonly dilationRate?: Size;
  /** Default: none. */
  readonly activation?: Activation;
}
const checks = {
  ...affineChecks,
  filters: whole(1),
  kernelSize: sizeCheck(2 ** 16),
  strides: distancesCheck,
  padding: oneOf("valid", "same"),
  dilationRate: distancesCheck,
  activation: activationCheck,
};

/**
 * Images `[batch, height, width, channels]` to `[batch, height', width', filters]`; each step of a video inside
 * `timeDistributed`. Weights: `kernel [kernelHeight, kernelWidth, channels, filters]`, `bias [filters]`.
 */
export function conv2d<const F extends number>(options: Conv2dOptions<F>): LayerOf<"image", "image", F> {
  checkOptions("conv2d", options, checks, ["filters", "kernelSize"]);
  const weightsOf = affineWeights(options);
  const { filters } = options;
  const windowing: Windowing = {
    window: pairOf(options.kernelSize),
    strides: pairOf(options.strides ?? 1),
    dilation: pairOf(options.dilationRate ?? 1),
    padding: options.padding ?? "valid",
    outside: 0,
  };
  const activate = activationOnNodes(options.activation);
  const apply: Definition["apply"] = onNode((x, [kernel, bias]) => {
    const sum = convolved(x, kernel as Node, windowing);
    return activate(bias ? add(sum, bias) : sum);
  });
  return makeLayer(
    {
      base: "conv2d",
      className: "Conv2D",
      name: options.name ?? null,
      trainable: options.trainable ?? true,
      takes: ["image"],
      config: configOf("conv2d", options),
      outputs: ([x]) => seenForm("conv2d", x, windowing, filters),
      weights: ([x]) => weightsOf([...windowing.window, Number(x?.axes.at(-1)), filters]),
      apply,
      everyStep: apply,
    },
    { takes: "image", width: filters },
  );
}
