/**
 * Expressions as WebAssembly: the inputs in order, then the instruction.
 *
 *   a * load(w + 16) + acc      local.get a; local.get w; v128.load 16; local.get acc; f32x4.relaxed_madd
 *
 * Four lanes. One entry an expression kind and an operator; nothing is decided here.
 */
import { invariant } from "../../../errors.ts";
import type {
  Expression,
  ExpressionOf,
  IntegersOperator,
  IntOperator,
  VectorOperator,
} from "../../plan/program.ts";
import type { FunctionBody } from "./body.ts";
import type { InstructionName } from "./instructions.ts";

type Kind = Expression["kind"];
type Print<K extends Kind> = (expression: ExpressionOf<K>, body: FunctionBody) => void;
type PrintOperation = (inputs: readonly Expression[], body: FunctionBody) => void;

/** Leaves the value of an expression on the stack. */
export function printExpression(expression: Expression, body: FunctionBody): void {
  printKind(expression.kind, expression, body);
}

function printKind<K extends Kind>(kind: K, expression: ExpressionOf<K>, body: FunctionBody): void {
  expressions[kind](expression, body);
}

const expressions: { readonly [K in Kind]: Print<K> } = {
  int: ({ value }, body) => body.int(value),
  local: ({ name, type }, body) => body.get(name, type),
  intOperation: ({ op, inputs }, body) => intOperators[op](inputs, body),
  loadInt: (load, body) => printLoad("i32.load", load, body),
  constant: ({ value }, body) => body.bytes("v128.const", bytesOf(new Float32Array(4).fill(value))),
  integer: ({ value }, body) => body.bytes("v128.const", bytesOf(new Int32Array(4).fill(value))),
  laneIndex: (_, body) => body.bytes("v128.const", bytesOf(Int32Array.of(0, 1, 2, 3))),
  spread: ({ value }, body) => apply([value], body, "i32x4.splat"),
  load: (load, body) => printLoad("v128.load", load, body),
  splat: (load, body) => printLoad("v128.load32_splat", load, body),
  splatInteger: (load, body) => printLoad("v128.load32_splat", load, body),
  vector: ({ op, inputs }, body) => vectorOperators[op](inputs, body),
  integers: ({ op, inputs }, body) => integersOperators[op](inputs, body),
  shift: ({ op, by, value }, body) => {
    invariant(by >= 0 && by < 32, `wasm: a shift by ${by} is within 32 bits`);
    printExpression(value, body);
    body.int(by);
    body.emit(shifts[op]);
  },
  acrossLanes: ({ op, value }, body) => {
    printExpression(value, body);
    fold(acrossLanes[op], [2, 3, 2, 3], body);
    fold(acrossLanes[op], [1, 1, 1, 1], body);
    body.withScratch("vector", (name) => {
      body.tee(name, "vector");
      shuffle(name, [0, 0, 0, 0], body);
    });
  },
  anyTrue: ({ value }, body) => apply([value], body, "v128.any_true"),
};

const intOperators: { readonly [K in IntOperator]: PrintOperation } = {
  add: lanewise(2, "i32.add"),
  subtract: lanewise(2, "i32.sub"),
  multiply: lanewise(2, "i32.mul"),
  divide: lanewise(2, "i32.div_u"),
  remainder: lanewise(2, "i32.rem_u"),
  minimum: (inputs, body) => {
    apply(inputs, body);
    body.withScratch("int", (second) =>
      body.withScratch("int", (first) => {
        body.set(second, "int");
        body.tee(first, "int");
        body.get(second, "int");
        body.get(first, "int");
        body.get(second, "int");
      }),
    );
    body.emit("i32.lt_s");
    body.emit("select");
  },
  and: lanewise(2, "i32.and"),
  shiftLeft: lanewise(2, "i32.shl"),
  less: lanewise(2, "i32.lt_s"),
  lessEqual: lanewise(2, "i32.le_s"),
  equal: lanewise(2, "i32.eq"),
  notEqual: lanewise(2, "i32.ne"),
};

const vectorOperators: { readonly [K in VectorOperator]: PrintOperation } = {
  add: lanewise(2, "f32x4.add"),
  sub: lanewise(2, "f32x4.sub"),
  mul: lanewise(2, "f32x4.mul"),
  div: lanewise(2, "f32x4.div"),
  min: lanewise(2, "f32x4.pmin"),
  max: lanewise(2, "f32x4.pmax"),
  neg: lanewise(1, "f32x4.neg"),
  abs: lanewise(1, "f32x4.abs"),
  sqrt: lanewise(1, "f32x4.sqrt"),
  floor: lanewise(1, "f32x4.floor"),
  multiplyAdd: (inputs, body) => {
    const [a, b, c] = three(inputs);
    if (body.options.relaxed) {
      apply([a, b, c], body, "f32x4.relaxed_madd");
    } else {
      apply([a, b], body, "f32x4.mul");
      apply([c], body, "f32x4.add");
    }
  },
  float: lanewise(1),
  toFloat: lanewise(1, "f32x4.convert_i32x4_s"),
  select: (inputs, body) => {
    const [mask, whenTrue, whenFalse] = three(inputs);
    apply([whenTrue, whenFalse, mask], body, "v128.bitselect");
  },
};

const integersOperators: { readonly [K in IntegersOperator]: PrintOperation } = {
  less: lanewise(2, "f32x4.lt"),
  lessEqual: lanewise(2, "f32x4.le"),
  equal: lanewise(2, "f32x4.eq"),
  bits: lanewise(1),
  toInteger: lanewise(1, "i32x4.trunc_sat_f32x4_s"),
  addInteger: lanewise(2, "i32x4.add"),
  subInteger: lanewise(2, "i32x4.sub"),
  mulInteger: lanewise(2, "i32x4.mul"),
  and: lanewise(2, "v128.and"),
  or: lanewise(2, "v128.or"),
  xor: lanewise(2, "v128.xor"),
};

const shifts: { readonly [K in ExpressionOf<"shift">["op"]]: InstructionName } = {
  left: "i32x4.shl",
  right: "i32x4.shr_s",
  rightUnsigned: "i32x4.shr_u",
};

const acrossLanes: { readonly [K in ExpressionOf<"acrossLanes">["op"]]: InstructionName } = {
  add: "f32x4.add",
  max: "f32x4.pmax",
};

/** An operation of so many inputs that is one instruction, or none where only the type changes. */
function lanewise(arity: number, ...instructions: readonly InstructionName[]): PrintOperation {
  return (inputs, body) => {
    invariant(
      inputs.length === arity,
      `wasm: ${instructions.join()} takes ${arity} inputs, not ${inputs.length}`,
    );
    apply(inputs, body, ...instructions);
  };
}

function apply(
  inputs: readonly Expression[],
  body: FunctionBody,
  ...after: readonly InstructionName[]
): void {
  for (const input of inputs) printExpression(input, body);
  for (const instruction of after) body.emit(instruction);
}

function printLoad(
  instruction: InstructionName,
  { address, offset }: { readonly address: Expression; readonly offset: number },
  body: FunctionBody,
): void {
  printExpression(address, body);
  body.access(instruction, offset);
}

/** x -> op(x, lanes of x). */
function fold(op: InstructionName, lanes: readonly number[], body: FunctionBody): void {
  body.withScratch("vector", (name) => {
    body.tee(name, "vector");
    body.get(name, "vector");
    shuffle(name, lanes, body);
  });
  body.emit(op);
}

/** With a vector on the stack and in `name`: leaves its lanes in another order. */
function shuffle(name: string, lanes: readonly number[], body: FunctionBody): void {
  body.get(name, "vector");
  const bytes = lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]);
  body.bytes("i8x16.shuffle", Uint8Array.from(bytes));
}

function three(inputs: readonly Expression[]): readonly [Expression, Expression, Expression] {
  const [a, b, c] = inputs;
  invariant(a && b && c && inputs.length === 3, `wasm: an operation takes 3 inputs, not ${inputs.length}`);
  return [a, b, c];
}

function bytesOf(lanes: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(lanes.buffer);
}
