/**
 * Simplify: small rewrites, after which the order of every sum is fixed.
 *
 *   slice(tanh(x W + b))      ->  tanh(x W[:, part] + b[part])      every gate is a product of its own
 *   pad(da) + pad(db)         ->  concat(da, db)
 *   concat(a, b) W            ->  (0 + a W[top]) + b W[bottom]      one accumulator, k ascending
 *   x W + b + h R             ->  affine(affine(b, x, W), h, R)     begun with the bias, products in written order
 *   contract(x, concat(d, e)) ->  concat(contract(x, d), contract(x, e))
 */
import { constant, make, zeros } from "../graph/build.ts";
import type { Node, NodeOf } from "../graph/nodes.ts";
import { add, concat, reverse, slice, transpose } from "../graph/operators.ts";
import { type Rule, rewrite } from "../graph/rewrite.ts";
import { sameShape, widthOf } from "../graph/shapes.ts";
import { resultsOf, topological } from "../graph/walk.ts";
import { interned } from "./intern.ts";
import { elementwise } from "./kinds.ts";

/** The graph in normal form. A product is an `affine` afterwards; `matmul` is gone. */
export function simplify(roots: readonly Node[]): readonly Node[] {
  const share = interned();
  const isStateful = statefulness(roots);
  const simpler = rewrite(roots, (node) =>
    share(node.op === "add" ? joined(normalAdd(node), isStateful) : normal(node)),
  );
  return rewrite(simpler, (node) => share(node));
}

/** Does a node depend on a state, of whatever scan? */
function statefulness(roots: readonly Node[]): (node: Node) => boolean {
  const states = new Set<Node>(everyScan(roots).flatMap(({ attributes }) => attributes.body.carried));
  const known = new Map<Node, boolean>();
  const isStateful = (node: Node): boolean => {
    const found = known.get(node) ?? (states.has(node) || node.inputs.some(isStateful));
    known.set(node, found);
    return found;
  };
  return isStateful;
}

function everyScan(roots: readonly Node[]): readonly NodeOf<"scan">[] {
  const scans = topological(roots).filter((node) => node.op === "scan");
  return [...scans, ...scans.flatMap((scan) => everyScan(resultsOf(scan.attributes.body)))];
}

const normal: Rule = (node) => {
  switch (node.op) {
    case "add":
      return normalAdd(node);
    case "mul":
      return normalMul(node);
    case "sub":
      return isZero(node.inputs[1]) && sameShape(node.shape, node.inputs[0].shape) ? node.inputs[0] : node;
    case "slice":
      return normalSlice(node.inputs[0], node.attributes.start, node.attributes.size);
    case "sliceRows":
      return normalSliceRows(node);
    case "transpose":
      return node.inputs[0].op === "transpose" ? node.inputs[0].inputs[0] : node;
    case "matmul":
      return chained(constant(0), node.inputs[0], node.inputs[1]);
    case "affine":
      return chained(node.inputs[0], node.inputs[1], node.inputs[2]);
    case "contract":
      return normalContract(node);
    case "scatterAdd":
      return normalScatter(node);
    case "sumLeading":
      return mapConcat(node.inputs[0], (part) => normal(make("sumLeading", [part], node.attributes))) ?? node;
    case "broadcast":
      return normalBroadcast(node);
    case "reshape":
      return normalReshape(node);
    case "concat":
      return node.inputs.some((part) => part.op === "concat")
        ? concat(...node.inputs.flatMap(partsOf))
        : node;
    default:
      return node;
  }
};

const partsOf = (node: Node): readonly Node[] => (node.op === "concat" ? node.inputs : [node]);

function normalAdd(node: NodeOf<"add">): Node {
  const [a, b] = node.inputs;
  if (isZero(b) && sameShape(a.shape, node.shape)) return a;
  if (isZero(a) && sameShape(b.shape, node.shape)) return b;
  return joinedPads(a, b) ?? node;
}

function normalMul(node: NodeOf<"mul">): Node {
  const [a, b] = node.inputs;
  if (isConstant(b, 1) && sameShape(a.shape, node.shape)) return a;
  if (isConstant(a, 1) && sameShape(b.shape, node.shape)) return b;
  return isZero(a) || isZero(b) ? zeros(node.shape) : node;
}

/**
 * A sum with a product: its accumulator begins with all that stands before it. Of two products the one that does not
 * touch the state comes first, and a product is not tied to a state that it could do without: it can be hoisted then.
 */
function joined(node: Node, isStateful: (node: Node) => boolean): Node {
  if (node.op !== "add") return node;
  const [a, b] = node.inputs;
  const swap = b.op !== "affine" || (a.op === "affine" && isStateful(a) && !isStateful(b));
  const [other, product] = swap ? [b, a] : [a, b];
  if (product.op !== "affine" || !sameShape(product.shape, node.shape)) return node;
  if (isStateful(other) && !isStateful(product)) return node;
  if (other.op === "add" && other.inputs.some((input) => input.op === "affine")) {
    const [first, second] = other.inputs;
    const [rest, inner] = second.op === "affine" ? [first, second] : [second, first];
    return add(rest, joined(add(inner, product), isStateful));
  }
  if (other.op !== "affine" && holdsProduct(other)) return node;
  const [start, left, right] = product.inputs;
  const begun = isZero(start) ? other : joined(normal(add(other, start)), isStateful);
  return make("affine", [begun, left, right], {});
}

/** Is it made from a product by elementwise operators alone? */
function holdsProduct(node: Node): boolean {
  return node.op === "affine" || (elementwise.has(node.op) && node.inputs.some(holdsProduct));
}

/** Pads that lie side by side become one concat, whatever the order in which they are added. */
function joinedPads(a: Node, b: Node): Node | null {
  const pieces = [...padsOf(a), ...padsOf(b)];
  if (pieces.some((piece) => piece === null)) return null;
  const sorted = (pieces as Piece[]).sort((p, q) => p.start - q.start);
  let end = 0;
  const parts: Node[] = [];
  for (const { start, node } of sorted) {
    if (start < end) return null;
    if (start > end) parts.push(zeros([...a.shape.slice(0, -1), start - end]));
    parts.push(node);
    end = start + widthOf(node);
  }
  if (end < widthOf(a)) parts.push(zeros([...a.shape.slice(0, -1), widthOf(a) - end]));
  return concat(...parts);
}

interface Piece {
  readonly start: number;
  readonly node: Node;
}
/** What is not zero in a pad, or in a concat that a sum of pads became. */
function padsOf(node: Node): readonly (Piece | null)[] {
  if (node.op === "pad") return [{ start: node.attributes.start, node: node.inputs[0] }];
  if (node.op !== "concat") return [null];
  let start = 0;
  const pieces: Piece[] = [];
  for (const part of node.inputs) {
    if (!isZero(part)) pieces.push({ start, node: part });
    start += widthOf(part);
  }
  return pieces.length < node.inputs.length ? pieces : [null];
}

function normalSlice(x: Node, start: number, size: number): Node {
  if (start === 0 && size === widthOf(x)) return x;
  const part = (input: Node): Node => (widthOf(input) === 1 ? input : normalSlice(input, start, size));
  if (elementwise.has(x.op)) return normal(withParts(x, x.inputs.map(part)));
  switch (x.op) {
    case "slice":
      return normalSlice(x.inputs[0], x.attributes.start + start, size);
    case "transpose":
      return transpose(normalSliceRowsOf(x.inputs[0], start, size));
    case "affine":
      return make("affine", [part(x.inputs[0]), x.inputs[1], normalSlice(x.inputs[2], start, size)], {});
    case "broadcast":
      return normal(make("broadcast", [part(x.inputs[0])], { shape: [...x.shape.slice(0, -1), size] }));
    case "concat":
      return sliceOfConcat(x, start, size);
    default:
      return slice(x, start, size);
  }
}

function withParts(node: Node, inputs: readonly Node[]): Node {
  return make(node.op, inputs as never, node.attributes as never) as Node;
}

function sliceOfConcat(x: NodeOf<"concat">, start: number, size: number): Node {
  const parts: Node[] = [];
  let at = 0;
  for (const part of x.inputs) {
    const from = Math.max(start, at);
    const to = Math.min(start + size, at + widthOf(part));
    if (from < to) parts.push(normalSlice(part, from - at, to - from));
    at += widthOf(part);
  }
  return concat(...parts);
}

function normalSliceRows(node: NodeOf<"sliceRows">): Node {
  return normalSliceRowsOf(node.inputs[0], node.attributes.start, node.attributes.size);
}
function normalSliceRowsOf(x: Node, start: number, size: number): Node {
  if (start === 0 && size === x.shape[0]) return x;
  if (x.op === "transpose") return transpose(normalSlice(x.inputs[0], start, size));
  if (x.op === "sliceRows") return normalSliceRowsOf(x.inputs[0], x.attributes.start + start, size);
  return make("sliceRows", [x], { start, size });
}

/** start + a x b, with a concat on the left taken apart. */
function chained(start: Node, a: Node, b: Node): Node {
  if (a.op !== "concat") return make("affine", [start, a, b], {});
  let sum = start;
  let row = 0;
  for (const part of a.inputs) {
    if (!isZero(part)) sum = make("affine", [sum, part, normalSliceRowsOf(b, row, widthOf(part))], {});
    row += widthOf(part);
  }
  return sum;
}

function normalContract(node: NodeOf<"contract">): Node {
  const [a, b] = node.inputs;
  const columns = mapConcat(b, (part) => normal(make("contract", [a, part], {})));
  if (columns !== null || a.op !== "concat")
    return columns ?? (isZero(a) || isZero(b) ? zeros(node.shape) : node);
  const size = widthOf(a);
  let start = 0;
  const sums: Node[] = [];
  for (const part of a.inputs) {
    sums.push(make("padRows", [normal(make("contract", [part, b], {}))], { start, size }));
    start += widthOf(part);
  }
  return sums.reduce((sum, padded) => add(sum, padded));
}

/** Values of turned tokens are turned themselves, so that the tokens are read as they were given. */
function normalScatter(node: NodeOf<"scatterAdd">): Node {
  const [index, values] = node.inputs;
  if (index.op !== "reverse") return node;
  return make("scatterAdd", [index.inputs[0], reverse(values, index.inputs[1])], node.attributes);
}

function mapConcat(x: Node, of: (part: Node) => Node): Node | null {
  return x.op === "concat" ? concat(...x.inputs.map(of)) : null;
}

function normalBroadcast(node: NodeOf<"broadcast">): Node {
  const [x] = node.inputs;
  if (sameShape(node.shape, x.shape)) return x;
  return x.op === "broadcast" ? make("broadcast", [x.inputs[0]], node.attributes) : node;
}

/** One number everywhere has any shape. */
function normalReshape(node: NodeOf<"reshape">): Node {
  const [x] = node.inputs;
  if (sameShape(node.shape, x.shape)) return x;
  const number = x.op === "broadcast" ? x.inputs[0] : x;
  return number.op === "constant" ? normalBroadcast(make("broadcast", [number], node.attributes)) : node;
}

/** Is this surely zero in every element? */
export function isZero(node: Node): boolean {
  return isConstant(node, 0);
}
function isConstant(node: Node, value: number): boolean {
  if (node.op === "constant") return node.attributes.value === value;
  return (node.op === "broadcast" || node.op === "reshape") && isConstant(node.inputs[0], value);
}
