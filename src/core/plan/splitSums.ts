/**
 * Split sums: a sum over steps that is put together from several is put together behind the loop.
 *
 *   before   in each step   sum += concat(contract(x, di), contract(x, df))
 *   after    in each step   sum1 += contract(x, di);  sum2 += contract(x, df)       behind it: concat(sum1, sum2)
 */
import { outputOf, partsOf, scan, withInputs } from "../graph/build.ts";
import type { Node, NodeOf, Operator } from "../graph/nodes.ts";
import { rewrite } from "../graph/rewrite.ts";
import { isZero } from "./simplify.ts";

/** Linear, and made of whole sums. */
const together: ReadonlySet<Operator> = new Set<Operator>([
  "concat",
  "add",
  "pad",
  "padRows",
  "reshape",
  "transpose",
]);

export function splitSums(roots: readonly Node[]): readonly Node[] {
  const split = new Map<Node, Split>();
  return rewrite(roots, (node) => {
    if (node.op === "scan" && node.attributes.body.summed.some((sum) => together.has(sum.op)))
      split.set(node, splitOf(node));
    const found = node.op === "output" ? split.get(node.inputs[0]) : undefined;
    if (node.op !== "output" || found === undefined) return node;
    const { kind, index } = node.attributes.result;
    if (kind !== "summed") return outputOf(found.scan, kind, index);
    return rebuilt(found.sums[index] as Node, (part) =>
      outputOf(found.scan, "summed", found.parts.indexOf(part)),
    );
  });
}

interface Split {
  readonly scan: NodeOf<"scan">;
  /** The sums as they were, and the parts that they are made of. */
  readonly sums: readonly Node[];
  readonly parts: readonly Node[];
}

function splitOf(node: NodeOf<"scan">): Split {
  const { body } = node.attributes;
  const parts = new Set<Node>();
  for (const sum of body.summed) {
    rebuilt(sum, (part) => {
      parts.add(part);
      return part;
    });
  }
  const summed = [...parts];
  return { scan: scan({ ...partsOf(node), body: { ...body, summed } }), sums: body.summed, parts: summed };
}

/** A sum with its parts replaced. */
function rebuilt(sum: Node, part: (node: Node) => Node): Node {
  if (isZero(sum)) return sum;
  return together.has(sum.op)
    ? withInputs(
        sum,
        sum.inputs.map((input) => rebuilt(input, part)),
      )
    : part(sum);
}
