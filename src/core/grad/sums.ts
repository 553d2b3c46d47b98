/**
 * What was repeated on the way forward is summed on the way back.
 *
 *   forward    [rows, F] + [F]        the bias is repeated for every row
 *   backward   [rows, F] -> [F]       its gradient is the sum over the rows
 */
import { UnrollError } from "../../errors.ts";
import type { Node, Shape } from "../graph/nodes.ts";
import { add, reshape, slice, sum, sumLeading, sumSites } from "../graph/operators.ts";
import { featuresOf, sameShape, sitesOf, widthOf } from "../graph/shapes.ts";

/** `grad` summed over the axes that `shape` does not have, or has with length 1: features, then rows, then others. */
export function sumTo(grad: Node, shape: Shape): Node {
  if (sameShape(grad.shape, shape)) return grad;
  const rank = grad.shape.length;
  const target: Shape = [...Array.from({ length: rank - shape.length }, () => 1), ...shape];
  const narrowed = target.at(-1) === 1 && widthOf(grad) !== 1 ? sum(grad) : grad;
  const kept = target.findIndex((dim) => dim !== 1);
  const leading = Math.min(kept < 0 ? rank : kept, rank - 1);
  const repeated = narrowed.shape.slice(0, leading).some((dim) => dim !== 1);
  let result = repeated ? sumLeading(narrowed, leading) : narrowed;
  const rest = target.slice(repeated ? leading : 0);
  const sites = featuresOf(rest).slice(0, -1);
  if (sitesOf(result) > 1 && sites.every((dim) => dim === 1)) result = sumSites(result);
  rest.forEach((dim, axis) => {
    if (dim === 1 && result.shape[axis] !== 1) result = sumMiddle(result, axis);
  });
  return sameShape(result.shape, shape) ? result : reshape(result, shape);
}

/** `[..., A, B]` to `[..., 1, B]`: the A parts are laid side by side as features, and added from first to last. */
function sumMiddle(x: Node, axis: number): Node {
  const [before, length, after] = [x.shape.slice(0, axis), x.shape[axis], x.shape.slice(axis + 1)];
  const width = after.reduce<number>(
    (product, dim) => (typeof dim === "number" ? product * dim : Number.NaN),
    1,
  );
  if (typeof length !== "number" || Number.isNaN(width)) {
    throw new UnrollError({
      where: "the gradient of a value that is repeated",
      expected: "an axis of known length between the others",
      got: `axis ${axis} of [${x.shape.join(", ")}]`,
      fix: "Repeat the value over the first axes or over the features, or put the axis first.",
    });
  }
  const flat = reshape(x, [...before, length * width]);
  const [first = flat, ...rest] = Array.from({ length }, (_, k) => slice(flat, k * width, width));
  return reshape(add(first, ...rest), [...before, 1, ...after]);
}
