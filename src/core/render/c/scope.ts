/**
 * What is known while one function is printed: its locals, and the functions it may call.
 *
 *   write(scope, "n", "int")     n_      a local; the underscore keeps it apart from words of C and of the prelude
 *   functionName("step")         kernel_step
 *
 * A name has one type throughout a function, and one that is read is also set somewhere.
 */
import { invariant } from "../../../errors.ts";
import type { ProgramFunction, ValueType } from "../../plan/program.ts";

export interface Scope {
  readonly name: string;
  readonly parameters: readonly string[];
  /** Functions that stand before this one, with the number of their parameters. */
  readonly callees: ReadonlyMap<string, number>;
  readonly types: Map<string, ValueType>;
  readonly written: Set<string>;
}

export function scopeOf({ name, parameters }: ProgramFunction, callees: ReadonlyMap<string, number>): Scope {
  const types = new Map<string, ValueType>();
  for (const parameter of parameters) {
    invariant(!types.has(parameter), `c: ${name} has one parameter "${parameter}"`);
    types.set(parameter, "int");
  }
  return { name, parameters, callees, types, written: new Set(parameters) };
}

export function read(scope: Scope, name: string, type: ValueType): string {
  const known = scope.types.get(name) ?? type;
  invariant(known === type, `c: "${name}" has one type in ${scope.name}, not ${known} and ${type}`);
  scope.types.set(name, type);
  return localName(name);
}

export function write(scope: Scope, name: string, type: ValueType): string {
  scope.written.add(name);
  return read(scope, name, type);
}

/** The locals behind the parameters, each zero until it is set. */
export function declarations({ name, parameters, types, written }: Scope): readonly string[] {
  for (const local of types.keys()) {
    invariant(written.has(local), `c: "${local}" is set before it is read in ${name}`);
  }
  const locals = [...types].filter(([local]) => !parameters.includes(local));
  return locals.map(([local, type]) => `${typeNames[type]} ${localName(local)} = ${zeros[type]};`);
}

export const localName = (name: string): string => `${identifier(name)}_`;
export const functionName = (name: string): string => `kernel_${identifier(name)}`;

const typeNames: { readonly [K in ValueType]: string } = {
  int: "int64_t",
  vector: "vector",
  integers: "integers",
};
const zeros: { readonly [K in ValueType]: string } = { int: "0", vector: "{0}", integers: "{0}" };

function identifier(name: string): string {
  invariant(/^\w+$/.test(name), `c: the name "${name}" is made of letters, digits and underscores`);
  return name;
}
