/**
 * What a network is made of, as JSON: inputs, layers with their options, and the calls between inputs and outputs.
 *
 *   { layers: [{ layer: "lstm", options: { units: 8 } }, ...],
 *     calls: [{ layer: 0, inputs: [{ input: 0 }] },
 *             { operator: "add", operands: [null, 1], inputs: [{ call: 0, output: "output" }] }],
 *     outputs: [{ call: 1, output: "0" }], ... }
 *
 * On the way back the weights come with it: none are drawn anew, and none has a shape that the layers do not ask for.
 */
import { inPlace, invariant, UnrollError } from "../../errors.ts";
import type { Cell } from "../cells/defineCell.ts";
import { input } from "../layers/input.ts";
import { type Definition, definitionOf, isLayer, type LayerConfig } from "../layers/layer.ts";
import { layerFrom } from "../layers/registry.ts";
import { checkOperands } from "../operands.ts";
import { isOperator, record } from "../operatorCalls.ts";
import { type OperatorName, operatorTable } from "../operatorTable.ts";
import { shortened, spelt } from "../options.ts";
import { type Call, isSymbolic, type Symbolic } from "../symbols.ts";
import { buildNetwork, namesOf } from "./build.ts";
import { countAt, type Fields, fault, fieldsAt, listAt, numberAt, textAt } from "./fields.ts";
import type { Network, TargetTokens } from "./network.ts";
import type { StoredTensor, StoredTensors } from "./safetensors.ts";
import type { Structure } from "./structure.ts";

/** An input, or an output of a call. */
type Reference = { readonly input: number } | { readonly call: number; readonly output: string };
type CallConfig = {
  readonly inputs: readonly Reference[];
  readonly given?: Readonly<Record<string, Reference>>;
} & (
  | { readonly layer: number }
  | { readonly operator: OperatorName; readonly operands: readonly (number | null)[] }
);

/** JSON. */
export interface Architecture {
  readonly kind: string;
  readonly seed: number;
  readonly inputs: readonly {
    readonly name: string | null;
    readonly shape: readonly (number | null)[];
    readonly dtype: string;
  }[];
  readonly layers: readonly LayerConfig[];
  readonly calls: readonly CallConfig[];
  readonly outputs: readonly Reference[];
  readonly inputsAs: Structure;
  readonly outputsAs: Structure;
  readonly tokens?: TargetTokens;
}

/** Throws an UnrollError where a layer has a function of the user's own. */
export function architectureOf(network: Network): Architecture {
  const { name, seed, inputs, outputs, inputsAs, outputsAs, layers, calls, tokens } = network;
  const begin = inputs.map(({ symbol }) => symbol);
  const definitions = layers.map(({ definition }) => definition);
  const referenceTo = (symbol: Symbolic): Reference =>
    "input" in symbol.source
      ? { input: begin.indexOf(symbol) }
      : { call: calls.indexOf(symbol.source.call), output: symbol.source.output };
  const callOf = ({ by, inputs: operands, given }: Call): CallConfig => {
    const from = operands.map(referenceTo);
    if (isOperator(by)) return { operator: by.operator, operands: by.operands, inputs: from };
    invariant(isLayer(by), "architecture: a call is of a layer or of an operator");
    const states = Object.entries(given).map(([state, symbol]): [string, Reference] => [
      state,
      referenceTo(symbol),
    ]);
    const call = { layer: definitions.indexOf(by), inputs: from };
    return states.length === 0 ? call : { ...call, given: Object.fromEntries(states) };
  };
  return {
    kind: name,
    seed,
    inputs: begin.map(({ axes, dtype, source }) => ({
      name: "input" in source ? source.input.name : null,
      shape: axes,
      dtype,
    })),
    layers: layers.map(({ definition, label }) => inPlace(label, () => definition.config())),
    calls: calls.map(callOf),
    outputs: outputs.map(({ symbol }) => referenceTo(symbol)),
    inputsAs,
    outputsAs,
    ...(tokens === null ? {} : { tokens }),
  };
}

export interface Parts {
  /** Those of the user's own that the layers may name. */
  readonly cells: readonly Cell[];
  /** The weights, by name: "lstm_1/kernel". */
  readonly weights: StoredTensors;
}
const names = ["kind", "seed", "inputs", "layers", "calls", "outputs", "inputsAs", "outputsAs", "tokens?"];
/** No shape, and no model, call or split, has more. */
const mostWidth = 2 ** 31;
const mostParts = 4096;

/** The network of an architecture from outside. Throws an UnrollError that names what is wrong. */
export function networkFrom(config: unknown, parts: Parts, where: string): Network {
  const fields = fieldsAt(config, where, names);
  const inputs = listAt(fields["inputs"], `${where}.inputs`, mostParts).map((one, k) =>
    inputFrom(one, `${where}.inputs[${k}]`),
  );
  const layers = listAt(fields["layers"], `${where}.layers`).map((one, k) => {
    const place = `${where}.layers[${k}]`;
    const layer = layerConfigFrom(one, place);
    return made(place, () => layerFrom(layer, parts.cells)) as unknown as Made; // layers are such functions
  });
  const reading: Reading = { inputs, layers, made: [], used: new Map() };
  for (const [k, call] of listAt(fields["calls"], `${where}.calls`).entries()) {
    const place = `${where}.calls[${k}]`;
    reading.made.push(made(place, () => called(reading, call, place)));
  }
  const outputs = listAt(fields["outputs"], `${where}.outputs`, mostParts).map((one, k) =>
    referred(reading, one, `${where}.outputs[${k}]`),
  );
  giveWeights(reading.used, parts.weights, where);
  const plan = {
    name: textAt(fields["kind"], `${where}.kind`, ["sequential", "functional", "seq2seq"]),
    seed: countAt(fields["seed"], `${where}.seed`),
    inputs,
    outputs,
    inputsAs: structureFrom(fields["inputsAs"], inputs.length, `${where}.inputsAs`),
    outputsAs: structureFrom(fields["outputsAs"], outputs.length, `${where}.outputsAs`),
    ...(fields["tokens"] === undefined ? {} : { tokens: tokensFrom(fields["tokens"], `${where}.tokens`) }),
  };
  const network = made(where, () => buildNetwork(plan));
  refuseOthers(network, parts.weights, where);
  return network;
}

function tokensFrom(config: unknown, where: string): TargetTokens {
  const { startToken, endToken } = fieldsAt(config, where, ["startToken", "endToken"]);
  return {
    startToken: countAt(startToken, `${where}.startToken`, mostWidth),
    endToken: countAt(endToken, `${where}.endToken`, mostWidth),
  };
}

/** A layer, called on symbols. */
type Made = (x: Symbolic, options?: { readonly initialState: Readonly<Record<string, Symbolic>> }) => unknown;
interface Reading {
  readonly inputs: readonly Symbolic[];
  readonly layers: readonly Made[];
  /** What each call gave. */
  readonly made: (readonly Symbolic[])[];
  /** The layers that were called, in order, each with what it was first called on. */
  readonly used: Map<Definition, readonly Symbolic[]>;
}

function inputFrom(config: unknown, where: string): Symbolic {
  const { name, shape, dtype } = fieldsAt(config, where, ["name", "shape", "dtype"]);
  const axes = listAt(shape, `${where}.shape`, 8).map((axis, k) =>
    axis === null ? null : countAt(axis, `${where}.shape[${k}]`, mostWidth),
  );
  const type = textAt(dtype, `${where}.dtype`, ["float32", "int32"]) as "float32" | "int32"; // one of the two
  const named = name === null ? {} : { name: textAt(name, `${where}.name`) };
  return inPlace(where, () => input({ shape: axes, dtype: type, ...named })) as Symbolic;
}

function layerConfigFrom(config: unknown, where: string): LayerConfig {
  const { layer, options, inner } = fieldsAt(config, where, ["layer", "options", "inner?"]);
  const own = { layer: textAt(layer, `${where}.layer`), options: fieldsAt(options, `${where}.options`) };
  return inner === undefined ? own : { ...own, inner: layerConfigFrom(inner, `${where}.inner`) };
}

function called(reading: Reading, config: unknown, where: string): readonly Symbolic[] {
  const fields = fieldsAt(config, where, ["inputs", "layer?", "given?", "operator?", "operands?"]);
  const inputs = listAt(fields["inputs"], `${where}.inputs`, mostParts).map((one, k) =>
    referred(reading, one, `${where}.inputs[${k}]`),
  );
  const made =
    fields["operator"] === undefined
      ? layerCalled(reading, inputs, fields, where)
      : operatorCalled(inputs, fields, where);
  return isSymbolic(made) ? [made] : Object.values(made as Readonly<Record<string, Symbolic>>); // or an array
}

function layerCalled(reading: Reading, inputs: readonly Symbolic[], fields: Fields, where: string): unknown {
  const layer = reading.layers[countAt(fields["layer"], `${where}.layer`, reading.layers.length - 1)];
  const definition = definitionOf(layer);
  invariant(layer && definition, "architecture: what a table of layers makes is a layer");
  const x = definition.operands ? inputs : inputs[0];
  if (x === undefined || (!definition.operands && inputs.length > 1))
    throw fault(`${where}.inputs`, "one input", `${inputs.length}`);
  if (!reading.used.has(definition)) reading.used.set(definition, inputs);
  const call = layer as (x: unknown, options?: object) => unknown;
  if (fields["given"] === undefined) return call(x);
  const given = Object.entries(fieldsAt(fields["given"], `${where}.given`));
  const states = given.map(([state, one]): [string, Symbolic] => [
    state,
    referred(reading, one, `${where}.given`),
  ]);
  return call(x, { initialState: Object.fromEntries(states) });
}

function operatorCalled(inputs: readonly Symbolic[], fields: Fields, where: string): unknown {
  const operator = textAt(
    fields["operator"],
    `${where}.operator`,
    Object.keys(operatorTable),
  ) as OperatorName; // one of them
  const operands = listAt(fields["operands"], `${where}.operands`, mostParts);
  const symbols = inputs.values();
  const given = operands.map((operand, k) =>
    operand === null ? symbols.next().value : numberAt(operand, `${where}.operands[${k}]`),
  );
  const wanted = operands.filter((operand) => operand === null).length;
  if (wanted !== inputs.length || wanted === 0)
    throw fault(`${where}.inputs`, `${Math.max(wanted, 1)} symbols`, `${inputs.length}`);
  if (operator === "split") countAt(given[1], `${where}.operands[1]`, mostParts);
  inPlace(where, () => checkOperands(operator, given));
  return record(operator, given);
}

function referred({ inputs, made }: Reading, config: unknown, where: string): Symbolic {
  const fields = fieldsAt(config, where, ["input?", "call?", "output?"]);
  if (fields["call"] === undefined) {
    const symbol = inputs[countAt(fields["input"], `${where}.input`, inputs.length - 1)];
    if (symbol !== undefined) return symbol;
    throw fault(`${where}.input`, "the number of an input", spelt(fields["input"]));
  }
  const symbols = made[countAt(fields["call"], `${where}.call`, made.length - 1)] ?? [];
  const named = symbols.find(({ source }) => "call" in source && source.output === fields["output"]);
  if (named !== undefined) return named;
  const known = symbols.map(({ source }) => ("call" in source ? source.output : ""));
  throw fault(`${where}.output`, known.join(", "), spelt(fields["output"]));
}

function structureFrom(config: unknown, count: number, where: string): Structure {
  const { as, names: given } = fieldsAt(config, where, ["as", "names"]);
  const list = listAt(given, `${where}.names`).map((name, k) => textAt(name, `${where}.names[${k}]`));
  if (new Set(list).size !== count || list.length !== count)
    throw fault(`${where}.names`, `${count} different names`, spelt(list));
  const form = textAt(as, `${where}.as`, ["one", "list", "record"]) as Structure["as"]; // one of the three
  if (form === "one" && count !== 1) throw fault(`${where}.as`, "list or record", "one");
  return { as: form, names: list };
}

/** Gives layers the weights of a file, where names and shapes are those that they ask for. */
function giveWeights(
  used: ReadonlyMap<Definition, readonly Symbolic[]>,
  weights: StoredTensors,
  where: string,
): void {
  const named = inPlace(where, () => namesOf([...used.keys()]));
  for (const [definition, inputs] of used) {
    const specs = made(where, () => definition.weights(inputs));
    definition.kept.values = specs.map(({ name, shape }) => {
      const full = `${named.get(definition)}/${name}`;
      return weightFor(full, shape, weights.get(full), where);
    });
    definition.kept.specs = specs;
  }
}

function weightFor(
  name: string,
  shape: readonly number[],
  tensor: StoredTensor | undefined,
  where: string,
): Float32Array {
  const place = `${where}, weight ${spelt(name)}`;
  if (tensor === undefined) throw fault(place, `a tensor [${shape.join(", ")}] for it`, "none");
  const same = tensor.shape.length === shape.length && tensor.shape.every((axis, k) => axis === shape[k]);
  if (same && tensor.data instanceof Float32Array) return tensor.data;
  throw fault(place, `F32 [${shape.join(", ")}]`, `${tensor.dtype} [${tensor.shape.join(", ")}]`);
}

/** Every weight stands under its own name, and no other tensor is there. */
function refuseOthers({ variables }: Network, weights: StoredTensors, where: string): void {
  const unlike = variables.find(({ name, value }) => weights.get(name)?.data !== value);
  if (unlike !== undefined) throw fault(where, `the weight ${spelt(unlike.name)} under its name`, "another");
  const own = new Set(variables.map(({ name }) => name));
  const spare = [...weights.keys()].find((name) => !own.has(name));
  if (spare !== undefined) throw fault(where, `a layer for the tensor ${spelt(spare)}`, "none");
}

/** What is thrown by what is made from a file's values becomes a fault of the file. */
function made<T>(where: string, work: () => T): T {
  try {
    return inPlace(where, work);
  } catch (error) {
    if (error instanceof UnrollError) throw error;
    const [told = ""] = String(error).split("\n");
    throw new UnrollError(fault(where, "what a layer or operator can be made of", shortened(told)), {
      cause: error,
    });
  }
}
