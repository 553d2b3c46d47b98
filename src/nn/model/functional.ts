/** A network from symbols: whatever lies between its inputs and its outputs. */
import { UnrollError } from "../../errors.ts";
import { type Checks, checkOptions, spelt } from "../options.ts";
import { isSymbolic, type Symbolic } from "../symbols.ts";
import { buildNetwork } from "./build.ts";
import type { Network } from "./network.ts";
import type { Structure } from "./structure.ts";

/** What they are is looked at below. */
const ends: Checks = Object.fromEntries(
  ["inputs", "outputs"].map((name) => [name, { expected: "symbols", holds: () => true }]),
);

export function functionalNetwork(
  model: { readonly inputs?: unknown; readonly outputs?: unknown },
  seed: number,
): Network {
  checkOptions("functional", model, ends);
  const { inputs, outputs } = model;
  const begin = symbolsOf(inputs, "inputs", inputNames);
  const end = symbolsOf(outputs, "outputs", outputNames);
  const notInput = begin.symbols.findIndex(({ source }) => !("input" in source));
  if (notInput >= 0)
    throw fault(
      "inputs",
      "symbols made by input({ shape })",
      `the output of a layer as "${begin.structure.names[notInput]}"`,
    );
  return buildNetwork({
    name: "functional",
    inputs: begin.symbols,
    outputs: end.symbols,
    inputsAs: begin.structure,
    outputsAs: end.structure,
    seed,
  });
}

interface Ends {
  readonly symbols: readonly Symbolic[];
  readonly structure: Structure;
}
type Names = (symbols: readonly Symbolic[]) => readonly string[];

function symbolsOf(given: unknown, side: string, names: Names): Ends {
  if (isSymbolic(given)) return { symbols: [given], structure: { as: "one", names: names([given]) } };
  const record = typeof given === "object" && given !== null ? given : {};
  const entries: [string, unknown][] = Array.isArray(given)
    ? Array.from(given, (x: unknown, k) => [`${k}`, x])
    : Object.entries(record);
  const symbols = entries.map(([name, x]) => {
    if (isSymbolic(x)) return x;
    throw fault(side, "symbols", `${spelt(x)} as "${name}"`);
  });
  if (symbols.length === 0)
    throw fault(
      side,
      "a symbol, an array or a record of symbols",
      typeof given === "object" ? "none" : spelt(given),
    );
  const twice = symbols.find((symbol, k) => side === "inputs" && symbols.indexOf(symbol) !== k);
  if (twice) throw fault(side, "different symbols", "one symbol twice");
  return Array.isArray(given)
    ? { symbols, structure: { as: "list", names: names(symbols) } }
    : { symbols, structure: { as: "record", names: entries.map(([name]) => name) } };
}

/** Their own names, or "input_1", "input_2" ... */
const inputNames: Names = (symbols) =>
  symbols.map(({ source }, k) => ("input" in source ? source.input.name : null) ?? `input_${k + 1}`);
const outputNames: Names = (symbols) => symbols.map((_, k) => `output_${k + 1}`);

function fault(side: string, expected: string, got: string): UnrollError {
  return new UnrollError({
    where: `functional({ ${side} })`,
    expected,
    got,
    fix: "Write const x = input({ shape }); const y = layer(x); functional({ inputs: x, outputs: y }).",
  });
}
