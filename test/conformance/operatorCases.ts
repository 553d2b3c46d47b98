/** Every operator as a small equation, and the places where a program can hold it. */
import { make, outputOf, parameter, scan, zeros } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { type Node, rows, type Shape } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import type { Computation } from "../../src/core/run/device.ts";
import { computationOf, lengthsOf } from "./cases.ts";
import { withGradients } from "./cells.ts";

/** What an operator is applied to: `a` and `b` of the same shape, and others that repeat. */
export interface Operands {
  readonly width: number;
  readonly a: Node;
  readonly b: Node;
  /** `[..., 1]` */
  readonly narrow: Node;
  /** Weights `[width]`, `[1]`, `[width, 3]`, `[2 width, 3]`. */
  readonly vector: Parameter;
  readonly one: Parameter;
  readonly matrix: Parameter;
  readonly tall: Parameter;
  /** An input `[1]`, the same for all rows. */
  readonly divisor: Parameter;
}
export type Apply = (operands: Operands) => Node;

const positive = (x: Node): Node => o.add(o.abs(x), 0.5);
/** Those that move numbers, or round once. */
export const exact: Readonly<Record<string, Apply>> = {
  neg: ({ a }) => o.neg(a),
  abs: ({ a }) => o.abs(a),
  sqrt: ({ a }) => o.sqrt(o.abs(a)),
  floor: ({ a }) => o.floor(o.mul(a, 4)),
  stopGradient: ({ a }) => o.stopGradient(a),
  vanish: ({ a }) => o.vanish(a),
  add: ({ a, b }) => o.add(a, b),
  sub: ({ a, b }) => o.sub(a, b),
  mul: ({ a, b }) => o.mul(a, b),
  maximum: ({ a, b }) => o.maximum(a, b),
  minimum: ({ a, b }) => o.minimum(a, b),
  greater: ({ a, b }) => o.greater(a, b),
  equal: ({ a, b }) => o.equal(o.floor(o.mul(a, 2)), o.floor(o.mul(b, 2))),
  where: ({ a, b }) => o.where(o.greater(a, 0), b, a),
  "where of a kept condition": ({ a, b }) => o.concat(o.where(o.greater(a, b), a, 0), o.greater(a, b)),
  "where of numbers": ({ a, b }) => o.where(o.maximum(a, 0), b, 2),
  "a constant on the left": ({ a }) => o.sub(1, a),
  "a weight [width]": ({ a, vector }) => o.mul(a, vector),
  "a weight [1]": ({ a, one }) => o.mul(a, one),
  "a weight [1] on what is narrow": ({ narrow, one }) => o.mul(narrow, one),
  "an input [1]": ({ a, divisor }) => o.div(a, divisor),
  "narrow and wide": ({ a, narrow }) => o.add(narrow, a),
  "narrow and a weight [width]": ({ narrow, vector }) => o.mul(narrow, vector),
  "narrow and narrow": ({ narrow }) => o.mul(narrow, narrow),
  "broadcast of narrow": ({ a, narrow }) => o.broadcast(narrow, a.shape),
  "broadcast of a weight": ({ a, vector }) => o.broadcast(vector, a.shape),
  iota: ({ a, width }) => o.mul(a, o.iota(width)),
  "slice, first": ({ a, width }) => o.slice(a, 0, Math.ceil(width / 2)),
  "slice, last": ({ a, width }) => o.slice(a, width - 1, 1),
  "slice of a value": ({ a, b, width }) => o.slice(o.mul(a, b), width >> 1, width - (width >> 1)),
  "one feature beside all": ({ a, b, width }) => o.add(o.slice(a, width - 1, 1), b),
  "first feature beside all": ({ a, b }) => o.add(b, o.slice(o.neg(a), 0, 1)),
  "slices that meet": ({ a, width }) => o.mul(o.slice(a, 0, 1), o.slice(a, width - 1, 1)),
  "concat of inputs": ({ a, b, narrow }) => o.concat(a, narrow, b),
  "concat of values": ({ a, b }) => o.concat(o.mul(a, b), o.neg(b)),
  "concat with a constant": ({ a, narrow }) => o.concat(zeros(narrow.shape), a, zeros(a.shape)),
  "concat of narrow values": ({ narrow }) => o.concat(narrow, o.neg(narrow), o.abs(narrow), narrow, narrow),
  "concat and on": ({ a, b }) => o.neg(o.concat(b, a)),
  pad: ({ a, width }) => make("pad", [a], { start: 2, size: width + 3 }),
  "pad of a value": ({ a, b, width }) => make("pad", [o.mul(a, b)], { start: 0, size: width + 1 }),
  max: ({ a }) => o.max(a),
  "max of a value": ({ a, b }) => o.max(o.mul(a, b)),
  "max, used with what it is of": ({ a }) => o.sub(a, o.max(a)),
};
export const rounded: Readonly<Record<string, Apply>> = {
  div: ({ a, b }) => o.div(a, positive(b)),
  exp: ({ a }) => o.exp(a),
  log: ({ a }) => o.log(positive(a)),
  log1p: ({ a }) => o.log1p(positive(a)),
  tanh: ({ a }) => o.tanh(a),
  sigmoid: ({ a }) => o.sigmoid(a),
  erf: ({ a }) => o.erf(a),
  sum: ({ a }) => o.sum(a),
  "sum of a value": ({ a, b }) => o.sum(o.mul(a, b)),
  "two sums of one value": ({ a, b }) => o.div(o.sum(o.mul(a, b)), positive(o.sum(o.mul(a, a)))),
  "sum of a sum": ({ a }) => o.sum(o.mul(a, o.sum(a))),
  mean: ({ a }) => o.mean(a),
  "layer normalization": ({ a, vector }) => {
    const centred = o.sub(a, o.mean(a));
    return o.mul(vector, o.div(centred, o.sqrt(o.add(o.mean(o.square(centred)), 0.1))));
  },
  softmax: ({ a }) => o.softmax(a),
  logSoftmax: ({ a }) => o.logSoftmax(a),
  elu: ({ a }) => o.elu(a),
  gelu: ({ a }) => o.gelu(a),
  silu: ({ a }) => o.silu(a),
  softplus: ({ a }) => o.softplus(a),
  softsign: ({ a }) => o.softsign(a),
  hardSigmoid: ({ a }) => o.hardSigmoid(o.mul(a, 5)),
  matmul: ({ a, matrix }) => o.matmul(a, matrix),
  "matmul of a value": ({ a, b, matrix }) => o.matmul(o.mul(a, b), matrix),
  "matmul to one feature": ({ a, matrix }) => o.matmul(a, o.slice(matrix, 1, 1)),
  "matmul with a transposed weight": ({ a, matrix }) => o.matmul(o.matmul(a, matrix), o.transpose(matrix)),
  "matmul with a vector": ({ a, vector, width }) => o.matmul(a, o.reshape(vector, [width, 1])),
  "matmul of one feature": ({ narrow, matrix }) =>
    o.matmul(narrow, make("sliceRows", [matrix], { start: 0, size: 1 })),
  "matmul and its bias": ({ a, matrix, one }) => o.add(o.matmul(a, matrix), one),
  "matmul of a concat": ({ a, b, tall }) => o.matmul(o.concat(a, b), tall),
  "two matmuls": ({ a, b, matrix }) => o.add(o.matmul(a, matrix), o.matmul(b, matrix)),
  "matmul of a matmul": ({ a, matrix }) => o.matmul(o.tanh(o.matmul(a, matrix)), o.transpose(matrix)),
  affine: ({ a, b, matrix, narrow }) => make("affine", [o.mul(narrow, o.slice(b, 0, 1)), a, matrix], {}),
};

/** Where the operator stands: from the operands' shape but for the width to what is computed of them. */
export type Setting = (
  apply: Apply,
  width: number,
) => {
  readonly results: readonly Node[];
  readonly inputs: readonly Parameter[];
  readonly operands: Operands;
};

const weightsOf = (
  width: number,
): Pick<Operands, "vector" | "one" | "matrix" | "tall" | "divisor" | "width"> => ({
  width,
  vector: parameter("vector", [width]),
  one: parameter("one", [1]),
  matrix: parameter("matrix", [width, 3]),
  tall: parameter("tall", [2 * width, 3]),
  divisor: parameter("divisor", [1]),
});
const lengths = lengthsOf();
const sequence: Shape = ["time", rows];

function direct(axes: Shape): Setting {
  return (apply, width) => {
    const [a, b] = [parameter("a", [...axes, width]), parameter("b", [...axes, width])];
    const narrow = parameter("narrow", [...axes, 1]);
    const operands = { ...weightsOf(width), a, b, narrow };
    return { results: [apply(operands)], inputs: [a, b, narrow], operands };
  };
}

/** In a scan: on slices alone, or with the state as the first operand; and whether the next state waits for it. */
function stepped(stateful: boolean, awaited: boolean, reverse = false): Setting {
  return (apply, width) => {
    const given = [
      parameter("a", [...sequence, width]),
      parameter("b", [...sequence, width]),
      parameter("narrow", [...sequence, 1]),
    ];
    const slices = given.map(({ shape }, k) => parameter(`slice ${k}`, shape.slice(1)));
    const [x, b, narrow] = slices as [Node, Node, Node];
    const first = parameter("first", [rows, width]);
    const state = parameter("state", first.shape);
    const operands = { ...weightsOf(width), a: stateful ? state : x, b, narrow };
    const value = apply(operands);
    const new_ = o.add(o.mul(state, 0.5), o.mul(x, 0.25));
    const next = o.clip(awaited ? o.add(new_, o.mul(o.mean(value), 0.125)) : new_, -2, 2);
    const body = { carried: [state], sequences: slices, next: [next], stacked: [value], summed: [] };
    const made = scan({ lengths, initial: [first], sequences: given, body, time: "time", reverse });
    const results = [outputOf(made, "stacked", 0), outputOf(made, "final", 0)];
    return { results, inputs: [...given, first], operands };
  };
}

export const settings: Readonly<Record<string, Setting>> = {
  "on sequences": direct(sequence),
  "on rows": direct([rows]),
  "on slices": stepped(false, false),
  "on slices, awaited by the state": stepped(false, true),
  "on the state": stepped(true, true),
  "on the state, not awaited": stepped(true, false),
  "on the state, backwards": stepped(true, true, true),
};

/** The operator alone, and with the gradients of all that goes in. */
export function programs(setting: Setting, apply: Apply, width: number): readonly [Computation, Computation] {
  const { results, inputs, operands } = setting(apply, width);
  const { vector, one, matrix, tall, divisor } = operands;
  const seeds = results.map(({ shape }, k) => parameter(`seed ${k}`, shape));
  const weights = [vector, one, matrix, tall];
  const ends = { lengths: { time: lengths }, weights, inputs: [...inputs, divisor, ...seeds] };
  const terms = results.map((value, k) =>
    o.sumLeading(o.sum(o.mul(value, seeds[k] as Node)), value.shape.length - 1),
  );
  const loss = o.add(...(terms as [Node]));
  return [
    computationOf({ ...ends, outputs: results }),
    withGradients({ ...ends, outputs: [loss, ...results] }, inputs),
  ];
}
