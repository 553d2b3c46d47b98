/**
 * Residuals: what the backward scan needs to know of the forward steps.
 *
 *   forward body      z = sigmoid(a);  h' = z h + (1 - z) n       z, n and h are stacked: z_t, n_t, h_{t-1}
 *   backward body     dn = delta (1 - z)                          1 - z is made again from z
 *
 * The slice of a sequence is read from the sequence again. A state is kept as it is when the step begins. What is made
 * in a moment of values that are there anyway is made again. Everything else is kept as it is.
 */
import { scan as makeScan, outputOf, parameter, partsOf } from "../graph/build.ts";
import type { Node, NodeOf, Operator, ScanBody } from "../graph/nodes.ts";
import { substitute } from "../graph/rewrite.ts";
import { bodyNodes, resultsOf, topological } from "../graph/walk.ts";

export interface Residuals {
  /** The forward scan with `body`, which keeps what is needed. */
  readonly forward: Node;
  /** What the backward scan reads besides, ... */
  readonly sequences: readonly Node[];
  /** ... the parameters of its body that are slices of these, ... */
  readonly parameters: readonly NodeOf<"parameter">[];
  /** ... and `results`, now made of these parameters. */
  readonly results: readonly Node[];
}

const momentary: ReadonlySet<Operator> = new Set<Operator>([
  "neg",
  "abs",
  "floor",
  "toFloat",
  "add",
  "sub",
  "mul",
  "maximum",
  "minimum",
  "greater",
  "equal",
  "where",
  "reshape",
  "broadcast",
  "slice",
  "pad",
  "vanish",
  "stopGradient",
]);

/** Cuts `results`, which are made of nodes of the forward `body`, off that body. */
export function keepResiduals(scan: NodeOf<"scan">, body: ScanBody, results: readonly Node[]): Residuals {
  const { sequences } = partsOf(scan);
  const sequenceOf = new Map<Node, Node>(body.sequences.map((slice, k) => [slice, sequences[k] as Node]));
  const needed = neededOf(body, results);
  const again = remade(body, needed);
  const read = needed.filter((node) => !again.has(node));
  const stacked = [...body.stacked, ...read.filter((node) => !body.stacked.includes(node))];

  const same = resultsOf(body).every((node, k) => node === resultsOf(scan.attributes.body)[k]);
  const unchanged = same && stacked.length === body.stacked.length;
  const forward = unchanged ? scan : makeScan({ ...partsOf(scan), body: { ...body, stacked } });
  const kept = new Map<Node, Node>([
    ...[...again]
      .filter((node) => sequenceOf.has(node))
      .map((node) => [node, sequenceOf.get(node)] as [Node, Node]),
    ...read.map((node): [Node, Node] => [node, outputOf(forward, "stacked", stacked.indexOf(node))]),
  ]);
  const replacements = new Map<Node, NodeOf<"parameter">>(
    [...kept.keys()].map((node, k) => [node, parameter(nameOf(node, k), node.shape, node.dtype)]),
  );
  return {
    forward,
    sequences: [...kept.values()],
    parameters: [...replacements.values()],
    results: substitute(results, replacements),
  };
}

/** The nodes of the forward body that `results` are made of directly. */
function neededOf(body: ScanBody, results: readonly Node[]): readonly Node[] {
  const own = bodyNodes(body);
  // A renewed scan inside the body has new results, which the body itself does not use.
  const isForward = (node: Node): boolean =>
    own.has(node) || (node.op === "output" && own.has(node.inputs[0]));
  const used = topological(results, { has: isForward }).flatMap((node) => node.inputs);
  return [...new Set([...used, ...results])].filter(isForward);
}

/** Those of the body that are made, or read, again: what `needed` asks for, and what that is made of. */
function remade(body: ScanBody, needed: readonly Node[]): ReadonlySet<Node> {
  const own = bodyNodes(body);
  const kept = new Set(needed);
  const known = new Map<Node, boolean>(body.sequences.map((slice) => [slice, true]));
  const isFree = (node: Node): boolean => {
    const before = known.get(node);
    const free =
      before ?? (momentary.has(node.op) && node.inputs.every((x) => !own.has(x) || kept.has(x) || isFree(x)));
    known.set(node, free);
    return free;
  };
  const found = new Set<Node>();
  const take = (node: Node): void => {
    if (found.has(node) || !own.has(node) || !isFree(node)) return;
    found.add(node);
    node.inputs.forEach(take);
  };
  needed.forEach(take);
  return found;
}

const nameOf = (node: Node, k: number): string =>
  node.op === "parameter" ? `kept.${node.attributes.name}` : `kept.${k}`;
