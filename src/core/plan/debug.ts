/**
 * What a person who looks into the compiler sees: `UNROLL_DEBUG` names what is printed to standard error, separated by
 * commas: `graph` (after every pass), `plan`, `program`. With any value, `verify` among them, the grammar of the graph
 * is checked after every pass; the tests run with that.
 */
import type { Node } from "../graph/nodes.ts";
import { printGraph } from "../graph/print.ts";
import { verify } from "../graph/verify.ts";

type Topic = "graph" | "plan" | "program";
interface Environment {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
}

function topics(): readonly string[] {
  const value = (globalThis as Environment).process?.env?.["UNROLL_DEBUG"];
  return value === undefined || value === "" ? [] : value.split(",");
}

/** The text is made only when it is asked for. */
export function show(topic: Topic, title: string, text: () => string): void {
  if (topics().includes(topic))
    console.error(`--- ${title === "" ? topic : `${topic}: ${title}`}\n${text()}`);
}

/** The result of a pass, checked and shown when debugging. */
export function checked(pass: string, roots: readonly Node[]): readonly Node[] {
  if (topics().length === 0) return roots;
  verify(roots, pass);
  show("graph", pass, () => printGraph(roots));
  return roots;
}
