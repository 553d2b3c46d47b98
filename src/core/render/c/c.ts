/**
 * A program as C: gnu99 with vector extensions, for gcc and clang. Wide vectors and fused multiply-adds come from
 * the compiler's -march=native; -ffp-contract=off keeps it from fusing anything else.
 *
 *   prelude           types, and one helper an operation, in the machine's own instructions where it has them
 *   functions         static, the memory as first parameter, never inlined into one another
 *   runList           the one exported entry
 */
import { invariant } from "../../../errors.ts";
import type { Program, ProgramFunction } from "../../plan/program.ts";
import { printEntry } from "./entry.ts";
import { printPrelude } from "./prelude.ts";
import { declarations, functionName, localName, scopeOf } from "./scope.ts";
import { indented, printStatements } from "./statements.ts";

/** The source of a library that exports `void runList(void *memory, int32_t start, int32_t count)`. */
export function renderC(program: Program): string {
  const { lanes, functions } = program;
  invariant(lanes >= 2 && (lanes & (lanes - 1)) === 0, `c: ${lanes} lanes are a power of two`);
  const callees = new Map<string, number>();
  const printed = functions.map((source) => {
    invariant(!callees.has(source.name), `c: a program has one function "${source.name}"`);
    const lines = printFunction(source, callees);
    callees.set(source.name, source.parameters.length);
    return lines;
  });
  const parts = [printPrelude(lanes), ...printed, printEntry(functions.filter(({ exported }) => exported))];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function printFunction(source: ProgramFunction, callees: ReadonlyMap<string, number>): readonly string[] {
  const scope = scopeOf(source, callees);
  const body = printStatements(source.body, scope);
  const parameters = source.parameters.map((name) => `int64_t ${localName(name)}`);
  const head = `${functionName(source.name)}(${["char *memory", ...parameters].join(", ")})`;
  return [`KERNEL void ${head} {`, ...indented([...declarations(scope), ...body]), "}"];
}
