/**
 * Tabulate: the product of looked-up vectors and a kernel becomes a look-up in the table of all such products.
 *
 *   before   affine(b, gather(E, tokens), W)      a product for every token of every step
 *   after    gather(affine(b, E, W), tokens)      a product for every token that there is
 *
 * The table is made from the weights alone, so it is packed with them, once for each of their versions. Its elements
 * are the product's own, begun with the same bias and k ascending: no bit of a result depends on the choice, which
 * follows from the number of tokens and the width of the table alone.
 */
import { parameter, partsOf, scan } from "../graph/build.ts";
import type { Parameter } from "../graph/computation.ts";
import type { Node, NodeOf } from "../graph/nodes.ts";
import { gather, reverse, slice } from "../graph/operators.ts";
import { rewrite } from "../graph/rewrite.ts";
import { widthOf } from "../graph/shapes.ts";
import { resultsOf, topological } from "../graph/walk.ts";
import { weightView } from "./lower/weights.ts";

/** A matrix `[tokens, floats of a row]` that is made from the weights: products side by side, one row a token. */
export interface Table {
  /** Its entry in the frame. */
  readonly key: string;
  /** What stands for it in the graph. */
  readonly parameter: Parameter;
  readonly products: readonly TableProduct[];
}
export interface TableProduct {
  readonly column: number;
  /** The bias, all vectors, the kernel. */
  readonly inputs: NodeOf<"affine">["inputs"];
}

/**
 * Characters and bytes: a batch has more tokens than that, and pays for a table that is made anew at every step of
 * training (LSTM 64, 128: 1.1 times as fast with 64 tokens, batch 32, 100 steps; no gain with 1,024).
 */
const mostTokens = 256;
const mostBytes = 2 * 2 ** 20;
/** Every product begins at a line of the cache, so that whole vectors of any length can be written. */
const lineFloats = 16;

export function tabulate(
  roots: readonly Node[],
  weights: readonly Parameter[],
): { readonly roots: readonly Node[]; readonly tables: readonly Table[] } {
  const lookups = lookupsIn(roots, new Set<Node>(weights));
  const vectors = [...new Set(lookups.map((lookup) => lookup.vectors))];
  const made = vectors.flatMap((of, k) => tableOf(`table_${k}`, of, lookups) ?? []);
  const replacements = new Map<Node, Node>();
  const slots = new Map<Node, Slot>();
  for (const { product, vectors: of, index, slot } of lookups) {
    const table = made.find(({ products }) => products[0]?.inputs[1] === of);
    const part = table?.products.find(({ inputs }) => sameProduct(inputs, product.inputs));
    if (table === undefined || part === undefined) continue;
    if (slot !== null) slots.set(slot, slots.get(slot) ?? { index, parameter: tokenOf(index) });
    const token = slot === null ? index : (slots.get(slot) as Slot).parameter;
    replacements.set(product, gather(slice(table.parameter, part.column, widthOf(product)), token));
  }
  if (made.length === 0) return { roots, tables: made };
  const rule = (node: Node): Node => (node.op === "scan" ? withTokens(node, slots) : node);
  return { roots: rewrite(roots, rule, replacements), tables: made };
}

/** A product that could be looked up. */
interface Lookup {
  readonly product: NodeOf<"affine">;
  readonly vectors: Node;
  readonly index: Node;
  /** The slice of the looked-up sequence that a step reads, or null outside of scans. */
  readonly slot: Node | null;
}
/** What a step reads in place of a slice of looked-up vectors. */
interface Slot {
  readonly index: Node;
  readonly parameter: Parameter;
}

const tokenOf = ({ shape }: Node): Parameter => parameter("token", shape.slice(1), "int32");

function lookupsIn(roots: readonly Node[], weights: ReadonlySet<Node>): readonly Lookup[] {
  const isWeight = (node: Node): boolean => weights.has(node);
  const nodes = topological(roots);
  const outside = nodes.flatMap((node) => lookupOf(node, null) ?? []);
  const inside = nodes.flatMap((node) => {
    if (node.op !== "scan") return [];
    const { body, sequences } = partsOf(node);
    const behind = new Map<Node, Node>(body.sequences.map((slot, k) => [slot, sequences[k] as Node]));
    return topological(resultsOf(body)).flatMap((own) => lookupOf(own, behind) ?? []);
  });
  return [...outside, ...inside];

  function lookupOf(product: Node, behind: ReadonlyMap<Node, Node> | null): Lookup | null {
    if (product.op !== "affine" || !isPacked(product.inputs)) return null;
    const [, left] = product.inputs;
    const found = gatherBehind(behind === null ? left : (behind.get(left) ?? null));
    if (found === null || weightView(found.vectors, isWeight) === null) return null;
    if (found.vectors.shape.length !== 2) return null;
    return { ...found, product, slot: behind === null ? null : left };
  }

  /** Are all but the vectors weights, as they are? */
  function isPacked([start, , kernel]: NodeOf<"affine">["inputs"]): boolean {
    return weightView(kernel, isWeight)?.columnStride === 1 && isStart(start);
  }
  function isStart(node: Node): boolean {
    if (node.op === "constant") return true;
    if (node.op === "broadcast") return isStart(node.inputs[0]);
    if (node.op === "add") return node.inputs.every(isStart);
    const view = weightView(node, isWeight);
    return view !== null && view.rows === 1 && (view.columns === 1 || view.columnStride === 1);
  }
}

/** A turned sequence of vectors is looked up by the turned tokens; turned twice, it is the sequence itself. */
function gatherBehind(node: Node | null): Pick<Lookup, "vectors" | "index"> | null {
  if (node?.op === "gather") return { vectors: node.inputs[0], index: node.inputs[1] };
  if (node?.op !== "reverse") return null;
  const [sequence, lengths] = node.inputs;
  const found = gatherBehind(sequence);
  if (found === null) return null;
  const { vectors, index } = found;
  if (index.op !== "reverse") return { vectors, index: reverse(index, lengths) };
  return index.inputs[1] === lengths ? { vectors, index: index.inputs[0] } : null;
}

/** All products with these vectors side by side, unless the table would be too large. */
function tableOf(key: string, vectors: Node, lookups: readonly Lookup[]): Table | null {
  const products: TableProduct[] = [];
  let column = 0;
  for (const { product, vectors: of } of lookups) {
    const [start, , kernel] = product.inputs;
    const inputs = [start, of, kernel] as const;
    if (of !== vectors || products.some((other) => sameProduct(other.inputs, inputs))) continue;
    products.push({ column, inputs });
    column += Math.ceil(widthOf(product) / lineFloats) * lineFloats;
  }
  const tokens = Number(vectors.shape[0]);
  if (tokens > mostTokens || 4 * tokens * column > mostBytes) return null;
  return { key, parameter: parameter(key, [tokens, column]), products };
}

type Inputs = NodeOf<"affine">["inputs"];
const sameProduct = (a: Inputs, b: Inputs): boolean => a[0] === b[0] && a[2] === b[2];

/** The scan with tokens among its sequences, and without the vectors that no step reads any more. */
function withTokens(node: NodeOf<"scan">, slots: ReadonlyMap<Node, Slot>): Node {
  const parts = partsOf(node);
  if (!parts.body.sequences.some((slice) => slots.has(slice))) return node;
  const used = new Set(topological(resultsOf(parts.body)));
  const kept = parts.body.sequences.flatMap((slice, k) =>
    used.has(slice) ? [{ parameter: slice, index: parts.sequences[k] as Node }] : [],
  );
  const all = [...kept, ...parts.body.sequences.flatMap((slice) => slots.get(slice) ?? [])];
  const body = { ...parts.body, sequences: all.map(({ parameter: slice }) => slice) };
  return scan({ ...parts, sequences: all.map(({ index }) => index), body });
}
