/** A node that is only a copy: it gives memory of its own to what has none, such as a view, an input or a constant. */
import { constant, make, partsOf } from "../graph/build.ts";
import type { Node, NodeOf } from "../graph/nodes.ts";
import { bodyNodes } from "../graph/walk.ts";
import { kindOf } from "./kinds.ts";

/** `fallback` is never read; it says what the copy depends on where `node` alone does not. */
export const copied = (node: Node, fallback: Node = node): Node =>
  make("where", [constant(1), node, fallback], {});

/** A copy of what is only a view, an input or a constant; what is computed stands in memory of its own. */
export function inMemory(node: Node): Node {
  if (node.op === "output" && isMadeInSteps(node)) return node;
  return kindOf[node.op] === "leaf" || kindOf[node.op] === "view" ? copied(node) : node;
}

/** Is it a sequence that the steps of a scan compute, each its own? It stands where they put it. */
export function isMadeInSteps({ inputs, attributes: { result } }: NodeOf<"output">): boolean {
  const [loop] = inputs;
  if (result.kind !== "stacked" || loop.op !== "scan") return false;
  const { body } = partsOf(loop);
  const made = body.stacked[result.index];
  if (made === undefined || !bodyNodes(body).has(made)) return false;
  return kindOf[made.op] !== "leaf" && kindOf[made.op] !== "view";
}
