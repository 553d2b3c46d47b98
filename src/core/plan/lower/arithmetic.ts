/** Elementwise operators as vector arithmetic, one entry an operator. */
import { invariant } from "../../../errors.ts";
import type { Operator } from "../../graph/nodes.ts";
import * as functions from "../functions.ts";
import type { Expression } from "../program.ts";
import { constantVector, integers, vector, type Writer } from "./ir.ts";

const mostVanishing = 2 ** -100;

/** The operations of functions.ts, each result in a local of its own. */
export function arithmeticOf(writer: Writer): functions.VectorArithmetic<Expression, Expression> {
  const float = (value: Expression): Expression => writer.set(value, "vector");
  const whole = (value: Expression): Expression => writer.set(value, "integers");
  const shift =
    (op: "left" | "right" | "rightUnsigned") =>
    (value: Expression, by: number): Expression =>
      whole({ kind: "shift", op, by, value });
  return {
    constant: constantVector,
    integer: (value) => ({ kind: "integer", value }),
    add: (a, b) => float(vector("add", a, b)),
    sub: (a, b) => float(vector("sub", a, b)),
    mul: (a, b) => float(vector("mul", a, b)),
    div: (a, b) => float(vector("div", a, b)),
    multiplyAdd: (a, b, c) => float(vector("multiplyAdd", a, b, c)),
    sqrt: (a) => float(vector("sqrt", a)),
    abs: (a) => float(vector("abs", a)),
    neg: (a) => float(vector("neg", a)),
    min: (a, b) => float(vector("min", a, b)),
    max: (a, b) => float(vector("max", a, b)),
    less: (a, b) => whole(integers("less", a, b)),
    lessEqual: (a, b) => whole(integers("lessEqual", a, b)),
    equal: (a, b) => whole(integers("equal", a, b)),
    select: (mask, a, b) => float(vector("select", mask, a, b)),
    bits: (a) => whole(integers("bits", a)),
    float: (a) => float(vector("float", a)),
    toInteger: (a) => whole(integers("toInteger", a)),
    toFloat: (a) => float(vector("toFloat", a)),
    addInteger: (a, b) => whole(integers("addInteger", a, b)),
    subInteger: (a, b) => whole(integers("subInteger", a, b)),
    mulInteger: (a, b) => whole(integers("mulInteger", a, b)),
    shiftLeft: shift("left"),
    shiftRight: shift("right"),
    shiftRightUnsigned: shift("rightUnsigned"),
    and: (a, b) => whole(integers("and", a, b)),
    or: (a, b) => whole(integers("or", a, b)),
    xor: (a, b) => whole(integers("xor", a, b)),
  };
}

type Arithmetic = functions.VectorArithmetic<Expression, Expression>;
type Rule = (o: Arithmetic, ...inputs: readonly Expression[]) => Expression;
const asRule =
  (rule: (o: Arithmetic, a: Expression, b: Expression) => Expression): Rule =>
  (o, a, b) =>
    rule(o, a as Expression, (b ?? a) as Expression);
const function1 = (f: (x: Expression, o: Arithmetic) => Expression): Rule => asRule((o, a) => f(a, o));
const numeric = (o: Arithmetic, mask: Expression): Expression => o.select(mask, o.constant(1), o.constant(0));

const rules: { readonly [K in Operator]?: Rule } = {
  neg: asRule((o, a) => o.neg(a)),
  abs: asRule((o, a) => o.abs(a)),
  sqrt: asRule((o, a) => o.sqrt(a)),
  exp: function1(functions.exp),
  log: function1(functions.log),
  log1p: function1(functions.log1p),
  tanh: function1(functions.tanh),
  sigmoid: function1(functions.sigmoid),
  erf: function1(functions.erf),
  floor: asRule((_, a) => vector("floor", a)),
  stopGradient: asRule((_, a) => a),
  gather: asRule((_, a) => a),
  vanish: asRule((o, a) => o.select(o.less(o.abs(a), o.constant(mostVanishing)), o.constant(0), a)),
  add: asRule((o, a, b) => o.add(a, b)),
  sub: asRule((o, a, b) => o.sub(a, b)),
  mul: asRule((o, a, b) => o.mul(a, b)),
  div: asRule((o, a, b) => o.div(a, b)),
  maximum: asRule((o, a, b) => o.max(a, b)),
  minimum: asRule((o, a, b) => o.min(a, b)),
  greater: asRule((o, a, b) => numeric(o, o.less(b, a))),
  equal: asRule((o, a, b) => numeric(o, o.equal(a, b))),
};

/** `op` of values in registers. `where` and `random` have their own rules in elementwise.ts. */
export function arithmetic(op: Operator, inputs: readonly Expression[], writer: Writer): Expression {
  const rule = rules[op];
  invariant(rule !== undefined, `lower: "${op}" is not elementwise`);
  return rule(arithmeticOf(writer), ...inputs);
}
