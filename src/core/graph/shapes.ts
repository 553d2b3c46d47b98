/**
 * The shape and dtype of each operator's result, one rule an operator. A shape that does not fit is refused here,
 * when the node is made, so that the error can name the operator and the shapes.
 */
import { UnrollError } from "../../errors.ts";
import {
  type Dim,
  type DType,
  type Node,
  type NodeOf,
  type Operator,
  type Operators,
  rows,
  type ScanResult,
  type Shape,
} from "./nodes.ts";

type Rule<K extends Operator> = (
  inputs: Operators[K]["inputs"],
  attributes: Operators[K]["attributes"],
) => Shape;

const unary = ([x]: readonly [Node]): Shape => x.shape;
const reduced = ([x]: readonly [Node]): Shape => [...x.shape.slice(0, -1), 1];

const shapeRules: { readonly [K in Operator]: Rule<K> } = {
  parameter: (_, { shape }) => shape,
  constant: () => [],
  iota: (_, { size }) => [size],
  random: (_, { shape }) => shape,
  neg: unary,
  abs: unary,
  sqrt: unary,
  exp: unary,
  log: unary,
  log1p: unary,
  tanh: unary,
  sigmoid: unary,
  erf: unary,
  floor: unary,
  toFloat: unary,
  vanish: unary,
  stopGradient: unary,
  add: (inputs) => broadcastShapes("add", inputs),
  sub: (inputs) => broadcastShapes("sub", inputs),
  mul: (inputs) => broadcastShapes("mul", inputs),
  div: (inputs) => broadcastShapes("div", inputs),
  maximum: (inputs) => broadcastShapes("maximum", inputs),
  minimum: (inputs) => broadcastShapes("minimum", inputs),
  greater: (inputs) => broadcastShapes("greater", inputs),
  equal: (inputs) => broadcastShapes("equal", inputs),
  where: (inputs) => broadcastShapes("where", inputs),
  sum: reduced,
  max: reduced,
  sumLeading: ([x], { count }) => x.shape.slice(count),
  reshape: ([x], { shape }) => {
    refuseUnless(countOf(x.shape) === countOf(shape), "reshape", `${text(x.shape)} elements`, text(shape));
    return shape;
  },
  broadcast: ([x], { shape }) => {
    const fits = sameShape(broadcastShapes("broadcast", [x, { shape }]), shape);
    refuseUnless(fits, "broadcast", `a shape that ${text(x.shape)} fits`, text(shape));
    return shape;
  },
  transpose: ([x]) => {
    refuseUnless(x.shape.length === 2, "transpose", "a matrix", text(x.shape));
    return [...x.shape].reverse();
  },
  slice: ([x], { start, size }) => {
    const width = widthOf(x);
    refuseUnless(
      start >= 0 && start + size <= width,
      "slice",
      `features within ${width}`,
      `${start} to ${start + size}`,
    );
    return [...x.shape.slice(0, -1), size];
  },
  sliceRows: ([x], { size }) => [size, ...x.shape.slice(1)],
  pad: ([x], { size }) => [...x.shape.slice(0, -1), size],
  padRows: ([x], { size }) => [size, ...x.shape.slice(1)],
  concat: (inputs) => {
    const first = inputs[0]?.shape ?? [];
    for (const { shape } of inputs)
      refuseUnless(sameShape(shape.slice(0, -1), first.slice(0, -1)), "concat", text(first), text(shape));
    return [...first.slice(0, -1), inputs.reduce((total, input) => total + widthOf(input), 0)];
  },
  reverse: ([x]) => x.shape,
  resample: ([x], { time }) => [time, ...x.shape.slice(1)],
  sumSites: ([x]) => overSites(x.shape),
  maxSites: ([x]) => overSites(x.shape),
  joinSites: ([{ shape }]) => [...shape.slice(0, sitesFrom(shape)), sizeOf(featuresOf(shape))],
  timeToSites: ([x], { size }) => {
    const [, batch, ...features] = x.shape;
    refuseUnless(batch === rows && features.length === 1, "timeToSites", "a sequence", text(x.shape));
    return [rows, size, ...features];
  },
  sitesToTime: ([x], { time }) => {
    const [batch, , ...features] = x.shape;
    refuseUnless(
      batch === rows && features.length === 1,
      "sitesToTime",
      "[rows, sites, features]",
      text(x.shape),
    );
    return [time, rows, ...features];
  },
  patches: ([x], windows) => {
    const [before, image] = [x.shape.slice(0, -3), x.shape.slice(-3, -1)];
    refuseUnless(
      sameShape(image, windows.image),
      "patches",
      `an image of ${windows.image.join(" x ")}`,
      text(x.shape),
    );
    return [...before, ...windows.count, sizeOf(windows.window) * widthOf(x)];
  },
  overlapAdd: ([x], windows) => {
    const [before, count] = [x.shape.slice(0, -3), x.shape.slice(-3, -1)];
    const channels = widthOf(x) / sizeOf(windows.window);
    const fits = sameShape(count, windows.count) && Number.isInteger(channels);
    refuseUnless(fits, "overlapAdd", `${windows.count.join(" x ")} patches`, text(x.shape));
    return [...before, ...windows.image, channels];
  },
  matmul: ([a, b]) => productShape(a, b),
  affine: ([start, a, b]) => {
    const product = productShape(a, b);
    const fits = sameShape(broadcastShapes("affine", [start, { shape: product }]), product);
    refuseUnless(fits, "affine", `a start that fits ${text(product)}`, text(start.shape));
    return product;
  },
  contract: ([a, b]) => {
    const fits = sameShape(a.shape.slice(0, -1), b.shape.slice(0, -1));
    refuseUnless(fits, "contract", `${text(a.shape.slice(0, -1))} before the features`, text(b.shape));
    return [widthOf(a), widthOf(b)];
  },
  gather: ([table, index]) => {
    refuseUnless(index.dtype === "int32", "gather", "integers as index", index.dtype);
    return [...index.shape, ...table.shape.slice(1)];
  },
  scatterAdd: ([index, values], { size }) => [size, ...values.shape.slice(index.shape.length)],
  scan: () => [],
  output: ([scan], { result }) => resultShape(scan as NodeOf<"scan">, result),
};

/** The shape of `op` applied to `inputs`. Throws an UnrollError that names the operator and the shapes. */
export function shapeOf<K extends Operator>(
  op: K,
  inputs: Operators[K]["inputs"],
  attributes: Operators[K]["attributes"],
): Shape {
  return shapeRules[op](inputs, attributes);
}

/** Everything is float32 but what was given as integers, and movements of it. */
export function dtypeOf(node: Pick<Node, "op" | "inputs" | "attributes">): DType {
  if (node.op === "parameter") return (node.attributes as Operators["parameter"]["attributes"]).dtype;
  if (node.op === "output") {
    const { result } = node.attributes as Operators["output"]["attributes"];
    return resultOf(node.inputs[0] as NodeOf<"scan">, result)?.dtype ?? "float32";
  }
  const moves =
    node.op === "reshape" || node.op === "reverse" || node.op === "broadcast" || node.op === "stopGradient";
  return moves ? (node.inputs[0]?.dtype ?? "float32") : "float32";
}

function productShape(a: { readonly shape: Shape }, b: { readonly shape: Shape }): Shape {
  const [inner, ...outer] = b.shape;
  const fits = a.shape.length > 0 && b.shape.length > 0 && a.shape.at(-1) === inner;
  refuseUnless(
    fits && b.shape.length <= 2,
    "matmul",
    `a matrix [${a.shape.at(-1) ?? 1}, n] on the right`,
    text(b.shape),
  );
  return [...a.shape.slice(0, -1), ...outer];
}

function resultShape(scan: NodeOf<"scan">, result: ScanResult): Shape {
  const shape = resultOf(scan, result)?.shape ?? [];
  return result.kind === "stacked" ? [scan.attributes.time, ...shape] : shape;
}

function resultOf({ attributes: { body } }: NodeOf<"scan">, { kind, index }: ScanResult): Node | undefined {
  return { final: body.carried, stacked: body.stacked, summed: body.summed }[kind][index];
}

/** Axes are matched from the last to the first; a length of 1, or an axis that is not there, repeats. */
export function broadcastShapes(op: string, inputs: readonly { readonly shape: Shape }[]): Shape {
  const rank = Math.max(0, ...inputs.map(({ shape }) => shape.length));
  const all = Array.from({ length: rank }, (_, axis) => {
    let result: Dim = 1;
    for (const { shape } of inputs) {
      const dim = shape[axis - rank + shape.length];
      if (dim === undefined || dim === 1 || dim === result) continue;
      const shapes = inputs.map((input) => text(input.shape)).join(" and ");
      refuseUnless(result === 1, op, "shapes that are equal, or 1, in every axis", shapes);
      result = dim;
    }
    return result;
  });
  const batches = all.filter((dim) => dim === rows).length;
  refuseUnless(
    batches < 2,
    op,
    "rows in the same axis",
    inputs.map((input) => text(input.shape)).join(" and "),
  );
  return all;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** The length of the last axis, which is always a number. */
export function widthOf(node: { readonly shape: Shape }): number {
  const width = node.shape.at(-1);
  return typeof width === "number" ? width : 1;
}

/** Where the axes of sites begin: behind the rows, or, in the step of one example, with the first. */
const sitesFrom = (shape: Shape): number => shape.indexOf(rows) + 1;
/** Sites and features. */
export const featuresOf = (shape: Shape): Shape => shape.slice(sitesFrom(shape));
/** Sites of a row: the product of the axes between rows and features; 1 where there are no rows. */
export const sitesOf = ({ shape }: { readonly shape: Shape }): number =>
  shape.includes(rows) ? sizeOf(featuresOf(shape).slice(0, -1)) : 1;
const overSites = (shape: Shape): Shape =>
  shape.map((dim, axis) => (axis < sitesFrom(shape) || axis === shape.length - 1 ? dim : 1));

/** Numbers of a shape all of whose axes are known, as those of a weight are. */
export const sizeOf = (shape: Shape): number => shape.reduce<number>((size, dim) => size * Number(dim), 1);

const countOf = (shape: Shape): string => {
  const known = shape.reduce<number>((count, dim) => (typeof dim === "number" ? count * dim : count), 1);
  return [known, ...shape.filter((dim) => typeof dim === "string").sort()].join(" ");
};
const text = (shape: Shape): string => `[${shape.join(", ")}]`;

function refuseUnless(fits: boolean, op: string, expected: string, got: string): void {
  if (fits) return;
  throw new UnrollError({
    where: `operator "${op}"`,
    expected,
    got,
    fix: "Check the shapes of what goes in; features are the last axis.",
  });
}
