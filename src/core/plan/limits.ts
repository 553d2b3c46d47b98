/**
 * What the kernels cannot do is refused here, before anything is lowered, in the words of the graph:
 *
 *   - what meets at the sites of a row has as many of them, or one;
 *   - the right side of a product and the table of a gather are weights, or parts of them;
 *   - what has no rows is a sum over rows, as it is or times numbers: every shard makes its own, and these are added.
 */
import { UnrollError } from "../../errors.ts";
import type { Computation } from "../graph/computation.ts";
import type { Node, NodeOf, Operator } from "../graph/nodes.ts";
import { sitesOf, sizeOf } from "../graph/shapes.ts";
import { resultsOf, topological } from "../graph/walk.ts";
import { kindOf } from "./kinds.ts";
import { weightView } from "./lower/weights.ts";
import { isZero } from "./simplify.ts";
import { hasRows } from "./values.ts";

/** Throws an UnrollError where `roots` ask for what cannot be compiled. */
export function checkLimits(roots: readonly Node[], { weights }: Computation): void {
  const known = new Set<Node>(weights);
  for (const node of everyNode(roots)) {
    if (kindOf[node.op] === "elementwise" && hasRows(node.shape)) checkSites(node);
    if (node.op === "affine") checkWeight(node, node.inputs[2], known);
    if (node.op === "gather") checkWeight(node, node.inputs[0], known);
  }
  for (const root of roots) {
    if (!hasRows(root.shape) && !isSum(root))
      throw refused(
        root,
        "a sum over rows, as it is or times numbers, where there are no rows",
        `"${root.op}"`,
      );
  }
}

function everyNode(roots: readonly Node[]): readonly Node[] {
  return topological(roots).flatMap((node) =>
    node.op === "scan" ? [node, ...everyNode(resultsOf(node.attributes.body))] : [node],
  );
}

function checkSites(node: Node): void {
  const sites = sitesOf(node);
  for (const { shape } of node.inputs) {
    const own = hasRows(shape) ? sitesOf({ shape }) : sizeOf(shape.slice(0, -1));
    if (own === 1 || own === sites || node.op === "sitesToTime" || node.op === "gather") continue;
    throw refused(node, `values with ${sites} sites a row, or one`, `[${shape.join(", ")}]`);
  }
}

function checkWeight(node: Node, matrix: Node, known: ReadonlySet<Node>): void {
  if (weightView(matrix, (parameter) => known.has(parameter)) !== null) return;
  throw refused(node, "a weight, or a part of one, as its matrix", `"${matrix.op}"`);
}

function refused(node: Node, expected: string, got: string): UnrollError {
  return new UnrollError({
    where: `operator "${node.op}"`,
    expected,
    got,
    fix: 'Compute it another way, or use setDevice("reference").',
  });
}

/** Operators that give a sum over rows when each of their inputs is one. */
const linear: ReadonlySet<Operator> = new Set<Operator>([
  "add",
  "sub",
  "neg",
  "sum",
  "reshape",
  "broadcast",
  "transpose",
  "slice",
  "sliceRows",
  "pad",
  "padRows",
  "concat",
]);

function isSum(node: Node): boolean {
  if (isZero(node)) return true;
  if (kindOf[node.op] === "accumulate") return node.inputs.some(({ shape }) => hasRows(shape));
  if (linear.has(node.op)) return node.inputs.every(isSum);
  switch (node.op) {
    case "output":
      return isSumOfSteps(node);
    case "mul":
      return node.inputs.some((factor, k) => isSum(factor) && isFixed(node.inputs[1 - k] as Node));
    case "where":
      return isFixed(node.inputs[0]) && node.inputs.slice(1).every(isSum);
    case "div":
      return isSum(node.inputs[0]) && isFixed(node.inputs[1]);
    default:
      return false;
  }
}

function isSumOfSteps({ inputs: [scan], attributes: { result } }: NodeOf<"output">): boolean {
  const summed = (scan as NodeOf<"scan">).attributes.body.summed[result.index];
  return result.kind === "summed" && summed !== undefined && summed.op !== "scatterAdd" && isSum(summed);
}

/** The same for every row. */
const isFixed = (node: Node): boolean => topological([node]).every(({ shape }) => !hasRows(shape));
