/**
 * The derivative of each operator, one rule an operator: from the gradient of its result to the gradients of its inputs
 * (null where there is none: integers, conditions, random numbers, steps).
 *
 *   y = tanh(x)        dx = dy (1 - y^2)            from y, so that only y has to be kept
 *   y = a x b          da = dy x b^T, db = a^T dy
 *   y = max(x, 0)      dx = dy where x > 0          so relu'(0) is 0
 */
import { invariant } from "../../errors.ts";
import { make } from "../graph/build.ts";
import type { Dim, Node, NodeOf, Operator, Resampling, Shape } from "../graph/nodes.ts";
import {
  add,
  broadcast,
  div,
  equal,
  exp,
  gather,
  greater,
  matmul,
  mul,
  neg,
  resample,
  reshape,
  reverse,
  sitesToTime,
  slice,
  square,
  sub,
  sum,
  sumSites,
  timeToSites,
  transpose,
  where,
} from "../graph/operators.ts";
import { widthOf } from "../graph/shapes.ts";
import { sumTo } from "./sums.ts";

/** All operators but those of a scan, which has many results: see scan.ts. */
type Simple = Exclude<Operator, "scan" | "output">;
type Rule<K extends Operator> = (node: NodeOf<K>, grad: Node) => readonly (Node | null)[];

const none = ({ inputs }: { readonly inputs: readonly Node[] }): readonly null[] => inputs.map(() => null);
/** Inputs of other shapes were repeated to that of the result: their gradients are summed. */
const fitted = (inputs: readonly Node[], ...grads: readonly Node[]): readonly Node[] =>
  inputs.map((input, k) => sumTo(grads[k] as Node, input.shape));

const gradRules: { readonly [K in Simple]: Rule<K> } = {
  parameter: none,
  constant: none,
  iota: none,
  random: none,

  neg: (_, grad) => [neg(grad)],
  abs: ({ inputs: [x] }, grad) => [mul(grad, sub(greater(x, 0), greater(0, x)))],
  sqrt: (node, grad) => [div(mul(grad, 0.5), node)],
  exp: (node, grad) => [mul(grad, node)],
  log: ({ inputs: [x] }, grad) => [div(grad, x)],
  log1p: ({ inputs: [x] }, grad) => [div(grad, add(x, 1))],
  tanh: (node, grad) => [mul(grad, sub(1, square(node)))],
  sigmoid: (node, grad) => [mul(grad, mul(node, sub(1, node)))],
  erf: ({ inputs: [x] }, grad) => [mul(grad, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))],
  floor: none,
  toFloat: none,
  vanish: (_, grad) => [grad],
  stopGradient: none,

  add: ({ inputs }, grad) => fitted(inputs, grad, grad),
  sub: ({ inputs }, grad) => fitted(inputs, grad, neg(grad)),
  mul: ({ inputs }, grad) => fitted(inputs, mul(grad, inputs[1]), mul(grad, inputs[0])),
  div: (node, grad) => {
    const quotient = div(grad, node.inputs[1]);
    return fitted(node.inputs, quotient, neg(mul(quotient, node)));
  },
  maximum: ({ inputs }, grad) => chosen(greater(inputs[0], inputs[1]), inputs, grad),
  minimum: ({ inputs }, grad) => chosen(greater(inputs[1], inputs[0]), inputs, grad),
  greater: none,
  equal: none,
  where: ({ inputs: [condition, ...branches] }, grad) => [null, ...chosen(condition, branches, grad)],

  sum: ({ inputs: [x] }, grad) => [broadcast(grad, x.shape)],
  max: (node, grad) => {
    const places = equal(node.inputs[0], node);
    return [mul(places, div(grad, sum(places)))];
  },
  sumLeading: ({ inputs: [x] }, grad) => [broadcast(grad, x.shape)],

  reshape: ({ inputs: [x] }, grad) => [reshape(grad, x.shape)],
  broadcast: ({ inputs: [x] }, grad) => [sumTo(grad, x.shape)],
  transpose: (_, grad) => [transposed(grad)],
  slice: ({ inputs: [x], attributes: { start } }, grad) => [make("pad", [grad], { start, size: widthOf(x) })],
  sliceRows: ({ inputs: [x], attributes: { start } }, grad) => [
    make("padRows", [grad], { start, size: rowsOf(x.shape) }),
  ],
  pad: ({ inputs: [x], attributes: { start } }, grad) => [slice(grad, start, widthOf(x))],
  padRows: ({ inputs: [x], attributes: { start } }, grad) => [
    make("sliceRows", [grad], { start, size: rowsOf(x.shape) }),
  ],
  concat: ({ inputs }, grad) => {
    const starts = inputs.map((_, k) =>
      inputs.slice(0, k).reduce((start, input) => start + widthOf(input), 0),
    );
    return inputs.map((input, k) => slice(grad, starts[k] ?? 0, widthOf(input)));
  },
  reverse: ({ inputs: [, lengths] }, grad) => [reverse(grad, lengths), null],
  sumSites: ({ inputs: [x] }, grad) => [broadcast(grad, x.shape)],
  maxSites: (node, grad) => {
    const places = equal(node.inputs[0], node);
    return [mul(places, div(grad, sumSites(places)))];
  },
  joinSites: ({ inputs: [x] }, grad) => [reshape(grad, x.shape)],
  timeToSites: ({ inputs: [x, lengths] }, grad) => [sitesToTime(grad, lengths, x.shape[0] ?? 1), null],
  sitesToTime: ({ inputs: [x, lengths] }, grad) => [timeToSites(grad, lengths, Number(x.shape[1])), null],
  patches: ({ attributes }, grad) => [make("overlapAdd", [grad], attributes)],
  overlapAdd: ({ attributes }, grad) => [make("patches", [grad], { ...attributes, outside: 0 })],
  resample: ({ inputs: [x, from, to], attributes }, grad) => [
    resample(grad, { from: to, to: from }, backResampled(attributes, x.shape)),
    null,
    null,
  ],

  matmul: ({ inputs: [a, b] }, grad) => ofProduct(a, b, grad),
  affine: ({ inputs: [start, a, b] }, grad) => [sumTo(grad, start.shape), ...ofProduct(a, b, grad)],
  contract: ({ inputs: [a, b] }, grad) => [matmul(b, transposed(grad)), matmul(a, grad)],
  gather: ({ inputs: [table, index] }, grad) => [
    make("scatterAdd", [index, grad], { size: rowsOf(table.shape) }),
    null,
  ],
  scatterAdd: ({ inputs: [index] }, grad) => [null, gather(grad, index)],
};

/** The gradients of the inputs of `node`, when `grad` is that of its result. */
export function gradOf<K extends Simple>(node: NodeOf<K>, grad: Node): readonly (Node | null)[] {
  return gradRules[node.op](node, grad);
}

function chosen(condition: Node, branches: readonly Node[], grad: Node): readonly Node[] {
  return fitted(branches, where(condition, grad, 0), where(condition, 0, grad));
}

function ofProduct(a: Node, b: Node, grad: Node): readonly Node[] {
  if (b.shape.length === 2) return [matmul(grad, transposed(b)), make("contract", [a, grad], {})];
  const column = reshape(grad, [...grad.shape, 1]);
  return [matmul(column, reshape(b, [1, ...b.shape])), reshape(make("contract", [a, column], {}), b.shape)];
}

/** Step u is given back to the step that was made from it: t = (u * per - offset) / stride. */
const backResampled = ({ stride, per, offset }: Resampling, [time]: Shape): Resampling => ({
  time: time as Dim,
  stride: per,
  per: stride,
  offset: -offset,
});

const transposed = (x: Node): Node => (x.op === "transpose" ? x.inputs[0] : transpose(x));

function rowsOf([size]: Shape): number {
  invariant(
    typeof size === "number",
    "gradient: the rows of a matrix, or the steps of a window, are counted",
  );
  return size;
}
