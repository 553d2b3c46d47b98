/** The operators of a step and of symbols, by name, on nodes of the graph. Numbers stand for constants. */
import type { Node } from "../core/graph/nodes.ts";
import * as core from "../core/graph/operators.ts";
import * as trigonometry from "../core/graph/trigonometry.ts";

export type Apply = (...operands: readonly (Node | number)[]) => Node | readonly Node[];

export type OperatorName =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "maximum"
  | "minimum"
  | "greater"
  | "where"
  | "neg"
  | "exp"
  | "log"
  | "sin"
  | "cos"
  | "sqrt"
  | "square"
  | "abs"
  | "tanh"
  | "sigmoid"
  | "relu"
  | "elu"
  | "gelu"
  | "silu"
  | "softplus"
  | "softsign"
  | "hardSigmoid"
  | "softmax"
  | "logSoftmax"
  | "clip"
  | "sum"
  | "mean"
  | "max"
  | "matmul"
  | "concat"
  | "split";

// A call has as many operands as its public type asks for (operators.ts), which is why spreading them is right.
const spread = (operator: (...operands: never[]) => Node | readonly Node[]): Apply =>
  operator as unknown as Apply;

export const operatorTable: { readonly [N in OperatorName]: Apply } = {
  add: core.add,
  sub: spread(core.sub),
  mul: core.mul,
  div: spread(core.div),
  maximum: folded(core.maximum),
  minimum: folded(core.minimum),
  greater: spread(core.greater),
  where: spread(core.where),
  neg: spread(core.neg),
  exp: spread(core.exp),
  log: spread(core.log),
  sin: spread(trigonometry.sin),
  cos: spread(trigonometry.cos),
  sqrt: spread(core.sqrt),
  square: spread(core.square),
  abs: spread(core.abs),
  tanh: spread(core.tanh),
  sigmoid: spread(core.sigmoid),
  relu: spread(core.relu),
  elu: spread(core.elu),
  gelu: spread(core.gelu),
  silu: spread(core.silu),
  softplus: spread(core.softplus),
  softsign: spread(core.softsign),
  hardSigmoid: spread(core.hardSigmoid),
  softmax: spread(core.softmax),
  logSoftmax: spread(core.logSoftmax),
  clip: spread(core.clip),
  sum: spread(core.sum),
  mean: spread(core.mean),
  max: spread(core.max),
  matmul: spread(core.matmul),
  concat: spread(core.concat),
  split: spread(core.split),
};

function folded(operator: (a: Node | number, b: Node | number) => Node): Apply {
  return (first, ...rest) => rest.reduce<Node>((result, x) => operator(result, x), core.nodeOf(first ?? 0));
}
