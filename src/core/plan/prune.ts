/**
 * Prune: a scan keeps no value that nobody reads, and is given no sequence that its step does not read.
 *
 *   before   scan(x, y): next h' = f(h, x), stacked [h', g(y)]     of which stacked 0 alone is used
 *   after    scan(x):    next h' = f(h, x), stacked [h']
 */
import { outputOf, partsOf, scan } from "../graph/build.ts";
import type { Node, NodeOf } from "../graph/nodes.ts";
import { rewrite } from "../graph/rewrite.ts";
import { resultsOf, topological } from "../graph/walk.ts";

export function prune(roots: readonly Node[]): readonly Node[] {
  let now = roots;
  // What a scan no longer reads may have been another's only use.
  for (let next = pruned(now); next !== now; next = pruned(now)) now = next;
  return now;
}

/** The same list where there is nothing to prune. */
function pruned(roots: readonly Node[]): readonly Node[] {
  const used = new Map<Node, Set<string>>();
  for (const node of topological(roots))
    if (node.op === "output") {
      const { kind, index } = node.attributes.result;
      used.set(node.inputs[0], (used.get(node.inputs[0]) ?? new Set()).add(`${kind} ${index}`));
    }
  // A scan that is made anew still has its states.
  const uses = new Map(
    [...used].map(([made, all]) => [(made as NodeOf<"scan">).attributes.body.carried, all]),
  );
  const smaller = new Map<Node, Kept>();
  const next = rewrite(roots, (node) => {
    if (node.op === "scan") {
      const kept = smallerScan(node, uses.get(node.attributes.body.carried) ?? new Set());
      if (kept !== null) smaller.set(node, kept);
    }
    if (node.op !== "output") return node;
    const kept = smaller.get(node.inputs[0]);
    const { kind, index } = node.attributes.result;
    if (kept === undefined) return node;
    return outputOf(kept.scan, kind, kind === "final" ? index : kept[kind].indexOf(index));
  });
  return smaller.size === 0 ? roots : next;
}

interface Kept {
  readonly scan: NodeOf<"scan">;
  /** The numbers that the results had. */
  readonly stacked: readonly number[];
  readonly summed: readonly number[];
}

/** Null where all is used. */
function smallerScan(node: NodeOf<"scan">, uses: ReadonlySet<string>): Kept | null {
  const parts = partsOf(node);
  const { body } = parts;
  const usedOf = (kind: "stacked" | "summed"): readonly number[] =>
    body[kind].flatMap((_, k) => (uses.has(`${kind} ${k}`) ? [k] : []));
  const [stacked, summed] = [usedOf("stacked"), usedOf("summed")];
  const pick = (all: readonly Node[], kept: readonly number[]): readonly Node[] =>
    kept.map((k) => all[k] as Node);
  const left = { ...body, stacked: pick(body.stacked, stacked), summed: pick(body.summed, summed) };
  const read = new Set(topological(resultsOf(left)));
  const isRead = (_: unknown, k: number): boolean => read.has(body.sequences[k] as Node);
  const sequences = body.sequences.filter(isRead);
  if (
    sequences.length === body.sequences.length &&
    stacked.length === body.stacked.length &&
    summed.length === body.summed.length
  )
    return null;
  const made = scan({
    ...parts,
    sequences: parts.sequences.filter(isRead),
    body: { ...left, sequences },
  });
  return { scan: made, stacked, summed };
}
