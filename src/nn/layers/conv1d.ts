/** Convolution over time: each window of steps times the same weights. */
import type { Node } from "../../core/graph/nodes.ts";
import { add, concat, matmul, reshape } from "../../core/graph/operators.ts";
import { UnrollError } from "../../errors.ts";
import { checkOptions, oneOf, whole } from "../options.ts";
import type { Time } from "../signals.ts";
import { described, type Form } from "../symbols.ts";
import { windowed } from "../times.ts";
import { type Activation, activationCheck, activationOnNodes } from "./activations.ts";
import { type AffineOptions, affineChecks, affineWeights } from "./affine.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import { delayed } from "./delayLine.ts";
import type { LayerOf } from "./facts.ts";
import type { Output, Value } from "./layer.ts";
import { type Padding, reachOf, type Sliding, slid, stopsOf } from "./slidingWindow.ts";
import { distanceCheck, placesCheck } from "./window.ts";

export interface Conv1dOptions<F extends number, P extends Padding, S extends number> extends AffineOptions {
  /** Features of the result. */
  readonly filters: F;
  /** Steps that a window sees, up to 2^11. */
  readonly kernelSize: number;
  /** Steps from window to window, up to 2^16. Default: 1. */
  readonly strides?: S;
  /**
   * `valid`: only windows that are there as a whole, so shorter sequences; `same`: zeros at both ends of each sequence;
   * `causal`: zeros before its beginning alone, so that no step needs one yet to come. Default: "valid".
   */
  readonly padding?: P;
  /** Steps from one place of the window to the next, up to 2^16. Default: 1. */
  readonly dilationRate?: number;
  /** Default: none. */
  readonly activation?: Activation;
}
const checks = {
  ...affineChecks,
  filters: whole(1),
  kernelSize: placesCheck,
  strides: distanceCheck,
  padding: oneOf("valid", "same", "causal"),
  dilationRate: distanceCheck,
  activation: activationCheck,
};

/** What needs no step yet to come: zeros before the beginning alone, and a window for every step. */
type Direction<P extends Padding, S extends number> = P extends "causal"
  ? S extends 1
    ? "causal"
    : number extends S
      ? Time
      : "looks ahead"
  : "looks ahead"; // of each padding: what is unknown gives both

/**
 * `activation(sum over k of x[t + k dilationRate] W[k] + b)`: `[batch, time, features]` to `[batch, steps, filters]`.
 *
 * With padding `valid` a sequence of n steps gives (n - (kernelSize - 1) dilationRate - 1) / strides + 1 of them,
 * rounded down, and none when it is shorter than the window; else n / strides, rounded up.
 */
export function conv1d<const F extends number, const P extends Padding = "valid", const S extends number = 1>(
  options: Conv1dOptions<F, P, S>,
): LayerOf<"sequence", "sequence", F, Direction<P, S>> {
  checkOptions("conv1d", options, checks, ["filters", "kernelSize"]);
  const weightsOf = affineWeights(options);
  const { filters, kernelSize, dilationRate = 1 } = options;
  const sliding: Sliding = {
    size: kernelSize,
    dilation: dilationRate,
    stride: options.strides ?? 1,
    padding: options.padding ?? "valid",
  };
  const causal = sliding.padding === "causal" && sliding.stride === 1;
  const activate = activationOnNodes(options.activation);
  return makeLayer(
    {
      base: "conv1d",
      className: "Conv1D",
      name: options.name ?? null,
      trainable: options.trainable ?? true,
      takes: ["sequence"],
      states: [],
      windows: stopsOf(sliding),
      config: configOf("conv1d", options),
      outputs: ([x]) => [slidForm("conv1d", x as Form, sliding, filters)],
      weights: ([x]) => weightsOf([kernelSize, Number(x?.axes.at(-1)), filters]),
      apply: ([x], [kernel, bias], context) => {
        const seen = causal
          ? {
              ...(x as Value),
              node: delayed(x as Value, { taps: kernelSize, dilation: dilationRate }, context),
            }
          : sideBySide(slid(x as Value, sliding, context));
        const [places, features, out] = (kernel as Node).shape.map(Number) as [number, number, number];
        const product = matmul(seen.node, reshape(kernel as Node, [places * features, out]));
        return [{ ...seen, node: activate(bias ? add(product, bias) : product) }];
      },
    },
    { takes: "sequence", gives: "sequence", width: filters, time: causal ? "causal" : "looks ahead" },
  );
}

const sideBySide = ({ time, lengths, mask, real, places }: ReturnType<typeof slid>): Value => ({
  node: concat(...places),
  time,
  lengths,
  mask,
  real,
});

/** The form of what a sliding window gives. Throws an UnrollError where all sequences are shorter than it. */
export function slidForm(layer: string, x: Form, sliding: Sliding, width: number): Output {
  const [steps = null] = x.axes;
  const left = steps === null ? null : Number(windowed(steps, stopsOf(sliding)));
  if (left === 0)
    throw new UnrollError({
      where: `layer "${layer}"`,
      expected: `a sequence of ${reachOf(sliding)} steps or more`,
      got: described(x),
      fix: 'Give it longer sequences, or set padding: "same".',
    });
  const causal: Time = sliding.padding === "causal" && sliding.stride === 1 ? x.time : "looks ahead";
  return { name: "output", axes: [left, width], dtype: "float32", time: causal };
}
