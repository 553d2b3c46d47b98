/** What is asked of a differentiation, what it answers, and which nodes matter to the answer. */
import type { Node, NodeOf } from "../graph/nodes.ts";
import { gradOf } from "./rules.ts";

export interface Question {
  /** The loss first, then whatever else is wanted of the same computation. */
  readonly roots: readonly Node[];
  /** The gradients of the roots, null for none. Default: ones for the first, null for the others. */
  readonly seeds?: readonly (Node | null)[];
  /** With respect to these. */
  readonly wrt: readonly Node[];
  /**
   * Stacked results of scans: with respect to the values behind them, in the steps where they are made, so that what
   * later steps make of a value counts too. Default: none.
   */
  readonly within?: readonly NodeOf<"output">[];
  /** Go back through these nodes only, and take all others as given. Default: all. */
  readonly own?: ReadonlySet<Node>;
}
export interface Answer {
  /** The roots again: with the gradients they make one graph, in which nothing is computed twice. */
  readonly roots: readonly Node[];
  /** One for each of `wrt`, of its shape, or null where the roots do not depend on it. */
  readonly gradients: readonly (Node | null)[];
  /** One for each of `within`, `[time, rows, ...]`, or null where the roots do not depend on its scan. */
  readonly within: readonly (Node | null)[];
}

/** The nodes that change smoothly when one of `wrt` does. */
export function influencedBy(wrt: Iterable<Node>, order: readonly Node[]): ReadonlySet<Node> {
  const found = new Set<Node>([...wrt].filter((node) => node.dtype === "float32"));
  for (const node of order) {
    if (found.has(node) || node.dtype !== "float32") continue;
    if (differentiableInputs(node).some((input) => found.has(input))) found.add(node);
  }
  return found;
}

/** The inputs with respect to which `node` has a derivative. */
function differentiableInputs(node: Node): readonly Node[] {
  if (node.op === "output") return node.inputs;
  if (node.op === "scan") return node.inputs.slice(1);
  const grads = gradOf(node, node);
  return node.inputs.filter((_, k) => grads[k] !== null);
}
