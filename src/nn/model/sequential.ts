/**
 * A network from layers one after the other. Without an input in front it is made when the shape of the data is known:
 * at once where the first layer takes tokens, else from the first data.
 */
import { inPlace, UnrollError } from "../../errors.ts";
import { placeOf } from "../layers/call.ts";
import { refuseMisfit } from "../layers/fits.ts";
import { input } from "../layers/input.ts";
import { type Definition, definitionOf } from "../layers/layer.ts";
import { spelt } from "../options.ts";
import { isSymbolic, type Symbolic } from "../symbols.ts";
import { buildNetwork, namesOf } from "./build.ts";
import type { Network } from "./network.ts";
import { isRagged } from "./ragged.ts";
import { isTensor } from "./tensor.ts";

export interface Chain {
  readonly input: Symbolic | null;
  readonly layers: readonly Link[];
}
type Link = ((x: Symbolic) => unknown) & { readonly width: unknown };

/** The parts in order. Throws an UnrollError for anything that is no layer. */
export function chainOf(parts: readonly unknown[]): Chain {
  const [first] = parts;
  const begin = isSymbolic(first) ? first : null;
  const layers = begin ? parts.slice(1) : parts;
  layers.forEach((part, k) => {
    if (definitionOf(part) !== null) return;
    const place = `sequential(...), part ${k + (begin ? 2 : 1)}`;
    if (isSymbolic(part)) throw fault(place, "a layer", "an input", "An input goes first.");
    throw fault(
      place,
      "a layer",
      spelt(part),
      "Layers come from functions such as lstm({ units: 8 }); spread arrays: ...layers.",
    );
  });
  if (layers.length === 0)
    throw fault("sequential(...)", "at least one layer", "none", "Give one, such as dense({ units: 1 }).");
  if (begin && !("input" in begin.source))
    throw fault(
      "sequential(...), part 1",
      "an input or a layer",
      "the output of a layer",
      "Use functional({ inputs, outputs }).",
    );
  return { input: begin ?? tokensFor(layers[0]), layers: layers as readonly Link[] };
}

/** Every layer that takes tokens takes them in the same form. */
function tokensFor(layer: unknown): Symbolic | null {
  const takes = definitionOf(layer)?.takes ?? [];
  return takes.length === 1 && takes[0] === "tokens"
    ? (input({ shape: [null], dtype: "int32" }) as Symbolic)
    : null;
}

/** The input that data of this form ask for. */
export function inputFor(x: unknown, { layers: [first] }: Chain): Symbolic {
  const axes = axesOf(x);
  const takes = definitionOf(first)?.takes ?? [];
  if (axes.length === 1 && takes.includes("sequence") && !takes.includes("vector"))
    throw fault(
      firstData,
      "a batch of sequences, [batch, time, features]",
      `[batch, ${axes[0]}]`,
      "Put one more pair of brackets around a single sequence: [[[1], [2]]]; single numbers are steps of 1 feature.",
    );
  const features = axes.at(-1) ?? 1;
  const shape = axes.length === 1 ? [features] : [null, ...axes.slice(1)];
  return input({ shape }) as Symbolic;
}

const firstData = "the first data of a sequential model";

/** Without the batch. */
function axesOf(x: unknown): readonly number[] {
  if (isRagged(x)) return x.rows.find(({ data }) => data.length > 0)?.shape ?? [0, 1];
  const axes = isTensor(x) ? x.shape.slice(1) : axesOfRow(x);
  if (axes.length > 0 && !axes.includes(0)) return axes;
  throw fault(
    firstData,
    "a batch of vectors or sequences",
    Array.isArray(x) || isTensor(x) ? "data without a row that tells its features" : spelt(x),
    "Put input({ shape }) in front of the layers, or give [batch, time, features].",
  );
}

/** The axes of the first row that is not empty. */
function axesOfRow(x: unknown): readonly number[] {
  const axes: number[] = [];
  let at: unknown = Array.isArray(x)
    ? x.find((row: unknown) => !Array.isArray(row) || row.length > 0)
    : undefined;
  while (Array.isArray(at)) {
    axes.push(at.length);
    at = at[0];
  }
  if (isTensor(at)) axes.push(...at.shape);
  if (at instanceof Float32Array || at instanceof Float64Array) axes.push(at.length);
  return axes;
}

/** The network of a chain that begins with `begin`. Errors name the layers by number and name. */
export function sequentialNetwork({ layers }: Chain, begin: Symbolic, seed: number): Network {
  const definitions = layers.map((layer) => definitionOf(layer) as Definition);
  const names = namesOf(definitions);
  const labelOf = (by: Definition): string => `${definitions.indexOf(by) + 1} "${names.get(by)}"`;
  const last = layers.reduce((x, layer, k) => {
    const by = definitions[k] as Definition;
    const where = `layer ${k + 1} "${names.get(by)}"`;
    refuseMisfit(by, x, placeOf(where, x, labelOf));
    const made = inPlace(where, () => layer(x));
    if (isSymbolic(made)) return made;
    throw fault(
      where,
      "one output",
      "several",
      'Leave out returnState and mergeMode: "none", or use functional({ inputs, outputs }).',
    );
  }, begin);
  const name = "input" in begin.source ? (begin.source.input.name ?? "input") : "input";
  return buildNetwork({
    name: "sequential",
    inputs: [begin],
    outputs: [last],
    inputsAs: { as: "one", names: [name] },
    outputsAs: { as: "one", names: ["output"] },
    seed,
  });
}

function fault(where: string, expected: string, got: string, fix: string): UnrollError {
  return new UnrollError({ where, expected, got, fix });
}
