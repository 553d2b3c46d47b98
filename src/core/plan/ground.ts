/**
 * Ground: what a stage reads row by row from memory (the left side of a product, what is summed or turned) stands
 * there. What is only a way to see something else, such as a weight repeated for every row, is copied first.
 *
 *   before   affine(0, broadcast(h0), R)
 *   after    affine(0, where(1, broadcast(h0), _), R)
 */
import { partsOf, scan, withInputs } from "../graph/build.ts";
import { type Node, type NodeOf, type Operator, rows } from "../graph/nodes.ts";
import { joinSites, reshape } from "../graph/operators.ts";
import { rewrite } from "../graph/rewrite.ts";
import { sameShape, sitesOf, widthOf } from "../graph/shapes.ts";
import { parametersOf, topological } from "../graph/walk.ts";
import { copied, isMadeInSteps } from "./copied.ts";
import { kindOf } from "./kinds.ts";
import { readsAll } from "./store.ts";
import { hasRows, timeOf } from "./values.ts";

/** Which inputs are read so. */
const read: { readonly [K in Operator]?: readonly number[] } = {
  affine: [1],
  contract: [0, 1],
  sumLeading: [0],
  reverse: [0],
  timeToSites: [0],
  sitesToTime: [0],
  patches: [0],
  overlapAdd: [0],
  resample: [0],
};

export function ground(roots: readonly Node[]): readonly Node[] {
  const inSteps = new Set<Node>(
    topological(roots).flatMap((node) => (node.op === "scan" ? parametersOf(node.attributes.body) : [])),
  );
  return rewrite(roots, (node) => {
    if (node.op === "scan") return groundedScan(node);
    if (node.op === "reshape") return groundedReshape(node, inSteps);
    const places = read[node.op] ?? [];
    const asRead = (input: Node): Node =>
      readsAll.has(node.op) && isRepeated(input) ? copied(input) : grounded(input);
    const inputs = node.inputs.map((input, k) => (places.includes(k) ? asRead(input) : input));
    return inputs.every((input, k) => input === node.inputs[k]) ? node : withInputs(node, inputs);
  });
}

/** May it be the same at every step? */
function isRepeated(node: Node): boolean {
  if (node.op === "output") return node.attributes.result.kind === "stacked" && !isMadeInSteps(node);
  if (node.op === "broadcast") return timeOf(node.inputs[0].shape) === null || isRepeated(node.inputs[0]);
  return (node.op === "slice" || node.op === "reshape") && isRepeated(node.inputs[0]);
}

function groundedScan(node: NodeOf<"scan">): Node {
  const parts = partsOf(node);
  if (parts.sequences.every(stands)) return node;
  return scan({ ...parts, sequences: parts.sequences.map(grounded) });
}

/**
 * Other features: a view of what lies in one piece, as inputs and single sites do. There may be gaps between sites that
 * were computed, or are states and slices of steps, so they are joined first.
 */
function groundedReshape(node: NodeOf<"reshape">, inSteps: ReadonlySet<Node>): Node {
  const [x] = node.inputs;
  if (!x.shape.includes(rows) || widthOf(node) === widthOf(x)) return node;
  const inOnePiece = sitesOf(x) === 1 || (x.op === "parameter" && !inSteps.has(x));
  const piece = inOnePiece ? grounded(x) : joinSites(x);
  return sameShape(piece.shape, node.shape) ? piece : reshape(piece, node.shape);
}

const grounded = (node: Node): Node => (stands(node) ? node : copied(node));

/** Has this memory of its own, or is it a part of what has, row by row? */
function stands(node: Node): boolean {
  if (node.op === "slice") return stands(node.inputs[0]);
  if (node.op === "broadcast") {
    const [x] = node.inputs;
    return widthOf(node) === widthOf(x) && hasRows(node.shape) === hasRows(x.shape) && stands(x);
  }
  if (node.op === "reshape") return stands(node.inputs[0]);
  if (node.op === "output" && node.attributes.result.kind === "stacked") {
    const { body } = (node.inputs[0] as NodeOf<"scan">).attributes;
    return stands(body.stacked[node.attributes.result.index] as Node);
  }
  return kindOf[node.op] === "leaf"
    ? node.shape.includes(rows)
    : node.dtype === "int32" || kindOf[node.op] !== "view" || node.op === "output";
}
