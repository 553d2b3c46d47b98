/** A recurrent layer in both directions (Schuster and Paliwal 1997). */
import type { Node } from "../../core/graph/nodes.ts";
import { add, concat, mul, reverse } from "../../core/graph/operators.ts";
import { UnrollError } from "../../errors.ts";
import type { Cell } from "../cells/defineCell.ts";
import { checkOptions, commonChecks, oneOf } from "../options.ts";
import { type Described, makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { Facts, Layer, LayerOf } from "./facts.ts";
import {
  type Context,
  type Definition,
  definitionOf,
  type LayerConfig,
  type Output,
  type Value,
} from "./layer.ts";
import {
  capitalized,
  isRecurrence,
  type Recurrence,
  recurrence,
  returningStates,
  type Settings,
} from "./recurrence.ts";

export type MergeMode = "concat" | "sum" | "mul" | "ave" | "none";
type BothWays<More extends string> = string extends More
  ? string
  : `forward${Capitalize<More>}` | `backward${Capitalize<More>}`;

/**
 * `mergeMode`: how the two outputs become one; `"none"` gives both, as a pair. Default: "concat". The weights of the
 * layer given are not used: both directions have their own.
 */
export function bidirectional<L extends Facts, const M extends MergeMode = "concat">(
  layer: L extends { readonly cell: Cell }
    ? L
    : Layer extends L
      ? L
      : "bidirectional takes a recurrent layer: lstm, gru, simpleRNN or recurrent(cell).",
  options: { readonly mergeMode?: M; readonly name?: string } = {},
): LayerOf<
  L["takes"],
  L["gives"],
  M extends "concat" ? number : L["width"],
  "looks ahead",
  BothWays<L["more"][number]> | (M extends "none" ? "backward" : never)
> {
  checkOptions("bidirectional", options, {
    ...commonChecks,
    mergeMode: oneOf("concat", "sum", "mul", "ave", "none"),
  });
  const inner = innerOf(layer);
  const { settings } = inner;
  const { mergeMode, name } = options;
  const mode: MergeMode = mergeMode ?? "concat";
  const outer: Outer = {
    name: name ?? null,
    trainable: inner.trainable,
    configAround: (inside) => configOf("bidirectional", { mergeMode, name }, inside),
  };
  const facts: Partial<Facts> = {
    takes: layer.takes,
    gives: layer.gives,
    width: layer.width === "same" ? "same" : layer.width * (mode === "concat" ? 2 : 1),
    time: "looks ahead",
    more: [
      ...(mode === "none" ? ["backward"] : []),
      ...bothWays(settings.returnState ? settings.cell.states : []),
    ],
  };
  return makeLayer(definitionFor(settings, mode, outer), facts);
}

/** Its two directions and how their outputs become one. */
export interface Bidirectional extends Definition {
  readonly directions: readonly [forward: Settings, backward: Settings];
  readonly mergeMode: MergeMode;
}

export function isBidirectional(definition: Definition | null): definition is Bidirectional {
  return definition !== null && "directions" in definition;
}

function innerOf(layer: unknown): Recurrence {
  const inner = definitionOf(layer);
  if (isRecurrence(inner) && inner.settings.teacher === null) return inner;
  throw new UnrollError({
    where: "bidirectional(layer)",
    expected: "a recurrent layer: lstm, gru, simpleRNN, convLstm2d or recurrent(cell)",
    got: inner ? `a layer "${inner.base}"` : typeof layer,
    fix: "Put such a layer inside.",
  });
}

interface Outer extends Pick<Recurrence, "name" | "trainable"> {
  /** The configuration, from that of the layer inside. */
  readonly configAround: (inside: () => LayerConfig) => () => LayerConfig;
}

const ways = ["forward", "backward"] as const;
const bothWays = (states: readonly string[]): readonly string[] =>
  ways.flatMap((way) => states.map((state) => `${way}${capitalized(state)}`));

function definitionFor(
  settings: Settings,
  mode: MergeMode,
  outer: Outer,
): Described & Pick<Bidirectional, "directions" | "mergeMode"> {
  const once = { ...settings, zeroMasked: settings.returnSequences };
  const forward = recurrence(once);
  const backward = recurrence({ ...once, goBackwards: !settings.goBackwards });
  const states = settings.cell.states;
  const weights: Recurrence["weights"] = (forms) =>
    [forward, backward].flatMap((one, k) =>
      (one.weights?.(forms) ?? []).map((spec) => ({ ...spec, name: `${ways[k]}/${spec.name}` })),
    );
  return {
    directions: [forward.settings, backward.settings],
    mergeMode: mode,
    base: "bidirectional",
    className: "Bidirectional",
    name: outer.name,
    trainable: outer.trainable,
    config: outer.configAround(settings.config),
    takes: settings.takes,
    states: bothWays(states),
    stateful: settings.stateful,
    withStates: () => definitionFor(returningStates(settings), mode, outer),
    outputs: (forms) => outputsOf(forward.outputs(forms), mode),
    weights,
    apply: ([x], given, context) => {
      if (!x) return [];
      const [there, ...thereStates] = forward.apply(
        [x],
        given.slice(0, given.length / 2),
        within(context, "forward", (node) => node),
      );
      const [back, ...backStates] = backward.apply(
        [x],
        given.slice(given.length / 2),
        within(context, "backward", (node) => (x.lengths ? reverse(node, x.lengths) : node)),
      );
      if (!there || !back) return [];
      const turned =
        settings.returnSequences && x.lengths ? { ...there, node: reverse(back.node, x.lengths) } : back;
      return [...merged(there, turned, mode), ...thereStates, ...backStates];
    },
  };
}

/** What one direction gives becomes what both give. */
function outputsOf([output, ...states]: readonly Output[], mode: MergeMode): readonly Output[] {
  if (!output) return [];
  const width = Number(output.axes.at(-1));
  const axes = mode === "concat" ? [...output.axes.slice(0, -1), 2 * width] : output.axes;
  const form: Output = { ...output, axes, time: "looks ahead" };
  const both = ways.flatMap((way) =>
    states.map(
      (state): Output => ({ ...state, name: `${way}${capitalized(state.name)}`, time: "looks ahead" }),
    ),
  );
  return [form, ...(mode === "none" ? [{ ...form, name: "backward" }] : []), ...both];
}

function merged(there: Value, back: Value, mode: MergeMode): readonly Value[] {
  if (mode === "none") return [there, back];
  return [{ ...there, node: mergers[mode](there.node, back.node) }];
}

const mergers: { readonly [M in Exclude<MergeMode, "none">]: (a: Node, b: Node) => Node } = {
  concat: (a, b) => concat(a, b),
  sum: (a, b) => add(a, b),
  mul: (a, b) => mul(a, b),
  ave: (a, b) => mul(add(a, b), 0.5),
};

/** What a direction asks of the model, under its own name; what it shows stands where the input of its step does. */
function within(context: Context, way: (typeof ways)[number], placed: (node: Node) => Node): Context {
  const named = (name: string): string => `${way}${capitalized(name)}`;
  return {
    ...context,
    key: (salt, perStep) => context.key(`${way}/${salt}`, perStep),
    first: (state, shape) => context.first(named(state), shape),
    last: (state, node) => context.last(named(state), node),
    show: (group, name, node) => context.show(group, named(name), placed(node)),
  };
}
