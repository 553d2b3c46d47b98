/**
 * The negative log-likelihood of a path of labels through a chain (Lafferty, McCallum, Pereira 2001):
 *
 *   score(y)   = sum over t of e_t[y_t] + T[y_t-1, y_t]
 *   loss       = log (sum over all paths of exp score) - score(y)
 *   alpha'[j]  = log (sum over i of exp (alpha[i] + T[i, j])) + e[j]        the sum over all paths, step by step
 *
 * Each alpha is brought to a largest element of 0, and what was taken off goes into the loss at once, where the score
 * of the step is taken off too: numbers stay as small as the loss, however long the sequence is.
 */
import { constant, zeros } from "../../core/graph/build.ts";
import { type Node, rows } from "../../core/graph/nodes.ts";
import * as operators from "../../core/graph/operators.ts";
import { widthOf } from "../../core/graph/shapes.ts";
import { logSumExp } from "../logSumExp.ts";
import { folded } from "./fold.ts";
import { countsOf, type Value } from "./layer.ts";

const { add, broadcast, equal, exp, iota, joinSites, log, matmul, max, maxSites, mul } = operators;
const { oneHot, reshape, stopGradient, sub, sum, sumSites, where } = operators;

/** The logarithm of a probability of 0, in float32 far below any other. */
export const impossible = -1e30;

/**
 * `[rows, 1]` from emissions `[time, rows, labels]`, transitions `[from, to]` and classes `[time, rows]`. Steps that a
 * mask takes out are passed over; a row without a step has the loss 0.
 */
export function pathLoss(emissions: Value, transitions: Node, classes: Node): Node {
  const labels = widthOf(emissions.node);
  const onePath = broadcast(where(equal(iota(labels), 0), 0, impossible), [rows, labels]);
  const none = zeros([rows, 1]);
  const { alpha, loss } = folded(emissions, {
    counts: countsOf(emissions),
    initial: { alpha: onePath, before: zeros([rows, labels]), begun: none, loss: none },
    sequences: { emission: emissions.node, label: oneHot(classes, labels) },
    next: ({ alpha, before, begun, loss }, { emission, label }) => {
      const moved = add(where(begun, movedOn(alpha, transitions), 0), emission);
      const largest = stopGradient(max(moved));
      const score = sum(mul(label, add(emission, mul(begun, matmul(before, transitions)))));
      const one = broadcast(constant(1), [rows, 1]);
      return {
        alpha: sub(moved, largest),
        before: label,
        begun: one,
        loss: add(loss, sub(largest, score)),
      };
    },
  });
  return add(loss, logSumExp(alpha));
}

/** log (sum over i of exp (alpha[i] + T[i, j])) for every label j: `[rows, labels]`. */
function movedOn(alpha: Node, transitions: Node): Node {
  const ways = add(reshape(alpha, [rows, widthOf(alpha), 1]), transitions); // [rows, from, to]
  const largest = stopGradient(maxSites(ways));
  return joinSites(add(largest, log(sumSites(exp(sub(ways, largest))))));
}
