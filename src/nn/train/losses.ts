/**
 * Losses as equations: (prediction, target) of one step to one number, `[..., features]` to `[..., 1]`. Names,
 * options and defaults are those of Keras.
 *
 * Where the prediction is a softmax or a sigmoid, a cross-entropy is computed from what went into it, which stays
 * exact where the probability rounds to 0 or 1. A prediction of which only the probabilities are known is clipped to
 * [1e-7, 1 - 1e-7] as in Keras.
 */
import type { Node } from "../../core/graph/nodes.ts";
import * as operators from "../../core/graph/operators.ts";
import { widthOf } from "../../core/graph/shapes.ts";
import { nearest } from "../../spelling.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { gaussianNll, mixtureNll, pinball } from "./likelihoods.ts";
import { filled, type Loss } from "./loss.ts";
import { refuseUnless } from "./refuse.ts";

export type { Loss } from "./loss.ts";

const { abs, add, clip, div, equal, exp, greater, log, log1p, logSoftmax, max, mean, minimum, mul, neg } =
  operators;
const { oneHot, square, stopGradient, sub, sum, where } = operators;

export type LossName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy"
  | LikelihoodName;
/** Losses of distributions. */
export type LikelihoodName = "gaussianNll" | "mixtureNll" | "pinball";

/** The mean of (prediction - target)^2 over the features. */
export function meanSquaredError(): Loss {
  return { loss: "meanSquaredError", perStep: (prediction, target) => mean(square(sub(prediction, target))) };
}

/** The mean of |prediction - target| over the features. */
export function meanAbsoluteError(): Loss {
  return { loss: "meanAbsoluteError", perStep: (prediction, target) => mean(abs(sub(prediction, target))) };
}

/** Quadratic up to an error of `delta` (default 1), linear beyond (Huber 1964). */
export function huber(given: { readonly delta?: number } = {}): Loss {
  const options = filled("huber", { delta: 1 }, given);
  const { delta } = options;
  const perStep = (prediction: Node, target: Node): Node => {
    const error = abs(sub(prediction, target));
    const small = minimum(error, delta);
    return mean(add(mul(square(small), 0.5), mul(sub(error, small), delta)));
  };
  return { loss: "huber", options, perStep };
}

export interface CrossentropyOptions {
  /** The prediction is what would go into softmax or sigmoid. Default: false. */
  readonly fromLogits?: boolean;
  /** How far targets are moved toward the middle. Default: 0. */
  readonly labelSmoothing?: number;
}

/** -t log p - (1 - t) log (1 - p), the mean over the features. */
export function binaryCrossentropy(given: CrossentropyOptions = {}): Loss {
  const options = filled("binaryCrossentropy", { fromLogits: false, labelSmoothing: 0 }, given);
  const perStep = (prediction: Node, target: Node): Node => {
    const t = smoothed(target, options.labelSmoothing, 0.5);
    const x = options.fromLogits ? prediction : sigmoidLogits(prediction);
    if (x !== null) return mean(ofLogits(x, t));
    const p = clipped(prediction);
    return mean(neg(add(mul(t, log(p)), mul(sub(1, t), log(sub(1, p))))));
  };
  return { loss: "binaryCrossentropy", options, perStep };
}

/** log(1 + exp(x)) - t x: what is large in both cancels before the rest is added. */
function ofLogits(x: Node, t: Node): Node {
  const positive = greater(x, 0);
  // Not maximum(x, 0) and abs(x): at 0 the derivative is 1/2 - t, and theirs are 0.
  const ahead = sub(where(positive, x, 0), mul(x, t));
  return add(ahead, log1p(exp(where(positive, neg(x), x))));
}

/** -sum of t log p over the classes; the target is a distribution over them. */
export function categoricalCrossentropy(given: CrossentropyOptions = {}): Loss {
  const options = filled("categoricalCrossentropy", { fromLogits: false, labelSmoothing: 0 }, given);
  const perStep = (prediction: Node, target: Node): Node => {
    const t = smoothed(target, options.labelSmoothing, 1 / widthOf(prediction));
    const x = options.fromLogits ? prediction : softmaxLogits(prediction);
    return neg(sum(mul(t, x === null ? log(clipped(normalized(prediction))) : logSoftmax(x))));
  };
  return { loss: "categoricalCrossentropy", options, perStep };
}

export interface SparseCrossentropyOptions {
  readonly fromLogits?: boolean;
  /** Steps whose target is this class count nothing. Default: null. */
  readonly ignoreClass?: number | null;
}

/** -log p of the class that the target names. */
export function sparseCategoricalCrossentropy(given: SparseCrossentropyOptions = {}): Loss {
  const defaults: Required<SparseCrossentropyOptions> = { fromLogits: false, ignoreClass: null };
  const options = filled("sparseCategoricalCrossentropy", defaults, given);
  const perStep = (prediction: Node, target: Node): Node => {
    const hot = oneHot(target, widthOf(prediction));
    const x = options.fromLogits ? prediction : softmaxLogits(prediction);
    if (x === null) return neg(sum(where(hot, log(clipped(normalized(prediction))), 0)));
    const shifted = sub(x, stopGradient(max(x)));
    return sub(log(sum(exp(shifted))), sum(where(hot, shifted, 0)));
  };
  const { ignoreClass } = options;
  return { loss: "sparseCategoricalCrossentropy", options, target: "class", ignoreClass, perStep };
}

/** What went into a softmax, or null where `node` is none. */
export function softmaxLogits(node: Node): Node | null {
  if (node.op !== "div") return null;
  const [powers, total] = node.inputs;
  if (powers.op !== "exp" || total.op !== "sum" || total.inputs[0] !== powers) return null;
  const [shifted] = powers.inputs;
  if (shifted.op !== "sub") return null;
  const [x, shift] = shifted.inputs;
  const largest = shift.op === "stopGradient" ? shift.inputs[0] : shift;
  return largest.op === "max" && largest.inputs[0] === x ? x : null;
}

/** What went into a sigmoid, or null where `node` is none. */
export function sigmoidLogits(node: Node): Node | null {
  return node.op === "sigmoid" ? node.inputs[0] : null;
}

const epsilon = 1e-7;
const clipped = (p: Node): Node => clip(p, epsilon, 1 - epsilon);
/** Zeros stay zeros: a recurrent layer gives them where it has read no step that counts. */
const normalized = (p: Node): Node => {
  const total = sum(p);
  return div(p, where(equal(total, 0), 1, total));
};
const smoothed = (target: Node, amount: number, middle: number): Node =>
  amount === 0 ? target : add(mul(target, 1 - amount), amount * middle);

const named = {
  meanSquaredError,
  meanAbsoluteError,
  huber,
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  gaussianNll,
  mixtureNll,
  pinball,
} as const satisfies Readonly<Record<LossName, unknown>>;

export const lossNames: readonly string[] = Object.keys(named);
export const likelihoodNames: readonly string[] = ["gaussianNll", "mixtureNll", "pinball"];
/** The loss of a distribution, as it is written. */
export const lossTextOf = ({ kind, options }: Distribution): string => {
  const name = { gaussian: "gaussianNll", gaussianMixture: "mixtureNll", quantiles: "pinball" }[kind];
  return `${name}(${kind === "gaussian" ? "" : JSON.stringify(options)})`;
};
/** The options of each loss, those that may be left out with "?". */
export const lossOptions = (name: string): readonly string[] =>
  name === "mixtureNll"
    ? ["components"]
    : Object.keys(lossNamed(name).options ?? {}).map((option) => `${option}?`);

/** A loss by name, with Keras's defaults or `options` (as they stand in a file). */
export function lossNamed(name: string, options: Readonly<Record<string, unknown>> = {}): Loss {
  const meant = nearest(name, lossNames);
  refuseUnless(Object.hasOwn(named, name), {
    where: "model.compile({ loss })",
    expected: `one of ${lossNames.join(", ")}`,
    got: JSON.stringify(name),
    fix: meant === undefined ? "Use one of these names." : `Did you mean "${meant}"?`,
  });
  // What stands in a file was written from options of the same loss.
  return (named[name as LossName] as (options: unknown) => Loss)(options);
}
