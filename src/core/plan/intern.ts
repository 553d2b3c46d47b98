/** Nodes that say the same become one node, so that nothing is computed twice. */
import type { Node } from "../graph/nodes.ts";
import type { Rule } from "../graph/rewrite.ts";

/** A rule that returns, for a node, the first it was given with the same operator, inputs and attributes. */
export function interned(): Rule {
  const ids = new Map<Node, number>();
  const known = new Map<string, Node>();
  const idOf = (node: Node): number => {
    if (!ids.has(node)) ids.set(node, ids.size);
    return ids.get(node) ?? 0;
  };
  return (node) => {
    if (node.op === "parameter" || node.op === "scan") return node;
    const attributes = JSON.stringify(node.attributes, exact);
    const key = `${node.op} ${node.inputs.map(idOf).join(" ")} ${attributes}`;
    const first = known.get(key) ?? node;
    known.set(key, first);
    return first;
  };
}

/** JSON has no words for these numbers. */
function exact(_: string, value: unknown): unknown {
  return Object.is(value, -0) || (typeof value === "number" && !Number.isFinite(value))
    ? `number ${1 / (value as number)} ${value}`
    : value;
}
