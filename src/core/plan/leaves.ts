/**
 * The leaves of a sum without rows: a gradient is often a concat of sums (one a gate), or a sum of them (a weight used
 * twice). Each leaf is added up over the shards by itself, straight to its place.
 */
import { constant, make } from "../graph/build.ts";
import type { Node } from "../graph/nodes.ts";
import { widthOf } from "../graph/shapes.ts";
import { isZero } from "./simplify.ts";

export interface Leaf {
  readonly node: Node;
  /** For an embedding: the index by which `node`'s rows are scattered. */
  readonly index: Node | null;
  readonly row: number;
  readonly column: number;
  /** What must be computed for it. */
  readonly needs: readonly Node[];
}
export type GradientRoot = readonly Leaf[];

export function leavesOf(node: Node, row = 0, column = 0): GradientRoot {
  if (isZero(node)) return [];
  switch (node.op) {
    case "add":
      return node.inputs.flatMap((input) => leavesOf(input, row, column));
    case "concat": {
      let start = column;
      return node.inputs.flatMap((part) => leavesOf(part, row, (start += widthOf(part)) - widthOf(part)));
    }
    case "pad":
      return leavesOf(node.inputs[0], row, column + node.attributes.start);
    case "padRows":
      return leavesOf(node.inputs[0], row + node.attributes.start, column);
    case "reshape":
      return sameRows(node) ? leavesOf(node.inputs[0], row, column) : [leaf(node, row, column)];
    case "scatterAdd":
      return [{ node: node.inputs[1], index: node.inputs[0], row, column, needs: [asComputed(node.inputs[1])] }];
    default:
      return [leaf(node, row, column)];
  }
}

const leaf = (node: Node, row: number, column: number): Leaf => ({ node, index: null, row, column, needs: [node] });
const asComputed = (node: Node): Node => (node.op === "parameter" ? make("where", [constant(1), node, node], {}) : node);

/** Does a reshape only add or drop axes of length 1? */
function sameRows(node: Node): boolean {
  const real = (shape: Node["shape"]): string => shape.filter((dim) => dim !== 1).join(" ");
  return real(node.shape) === real(node.inputs[0]?.shape ?? []);
}
