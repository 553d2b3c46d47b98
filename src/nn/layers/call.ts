/** A layer called on a symbol: the shape is checked, and the call remembered in the symbols it gives. */
import { UnrollError } from "../../errors.ts";
import { type Check, checkOptions, record, spelt } from "../options.ts";
import type { Kind, Time } from "../signals.ts";
import { type Call, described, isSymbolic, makeSymbol, type Symbolic } from "../symbols.ts";
import type { Facts } from "./facts.ts";
import { type Place, refuseMisfit } from "./fits.ts";
import { type Definition, isLayer, layerOf } from "./layer.ts";

/** What a definition says of itself; the rest have these defaults. */
export type Described = Pick<Definition, "base" | "className" | "takes" | "config" | "outputs" | "apply"> &
  Partial<Definition>;

/** The layer of a definition. `facts` are the claims of its type. */
export function makeLayer<L extends Facts>(described: Described, facts: Partial<Facts> = {}): L {
  const definition: Definition = {
    type: "layer",
    name: null,
    trainable: true,
    states: [],
    stateful: false,
    withStates: null,
    ending: null,
    everyStep: null,
    weights: () => [],
    kept: { specs: null, values: [], pieces: [], version: 0 },
    ...described,
  };
  const claims: Facts = {
    takes: (definition.takes[0] ?? "sequence") as Kind,
    gives: "same",
    width: "same",
    time: "causal",
    more: [],
    ...facts,
  };
  return layerOf<L>(definition, claims, (x, options) => callOn(definition, x, options));
}

/** A layer with its last states among its outputs, where it has some; the weights are the layer's own. */
export const givingStates = (by: Definition): Facts => makeLayer({ ...by, ...by.withStates?.() });

function callOn(by: Definition, x: unknown, options: unknown): unknown {
  const where = `layer "${by.name ?? by.base}"`;
  const inputs = by.operands ? operandsOf(by.operands, x, where) : [symbolOf(x, where)];
  for (const input of inputs) refuseMisfit(by, input, placeOf(where, input));
  return outputsOf(by, inputs, givenOf(by, options, where));
}

function symbolOf(x: unknown, where: string): Symbolic {
  if (isSymbolic(x)) return x;
  throw new UnrollError({
    where,
    expected: "a symbol",
    got: spelt(x),
    fix: "Call it on input({ shape }) or on what another layer gave; data go into model.predict or model.fit.",
  });
}

function operandsOf(
  { names, least }: NonNullable<Definition["operands"]>,
  x: unknown,
  where: string,
): readonly Symbolic[] {
  if (Array.isArray(x) && x.length >= least && x.length <= names.length)
    return Array.from(x, (one, k) => symbolOf(one, `${where}, ${names[k]}`));
  const forms = [names.slice(0, least), ...(least < names.length ? [names] : [])];
  throw new UnrollError({
    where,
    expected: forms.map((form) => `[${form.join(", ")}]`).join(" or "),
    got: Array.isArray(x) ? `an array of ${x.length}` : isSymbolic(x) ? "one symbol" : typeof x,
    fix: "Call it on an array of symbols, in a model made by functional({ inputs, outputs }).",
  });
}

/** The symbols that `by` makes of `inputs`. */
function outputsOf(
  by: Definition,
  inputs: readonly Symbolic[],
  given: Readonly<Record<string, Symbolic>>,
): unknown {
  const call: Call = { by, inputs, given };
  const ahead: Time | null = Object.keys(given).length > 0 ? "looks ahead" : null;
  const symbols = by.outputs(inputs).map((form): [string, Symbolic] => {
    const { axes, dtype, time } = form;
    return [form.name, makeSymbol({ axes, dtype, time: ahead ?? time }, { call, output: form.name })];
  });
  const [first, second, ...more] = symbols;
  if (second === undefined) return first?.[1];
  return second[0] === "backward" && more.length === 0
    ? [first?.[1], second[1]]
    : Object.fromEntries(symbols);
}

const symbolCheck: Check = { expected: "a symbol", holds: isSymbolic };

function givenOf(by: Definition, options: unknown, where: string): Readonly<Record<string, Symbolic>> {
  if (options === undefined) return {};
  checkOptions(`${where}, call`, options, { initialState: record });
  const { initialState = {} } = options as { readonly initialState?: Readonly<Record<string, unknown>> };
  const states = Object.fromEntries(by.states.map((name) => [name, symbolCheck]));
  const every = Object.keys(initialState).length > 0 ? by.states : [];
  checkOptions(`${where}, initialState`, initialState, states, every);
  return initialState as Readonly<Record<string, Symbolic>>;
}

/** Where a symbol comes from, by the name that is known without a model. */
export function placeOf(where: string, x: Symbolic, nameOf: (by: Definition) => string = plainName): Place {
  const by = "call" in x.source ? x.source.call.by : null;
  if (by === null) return { where, from: null, sequencesFrom: null };
  if (!isLayer(by)) return { where, from: `operator "${by.base}", ${described(x)}`, sequencesFrom: null };
  const named = nameOf(by);
  return { where, from: `layer ${named}`, sequencesFrom: by.states.length > 0 ? quoted(named) : null };
}

const plainName = (by: Definition): string => `"${by.name ?? by.base}"`;
/** What stands between the quotes. */
const quoted = (named: string): string => named.split('"')[1] ?? named;
