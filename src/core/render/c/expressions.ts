/**
 * Expressions as C, on the types and helpers of the prelude.
 *
 *   a * load(w + 16) + acc      multiplyAdd(a_, LOAD(w_, 16), acc_)
 *
 * One entry an expression kind and an operator; nothing is decided here. An int is 64 bits wide, so that the compiler
 * may fold base, index and offset into one address; everything else is the helper's business.
 */
import { invariant } from "../../../errors.ts";
import type {
  Expression,
  ExpressionOf,
  IntegersOperator,
  IntOperator,
  VectorOperator,
} from "../../plan/program.ts";
import { read, type Scope } from "./scope.ts";

type Kind = Expression["kind"];
type Print<K extends Kind> = (expression: ExpressionOf<K>, scope: Scope) => string;
type PrintOperation = (inputs: readonly string[]) => string;

export function printExpression(expression: Expression, scope: Scope): string {
  return printKind(expression.kind, expression, scope);
}

function printKind<K extends Kind>(kind: K, expression: ExpressionOf<K>, scope: Scope): string {
  return expressions[kind](expression, scope);
}

const expressions: { readonly [K in Kind]: Print<K> } = {
  int: ({ value }) => intText(value),
  local: ({ name, type }, scope) => read(scope, name, type),
  intOperation: ({ op, inputs }, scope) => intOperators[op](printAll(inputs, scope)),
  loadInt: (load, scope) => access("LOAD_INT", load, scope),
  constant: ({ value }) => `constant(${hex(bitsOf(value))})`,
  integer: ({ value }) => `integer(${hex(value)})`,
  laneIndex: () => "laneIndex()",
  spread: ({ value }, scope) => `integer((uint32_t)${printExpression(value, scope)})`,
  load: (load, scope) => access("LOAD", load, scope),
  splat: (load, scope) => `splat(${access("LOAD_FLOAT", load, scope)})`,
  splatInteger: (load, scope) => `integer((uint32_t)${access("LOAD_INT", load, scope)})`,
  vector: ({ op, inputs }, scope) => vectorOperators[op](printAll(inputs, scope)),
  integers: ({ op, inputs }, scope) => integersOperators[op](printAll(inputs, scope)),
  shift: ({ op, by, value }, scope) => {
    invariant(by >= 0 && by < 32, `c: a shift by ${by} is within 32 bits`);
    return `${shifts[op]}(${printExpression(value, scope)}, ${by})`;
  },
  acrossLanes: ({ op, value }, scope) => `${acrossLanes[op]}(${printExpression(value, scope)})`,
  anyTrue: ({ value }, scope) => `anyTrue(${printExpression(value, scope)})`,
};

const intOperators: { readonly [K in IntOperator]: PrintOperation } = {
  add: sign("+"),
  subtract: sign("-"),
  multiply: sign("*"),
  divide: helper(2, "quotientOf"),
  remainder: helper(2, "remainderOf"),
  minimum: helper(2, "minimum"),
  and: sign("&"),
  shiftLeft: helper(2, "shiftLeft"),
  less: sign("<"),
  lessEqual: sign("<="),
  equal: sign("=="),
  notEqual: sign("!="),
};

const vectorOperators: { readonly [K in VectorOperator]: PrintOperation } = {
  add: sign("+"),
  sub: sign("-"),
  mul: sign("*"),
  div: sign("/"),
  min: helper(2, "smaller"),
  max: helper(2, "larger"),
  neg: helper(1, "-"),
  abs: helper(1, "absolute"),
  sqrt: helper(1, "squareRoot"),
  floor: helper(1, "roundDown"),
  multiplyAdd: helper(3, "multiplyAdd"),
  float: helper(1, "(vector)"),
  toFloat: helper(1, "toFloat"),
  select: helper(3, "select"),
};

const integersOperators: { readonly [K in IntegersOperator]: PrintOperation } = {
  less: helper(2, "less"),
  lessEqual: helper(2, "lessEqual"),
  equal: helper(2, "equal"),
  bits: helper(1, "(integers)"),
  toInteger: helper(1, "toInteger"),
  addInteger: helper(2, "addInteger"),
  subInteger: helper(2, "subInteger"),
  mulInteger: helper(2, "mulInteger"),
  and: sign("&"),
  or: sign("|"),
  xor: sign("^"),
};

const shifts: { readonly [K in ExpressionOf<"shift">["op"]]: string } = {
  left: "left",
  right: "right",
  rightUnsigned: "rightUnsigned",
};

const acrossLanes: { readonly [K in ExpressionOf<"acrossLanes">["op"]]: string } = {
  add: "addAcrossLanes",
  max: "maxAcrossLanes",
};

/** Stands between its two inputs. */
function sign(text: string): PrintOperation {
  return (inputs) => {
    const [a, b] = inputs;
    invariant(inputs.length === 2, `c: ${text} takes 2 inputs, not ${inputs.length}`);
    return `(${a} ${text} ${b})`;
  };
}

/** Stands before its inputs: a helper of the prelude, a cast or a prefix. */
function helper(arity: number, name: string): PrintOperation {
  return (inputs) => {
    invariant(inputs.length === arity, `c: ${name} takes ${arity} inputs, not ${inputs.length}`);
    return `${name}(${inputs.join(", ")})`;
  };
}

const printAll = (inputs: readonly Expression[], scope: Scope): readonly string[] =>
  inputs.map((input) => printExpression(input, scope));

/** One of the prelude's macros on the memory at address + offset. */
export function access(
  macro: string,
  { address, offset }: { readonly address: Expression; readonly offset: number },
  scope: Scope,
): string {
  invariant(Number.isInteger(offset) && offset >= 0, `c: the offset ${offset} is an unsigned integer`);
  return `${macro}(${printExpression(address, scope)}, ${offset})`;
}

function intText(value: number): string {
  invariant(
    Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32,
    `c: ${value} is a 32-bit integer`,
  );
  return value < 0 ? `(${value}LL)` : `${value}LL`;
}

/** The bits of the float32 nearest to a number: exact, signs of zeros and what is not a number too. */
const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
