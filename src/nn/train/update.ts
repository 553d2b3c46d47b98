/**
 * From an optimizer to what a device applies to each element of each weight, in Keras's order: the regularizer's
 * gradient, clipping, weight decay, the optimizer's equation.
 *
 * Norms are those of the gradient of the loss as it comes from the data: what a regularizer adds is scaled with it
 * but not measured.
 */
import { parameter } from "../../core/graph/build.ts";
import { clip, mul, sub } from "../../core/graph/operators.ts";
import type { Update } from "../../core/run/device.ts";
import { nearest } from "../../spelling.ts";
import { isFloat32, lostIn32 } from "../float32.ts";
import type { Regularizer } from "../layers/layer.ts";
import { spelt } from "../options.ts";
import type { Optimizer, OptimizerName } from "./optimizers.ts";
import * as optimizers from "./optimizers.ts";
import { refuseUnless } from "./refuse.ts";
import { regularized } from "./regularizers.ts";
import { rateAt } from "./schedules.ts";

/** The update of one weight. */
export function updateOf(optimizer: Optimizer, regularizer: Regularizer | null): Update {
  const { weightDecay, clipValue } = optimizer.options;
  const [weight, gradient, rate] = [
    parameter("weight", []),
    parameter("gradient", []),
    parameter("rate", []),
  ];
  const slots = Object.keys(optimizer.slots).map((name) => parameter(name, []));
  const numbers = optimizer.numbers(1, 0).map((_, k) => parameter(`number_${k}`, []));
  const scale = normLimit(optimizer) === null ? [] : [parameter("scale", [])];

  const whole = regularizer === null ? gradient : regularized(gradient, weight, regularizer);
  const scaled = scale[0] === undefined ? whole : mul(whole, scale[0]);
  const g = clipValue ? clip(scaled, -clipValue, clipValue) : scaled;
  const w = weightDecay ? sub(weight, mul(mul(weight, weightDecay), rate)) : weight;
  const next = optimizer.equation({ w, g, rate, slots, numbers });
  return {
    weight,
    gradient,
    slots,
    scalars: [rate, ...numbers, ...scale],
    nextWeight: next.w,
    nextSlots: next.slots,
  };
}

/**
 * The scalars of step `step` for each weight, in the order of {@link updateOf}; none where `trained` is false. Throws
 * an UnrollError where the learning rate is not finite.
 */
export function scalarsOf(
  optimizer: Optimizer,
  step: number,
  squaredNorms: Float64Array,
  trained: readonly boolean[],
): readonly (readonly number[])[] {
  const rate = rateAt(optimizer.options.learningRate, step);
  refuseUnless(isFloat32(rate), {
    where: `optimizer "${optimizer.optimizer}", training step ${step + 1}`,
    expected: "a learning rate that is a finite number",
    got: `${spelt(rate)}${lostIn32(rate)}`,
    fix: `The weights are those after step ${step}. Let the function or schedule give a number for ${step} steps done.`,
  });
  const numbers = [rate, ...optimizer.numbers(rate, step)];
  const limit = normLimit(optimizer);
  if (limit === null) return trained.map((has) => (has ? numbers : []));
  const all = trained.reduce((sum, has, k) => (has ? sum + (squaredNorms[k] ?? 0) : sum), 0);
  return trained.map((has, k) => {
    if (!has) return [];
    const norm = Math.sqrt(limit.together ? all : (squaredNorms[k] ?? 0));
    return [...numbers, limit.norm / Math.max(norm, limit.norm)];
  });
}

function normLimit({ options }: Optimizer): { readonly norm: number; readonly together: boolean } | null {
  if (options.clipNorm) return { norm: options.clipNorm, together: false };
  return options.globalClipNorm ? { norm: options.globalClipNorm, together: true } : null;
}

const { sgd, rmsprop, adagrad, adadelta, adam, adamw, nadam } = optimizers;
const named = { sgd, rmsprop, adagrad, adadelta, adam, adamw, nadam } as const satisfies Readonly<
  Record<OptimizerName, unknown>
>;

export const isOptimizerName = (name: string): boolean => Object.hasOwn(named, name);

/** An optimizer by name, with Keras's defaults or `options` (as they stand in a file). */
export function optimizerNamed(name: string, options: Readonly<Record<string, unknown>> = {}): Optimizer {
  const meant = nearest(name, Object.keys(named));
  refuseUnless(isOptimizerName(name), {
    where: "model.compile({ optimizer })",
    expected: `one of ${Object.keys(named).join(", ")}`,
    got: spelt(name),
    fix: meant === undefined ? "Use one of these names." : `Did you mean "${meant}"?`,
  });
  // What stands in a file was written from options of the same optimizer.
  return (named[name as OptimizerName] as (options: unknown) => Optimizer)(options);
}

/** Throws an UnrollError for several ways of clipping, as Keras does. */
export function checkOptimizer({ optimizer, options }: Optimizer): void {
  const clips = [options.clipNorm, options.globalClipNorm, options.clipValue].filter(Boolean);
  refuseUnless(clips.length < 2, {
    where: `optimizer "${optimizer}"`,
    expected: "one of clipNorm, globalClipNorm and clipValue",
    got: `${clips.length} of them`,
    fix: "Choose one way of clipping.",
  });
}
