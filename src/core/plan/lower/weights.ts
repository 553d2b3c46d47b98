/** Views of a weight: which of its numbers a matrix or vector made by slices and transposes consists of. */
import type { Node, NodeOf } from "../../graph/nodes.ts";

/** Element (row, column) is at `offset + row * rowStride + column * columnStride`, in floats. A vector has one row. */
export interface WeightView {
  readonly weight: NodeOf<"parameter">;
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** The view that `node` is, or null when something is computed on the way or it is not a weight. */
export function weightView(node: Node, isWeight: (node: Node) => boolean): WeightView | null {
  if (node.op === "parameter") return isWeight(node) ? whole(node) : null;
  if (node.op !== "transpose" && node.op !== "slice" && node.op !== "sliceRows" && node.op !== "reshape")
    return null;
  const view = weightView(node.inputs[0], isWeight);
  if (view === null) return null;
  if (node.op === "transpose") {
    const { rows, columns, rowStride, columnStride } = view;
    return { ...view, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride };
  }
  if (node.op === "reshape") return reshaped(view, node.shape as readonly number[]);
  const { start, size } = node.attributes;
  if (node.op === "slice") return { ...view, columns: size, offset: view.offset + start * view.columnStride };
  return { ...view, rows: size, offset: view.offset + start * view.rowStride };
}

function whole(weight: NodeOf<"parameter">): WeightView {
  const shape = weight.shape as readonly number[];
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((count, dim) => count * dim, 1);
  return { weight, offset: 0, rows, columns, rowStride: columns, columnStride: 1 };
}

/** Null where the numbers have gaps between them. */
function reshaped(view: WeightView, shape: readonly number[]): WeightView | null {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((count, dim) => count * dim, 1);
  const dense = view.columnStride === 1 && (view.rows === 1 || view.rowStride === view.columns);
  if (!dense) return rows === view.rows && columns === view.columns ? view : null;
  return { ...view, rows, columns, rowStride: columns };
}
