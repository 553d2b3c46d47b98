/** What is recorded of one step of back-propagation through time. */
import type { Tensor } from "../model/tensor.ts";

/** One delta at one step, `[...]` as the value without batch and time. */
export interface StepDelta {
  readonly layer: string;
  /** The state or value: "h". */
  readonly name: string;
  /** The letter of the lectures, or "lstm_1.h". */
  readonly symbol: string;
  /** dL/d value: the sum of its terms. */
  readonly delta: Tensor;
  /** What comes from the outputs, or the layers above, at this step. */
  readonly fromOutput: Tensor;
  /** What comes from step t + 1; null where a value does not go from step to step. */
  readonly fromNext: Tensor | null;
}
/** The gradient of one weight, in the shape of the weight. */
export interface StepGradient {
  /** "simpleRNN_1/kernel" */
  readonly weight: string;
  /** The letter of the lectures, or the name. */
  readonly symbol: string;
  /** What this step adds. */
  readonly term: Tensor;
  /** The sum so far, from step T down to this one. */
  readonly sum: Tensor;
}
export interface BackpropagationStep {
  /** T ... 1. What `inspect` holds of it stands at `t - 1`. */
  readonly t: number;
  /** From the loss down. */
  readonly deltas: readonly StepDelta[];
  /** In the order of `getWeights`, those that are trained. */
  readonly gradients: readonly StepGradient[];
}
