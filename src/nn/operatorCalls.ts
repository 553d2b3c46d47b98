/**
 * Operators on symbols: the call is remembered, and its shape found by applying the operator to stand-ins.
 *
 *   add(h, x)   { by: { operator: "add", operands: ["symbol", "symbol"] }, inputs: [h, x] }
 */
import { parameter } from "../core/graph/build.ts";
import { type Dim, type Node, rows } from "../core/graph/nodes.ts";
import { UnrollError } from "../errors.ts";
import { type OperatorName, operatorTable } from "./operatorTable.ts";
import type { Time } from "./signals.ts";
import {
  type Axes,
  type Call,
  type Callable,
  described,
  type Form,
  hasTime,
  isSymbolic,
  makeSymbol,
  type Symbolic,
} from "./symbols.ts";

/** An operator with its operands in order: a number, or null for the next symbol. */
export interface OperatorCall extends Callable {
  readonly type: "operator";
  readonly operator: OperatorName;
  readonly operands: readonly (number | null)[];
}
type Operand = Symbolic | number;

export function isOperator(by: Callable): by is OperatorCall {
  return by.type === "operator";
}

/** The symbol, or symbols, that `operator` makes of its operands, of which at least one is a symbol. */
export function record(operator: OperatorName, operands: readonly unknown[]): Symbolic | readonly Symbolic[] {
  const where = `operator "${operator}" on symbols`;
  const given = operands.map((x) => operandOf(x, where));
  const inputs = given.filter((x) => typeof x !== "number");
  refuseUnlike(where, operator, inputs);
  const by: OperatorCall = {
    type: "operator",
    base: operator,
    operator,
    operands: given.map((x) => (typeof x === "number" ? x : null)),
  };
  const call: Call = { by, inputs, given: {} };
  const made = applied(by, inputs.map(standIn));
  const time: Time = inputs.some((x) => x.time === "looks ahead") ? "looks ahead" : "causal";
  const symbolOf = (node: Node, k: number): Symbolic =>
    makeSymbol({ axes: axesOf(node), dtype: "float32", time }, { call, output: String(k) });
  return Array.isArray(made) ? made.map(symbolOf) : symbolOf(made as Node, 0);
}

/** The operator applied to nodes, which stand for the symbols in order. */
export function applied(
  { operator, operands }: OperatorCall,
  nodes: readonly Node[],
): Node | readonly Node[] {
  const next = nodes.values();
  const all = operands.map((x) => x ?? (next.next().value as Node));
  return operatorTable[operator](...all);
}

function operandOf(x: unknown, where: string): Operand {
  if (typeof x === "number" || isSymbolic(x)) return x;
  throw new UnrollError({
    where,
    expected: "symbols and numbers",
    got: x === null ? "null" : typeof x,
    fix: "Symbols come from input({ shape }) and from layers called on symbols.",
  });
}

function refuseUnlike(where: string, operator: OperatorName, inputs: readonly Symbolic[]): void {
  const [first] = inputs;
  const facts = (expected: string, got: string, fix: string): UnrollError =>
    new UnrollError({ where, expected, got, fix });
  if (operator === "matmul")
    throw facts(
      "numbers times a weight",
      "two symbols",
      "Use dense({ units, bias: false }) for a product with a weight.",
    );
  for (const input of inputs) {
    if (input.dtype === "int32")
      throw facts("numbers", described(input), "Put embedding({ inputDim, outputDim }) before it.");
    if (first && input.axes.length !== first.axes.length)
      throw facts(
        `${described(first)}, like the first operand`,
        described(input),
        "Give operands of one kind.",
      );
  }
}

/** A parameter with the axes of the symbol, the batch put in. */
export function standIn(form: Pick<Form, "axes" | "dtype">): Node {
  const dims: readonly Dim[] = form.axes.map((axis, k) => axis ?? (k === 0 ? "time" : 1));
  const shape = hasTime(form) ? [dims[0] ?? 1, rows, ...dims.slice(1)] : [rows, ...dims];
  return parameter("standIn", shape, form.dtype);
}

/** The axes of a node without the batch. */
export function axesOf({ shape }: { readonly shape: readonly Dim[] }): Axes {
  return shape.filter((dim) => dim !== rows).map((dim) => (typeof dim === "number" ? dim : null));
}
