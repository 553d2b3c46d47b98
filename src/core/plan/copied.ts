/** A node that is only a copy: it gives memory of its own to what has none, such as a view, an input or a constant. */
import { constant, make } from "../graph/build.ts";
import type { Node } from "../graph/nodes.ts";

/** `fallback` is never read; it says what the copy depends on where `node` alone does not. */
export const copied = (node: Node, fallback: Node = node): Node =>
  make("where", [constant(1), node, fallback], {});
