/**
 * Reverse accumulation: from the results back to what they were made of, each node once, its gradient being the sum of
 * what its users send back.
 *
 *   y = f(a, b), L = g(y, a)        dy = g_y        da = g_a + dy f_a        db = dy f_b
 *
 * A scan is differentiated as a whole (scan.ts), and its gradient needs more from the forward scan than was asked for
 * before: so the graph is given back with the new scan in the place of the old, and there is still one.
 */
import { constant } from "../graph/build.ts";
import type { Node, NodeOf } from "../graph/nodes.ts";
import { add, broadcast } from "../graph/operators.ts";
import { rewrite } from "../graph/rewrite.ts";
import { topological } from "../graph/walk.ts";
import { type Answer, influencedBy, type Question } from "./question.ts";
import { gradOf } from "./rules.ts";
import { backpropagate, type ResultGradient } from "./scan.ts";

/** The gradients of (the sum of the elements of) the first root with respect to `wrt`. */
export function differentiate({ roots, seeds, wrt, within = [], own }: Question): Answer {
  const order = topological(roots, own && { has: (node) => !own.has(node) });
  const influenced = influencedBy([...wrt, ...within.map(({ inputs: [scan] }) => scan)], order);
  const grads = new Map<Node, Node>();
  const give = (node: Node | undefined, grad: Node | null | undefined): void => {
    if (!node || !grad || !influenced.has(node)) return;
    const before = grads.get(node);
    grads.set(node, before ? add(before, grad) : grad);
  };
  const renewed = new Map<Node, Node>();
  const results = new Map<Node, ResultGradient[]>();
  const inner = new Map<Node, Node>();
  roots.forEach((root, k) => {
    give(root, seeds ? seeds[k] : k === 0 ? broadcast(constant(1), root.shape) : null);
  });
  for (const node of order.toReversed()) {
    const grad = grads.get(node);
    const given = results.get(node);
    if (node.op === "scan") {
      if (given === undefined) continue;
      const inside = within.filter(({ inputs: [scan] }) => scan === node);
      const question = { scan: node, given, wanted: influenced, inside, differentiate };
      const { forward, gradients, ofInside } = backpropagate(question);
      inside.forEach((output, k) => void inner.set(output, ofInside[k] as Node));
      if (forward !== node) renewed.set(node, forward);
      for (const [k, inputGrad] of gradients.entries()) give(node.inputs[k], inputGrad);
    } else if (grad && node.op === "output") {
      noteResult(results, node, grad);
    } else if (grad && node.op !== "output") {
      for (const [k, inputGrad] of gradOf(node, grad).entries()) give(node.inputs[k], inputGrad);
    }
  }
  const gradients = wrt.map((node) => grads.get(node) ?? null);
  return withRenewedScans(
    { roots, gradients, within: within.map((node) => inner.get(node) ?? null) },
    renewed,
  );
}

/** The same result may be asked for by several nodes. */
function noteResult(results: Map<Node, ResultGradient[]>, node: NodeOf<"output">, grad: Node): void {
  const [scan] = node.inputs;
  const { kind, index } = node.attributes.result;
  const all = results.get(scan) ?? [];
  const at = all.findIndex((other) => other.kind === kind && other.index === index);
  const before = all[at];
  if (before === undefined) all.push({ kind, index, grad });
  else all[at] = { kind, index, grad: add(before.grad, grad) };
  results.set(scan, all);
}

function withRenewedScans({ roots, gradients, within }: Answer, renewed: ReadonlyMap<Node, Node>): Answer {
  const done = new Map<Node, Node>();
  const same = (node: Node): Node => node;
  // A scan that reads another scan was met first, and was renewed while it read the old one.
  for (const [old, next] of [...renewed].reverse()) done.set(old, rewrite([next], same, done)[0] as Node);
  const again = (node: Node | null): Node | null => node && (rewrite([node], same, done)[0] as Node);
  return { roots: rewrite(roots, same, done), gradients: gradients.map(again), within: within.map(again) };
}
