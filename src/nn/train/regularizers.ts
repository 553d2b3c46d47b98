/**
 * Penalties on the size of weights: `l1 * sum |w| + l2 * sum w^2` is added to the loss, and its derivative to the
 * gradient, once a step. Defaults are those of Keras.
 */
import type { Node } from "../../core/graph/nodes.ts";
import { add, greater, mul, sub } from "../../core/graph/operators.ts";
import type { Regularizer } from "../layers/layer.ts";
import { completed, from0 } from "../options.ts";

/** `amount * sum |w|`. Default: 0.01. */
export const l1 = (amount = 0.01): Regularizer => l1l2({ l1: amount, l2: 0 });
/** `amount * sum w^2`. Default: 0.01. */
export const l2 = (amount = 0.01): Regularizer => l1l2({ l1: 0, l2: amount });
/** Both. Defaults: 0 each, as in Keras. */
export const l1l2 = (amounts: Partial<Regularizer> = {}): Regularizer =>
  completed("l1l2", amounts, { l1: 0, l2: 0 }, { l1: from0, l2: from0 });

/** `gradient` with the derivative of the penalty on `weight` added. */
export function regularized(gradient: Node, weight: Node, { l1, l2 }: Regularizer): Node {
  const squares = l2 === 0 ? gradient : add(gradient, mul(weight, 2 * l2));
  return l1 === 0 ? squares : add(squares, mul(sub(greater(weight, 0), greater(0, weight)), l1));
}

/** The penalty itself, summed in the order of the elements. */
export function penaltyOf(weight: ArrayLike<number>, { l1, l2 }: Regularizer): number {
  let penalty = 0;
  for (let k = 0; k < weight.length; k++) {
    const w = weight[k] ?? 0;
    penalty += l1 * Math.abs(w) + l2 * w * w;
  }
  return penalty;
}

/** Adds the derivative of the penalty to a gradient, in place. */
export function addPenaltyGradient(
  gradient: Float32Array,
  weight: ArrayLike<number>,
  { l1, l2 }: Regularizer,
): void {
  for (let k = 0; k < gradient.length; k++) {
    const w = weight[k] ?? 0;
    gradient[k] = (gradient[k] ?? 0) + 2 * l2 * w + l1 * Math.sign(w);
  }
}
