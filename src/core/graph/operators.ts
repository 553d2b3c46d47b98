/**
 * The operators as functions, for whoever writes equations. Numbers stand for constants. Reductions, softmax, split
 * and concat act on the last axis.
 */
import { invariant } from "../../errors.ts";
import { constant, make } from "./build.ts";
import type { Dim, Node, Resampling, Shape, Windows } from "./nodes.ts";
import { widthOf } from "./shapes.ts";

export type Operand = Node | number;
export const nodeOf = (x: Operand): Node => (typeof x === "number" ? constant(x) : x);

type Elementwise1 =
  | "neg"
  | "abs"
  | "sqrt"
  | "exp"
  | "log"
  | "log1p"
  | "tanh"
  | "sigmoid"
  | "erf"
  | "floor"
  | "toFloat"
  | "vanish"
  | "stopGradient"
  | "sum"
  | "max";
type Elementwise2 = "sub" | "div" | "maximum" | "minimum" | "greater" | "equal";
const unary =
  (op: Elementwise1) =>
  (x: Operand): Node =>
    make(op, [nodeOf(x)], {});
const binary =
  (op: Elementwise2) =>
  (a: Operand, b: Operand): Node =>
    make(op, [nodeOf(a), nodeOf(b)], {});
const folded =
  (op: "add" | "mul") =>
  (first: Operand, ...rest: readonly Operand[]): Node =>
    rest.reduce<Node>((result, x) => make(op, [result, nodeOf(x)], {}), nodeOf(first));

/** a + b + ...: from left to right. */
export const add: (first: Operand, ...rest: readonly Operand[]) => Node = folded("add");
/** a * b * ...: from left to right. */
export const mul: (first: Operand, ...rest: readonly Operand[]) => Node = folded("mul");
export const sub: (a: Operand, b: Operand) => Node = binary("sub");
export const div: (a: Operand, b: Operand) => Node = binary("div");
export const maximum: (a: Operand, b: Operand) => Node = binary("maximum");
export const minimum: (a: Operand, b: Operand) => Node = binary("minimum");
/** 1 where a > b, else 0. */
export const greater: (a: Operand, b: Operand) => Node = binary("greater");
/** 1 where a = b, else 0. */
export const equal: (a: Operand, b: Operand) => Node = binary("equal");
export const where = (condition: Operand, whenTrue: Operand, whenFalse: Operand): Node =>
  make("where", [nodeOf(condition), nodeOf(whenTrue), nodeOf(whenFalse)], {});

export const neg: (x: Operand) => Node = unary("neg");
export const abs: (x: Operand) => Node = unary("abs");
export const sqrt: (x: Operand) => Node = unary("sqrt");
export const exp: (x: Operand) => Node = unary("exp");
export const log: (x: Operand) => Node = unary("log");
export const log1p: (x: Operand) => Node = unary("log1p");
export const tanh: (x: Operand) => Node = unary("tanh");
export const sigmoid: (x: Operand) => Node = unary("sigmoid");
export const erf: (x: Operand) => Node = unary("erf");
export const floor: (x: Operand) => Node = unary("floor");
export const toFloat: (x: Operand) => Node = unary("toFloat");
export const vanish: (x: Operand) => Node = unary("vanish");
export const stopGradient: (x: Operand) => Node = unary("stopGradient");
/** Sum over the last axis, which stays with length 1. */
export const sum: (x: Operand) => Node = unary("sum");
/** Maximum over the last axis, which stays with length 1. */
export const max: (x: Operand) => Node = unary("max");
/** Mean over the last axis, which stays with length 1. */
export const mean = (x: Operand): Node => mul(sum(x), 1 / widthOf(nodeOf(x)));

export const square = (x: Operand): Node => mul(x, x);
export const relu = (x: Operand): Node => maximum(x, 0);
/** Clevert, Unterthiner, Hochreiter 2015: x, or exp(x) - 1 below 0. */
export const elu = (x: Operand): Node => {
  const positive = greater(x, 0);
  // Not exp(minimum(x, 0)): at 0 the derivative of elu is 1, that of minimum is not.
  return where(positive, x, sub(exp(where(positive, 0, x)), 1));
};
/** Hendrycks and Gimpel 2016, exact: x (1 + erf(x / sqrt 2)) / 2. */
export const gelu = (x: Operand): Node => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
export const silu = (x: Operand): Node => mul(x, sigmoid(x));
/** log(1 + exp(x)), right at both tails. */
export const softplus = (x: Operand): Node => {
  const positive = greater(x, 0);
  // Not maximum(x, 0) and abs(x): at 0 the derivative of softplus is 1/2, and theirs are 0.
  return add(where(positive, x, 0), log1p(exp(where(positive, neg(x), x))));
};
export const softsign = (x: Operand): Node => div(x, add(abs(x), 1));
/** relu6(x + 3) / 6, as in Keras 3. */
export const hardSigmoid = (x: Operand): Node => mul(clip(add(x, 3), 0, 6), 1 / 6);
export const clip = (x: Operand, low: number, high: number): Node => minimum(maximum(x, low), high);
export const softmax = (x: Operand): Node => {
  const e = exp(sub(x, stopGradient(max(x))));
  return div(e, sum(e));
};
export const logSoftmax = (x: Operand): Node => {
  const shifted = sub(x, stopGradient(max(x)));
  return sub(shifted, log(sum(exp(shifted))));
};

/** `a x b`. A weight on the left of a vector is multiplied as a matrix: `matmul(W, h)` is W h. */
export const matmul = (a: Node, b: Node): Node => make("matmul", [a, b], {});
export const transpose = (x: Node): Node => make("transpose", [x], {});
export const concat = (...parts: readonly Node[]): Node =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : make("concat", parts, {});
export const slice = (x: Node, start: number, size: number): Node =>
  start === 0 && size === widthOf(x) ? x : make("slice", [x], { start, size });
/** Equal parts along the last axis. */
export const split = (x: Node, parts: number): readonly Node[] => {
  const size = widthOf(x) / parts;
  invariant(Number.isInteger(size), `split: ${widthOf(x)} features in ${parts} equal parts`);
  return Array.from({ length: parts }, (_, k) => slice(x, k * size, size));
};
export const reshape = (x: Node, shape: Shape): Node => make("reshape", [x], { shape });
export const broadcast = (x: Node, shape: Shape): Node =>
  x.shape.length === shape.length && x.shape.every((dim, k) => dim === shape[k])
    ? x
    : make("broadcast", [x], { shape });
export const sumLeading = (x: Node, count: number): Node =>
  count === 0 ? x : make("sumLeading", [x], { count });
export const iota = (size: number): Node => make("iota", [], { size });
export const gather = (table: Node, index: Node): Node => make("gather", [table, index], {});
/** 1 at each index, else 0: `[...]` integers to `[..., size]`. */
export const oneHot = (index: Node, size: number): Node =>
  equal(toFloat(reshape(index, [...index.shape, 1])), iota(size));
export const random = (key: Node, shape: Shape): Node => make("random", [key], { shape });
/** Sum over the sites, whose axes stay with length 1. */
export const sumSites = (x: Node): Node => make("sumSites", [x], {});
/** Maximum over the sites, whose axes stay with length 1. */
export const maxSites = (x: Node): Node => make("maxSites", [x], {});
/** The features of all sites, one after the other. */
export const joinSites = (x: Node): Node => make("joinSites", [x], {});
/** Steps as sites, `[time, rows, F]` to `[rows, size, F]`; zeros behind the length of each row. */
export const timeToSites = (sequence: Node, lengths: Node, size: number): Node =>
  make("timeToSites", [sequence, lengths], { size });
/** Sites as steps, `[rows, size, F]` to `[time, rows, F]`. */
export const sitesToTime = (x: Node, lengths: Node, time: Dim): Node =>
  make("sitesToTime", [x, lengths], { time });
/** What a window sees at each of its places: `[..., H, W, C]` to `[..., H', W', h * w * C]`. */
export const patches = (image: Node, windows: Windows): Node => make("patches", [image], windows);
export const reverse = (sequence: Node, lengths: Node): Node => make("reverse", [sequence, lengths], {});
/** Steps of a sequence with the lengths `from`, in another time with the lengths `to`. */
export const resample = (
  sequence: Node,
  { from, to }: { readonly from: Node; readonly to: Node },
  resampling: Resampling,
): Node => make("resample", [sequence, from, to], resampling);
