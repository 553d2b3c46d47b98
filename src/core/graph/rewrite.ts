/** A graph made anew, node by node, inputs first. */
import { partsOf, scan, withInputs } from "./build.ts";
import type { Node, NodeOf } from "./nodes.ts";
import { resultsOf, topological, withResults } from "./walk.ts";

/** A rule looks at a node whose inputs are already rewritten, and returns it or what replaces it. */
export type Rule = (node: Node) => Node;

/** `roots` with `rule` applied to every node, bodies of scans included, inputs first. Shared nodes stay shared. */
export function rewrite(
  roots: readonly Node[],
  rule: Rule,
  done: Map<Node, Node> = new Map(),
): readonly Node[] {
  for (const node of topological(roots, done)) done.set(node, rule(rebuilt(node, rule, done)));
  return roots.map((root) => done.get(root) ?? root);
}

function rebuilt(node: Node, rule: Rule, done: Map<Node, Node>): Node {
  const inputs = node.inputs.map((input) => done.get(input) ?? input);
  if (node.op === "scan") return rebuiltScan(node, inputs, rule, done);
  return inputs.every((input, k) => input === node.inputs[k]) ? node : withInputs(node, inputs);
}

function rebuiltScan(node: NodeOf<"scan">, inputs: readonly Node[], rule: Rule, done: Map<Node, Node>): Node {
  const { body } = node.attributes;
  const results = rewrite(resultsOf(body), rule, done);
  const unchanged = results.every((result, k) => result === resultsOf(body)[k]);
  if (unchanged && inputs.every((input, k) => input === node.inputs[k])) return node;
  return scan({ ...partsOf({ ...node, inputs }), body: withResults(body, results) });
}

/** `roots` with each node of `replacements` replaced by what it maps to. */
export function substitute(roots: readonly Node[], replacements: ReadonlyMap<Node, Node>): readonly Node[] {
  return rewrite(roots, (node) => node, new Map(replacements));
}
