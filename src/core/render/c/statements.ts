/**
 * Statements as lines of C.
 *
 *   for (n = from; n < until; n += 4) body     {
 *                                                const int64_t end = until;
 *                                                for (n_ = from; n_ < end; n_ += 4) {
 *                                                  body
 *                                                }
 *                                              }
 *
 * `until` is evaluated once, before `n` begins.
 */
import { invariant } from "../../../errors.ts";
import type { Statement, StatementOf } from "../../plan/program.ts";
import { access, printExpression } from "./expressions.ts";
import { functionName, type Scope, write } from "./scope.ts";

type Kind = Statement["kind"];
type Print<K extends Kind> = (statement: StatementOf<K>, scope: Scope) => readonly string[];

export function printStatements(list: readonly Statement[], scope: Scope): readonly string[] {
  return list.flatMap((statement) => printKind(statement.kind, statement, scope));
}

function printKind<K extends Kind>(kind: K, statement: StatementOf<K>, scope: Scope): readonly string[] {
  return statements[kind](statement, scope);
}

const statements: { readonly [K in Kind]: Print<K> } = {
  set: ({ name, type, value }, scope) => {
    const text = printExpression(value, scope);
    const local = write(scope, name, type);
    return [`${local} = ${text};`, ...(value.kind === "load" ? [`KEEP(${local});`] : [])];
  },
  store: (store, scope) => [`${access("STORE", store, scope)} = (vector)${value(store, scope)};`],
  storeFirst: (store, scope) => [
    `${access("STORE_INT", store, scope)} = ((naturals)${value(store, scope)})[0];`,
  ],
  storeInt: (store, scope) => [`${access("STORE_INT", store, scope)} = (uint32_t)${value(store, scope)};`],
  for: ({ name, from, until, step, body }, scope) => {
    invariant(Number.isInteger(step) && step !== 0, `c: the loop over "${name}" in ${scope.name} moves`);
    const [end, begin] = [printExpression(until, scope), printExpression(from, scope)];
    const n = write(scope, name, "int");
    const head = `for (${n} = ${begin}; ${n} ${step > 0 ? "<" : ">="} end; ${n} += ${step}) {`;
    const loop = [`const int64_t end = ${end};`, head, ...indented(printStatements(body, scope)), "}"];
    return ["{", ...indented(loop), "}"];
  },
  if: ({ condition, then, otherwise }, scope) => [
    `if (${printExpression(condition, scope)}) {`,
    ...indented(printStatements(then, scope)),
    ...(otherwise ? ["} else {", ...indented(printStatements(otherwise, scope))] : []),
    "}",
  ],
  prefetch: (at, scope) => [`__builtin_prefetch(&${access("STORE_INT", at, scope)});`],
  fill: ({ address, bytes }, scope) => {
    const [place, size] = [printExpression(address, scope), printExpression(bytes, scope)];
    return [`__builtin_memset(memory + ${place}, 0, ${size});`];
  },
  call: ({ name, inputs }, scope) => {
    const parameters = scope.callees.get(name);
    invariant(parameters !== undefined, `c: ${scope.name} stands after "${name}", which it calls`);
    invariant(parameters === inputs.length, `c: "${name}" takes ${parameters} inputs`);
    const printed = inputs.map((input) => printExpression(input, scope));
    return [`${functionName(name)}(${["memory", ...printed].join(", ")});`];
  },
};

const value = (store: StatementOf<"store" | "storeFirst" | "storeInt">, scope: Scope): string =>
  `(${printExpression(store.value, scope)})`;

export const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
