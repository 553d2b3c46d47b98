/**
 * What the kernels cannot do is refused here, before anything is lowered, in the words of the graph:
 *
 *   - what meets at the sites of a row has as many of them, or one, and so do the rows of weights;
 *   - a row has at most 2^24 numbers; random numbers that all rows share are one line of them;
 *   - what is read through views stands in memory in the order in which it is seen (readable.ts);
 *   - a sum over rows is not used by the rows themselves: shards know their own rows alone;
 *   - the right side of a product and the table of a gather are weights, or parts of them;
 *   - what has no rows is a sum over rows, as it is or times numbers: every shard makes its own, and these are added.
 */
import { UnrollError } from "../../errors.ts";
import { partsOf } from "../graph/build.ts";
import type { Computation } from "../graph/computation.ts";
import { type Node, type NodeOf, type Operator, rows } from "../graph/nodes.ts";
import { sitesOf, sizeOf, widthOf } from "../graph/shapes.ts";
import { resultsOf, topological } from "../graph/walk.ts";
import { kindOf } from "./kinds.ts";
import { weightView } from "./lower/weights.ts";
import { isReadable } from "./readable.ts";
import { isZero } from "./simplify.ts";
import { hasRows } from "./values.ts";

/** Throws an UnrollError where `roots` ask for what cannot be compiled. */
export function checkLimits(roots: readonly Node[], { weights }: Computation): void {
  const known = new Set<Node>(weights);
  const nodes = everyNode(roots);
  const perRow = madeOfRows(nodes);
  const joints = jointsOf(roots.filter(({ shape }) => !hasRows(shape)));
  for (const node of nodes) {
    if (hasRows(node.shape)) checkSize(node);
    if (repeats(node)) checkSites(node);
    if (kindOf[node.op] !== "view" && !joints.has(node)) checkReads(node, known);
    if (node.op === "affine") checkWeight(node, node.inputs[2], known);
    if (node.op === "gather") checkWeight(node, node.inputs[0], known);
    if (node.op === "gather" || node.op === "scatterAdd") checkIndex(node);
    if (node.op === "sumLeading") checkSum(node);
    if (node.op === "random" && !hasRows(node.shape) && sitesOrRows(node) > 1)
      throw refused(node, "random numbers of rows, or one line for all of them", textOf(node));
    if (hasRows(node.shape)) checkSumsOfRows(node, perRow);
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

/** Addresses within a row are 32-bit integers, and several values share one. */
const mostNumbers = 2 ** 24;

function checkSize(node: Node): void {
  const numbers = sitesOf(node) * widthOf(node);
  if (numbers > mostNumbers) throw refused(node, `${mostNumbers} numbers a row at most`, textOf(node));
}

/** Does it repeat an input that has fewer sites? */
const repeats = ({ op }: Node): boolean =>
  (kindOf[op] === "elementwise" && op !== "sitesToTime" && op !== "gather") ||
  op === "affine" ||
  op === "broadcast";

/** Sites of a row, or the rows of a weight. */
const sitesOrRows = ({ shape }: { readonly shape: Node["shape"] }): number =>
  hasRows(shape) ? sitesOf({ shape }) : sizeOf(shape.slice(0, -1));

function checkSites(node: Node): void {
  const sites = sitesOrRows(node);
  for (const input of node.op === "affine" ? [node.inputs[0]] : node.inputs) {
    const own = sitesOrRows(input);
    if (own !== 1 && own !== sites)
      throw refused(node, `values with ${sites} sites a row, or one`, textOf(input));
  }
}

function checkReads(node: Node, known: ReadonlySet<Node>): void {
  for (const input of readBy(node)) {
    if (isReadable(input, (weight) => known.has(weight))) continue;
    const got = `"${input.op}" of ${input.inputs.map(textOf).join(" and ")}`;
    throw refused(node, "what stands in memory as it is read", got);
  }
}

/** Sums are put together leaf by leaf (leaves.ts): nothing reads what joins them. */
function jointsOf(sums: readonly Node[]): ReadonlySet<Node> {
  const joins: ReadonlySet<Operator> = new Set(["add", "concat", "pad", "padRows", "transpose", "reshape"]);
  const found = new Set<Node>();
  const visit = (node: Node): void => {
    if (!joins.has(node.op) || found.has(node)) return;
    found.add(node);
    for (const input of node.inputs) visit(input);
  };
  for (const sum of sums) visit(sum);
  return found;
}

/** The matrix of a product and the table of a gather are read in ways of their own. */
function readBy(node: Node): readonly Node[] {
  if (node.op === "affine") return node.inputs.slice(0, 2);
  if (node.op === "gather") return node.inputs.slice(1);
  if (node.op !== "scan") return node.inputs;
  const { initial, sequences } = partsOf(node);
  return [...initial, ...sequences];
}

/** Tokens are one for each row. */
function checkIndex(node: NodeOf<"gather"> | NodeOf<"scatterAdd">): void {
  const index = node.op === "gather" ? node.inputs[1] : node.inputs[0];
  if (index.shape.at(-1) === rows || !hasRows(index.shape)) return;
  throw refused(node, "one index for each row", textOf(index));
}

/** Of sites all are added up, or each is kept. */
function checkSum(node: NodeOf<"sumLeading">): void {
  const [x] = node.inputs;
  if (!hasRows(x.shape) || hasRows(node.shape)) return;
  const left = sizeOf(node.shape.slice(0, -1));
  const whole = left === sitesOf(x) || node.shape.length === 1;
  if (!whole) throw refused(node, `the sum over all ${sitesOf(x)} sites, or over none`, textOf(node));
}

/** Nodes without rows that rows went into. */
function madeOfRows(nodes: readonly Node[]): ReadonlySet<Node> {
  const found = new Set<Node>();
  for (const node of nodes)
    if (!hasRows(node.shape) && node.inputs.some((input) => hasRows(input.shape) || found.has(input)))
      found.add(node);
  return found;
}

function checkSumsOfRows(node: Node, perRow: ReadonlySet<Node>): void {
  const sum = node.op === "output" ? undefined : node.inputs.find((input) => perRow.has(input));
  if (sum !== undefined)
    throw refused(node, "values of a row, or the same for all rows", `a sum over rows, ${textOf(sum)}`);
}

function checkWeight(node: Node, matrix: Node, known: ReadonlySet<Node>): void {
  if (matrix.shape.length > 1 && weightView(matrix, (parameter) => known.has(parameter)) !== null) return;
  throw refused(node, "a weight, or a part of one, as its matrix", `"${matrix.op}"`);
}

const textOf = ({ shape }: Node): string => `[${shape.join(", ")}]`;

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
