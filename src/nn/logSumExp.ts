/** Sums of powers on logarithms, which neither overflow nor vanish. */
import type { Node } from "../core/graph/nodes.ts";
import { add, exp, log, max, stopGradient, sub, sum } from "../core/graph/operators.ts";

/** log sum exp over the last axis, `[..., n]` to `[..., 1]`: of the largest, and what the others add. */
export function logSumExp(x: Node): Node {
  const largest = stopGradient(max(x));
  return add(largest, log(sum(exp(sub(x, largest)))));
}
