/**
 * Rotate: the reverse loop is turned so that its product comes first.
 *
 *   before   carries dh;      da = f(dh + dy_t);  dh' = da R^T           the product ends the step
 *   after    carries da, dh0; dh = dh0 + da R^T;  da' = f(dh + dy_t)     what follows the product is its epilogue
 *
 * What is carried are the inputs of the product, zero before the first step; what the loop began with (`dh0`) is
 * carried for one step more and is zero afterwards. A state is turned when its next value is linear in these inputs,
 * so that zeros there give zero.
 */
import { outputOf, parameter, partsOf, type ScanParts, scan, zeros } from "../graph/build.ts";
import type { Node, NodeOf, Operator, ScanBody } from "../graph/nodes.ts";
import { add } from "../graph/operators.ts";
import { rewrite, substitute } from "../graph/rewrite.ts";
import { bodyNodes, dependents, resultsOf, topological } from "../graph/walk.ts";
import { isZero } from "./simplify.ts";

export function rotate(roots: readonly Node[]): readonly Node[] {
  const turned = new Map<Node, Turned>();
  return rewrite(roots, (node) => {
    if (node.op === "scan" && node.attributes.reverse) {
      const found = turn(node);
      if (found !== null) turned.set(node, found);
    }
    if (node.op !== "output") return node;
    const { kind, index } = node.attributes.result;
    const found = turned.get(node.inputs[0]);
    if (found === undefined) return node;
    return kind === "final" ? found.final(index) : outputOf(found.scan, kind, index);
  });
}

interface Turned {
  readonly scan: NodeOf<"scan">;
  readonly final: (index: number) => Node;
}

/** The scan with each state that ends in a product turned, or null when none does. */
function turn(node: NodeOf<"scan">): Turned | null {
  const parts = partsOf(node);
  const { body } = parts;
  const own = bodyNodes(body);
  const stateful = dependents(resultsOf(body), body.carried);
  const tails = body.next.map((next) => tailOf(next, own, stateful));
  if (tails.every((tail) => tail === null)) return null;
  const cut = [...new Set(tails.flatMap((tail) => tail ?? []))];
  const plain = body.carried.flatMap((_, k) => (tails[k] === null ? [k] : []));
  const seeded = body.carried.flatMap((_, k) => (tails[k] !== null && !isZero(parts.initial[k]!) ? [k] : []));
  const cuts = cut.map((value, k) => parameter(`delta_${k}`, value.shape));
  const seeds = seeded.map((k) =>
    parameter(`${body.carried[k]?.attributes.name}_first`, body.carried[k]!.shape),
  );
  const pieces: Pieces = { plain, cut, cuts, seeded, seeds };
  const made = turnedScan(parts, pieces);
  return { scan: made, final: (index) => finalOf(made, index, body, pieces) };
}

interface Pieces {
  /** States that stay as they are, by number. */
  readonly plain: readonly number[];
  /** What the products read, and the states that carry it. */
  readonly cut: readonly Node[];
  readonly cuts: readonly NodeOf<"parameter">[];
  /** Turned states that do not begin as zero, by number, and the states that carry their first value. */
  readonly seeded: readonly number[];
  readonly seeds: readonly NodeOf<"parameter">[];
}

function turnedScan(parts: ScanParts, pieces: Pieces): NodeOf<"scan"> {
  const { body, initial } = parts;
  const { plain, cut, cuts, seeded, seeds } = pieces;
  const results = substitute([...resultsOf(body), ...cut], statesAtStart(body, pieces));
  const zerosLike = (nodes: readonly Node[]): readonly Node[] => nodes.map(({ shape }) => zeros(shape));
  const stackedFrom = body.next.length;
  const summedFrom = stackedFrom + body.stacked.length;
  const end = summedFrom + body.summed.length;
  return scan({
    ...parts,
    initial: [...plain.map((k) => initial[k]!), ...zerosLike(cut), ...seeded.map((k) => initial[k]!)],
    body: {
      carried: [...plain.map((k) => body.carried[k]!), ...cuts, ...seeds],
      sequences: body.sequences,
      next: [...plain.map((k) => results[k]!), ...results.slice(end), ...zerosLike(seeds)],
      stacked: results.slice(stackedFrom, summedFrom),
      summed: results.slice(summedFrom, end),
    },
  });
}

/** What each turned state is when a step begins: the product of what is carried, and at first its first value. */
function statesAtStart(body: ScanBody, { plain, cut, cuts, seeded, seeds }: Pieces): ReadonlyMap<Node, Node> {
  const carried = new Map<Node, Node>(cut.map((value, k) => [value, cuts[k]!]));
  const starts = new Map<Node, Node>();
  body.carried.forEach((state, k) => {
    if (plain.includes(k)) return;
    const [value] = substitute([body.next[k]!], carried);
    const seed = seeds[seeded.indexOf(k)];
    starts.set(state, seed === undefined ? value! : add(seed, value!));
  });
  return starts;
}

/** What a state would have been after the last step: its product, once more, behind the loop. */
function finalOf(made: NodeOf<"scan">, index: number, body: ScanBody, { plain, cut, seeded }: Pieces): Node {
  if (plain.includes(index)) return outputOf(made, "final", plain.indexOf(index));
  const last = (k: number): Node => outputOf(made, "final", plain.length + k);
  const [value] = substitute([body.next[index]!], new Map(cut.map((node, k) => [node, last(k)])));
  const seed = seeded.indexOf(index);
  // A row without steps keeps what it began with; every other row's seed is zero by now.
  return seed < 0 ? value! : add(last(cut.length + seed), value!);
}

const linear: ReadonlySet<Operator> = new Set<Operator>([
  "add",
  "sub",
  "neg",
  "mul",
  "where",
  "affine",
  "concat",
  "slice",
]);

/**
 * What the linear end of `next` reads, when there is a product in it; null otherwise. A product that does not touch
 * a state is none of these: it runs before the steps.
 */
function tailOf(next: Node, own: ReadonlySet<Node>, stateful: ReadonlySet<Node>): readonly Node[] | null {
  const products = topological([next]).filter(
    (node) => node.op === "affine" && stateful.has(node) && linearTo(next, node),
  );
  if (products.length === 0) return null;
  const tail = dependents([next], products);
  const frontier = new Set<Node>();
  for (const node of tail)
    for (const input of node.inputs) if (!tail.has(input) && own.has(input)) frontier.add(input);
  return [...frontier];
}

/** Is `next` linear in `product`, and the product the last one on each way to it? */
function linearTo(next: Node, product: Node): boolean {
  const way = dependents([next], [product]);
  return [...way].every((node) => {
    if (node === product) return true;
    if (!linear.has(node.op)) return false;
    const on = node.inputs.map((input) => way.has(input));
    if (node.op === "affine") return on[0] === true && !on[1] && !on[2];
    if (node.op === "mul") return on.filter(Boolean).length === 1;
    return node.op === "where" ? on[0] === false : true;
  });
}
