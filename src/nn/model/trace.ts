/**
 * A network traced: the graph from its inputs and weights to its outputs, with everything that the host has to give.
 *
 *   inputs, lengths   from the data          keys     random keys, filled by (seed, salt, optimizer step)
 *   weights           one a variable         states   first states from outside, last states to be carried on
 */
import { parameter } from "../../core/graph/build.ts";
import { type Dim, type Node, rows } from "../../core/graph/nodes.ts";
import { oneHot } from "../../core/graph/operators.ts";
import type { Computation, Parameter } from "../../core/run/device.ts";
import { invariant, UnrollError } from "../../errors.ts";
import { type Context, isLayer, joinedMask, type Value } from "../layers/layer.ts";
import { isRecurrence } from "../layers/recurrence.ts";
import { applied, isOperator, type OperatorCall } from "../operatorCalls.ts";
import type { Call, Symbolic } from "../symbols.ts";
import { followed } from "../times.ts";
import { type Bounds, boundIn } from "./bounds.ts";
import { type End, layerOfCall, type Network, type NetworkLayer } from "./network.ts";

export interface TraceOptions {
  readonly training: boolean;
  /** Whose first states are given from outside: nobody's, every recurrent layer's, or those of the layers named. */
  readonly states: "initial" | "given" | readonly string[];
  /** Whether every state and value is wanted, under `named`. Default: false. */
  readonly inspect?: boolean;
  /** As many steps as each dimension of time may have, for layers that ask (bounds.ts). */
  readonly bounds?: Bounds;
  /** Whether the network is traced as a function of one step. Default: false. */
  readonly stepping?: boolean;
  /** What layers may be fed in the place of their own outputs. Default: nothing. */
  readonly targets?: readonly Target[];
}

/** An output of the network, the how-manieth it is, and whether its targets are numbers as it is, or classes. */
export interface Target extends End {
  readonly output: number;
  readonly kind: "values" | "class";
}

export interface Key {
  /** int32 `[2]`. */
  readonly parameter: Parameter;
  readonly salt: string;
  /** Another key at each optimizer step; else that of step 0. */
  readonly perStep: boolean;
}

/** The targets of an output a step before; at the first step zeros, or no class: -1. */
export interface Fed {
  readonly target: Target;
  /** `[time, rows, ...]`, of classes without the axis of features. */
  readonly parameter: Parameter;
}

/** A number for each optimizer step. */
export interface AtStep {
  /** `[1]` */
  readonly parameter: Parameter;
  readonly value: (step: number) => number;
}

/** One state of one call of a recurrent layer. */
export interface TracedState {
  readonly layer: string;
  readonly name: string;
  readonly shape: readonly number[];
  /** `[rows, ...shape]`, where it is given from outside. */
  readonly initial: Parameter | null;
  /** `[rows, ...shape]`. */
  readonly final: Node;
}

/** What a layer shows, `[time, rows, ...]`, or `[rows, ...]` where there is no time. */
export interface Named {
  readonly states: Record<string, Node>;
  readonly values: Record<string, Node>;
  /** What the layer gives; left empty by a recurrent layer, whose states and values say it. */
  readonly outputs: Record<string, Node>;
}

export interface Traced {
  /** One for each input of the network. */
  readonly inputs: readonly Parameter[];
  readonly lengths: Readonly<Record<string, Parameter>>;
  /** `[time, rows, 1]`, 1 where a row has a step, for each dimension of time but the first. */
  readonly ends: Readonly<Record<string, Parameter>>;
  /** One for each variable. */
  readonly weights: readonly Parameter[];
  readonly keys: readonly Key[];
  readonly states: readonly TracedState[];
  readonly fed: readonly Fed[];
  readonly numbers: readonly AtStep[];
  readonly outputs: readonly Value[];
  readonly named: Readonly<Record<string, Named>>;
}

export function trace(network: Network, options: TraceOptions): Traced {
  const inputs = network.inputs.map(inputOf);
  const lengths: Record<string, Parameter> = {};
  for (const time of network.times) lengthsOf(lengths, time);
  const [first] = network.times;
  const others = network.times.filter((time) => followed(time).origin !== first);
  const ends = Object.fromEntries(others.map((time) => [time, parameter(`real_${time}`, [time, rows, 1])]));
  const weights = network.variables.map(({ name, shape }) => parameter(name, shape));
  const tracing: Tracing = {
    network,
    options,
    weights,
    lengths,
    ends,
    keys: [],
    states: [],
    fed: [],
    numbers: [],
    named: {},
    values: new Map(),
  };
  network.inputs.forEach(({ symbol, time }, k) => {
    const value = {
      node: inputs[k] as Parameter,
      time,
      lengths: time === null ? null : lengthsOf(lengths, time),
      mask: null,
      real: time === null ? null : (ends[time] ?? null),
    };
    tracing.values.set(symbol, { output: value });
  });
  for (const call of network.calls)
    tracing.values.set(
      call,
      inPlace(network, call, () => follow(tracing, call)),
    );
  const { keys, states, fed, numbers, named } = tracing;
  const outputs = network.outputs.map(({ symbol }) => valueBehind(tracing, symbol));
  return { inputs, lengths, ends, weights, keys, states, fed, numbers, outputs, named };
}

/**
 * The inputs of a traced network in the order of its computations: data, ends, keys, given states, what is fed,
 * numbers.
 */
export function inputsOf({ inputs, ends, keys, states, fed, numbers }: Traced): readonly Parameter[] {
  const given = states.flatMap(({ initial }) => (initial === null ? [] : [initial]));
  const own = (all: readonly { readonly parameter: Parameter }[]): readonly Parameter[] =>
    all.map((one) => one.parameter);
  return [...inputs, ...Object.values(ends), ...own(keys), ...given, ...own(fed), ...own(numbers)];
}

/** A computation over a traced network. */
export function computationOf(
  traced: Traced,
  outputs: readonly Node[],
  gradients: readonly (Node | null)[] = [],
): Computation {
  return { inputs: inputsOf(traced), lengths: traced.lengths, weights: traced.weights, outputs, gradients };
}

interface Tracing {
  readonly network: Network;
  readonly options: TraceOptions;
  readonly weights: readonly Parameter[];
  readonly lengths: Record<string, Parameter>;
  readonly ends: Traced["ends"];
  readonly keys: Key[];
  readonly states: TracedState[];
  readonly fed: Fed[];
  readonly numbers: AtStep[];
  readonly named: Record<string, Named>;
  /** What each input symbol and each call gives, by the name of the output. */
  readonly values: Map<Symbolic | Call, Readonly<Record<string, Value>>>;
}

function inputOf({ name, symbol, time }: End): Parameter {
  const inner = symbol.axes.slice(time === null ? 0 : 1).map((axis) => axis ?? 1);
  return parameter(name, time === null ? [rows, ...inner] : [time, rows, ...inner], symbol.dtype);
}

/** The lengths of a dimension of time, made on first use; a dimension that is a number goes by it. */
function lengthsOf(lengths: Record<string, Parameter>, time: Dim): Parameter {
  lengths[time] ??= parameter(time === "time" ? "lengths" : `lengths_${time}`, [rows], "int32");
  return lengths[time];
}

function valueBehind({ values }: Tracing, symbol: Symbolic): Value {
  const { source } = symbol;
  const value = "input" in source ? values.get(symbol)?.["output"] : values.get(source.call)?.[source.output];
  invariant(value, "trace: every symbol has a value before it is used");
  return value;
}

function follow(tracing: Tracing, call: Call): Readonly<Record<string, Value>> {
  const inputs = call.inputs.map((symbol) => valueBehind(tracing, symbol));
  if (isOperator(call.by))
    return Object.fromEntries(operated(call.by, inputs).map((value, k) => [String(k), value]));
  invariant(isLayer(call.by), "trace: a call is of a layer or of an operator");
  const layer = layerOfCall(tracing.network, call);
  const first = tracing.network.variables.indexOf(layer.variables[0] as (typeof layer.variables)[number]);
  const weights = tracing.weights.slice(first, first + layer.variables.length);
  const values = call.by.apply(inputs, weights, contextOf(tracing, call, layer));
  const given = call.by
    .outputs(call.inputs)
    .map(({ name }, k): [string, Value] => [name, values[k] as Value]);
  if (tracing.options.inspect && !isRecurrence(call.by)) {
    const shown = shownBy(tracing, nameOf(tracing.network, call));
    for (const [name, { node }] of given)
      if (!call.by.states.includes(name) && node.dtype === "float32") shown.outputs[name] = node;
  }
  return Object.fromEntries(given);
}

/** The name of the layer of a call; with a number where this is not its first. */
export function nameOf(network: Network, call: Call): string {
  const { name } = layerOfCall(network, call);
  const use = network.calls.filter(({ by }) => by === call.by).indexOf(call);
  return use === 0 ? name : `${name}#${use + 1}`;
}

function shownBy({ named }: Tracing, name: string): Named {
  named[name] ??= { states: {}, values: {}, outputs: {} };
  return named[name];
}

/** A step counts when it counts in every operand. */
function operated(by: OperatorCall, inputs: readonly Value[]): readonly Value[] {
  const made = applied(
    by,
    inputs.map(({ node }) => node),
  );
  const mask = joinedMask(inputs.map((input) => input.mask));
  const [first] = inputs;
  const nodes: readonly Node[] = Array.isArray(made) ? made : [made as Node];
  return nodes.map((node) => ({
    node,
    time: first?.time ?? null,
    lengths: first?.lengths ?? null,
    mask,
    real: first?.real ?? null,
  }));
}

function contextOf(tracing: Tracing, call: Call, layer: NetworkLayer): Context {
  const { network, options, keys, states } = tracing;
  const name = nameOf(network, call);
  const given =
    options.states === "given" || (options.states !== "initial" && options.states.includes(layer.name));
  const firsts = new Map<string, { readonly shape: readonly number[]; readonly initial: Parameter | null }>();
  return {
    training: options.training,
    inspect: options.inspect ?? false,
    lengths: (time) => lengthsOf(tracing.lengths, time),
    real: (time) => tracing.ends[time] ?? null,
    most: (time) => boundIn(options.bounds ?? {}, time),
    stepping: options.stepping ?? false,
    key: (salt, perStep) => {
      const key = {
        parameter: parameter(`key_${keys.length + 1}`, [2], "int32"),
        salt: `${name}/${salt}`,
        perStep,
      };
      keys.push(key);
      return key.parameter;
    },
    first: (state, shape) => {
      const symbol = call.given[state];
      const initial = given && !symbol ? parameter(`${name}/${state}`, [rows, ...shape]) : null;
      firsts.set(state, { shape, initial });
      return symbol ? valueBehind(tracing, symbol).node : initial;
    },
    atStep: (value) => {
      const number = { parameter: parameter(`number_${tracing.numbers.length + 1}`, [1]), value };
      tracing.numbers.push(number);
      return number.parameter;
    },
    fed: () => fedTo(tracing, call),
    last: (state, final) => {
      const first = firsts.get(state);
      invariant(first, "trace: the first value of a state is asked for before its last is told");
      states.push({ layer: name, name: state, ...first, final });
    },
    show: (group, value, node) => {
      if (options.inspect) shownBy(tracing, name)[group][value] = node;
    },
  };
}

/** The targets of the output that a call makes, as features. */
function fedTo({ options, fed }: Tracing, call: Call): Node | null {
  const target = options.targets?.find(({ symbol, time }) => time !== null && isOutputOf(call, symbol));
  if (target === undefined) return null;
  const { time, name, symbol, kind } = target;
  const features = symbol.axes.slice(1).map((axis) => axis ?? 1);
  const isClass = kind === "class";
  const shape = [time ?? 1, rows, ...(isClass ? features.slice(0, -1) : features)];
  const given = parameter(`${name}/fed`, shape, isClass ? "int32" : "float32");
  fed.push({ target, parameter: given });
  return isClass ? oneHot(given, features.at(-1) ?? 1) : given;
}

/** Is the symbol the output of the call, and not one of its states? */
export const isOutputOf = (call: Call, { source }: Symbolic): boolean =>
  "call" in source && source.call === call && source.output === "output";

/** Errors say in which layer they arose. */
function inPlace<T>(network: Network, call: Call, follow: () => T): T {
  try {
    return follow();
  } catch (error) {
    if (!(error instanceof UnrollError) || !isLayer(call.by)) throw error;
    throw error.within(layerOfCall(network, call).label);
  }
}
