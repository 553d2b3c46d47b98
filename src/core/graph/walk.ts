/** Ways through a graph: in topological order, by dependence. */
import type { Node, NodeOf, ScanBody } from "./nodes.ts";

/** Every node that `roots` need, inputs before users, but those of `without`. Bodies of scans are not entered. */
export function topological(
  roots: readonly Node[],
  without: { has(node: Node): boolean } = new Set<Node>(),
): readonly Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const isNew = (node: Node): boolean => !seen.has(node) && !without.has(node);
  const pending: { node: Node; next: number }[] = [];
  for (const root of roots) {
    if (isNew(root)) pending.push({ node: root, next: 0 });
    seen.add(root);
    for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input === undefined) {
        order.push(top.node);
        pending.pop();
      } else if (isNew(input)) {
        seen.add(input);
        pending.push({ node: input, next: 0 });
      }
    }
  }
  return order;
}

/** The nodes among those `roots` need that depend on one of `sources` (which are themselves among them). */
export function dependents(roots: readonly Node[], sources: Iterable<Node>): ReadonlySet<Node> {
  const found = new Set<Node>(sources);
  for (const node of topological(roots)) if (node.inputs.some((input) => found.has(input))) found.add(node);
  return found;
}

export const resultsOf = (body: ScanBody): readonly Node[] => [...body.next, ...body.stacked, ...body.summed];
/** The same body with other results, in the order of `resultsOf`. */
export function withResults(body: ScanBody, results: readonly Node[]): ScanBody {
  const [states, kept] = [body.next.length, body.next.length + body.stacked.length];
  const [next, stacked, summed] = [
    results.slice(0, states),
    results.slice(states, kept),
    results.slice(kept),
  ];
  return { carried: body.carried, sequences: body.sequences, next, stacked, summed };
}
export const parametersOf = (body: ScanBody): readonly NodeOf<"parameter">[] => [
  ...body.carried,
  ...body.sequences,
];

/** The nodes of a body that change from step to step. */
export function bodyNodes(body: ScanBody): ReadonlySet<Node> {
  return dependents(resultsOf(body), parametersOf(body));
}

/** The nodes that a body takes from outside: used by its own nodes, or its results, and the same at every step. */
export function capturedBy(body: ScanBody): readonly Node[] {
  const own = bodyNodes(body);
  const used = [...own].flatMap((node) => node.inputs).concat(resultsOf(body));
  return [...new Set(used)].filter((node) => !own.has(node) && node.op !== "constant");
}
