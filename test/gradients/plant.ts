/**
 * Faults planted in graphs, to see that the checks notice them: a fault is a rule that puts something wrong in the
 * place of a node. The source stays as it is.
 *
 *   withFault(gradients, inBackward((node) => (isNegation(node) ? node.inputs[0] : node)))
 */
import { constant, make, partsOf, type ScanParts, scan } from "../../src/core/graph/build.ts";
import type { Node, NodeOf, Operator } from "../../src/core/graph/nodes.ts";
import { mul } from "../../src/core/graph/operators.ts";
import { type Rule, rewrite } from "../../src/core/graph/rewrite.ts";
import { bodyNodes, capturedBy, resultsOf, withResults } from "../../src/core/graph/walk.ts";

/** `roots` with the fault in them. Throws when there is no place for it: then nothing would be checked. */
export function withFault(roots: readonly Node[], rule: Rule): readonly Node[] {
  const faulty = rewrite(roots, rule);
  if (faulty.every((root, k) => root === roots[k])) throw new Error("The fault found no place in the graph.");
  return faulty;
}

/** The same as a function, for checks that take one. */
export const fault =
  (rule: Rule) =>
  (roots: readonly Node[]): readonly Node[] =>
    withFault(roots, rule);

/** A rule for every scan that runs in the opposite direction of those that are traced. */
export const inBackward = (rule: Rule): Rule => inSteps(true, rule);
/** A rule for the steps as they are traced. */
export const inForward = (rule: Rule): Rule => inSteps(false, rule);

function inSteps(reverse: boolean, rule: Rule): Rule {
  return scans(reverse, (parts) => {
    const own = bodyNodes(parts.body);
    const outside = new Map(capturedBy(parts.body).map((node) => [node, node] as const));
    const results = rewrite(
      resultsOf(parts.body),
      (node) => (own.has(node) || isOwn(node) ? rule(node) : node),
      outside,
    );
    return { ...parts, body: withResults(parts.body, results) };
  });
}
/** Made anew, because an input was. */
const isOwn = ({ op }: Node): boolean => op !== "parameter" && op !== "constant";

/** A change of every scan of one direction. */
export const scans =
  (reverse: boolean, change: (parts: ScanParts) => ScanParts): Rule =>
  (node) => {
    if (node.op !== "scan" || node.attributes.reverse !== reverse) return node;
    const parts = partsOf(node);
    const changed = change(parts);
    return sameParts(parts, changed) ? node : scan(changed);
  };

function sameParts(a: ScanParts, b: ScanParts): boolean {
  const nodes = ({ lengths, initial, body }: ScanParts): readonly Node[] => [
    lengths,
    ...initial,
    ...resultsOf(body),
  ];
  const others = nodes(b);
  return a.reverse === b.reverse && nodes(a).every((node, k) => node === others[k]);
}

/** The values kept of the forward steps that a function of the node replaces. */
export const kept = (change: (node: Node, next: ReadonlyMap<Node, Node>) => Node): Rule =>
  scans(false, (parts) => {
    const { body } = parts;
    const next = new Map<Node, Node>(body.carried.map((state, k) => [state, body.next[k] as Node]));
    return { ...parts, body: { ...body, stacked: body.stacked.map((node) => change(node, next)) } };
  });
/** The deltas handed on to the step before. */
export const deltas = (change: (node: Node, index: number) => Node): Rule =>
  scans(true, (parts) => ({ ...parts, body: { ...parts.body, next: parts.body.next.map(change) } }));
/** The rule at the `index`-th place where it changes something, inputs first. */
export function nth(index: number, rule: Rule): Rule {
  let seen = 0;
  return (node) => {
    const changed = rule(node);
    return changed !== node && seen++ === index ? changed : node;
  };
}

/** A rule for one operator. */
export const at =
  <K extends Operator>(op: K, change: (node: NodeOf<K>) => Node): Rule =>
  (node) =>
    node.op === op ? change(node as unknown as NodeOf<K>) : node;

export const isConstant = (node: Node | undefined, value?: number): boolean =>
  node?.op === "constant" && (value === undefined || node.attributes.value === value);
/** y (1 - y): the derivative of sigmoid. */
export const isSigmoidSlope = ({ op, inputs: [y, rest] }: Node): boolean =>
  op === "mul" && rest?.op === "sub" && isConstant(rest.inputs[0], 1) && rest.inputs[1] === y;
/** 1 - y^2: the derivative of tanh. */
export const isTanhSlope = ({ op, inputs: [one, y2] }: Node): boolean =>
  op === "sub" && isConstant(one, 1) && y2?.op === "mul" && y2.inputs[0] === y2.inputs[1];
export const scaled = (node: Node, factor = 1.001): Node => mul(node, constant(factor));
/** The node without effect. */
export const nothing = (node: Node): Node => scaled(node, 0);
/** Is it a parameter whose name begins so? */
export const named = (node: Node | undefined, name: string): boolean =>
  node?.op === "parameter" && node.attributes.name.startsWith(name);
/** The other factor, or term, where one of two is a parameter whose name begins so. */
export const without = (op: "add" | "mul", name: string): Rule =>
  at(op, (node) => {
    const [a, b] = node.inputs;
    return named(a, name) ? b : named(b, name) ? a : node;
  });
/** Gates in another order: what was read at `from` is read at `to`, and the other way round. */
export const swapped = (from: number, to: number): Rule =>
  inForward(
    at("slice", (node) => {
      const { start, size } = node.attributes;
      const other = start === from * size ? to * size : start === to * size ? from * size : start;
      return other === start ? node : make("slice", [node.inputs[0]], { start: other, size });
    }),
  );
