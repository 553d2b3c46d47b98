/**
 * Sum of time: a sum over the steps alone, of which each row has its own, is a loop that carries it.
 *
 *   before   y = sumLeading(x, 1)                        [time, rows, features] -> [rows, features]
 *   after    y = scan backwards over x:  y' = y + x_t
 *
 * Backwards, as every sum over time.
 */
import { outputOf, parameter, scan, zeros } from "../graph/build.ts";
import { type Dim, type Node, rows } from "../graph/nodes.ts";
import { add } from "../graph/operators.ts";
import { rewrite } from "../graph/rewrite.ts";
import { timeOf } from "./values.ts";

export function sumTime(roots: readonly Node[]): readonly Node[] {
  return rewrite(roots, (node) => {
    if (node.op !== "sumLeading" || node.attributes.count !== 1) return node;
    const time = timeOf(node.inputs[0].shape);
    return time === null ? node : summed(node.inputs[0], time);
  });
}

function summed(sequence: Node, time: Dim): Node {
  const total = parameter("total", sequence.shape.slice(1));
  const slice = parameter("term", total.shape);
  const body = { carried: [total], sequences: [slice], next: [add(total, slice)], stacked: [], summed: [] };
  // The device knows the lengths of every time.
  const lengths = parameter(`lengths of ${time}`, [rows], "int32");
  const made = scan({
    lengths,
    initial: [zeros(total.shape)],
    sequences: [sequence],
    body,
    time,
    reverse: true,
  });
  return outputOf(made, "final", 0);
}
