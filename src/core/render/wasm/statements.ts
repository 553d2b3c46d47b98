/**
 * Statements as WebAssembly.
 *
 *   for (n = from; n < until; n += 4) body     block
 *                                                loop
 *                                                  local.get n; local.get #until; i32.ge_s; br_if 1
 *                                                  body
 *                                                  local.get n; i32.const 4; i32.add; local.set n; br 0
 *
 * `until` is evaluated once, before `n` begins.
 */
import { invariant } from "../../../errors.ts";
import type { Expression, Statement, StatementOf } from "../../plan/program.ts";
import type { FunctionBody } from "./body.ts";
import { printExpression } from "./expressions.ts";
import type { InstructionName } from "./instructions.ts";

type Kind = Statement["kind"];
type Print<K extends Kind> = (statement: StatementOf<K>, body: FunctionBody) => void;
type Store = StatementOf<"store" | "storeFirst" | "storeInt">;
type For = StatementOf<"for">;

const noResult = 0x40;

export function printStatements(list: readonly Statement[], body: FunctionBody): void {
  for (const statement of list) printKind(statement.kind, statement, body);
}

function printKind<K extends Kind>(kind: K, statement: StatementOf<K>, body: FunctionBody): void {
  statements[kind](statement, body);
}

const statements: { readonly [K in Kind]: Print<K> } = {
  set: ({ name, type, value }, body) => {
    printExpression(value, body);
    body.set(name, type);
  },
  store: (store, body) => printStore("v128.store", store, body),
  storeFirst: (store, body) => printStore("v128.store32_lane", store, body, 0),
  storeInt: (store, body) => printStore("i32.store", store, body),
  for: (loop, body) => {
    body.withScratch("int", (name) => {
      printExpression(loop.until, body);
      body.set(name, "int");
      printLoop(loop, { kind: "local", name, type: "int" }, body);
    });
  },
  if: ({ condition, then, otherwise }, body) => {
    printExpression(condition, body);
    body.emit("if", noResult);
    printStatements(then, body);
    if (otherwise) {
      body.emit("else");
      printStatements(otherwise, body);
    }
    body.emit("end");
  },
  prefetch: () => {}, // WebAssembly has no way to ask
  fill: ({ address, bytes }, body) => {
    printExpression(address, body);
    body.int(0);
    printExpression(bytes, body);
    body.emit("memory.fill", 0);
  },
  call: ({ name, inputs }, body) => {
    const callee = body.options.callees.get(name);
    invariant(callee, `wasm: ${body.name} stands after "${name}", which it calls`);
    invariant(callee.parameters === inputs.length, `wasm: "${name}" takes ${callee.parameters} inputs`);
    for (const input of inputs) printExpression(input, body);
    body.emit("call", callee.index);
  },
};

function printStore(
  instruction: InstructionName,
  { address, offset, value }: Store,
  body: FunctionBody,
  ...lane: readonly number[]
): void {
  printExpression(address, body);
  printExpression(value, body);
  body.access(instruction, offset, ...lane);
}

function printLoop({ name, from, step, body: inside }: For, until: Expression, body: FunctionBody): void {
  invariant(Number.isInteger(step) && step !== 0, `wasm: the loop over "${name}" in ${body.name} moves`);
  printExpression(from, body);
  body.set(name, "int");
  body.emit("block", noResult);
  body.emit("loop", noResult);
  body.get(name, "int");
  printExpression(until, body);
  body.emit(step > 0 ? "i32.ge_s" : "i32.lt_s");
  body.emit("br_if", 1);
  printStatements(inside, body);
  body.get(name, "int");
  body.int(step);
  body.emit("i32.add");
  body.set(name, "int");
  body.emit("br", 0);
  body.emit("end");
  body.emit("end");
}
