/** Filters that move over an image: a product of what each window sees. */
import type { Node } from "../../core/graph/nodes.ts";
import { add } from "../../core/graph/operators.ts";
import { convolved, type ImagePadding, pairOf, type Size, type Windowing, windowsOver } from "../windows.ts";
import { type Activation, activationCheck, activationOf } from "./activations.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import { type Definition, onNode } from "./layer.ts";
import { checkOptions, commonChecks, flag, oneOf, whole } from "./options.ts";
import { type RegularizerOption, regularizerCheck, regularizerOf } from "./regularizer.ts";
import { imageOf, sizeCheck } from "./window.ts";

export interface Conv2dOptions<F extends number> {
  readonly filters: F;
  readonly kernelSize: Size;
  /** Default: 1. */
  readonly strides?: Size;
  /** Default: "valid". */
  readonly padding?: ImagePadding;
  /** Default: 1. */
  readonly dilationRate?: Size;
  /** Default: none. */
  readonly activation?: Activation;
  /** Default: true. */
  readonly bias?: boolean;
  /** Default: "glorotUniform". */
  readonly kernelInitializer?: Initializer;
  /** Default: "zeros". */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: RegularizerOption;
  readonly biasRegularizer?: RegularizerOption;
  readonly trainable?: boolean;
  readonly name?: string;
}
const checks = {
  ...commonChecks,
  filters: whole(1),
  kernelSize: sizeCheck,
  strides: sizeCheck,
  padding: oneOf("valid", "same"),
  dilationRate: sizeCheck,
  activation: activationCheck,
  bias: flag,
  kernelInitializer: initializerCheck,
  biasInitializer: initializerCheck,
  kernelRegularizer: regularizerCheck,
  biasRegularizer: regularizerCheck,
};

/**
 * Images `[batch, height, width, channels]` to `[batch, height', width', filters]`; each step of a video inside
 * `timeDistributed`. Weights: `kernel [kernelHeight, kernelWidth, channels, filters]`, `bias [filters]`.
 */
export function conv2d<const F extends number>(options: Conv2dOptions<F>): LayerOf<"image", "image", F> {
  checkOptions("conv2d", options, checks, ["filters", "kernelSize"]);
  const { filters, bias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = options;
  const windowing: Windowing = {
    window: pairOf(options.kernelSize),
    strides: pairOf(options.strides ?? 1),
    dilation: pairOf(options.dilationRate ?? 1),
    padding: options.padding ?? "valid",
    outside: 0,
  };
  const activate = activationOf(options.activation ?? "linear");
  const apply: Definition["apply"] = onNode((x, [kernel, b]) => {
    const sum = convolved(x, kernel as Node, windowing);
    // On nodes an activation makes a node: Signal is its public face.
    return activate((b ? add(sum, b) : sum) as never) as unknown as Node;
  });
  const kernel = {
    name: "kernel",
    initializer: kernelInitializer,
    regularizer: regularizerOf(options.kernelRegularizer),
  };
  const own = {
    name: "bias",
    shape: [filters],
    initializer: biasInitializer,
    regularizer: regularizerOf(options.biasRegularizer),
  };
  return makeLayer(
    {
      base: "conv2d",
      className: "Conv2D",
      name: options.name ?? null,
      trainable: options.trainable ?? true,
      takes: ["image"],
      config: () => configOf("conv2d", options),
      outputs: ([x]) =>
        x
          ? [
              {
                ...x,
                name: "output",
                axes: [...windowsOver(imageOf("conv2d", x, windowing), windowing).count, filters],
              },
            ]
          : [],
      weights: ([x]) => [
        { ...kernel, shape: [...windowing.window, Number(x?.axes.at(-1)), filters] },
        ...(bias ? [own] : []),
      ],
      apply,
      everyStep: apply,
    },
    { takes: "image", width: filters },
  );
}
