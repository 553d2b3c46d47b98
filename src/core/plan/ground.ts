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
import { copied } from "./copied.ts";
import { kindOf } from "./kinds.ts";

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
  return rewrite(roots, (node) => {
    if (node.op === "scan") return groundedScan(node);
    if (node.op === "reshape") return groundedReshape(node);
    const places = read[node.op] ?? [];
    if (places.every((k) => stands(node.inputs[k] as Node))) return node;
    return withInputs(
      node,
      node.inputs.map((input, k) => (places.includes(k) ? grounded(input) : input)),
    );
  });
}

function groundedScan(node: NodeOf<"scan">): Node {
  const parts = partsOf(node);
  if (parts.sequences.every(stands)) return node;
  return scan({ ...parts, sequences: parts.sequences.map(grounded) });
}

/** Other features: a view of what lies in one piece. Sites may have gaps between them, so they are joined first. */
function groundedReshape(node: NodeOf<"reshape">): Node {
  const [x] = node.inputs;
  if (!x.shape.includes(rows) || widthOf(node) === widthOf(x)) return node;
  const piece = sitesOf(x) === 1 || x.op === "parameter" ? grounded(x) : joinSites(x);
  return sameShape(piece.shape, node.shape) ? piece : reshape(piece, node.shape);
}

const grounded = (node: Node): Node => (stands(node) ? node : copied(node));

/** Has this memory of its own, or is it a part of what has, row by row? */
function stands(node: Node): boolean {
  if (node.op === "slice") return stands(node.inputs[0]);
  if (node.op === "broadcast") return widthOf(node) === widthOf(node.inputs[0]) && stands(node.inputs[0]);
  if (node.op === "reshape") return stands(node.inputs[0]);
  if (node.op === "output" && node.attributes.result.kind === "stacked") {
    const { body } = (node.inputs[0] as NodeOf<"scan">).attributes;
    return stands(body.stacked[node.attributes.result.index] as Node);
  }
  return kindOf[node.op] === "leaf"
    ? node.shape.includes(rows)
    : node.dtype === "int32" || kindOf[node.op] !== "view" || node.op === "output";
}
