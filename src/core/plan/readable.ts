/** Can a kernel read what it sees through views where it stands? What it can see it through: lower/elementwise.ts. */
import type { Node } from "../graph/nodes.ts";
import { widthOf } from "../graph/shapes.ts";
import { kindOf } from "./kinds.ts";
import { weightView } from "./lower/weights.ts";
import { hasRows } from "./values.ts";

export function isReadable(node: Node, isWeight: (node: Node) => boolean): boolean {
  if (node.dtype === "int32" || kindOf[node.op] !== "view" || node.op === "output") return true;
  const view = weightView(node, isWeight);
  if (view !== null) return view.columnStride === 1;
  const inner = isReadable(node.inputs[0] as Node, isWeight);
  switch (node.op) {
    case "broadcast":
    case "slice":
    case "toFloat":
      return inner;
    case "reshape": // to other features: what has rows lies in one piece (ground.ts)
      return inner && (hasRows(node.shape) || widthOf(node) === widthOf(node.inputs[0]));
    default:
      return false;
  }
}
