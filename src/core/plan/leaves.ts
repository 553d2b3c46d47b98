/**
 * The leaves of a sum without rows: a gradient is often a concat of sums (one a gate), or a sum of them (a weight used
 * twice). Each leaf is added up over the shards by itself, straight to its place.
 */
import { invariant } from "../../errors.ts";
import type { Node, NodeOf } from "../graph/nodes.ts";
import { widthOf } from "../graph/shapes.ts";
import { copied, inMemory } from "./copied.ts";
import { isZero } from "./simplify.ts";

/** Where element (row, column) of a leaf belongs in the whole: offset + row * rowStride + column * columnStride. */
export interface LeafPlace {
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}
export interface Leaf {
  readonly node: Node;
  /** For an embedding: the index by which `node`'s rows are scattered. */
  readonly index: Node | null;
  readonly place: LeafPlace;
  /** What must be computed for it. */
  readonly needs: readonly Node[];
}
export type GradientRoot = readonly Leaf[];

export function leavesOf(root: Node): GradientRoot {
  return leavesAt(root, { offset: 0, rowStride: widthOf(root), columnStride: 1 });
}

function leavesAt(node: Node, place: LeafPlace): GradientRoot {
  if (isZero(node)) return [];
  const { offset, rowStride, columnStride } = place;
  const moved = (input: Node, by: number): GradientRoot => leavesAt(input, { ...place, offset: offset + by });
  switch (node.op) {
    case "add":
      return node.inputs.flatMap((input) => leavesAt(input, place));
    case "concat":
      return node.inputs.flatMap((part, k) => moved(part, widthBefore(node.inputs, k) * columnStride));
    case "pad":
      return moved(node.inputs[0], node.attributes.start * columnStride);
    case "padRows":
      return moved(node.inputs[0], node.attributes.start * rowStride);
    case "transpose":
      return leavesAt(node.inputs[0], { offset, rowStride: columnStride, columnStride: rowStride });
    case "reshape":
      return leavesAt(node.inputs[0], reshaped(node, place));
    case "scatterAdd": {
      const values = inMemory(node.inputs[1]);
      return [{ node: values, index: node.inputs[0], place, needs: [values] }];
    }
    case "slice":
    case "sliceRows":
    case "broadcast":
      return [leaf(copied(node), place)];
    default:
      return [leaf(node, place)];
  }
}

const leaf = (node: Node, place: LeafPlace): Leaf => ({ node, index: null, place, needs: [node] });

const widthBefore = (parts: readonly Node[], count: number): number =>
  parts.slice(0, count).reduce((sum, part) => sum + widthOf(part), 0);

/** Rows of a matrix; a vector has one. */
export const matrixRows = ({ shape }: Node): number =>
  shape.slice(0, -1).reduce<number>((count, dim) => count * Number(dim), 1);

/** The place of what `node` reshapes: the same numbers in the same order, other rows. */
function reshaped(node: NodeOf<"reshape">, { offset, rowStride, columnStride }: LeafPlace): LeafPlace {
  const [inner] = node.inputs;
  const [width, rows] = [widthOf(node), matrixRows(node)];
  if (widthOf(inner) === width) return { offset, rowStride, columnStride };
  const dense = rows === 1 || rowStride === width * columnStride;
  invariant(dense || width === 1, "plan: a reshape of a part of a sum that has gaps");
  const apart = dense ? columnStride : rowStride;
  return { offset, rowStride: widthOf(inner) * apart, columnStride: apart };
}
