/** Expressions and statements of a program, written briefly. Constant integers are folded on the way. */
import type {
  Expression,
  IntegersOperator,
  IntOperator,
  ProgramFunction,
  Statement,
  ValueType,
  VectorOperator,
} from "../program.ts";

export const int = (value: number): Expression => ({ kind: "int", value });
export const local = (name: string, type: ValueType = "int"): Expression => ({ kind: "local", name, type });
const operation = (op: IntOperator, a: Expression, b: Expression): Expression => ({
  kind: "intOperation",
  op,
  inputs: [a, b],
});

export function plus(a: Expression, b: Expression): Expression {
  if (a.kind === "int" && b.kind === "int") return int(a.value + b.value);
  if (a.kind === "int" && a.value === 0) return b;
  return b.kind === "int" && b.value === 0 ? a : operation("add", a, b);
}
export function minus(a: Expression, b: Expression): Expression {
  if (a.kind === "int" && b.kind === "int") return int(a.value - b.value);
  return b.kind === "int" && b.value === 0 ? a : operation("subtract", a, b);
}
export function times(a: Expression, b: Expression): Expression {
  if (a.kind === "int" && b.kind === "int") return int(a.value * b.value);
  if (a.kind === "int" && a.value === 1) return b;
  return b.kind === "int" && b.value === 1 ? a : operation("multiply", a, b);
}
export const quotient = (a: Expression, b: Expression): Expression => operation("divide", a, b);
export const remainder = (a: Expression, b: Expression): Expression => operation("remainder", a, b);
export const minimum = (a: Expression, b: Expression): Expression => operation("minimum", a, b);
export const bitAnd = (a: Expression, b: Expression): Expression => operation("and", a, b);
export const less = (a: Expression, b: Expression): Expression => operation("less", a, b);
export const lessEqual = (a: Expression, b: Expression): Expression => operation("lessEqual", a, b);

export const loadInt = (address: Expression, offset = 0): Expression => ({
  kind: "loadInt",
  address,
  offset,
});
export const load = (address: Expression, offset = 0): Expression => ({ kind: "load", address, offset });
export const splat = (address: Expression, offset = 0): Expression => ({ kind: "splat", address, offset });
export const constantVector = (value: number): Expression => ({ kind: "constant", value });
export const vector = (op: VectorOperator, ...inputs: readonly Expression[]): Expression => ({
  kind: "vector",
  op,
  inputs,
});
export const integers = (op: IntegersOperator, ...inputs: readonly Expression[]): Expression => ({
  kind: "integers",
  op,
  inputs,
});
export const call = (name: string, ...inputs: readonly Expression[]): Statement => ({
  kind: "call",
  name,
  inputs,
});

/** Writes the body of one function. Loops and conditions nest by callback. */
export class Writer {
  private statements: Statement[] = [];
  private readonly prologue: Statement[] = [];
  private readonly named = new Map<string, Expression>();
  private count = 0;

  push(statement: Statement): void {
    this.statements.push(statement);
  }

  /** A new local that holds `value`. */
  set(value: Expression, type: ValueType): Expression {
    const name = `v${this.count++}`;
    this.assign(name, value, type);
    return local(name, type);
  }

  assign(name: string, value: Expression, type: ValueType): void {
    this.statements.push({ kind: "set", name, type, value });
  }

  /** A new name for a local that is assigned to more than once. */
  name(prefix: string): string {
    return `${prefix}${this.count++}`;
  }

  /** An int that does not change during the function, computed once at its begin. */
  once(key: string, value: () => Expression): Expression {
    const known = this.named.get(key);
    if (known !== undefined) return known;
    const made = value(); // may itself ask for others
    const name = `p${this.named.size}`;
    this.prologue.push({ kind: "set", name, type: "int", value: made });
    this.named.set(key, local(name));
    return local(name);
  }

  loop(from: Expression, until: Expression, step: number, body: (index: Expression) => void): void {
    const name = this.name("i");
    const inner = this.block(() => body(local(name)));
    this.statements.push({ kind: "for", name, from, until, step, body: inner });
  }

  when(condition: Expression, body: () => void): void {
    const then = this.block(body);
    this.statements.push({ kind: "if", condition, then });
  }

  private block(body: () => void): readonly Statement[] {
    const outer = this.statements;
    const inner: Statement[] = [];
    this.statements = inner;
    body();
    this.statements = outer;
    return inner;
  }

  finish(name: string, parameters: readonly string[], exported = false): ProgramFunction {
    return { name, parameters, body: [...this.prologue, ...this.statements], exported };
  }
}
