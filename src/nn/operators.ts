/**
 * The operators of a cell's equation, which work on symbols too: inside a step they make nodes of the graph, between
 * layers they become part of the model. Numbers stand for constants; `sum mean max softmax split concat` act on the
 * last axis.
 */
import type { Node } from "../core/graph/nodes.ts";
import { checkOperands } from "./operands.ts";
import { record } from "./operatorCalls.ts";
import { type OperatorName, operatorTable } from "./operatorTable.ts";
import type { Alike, Merge, Signal, TimeOf, TupleOf } from "./signals.ts";
import { isSymbolic } from "./symbols.ts";

export type Operand = Signal | number;
export type Elementwise = <const A extends readonly Operand[]>(
  ...operands: A extends Alike<A> ? A : Alike<A>
) => Merge<Extract<A[number], Signal>>;
export type Binary = <const A extends readonly [Operand, Operand]>(
  ...operands: A extends Alike<A> ? A : Alike<A>
) => Merge<Extract<A[number], Signal>>;
export type Unary = <S extends Signal>(x: S) => S;
/** What stands after a sum: any unary operator, or a function of one's own. */
export type ActivationFunction = (x: Signal) => Signal;
export type Reduction = <S extends Signal>(x: S) => Signal<S["kind"], 1, S["time"]>;
export type Where = (condition: Operand, whenTrue: Operand, whenFalse: Operand) => Signal;
export type Clip = <S extends Signal>(x: S, low: number, high: number) => S;
export type Matmul = <A extends Signal, B extends Signal>(
  a: A,
  b: B,
) => Signal<Signal["kind"], number, TimeOf<A | B>>;
export type Concat = <const A extends readonly Signal[]>(
  ...parts: A
) => Signal<A[number]["kind"], number, TimeOf<A[number]>>;
export type Split = <S extends Signal, const N extends number>(
  x: S,
  parts: N,
) => TupleOf<Signal<S["kind"], number, S["time"]>, N>;

/** Of nodes when nothing is a symbol. The public type of each operator says what this one function cannot. */
function operator<F>(name: OperatorName): F {
  const call = (...operands: readonly unknown[]): unknown => {
    checkOperands(name, operands);
    return operands.some(isSymbolic)
      ? record(name, operands)
      : operatorTable[name](...(operands as readonly Node[]));
  };
  return call as F;
}

/** a + b + ...: from left to right. */
export const add: Elementwise = operator("add");
export const sub: Binary = operator("sub");
/** a * b * ...: element by element, from left to right. */
export const mul: Elementwise = operator("mul");
export const div: Binary = operator("div");
export const maximum: Elementwise = operator("maximum");
export const minimum: Elementwise = operator("minimum");
/** 1 where a > b, else 0. */
export const greater: Binary = operator("greater");
/** `whenTrue` where the condition is not 0, else `whenFalse`. */
export const where: Where = operator("where");
export const neg: Unary = operator("neg");
export const exp: Unary = operator("exp");
export const log: Unary = operator("log");
/** Of an angle in radians, right for magnitudes up to 2^18. */
export const sin: Unary = operator("sin");
export const cos: Unary = operator("cos");
export const sqrt: Unary = operator("sqrt");
export const square: Unary = operator("square");
export const abs: Unary = operator("abs");
export const tanh: Unary = operator("tanh");
export const sigmoid: Unary = operator("sigmoid");
export const relu: Unary = operator("relu");
/** x, or exp(x) - 1 below 0. */
export const elu: Unary = operator("elu");
/** x (1 + erf(x / sqrt 2)) / 2. */
export const gelu: Unary = operator("gelu");
/** x sigmoid(x). */
export const silu: Unary = operator("silu");
/** log(1 + exp(x)). */
export const softplus: Unary = operator("softplus");
/** x / (1 + |x|). */
export const softsign: Unary = operator("softsign");
/** (x + 3) / 6 between 0 and 1. */
export const hardSigmoid: Unary = operator("hardSigmoid");
export const softmax: Unary = operator("softmax");
export const logSoftmax: Unary = operator("logSoftmax");
export const clip: Clip = operator("clip");
/** Over the features, which stay as one. */
export const sum: Reduction = operator("sum");
export const mean: Reduction = operator("mean");
export const max: Reduction = operator("max");
/** x W; a weight on the left, W x, is right too. Inside a step only. */
export const matmul: Matmul = operator("matmul");
/** Parts side by side, along the last axis. */
export const concat: Concat = operator("concat");
/** Equal parts along the last axis. */
export const split: Split = operator("split");
