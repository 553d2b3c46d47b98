/**
 * What a planned graph computes, seen through its scans: a slice of a sequence is the sequence itself, the stacked
 * output of a scan is the node of its body, and views are read through.
 */
import { invariant } from "../../errors.ts";
import { partsOf } from "../graph/build.ts";
import { type Dim, type Node, type NodeOf, rows, type Shape } from "../graph/nodes.ts";
import { bodyNodes, topological } from "../graph/walk.ts";
import { kindOf } from "./kinds.ts";

/** One state of one scan. */
export interface Carry {
  readonly scan: NodeOf<"scan">;
  readonly index: number;
  readonly initial: Node;
  readonly next: Node;
  readonly state: NodeOf<"parameter">;
}

export interface Values {
  readonly scans: readonly NodeOf<"scan">[];
  /** The scan's slice or output behind a node, until there is nothing behind it. */
  readonly behind: (node: Node) => Node;
  readonly carryOf: (state: Node) => Carry | undefined;
  readonly carries: readonly Carry[];
  /** The computed nodes (and states) that a node reads, views read through. */
  readonly reads: (node: Node) => readonly Node[];
  /** The computed nodes (and states) that stand behind the views of a node, itself among them. */
  readonly sources: (node: Node) => readonly Node[];
  /** A number for each node, to make keys of. */
  readonly numberOf: (node: Node) => number;
}

export function valuesOf(roots: readonly Node[]): Values {
  const scans = topological(roots).filter((node) => node.op === "scan");
  const sequences = new Map<Node, Node>();
  const carries = scans.flatMap(carriesOf);
  for (const scan of scans) {
    const { body, sequences: outer } = partsOf(scan);
    body.sequences.forEach((slice, k) => sequences.set(slice, outer[k] as Node));
    const nested = [...bodyNodes(body)].some((node) => node.op === "scan");
    invariant(!nested, "plan: a scan inside a scan is not compiled");
  }
  const behind = (node: Node): Node => {
    const sequence = sequences.get(node);
    if (sequence !== undefined) return behind(sequence);
    if (node.op !== "output" || node.attributes.result.kind === "final") return node;
    const { kind, index } = node.attributes.result;
    const { body } = (node.inputs[0] as NodeOf<"scan">).attributes;
    return behind((kind === "stacked" ? body.stacked[index] : body.summed[index]) as Node);
  };
  const states = new Map<Node, Carry>(carries.map((carry) => [carry.state, carry]));
  const known = new Map<Node, readonly Node[]>();
  const numbers = new Map<Node, number>();
  const reads = (node: Node): readonly Node[] => [
    ...new Set(node.inputs.flatMap((input) => sources(behind(input)))),
  ];
  const sources = (node: Node): readonly Node[] => {
    if (states.has(node) || isComputed(node)) return [node];
    return kindOf[node.op] === "view" ? node.inputs.flatMap((input) => sources(behind(input))) : [];
  };
  return {
    scans,
    behind,
    carries,
    carryOf: (state) => states.get(state),
    reads: (node) => {
      const found = known.get(node) ?? (node.op === "output" ? [] : reads(node));
      known.set(node, found);
      return found;
    },
    sources: (node) => sources(behind(node)),
    numberOf: (node) => {
      if (!numbers.has(node)) numbers.set(node, numbers.size);
      return numbers.get(node) ?? 0;
    },
  };
}

function carriesOf(scan: NodeOf<"scan">): readonly Carry[] {
  const { initial, body } = partsOf(scan);
  return body.carried.map((state, index) => ({
    scan,
    index,
    state,
    initial: initial[index] as Node,
    next: body.next[index] as Node,
  }));
}

/**
 * Does it take a stage to make this node? A state after the last step is fetched by one; integers are inputs, read
 * where they stand.
 */
export function isComputed(node: Node): boolean {
  if (node.dtype === "int32") return false;
  const kind = kindOf[node.op];
  return (kind !== "leaf" && kind !== "view" && kind !== "scan") || isFinal(node);
}

export const isFinal = (node: Node): boolean =>
  node.op === "output" && node.attributes.result.kind === "final";

/** The dimension of time that a value outside of scans begins with, or null. */
export function timeOf(shape: Shape): Dim | null {
  return shape.length > 1 && shape[1] === rows ? (shape[0] ?? null) : null;
}
export const hasRows = (shape: Shape): boolean => shape[0] === rows || shape[1] === rows;
