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
import { outputOf, parameter, partsOf, scan, zeros } from "../graph/build.ts";
import type { Node, NodeOf, Operator } from "../graph/nodes.ts";
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
  const tails = body.next.map((next) => tailOf(next, own));
  if (tails.every((tail) => tail === null)) return null;
  const cut = [...new Set(tails.flatMap((tail) => tail ?? []))];
  const states = cut.map((value, k) => parameter(`delta_${k}`, value.shape));
  const before = new Map<Node, Node>(cut.map((value, k) => [value, states[k] as Node]));
  const seeds = body.carried.map((state, k) =>
    tails[k] !== null && !isZero(parts.initial[k] as Node) ? parameter(`${state.attributes.name}_first`, state.shape) : null,
  );
  const atStart = new Map<Node, Node>();
  body.carried.forEach((state, k) => {
    if (tails[k] === null) return;
    const [value] = substitute([body.next[k] as Node], before);
    const seed = seeds[k] ?? null;
    atStart.set(state, seed === null ? (value as Node) : add(seed, value as Node));
  });
  const [...results] = substitute([...resultsOf(body), ...cut], atStart);
  const kept = body.carried.flatMap((_, k) => (tails[k] === null ? [k] : []));
  const seeded = body.carried.flatMap((_, k) => (seeds[k] === null ? [] : [k]));
  const at = (list: readonly Node[]) => (k: number): Node => list[k] as Node;
  const count = resultsOf(body).length;
  const made = scan({
    ...parts,
    initial: [...kept.map(at(parts.initial)), ...cut.map((value) => zeros(value.shape)), ...seeded.map(at(parts.initial))],
    body: {
      carried: [...kept.map((k) => body.carried[k] as NodeOf<"parameter">), ...states, ...seeded.map((k) => seeds[k] as NodeOf<"parameter">)],
      sequences: body.sequences,
      next: [...kept.map(at(results)), ...results.slice(count), ...seeded.map((k) => zeros((body.carried[k] as Node).shape))],
      stacked: results.slice(body.next.length, body.next.length + body.stacked.length),
      summed: results.slice(body.next.length + body.stacked.length, count),
    },
  });
  return { scan: made, final: (index) => finalOf(made, index) };

  /** What the state would have been after the last step: its product, once more, behind the loop. */
  function finalOf(turnedScan: NodeOf<"scan">, index: number): Node {
    if (tails[index] === null) return outputOf(turnedScan, "final", kept.indexOf(index));
    const finals = new Map<Node, Node>(cut.map((value, k) => [value, outputOf(turnedScan, "final", kept.length + k)]));
    const [value] = substitute([body.next[index] as Node], finals);
    const seed = seeded.indexOf(index);
    // A row without steps keeps what it began with; every other row's seed is zero by now.
    return seed < 0 ? (value as Node) : add(outputOf(turnedScan, "final", kept.length + cut.length + seed), value as Node);
  }
}

const linear: ReadonlySet<Operator> = new Set<Operator>(["add", "sub", "neg", "mul", "where", "affine", "concat", "slice"]);

/** What the linear end of `next` reads, when there is a product in it; null otherwise. */
function tailOf(next: Node, own: ReadonlySet<Node>): readonly Node[] | null {
  const products = topological([next]).filter((node) => node.op === "affine" && own.has(node) && linearTo(next, node));
  if (products.length === 0) return null;
  const tail = dependents([next], products);
  const frontier = new Set<Node>();
  for (const node of tail) for (const input of node.inputs) if (!tail.has(input) && own.has(input)) frontier.add(input);
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
