/**
 * A network built from symbols: the calls between outputs and inputs in order, names counted, weights given their
 * first values, dimensions of time told apart.
 */
import type { Dim } from "../../core/graph/nodes.ts";
import { invariant, UnrollError } from "../../errors.ts";
import { initialized } from "../layers/initializers.ts";
import { type Definition, endingOf, isLayer, type Kept, type WeightSpec } from "../layers/layer.ts";
import { type Call, type Callable, described, hasTime, type Symbolic } from "../symbols.ts";
import { everyStep, type TimeWindows, windowed, windowsOfWindows } from "../times.ts";
import type { End, Network, NetworkLayer, TargetTokens, Variable } from "./network.ts";
import type { Structure } from "./structure.ts";

export interface Plan {
  readonly name: string;
  readonly inputs: readonly Symbolic[];
  readonly outputs: readonly Symbolic[];
  readonly inputsAs: Structure;
  readonly outputsAs: Structure;
  readonly seed: number;
  /** Names of layers that are given. */
  readonly names?: ReadonlyMap<Definition, string>;
  /** Of a network from sequences to sequences of tokens. */
  readonly tokens?: TargetTokens;
}

export function buildNetwork(plan: Plan): Network {
  const { name, inputs, outputs, inputsAs, outputsAs, seed, tokens = null } = plan;
  const calls = callsBetween(inputs, outputs);
  const names = namesOf(calls.map((call) => call.by).filter(isLayer), plan.names);
  const times = timesOf(inputs, calls);
  const used = usesOf(calls);
  const layers = [...names].map(([definition, layer], k) =>
    layerOf({ definition, name: layer, number: k + 1, calls: used.get(definition) ?? [], seed }),
  );
  const end = (symbol: Symbolic, k: number, structure: Structure): End => ({
    name: structure.names[k] ?? "",
    symbol,
    time: times.of(symbol),
  });
  return {
    name,
    inputs: inputs.map((symbol, k) => end(symbol, k, inputsAs)),
    outputs: outputs.map((symbol, k) => end(symbol, k, outputsAs)),
    inputsAs,
    outputsAs,
    layers,
    calls,
    variables: layers.flatMap(({ variables }) => variables),
    times: times.names,
    seed,
    tokens,
    get version() {
      return layers.reduce((total, { definition }) => total + definition.kept.version, 0);
    },
    set version(_) {
      for (const { definition } of layers) definition.kept.version++;
    },
    carried: new Map(),
    made: new Map(),
  };
}

/** The calls that the outputs need, inputs before users. */
function callsBetween(inputs: readonly Symbolic[], outputs: readonly Symbolic[]): readonly Call[] {
  const order = new Set<Call>();
  const known = new Set(inputs);
  const used = new Set<Symbolic>();
  const pending: { readonly symbol: Symbolic; readonly done: boolean }[] = [...outputs].reverse().map(todo);
  for (let top = pending.pop(); top !== undefined; top = pending.pop()) {
    const { source } = top.symbol;
    if ("input" in source) {
      if (!known.has(top.symbol)) throw missingInput(top.symbol);
      used.add(top.symbol);
    } else if (top.done) order.add(source.call);
    else if (!order.has(source.call)) {
      pending.push({ symbol: top.symbol, done: true });
      pending.push(...[...Object.values(source.call.given), ...source.call.inputs].reverse().map(todo));
    }
  }
  const spare = inputs.find((symbol) => !used.has(symbol));
  if (spare) throw unusedInput(spare);
  refuseAfterEnding([...order]);
  return [...order];
}

const todo = (symbol: Symbolic): { readonly symbol: Symbolic; readonly done: boolean } => ({
  symbol,
  done: false,
});

function missingInput(symbol: Symbolic): UnrollError {
  return new UnrollError({
    where: "functional({ inputs, outputs })",
    expected: "every input that the outputs need among the inputs",
    got: `outputs that also need an input of ${described(symbol)}`,
    fix: "Add that input to inputs.",
  });
}

function unusedInput(symbol: Symbolic): UnrollError {
  return new UnrollError({
    where: "functional({ inputs, outputs })",
    expected: "inputs that the outputs are made from",
    got: `an input, ${described(symbol)}, that no output needs`,
    fix: "Leave it out, or check that the layers were called on it.",
  });
}

/** What a layer with an ending gives is for its loss and for the host. */
function refuseAfterEnding(calls: readonly Call[]): void {
  for (const { by, inputs, given } of calls) {
    const before = [...inputs, ...Object.values(given)].find((symbol) => endingOf(symbol) !== null);
    if (before === undefined || !("call" in before.source)) continue;
    throw new UnrollError({
      where: `${by.type} "${by.base}"`,
      expected: "what other layers give",
      got: `the labels of "${before.source.call.by.base}", which is a last layer`,
      fix: "Put it before that layer, or call it on what that layer is called on.",
    });
  }
}

/** Each layer with its name: the one given, or its base counted in the order of first call. */
export function namesOf(
  layers: readonly Definition[],
  given: ReadonlyMap<Definition, string> = new Map(),
): ReadonlyMap<Definition, string> {
  const names = new Map<Definition, string>();
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  for (const layer of new Set(layers)) {
    const count = (counts.get(layer.base) ?? 0) + (layer.name === null ? 1 : 0);
    counts.set(layer.base, count);
    const name = given.get(layer) ?? layer.name ?? `${layer.base}_${count}`;
    if (taken.has(name)) {
      throw new UnrollError({
        where: "a model",
        expected: "layers with different names",
        got: `two called "${name}"`,
        fix: "Give one of them another name.",
      });
    }
    taken.add(name);
    names.set(layer, name);
  }
  return names;
}

/** The calls of each layer. */
function usesOf(calls: readonly Call[]): ReadonlyMap<Callable, readonly Call[]> {
  const uses = new Map<Callable, Call[]>();
  for (const call of calls) {
    const before = uses.get(call.by);
    if (before === undefined) uses.set(call.by, [call]);
    else before.push(call);
  }
  return uses;
}

interface Placed {
  readonly definition: Definition;
  readonly name: string;
  readonly number: number;
  /** Of this layer. */
  readonly calls: readonly Call[];
  readonly seed: number;
}

function layerOf({ definition, name, number, calls, seed }: Placed): NetworkLayer {
  const label = `layer ${number} "${name}"`;
  const { kept } = definition;
  for (const call of calls) {
    const specs = definition.weights(call.inputs);
    if (kept.specs === null) {
      const first = specs.map((spec) => initialized(spec, seed, `${name}/${spec.name}`));
      kept.values = first.map(({ values }) => values);
      kept.pieces = first.map(({ pieces }) => pieces);
      kept.specs = specs;
    }
    refuseOtherShapes(label, kept.specs, specs);
  }
  invariant(kept.specs, "build: a layer of a network is called");
  const variables = kept.specs.map(
    ({ shape, initializer, regularizer, name: weight }, k): Variable => ({
      name: `${name}/${weight}`,
      layer: name,
      shape,
      trainable: definition.trainable,
      regularizer,
      initializer,
      get value() {
        while (drawPiece(kept, k));
        return kept.values[k] as Float32Array;
      },
      set value(next) {
        kept.values[k] = next;
        kept.pieces[k] = null;
      },
      draw: () => drawPiece(kept, k),
    }),
  );
  return { name, label, definition, variables };
}

/** False when the value is there. */
function drawPiece({ pieces }: Kept, k: number): boolean {
  const all = pieces[k] ?? null;
  if (all?.next().done) pieces[k] = null;
  return all !== null;
}

function refuseOtherShapes(label: string, before: readonly WeightSpec[], now: readonly WeightSpec[]): void {
  const other = now.findIndex(({ shape }, k) => shape.join() !== before[k]?.shape.join());
  if (other < 0) return;
  throw new UnrollError({
    where: label,
    expected: `the input it had when it was first used: ${before[other]?.name} [${before[other]?.shape.join(", ")}]`,
    got: `one that asks for [${now[other]?.shape.join(", ")}]`,
    fix: "A shared layer keeps its weights: give it inputs of one width, or make a second layer.",
  });
}

interface Times {
  readonly names: readonly string[];
  readonly of: (symbol: Symbolic) => Dim | null;
}

/**
 * Dimensions of time: inputs that meet step by step share one; each other input of any length has its own. From these
 * follow those of layers that have fewer steps than their input.
 */
function timesOf(inputs: readonly Symbolic[], calls: readonly Call[]): Times {
  const parent = new Map<Symbolic, Symbolic>();
  const originOf = originsOf(calls);
  const root = (above: Symbolic): Symbolic => {
    let top = above;
    for (let next = parent.get(top); next !== undefined; next = parent.get(top)) top = next;
    return top;
  };
  for (const { by, inputs: operands } of calls) {
    const [first, ...rest] = meeting(by, operands).filter(anyLength).map(originOf);
    for (const other of rest) {
      if (first === undefined) continue;
      refuseOtherWindows(by.base, first.windows, other.windows);
      if (root(other.input) !== root(first.input)) parent.set(root(other.input), root(first.input));
    }
  }
  const roots = [...new Set(inputs.filter(anyLength).map(root))];
  const nameOf = (symbol: Symbolic): Dim => {
    const { input, windows } = originOf(symbol);
    const at = roots.indexOf(root(input));
    return windowed(at === 0 ? "time" : `time_${at + 1}`, windows);
  };
  const of = (symbol: Symbolic): Dim | null => (hasTime(symbol) ? (symbol.axes[0] ?? nameOf(symbol)) : null);
  const made = calls.flatMap(({ by, inputs: operands }) =>
    isLayer(by) && by.windows ? operands.filter(anyLength).map((x) => windowed(nameOf(x), by.windows!)) : [],
  );
  const names = [...roots.map(nameOf), ...made];
  return { names: [...new Set(names.map(String))], of };
}

/** Of the inputs of a call those that have the same steps: all of an operator's; values and keys, a causal query. */
function meeting(by: Callable, inputs: readonly Symbolic[]): readonly Symbolic[] {
  if (!isLayer(by)) return inputs;
  if (!by.operands) return [];
  return by.operands.inStep ? inputs : inputs.slice(1);
}

const anyLength = (symbol: Symbolic): boolean => hasTime(symbol) && symbol.axes[0] === null;

interface Origin {
  readonly input: Symbolic;
  readonly windows: TimeWindows;
}

/** The input whose time a symbol has, or whose windows its steps are; calls are given inputs before users. */
function originsOf(calls: readonly Call[]): (symbol: Symbolic) => Origin {
  const made = new Map<Call, Origin>();
  const originOf = (symbol: Symbolic): Origin => {
    if ("input" in symbol.source) return { input: symbol, windows: everyStep };
    const origin = made.get(symbol.source.call);
    invariant(origin, "build: what has any length was made from something of any length");
    return origin;
  };
  for (const call of calls) {
    const next = call.inputs.find(anyLength);
    if (next === undefined) continue;
    const { input, windows } = originOf(next);
    const own = isLayer(call.by) ? call.by.windows : undefined;
    made.set(call, { input, windows: own ? windowsOfWindows(windows, own) : windows });
  }
  return originOf;
}

function refuseOtherWindows(operator: string, a: TimeWindows, b: TimeWindows): void {
  if (a.size === b.size && a.stride === b.stride) return;
  const told = ({ size, stride }: TimeWindows): string =>
    size * stride === 1 ? "every step" : `a step for every window of ${size}, one every ${stride}`;
  throw new UnrollError({
    where: `operator "${operator}"`,
    expected: "sequences with the same steps",
    got: `${told(a)} and ${told(b)}`,
    fix: 'Use padding: "same" or "causal" and strides of 1, or take both through the same layers.',
  });
}
