/**
 * What a layer is: a definition (shape rule, weights, how it is applied while a model is traced) and a call on symbols.
 *
 * A definition knows no model: names like "lstm_2" are given by the model that the layer becomes part of, the weights
 * are the layer's own wherever it is used.
 */
import type { Dim, Node } from "../../core/graph/nodes.ts";
import { mul } from "../../core/graph/operators.ts";
import type { Pieces } from "../breath.ts";
import type { Distribution } from "../distributions/distribution.ts";
import type { Kind } from "../signals.ts";
import type { Callable, Form, Symbolic } from "../symbols.ts";
import type { TimeWindows } from "../times.ts";
import type { Facts } from "./facts.ts";
import type { Initializer } from "./initializers.ts";

/** What flows through layers while a model is traced: `[time, rows, features]` or `[rows, features]`. */
export interface Value {
  readonly node: Node;
  /** The dimension of time; null where there is none. */
  readonly time: Dim | null;
  /** `[rows]`: the real steps of each row. */
  readonly lengths: Node | null;
  /** `[time, rows, 1]`: 1 where a step counts. */
  readonly mask: Node | null;
  /**
   * `[time, rows, 1]`: 1 where a row has a step, 0 behind its end, where its rows may run on (model/ends.ts). Null or
   * nothing: rows drop out as they end.
   */
  readonly real?: Node | null | undefined;
  /** Of a layer with an ending: from the classes `[time, rows]` to the loss of each row, `[rows, 1]`. */
  readonly loss?: (classes: Node) => Node;
}

/** What a layer brings that ends a model with a loss and a prediction of its own, as a crf does. */
export interface Ending {
  /** The name of the loss: no other fits. */
  readonly loss: string;
  /** What predict says, one number a step: from a row of the output and the weights of the layer. */
  readonly decode: (row: DecodedRow, weights: readonly Float32Array[]) => Float32Array;
}
export interface DecodedRow {
  /** `[steps, features]`: the real steps. */
  readonly values: Float32Array;
  /** `[steps]`: 0 where a step does not count; null where all do. */
  readonly mask: Float32Array | null;
}

/** A step counts when it counts in every one of these masks; null: where there is none, all do. */
export const joinedMask = (masks: readonly (Node | null)[]): Node | null =>
  masks
    .filter((mask) => mask !== null)
    .reduce<Node | null>((all, mask) => (all === null || all === mask ? mask : mul(all, mask)), null);

/** `[time, rows, 1]`: 1 where a step counts and the row has it; null where all do. */
export const countsOf = ({ mask, real = null }: Value): Node | null => joinedMask([mask, real]);

/** `l1 * sum |w| + l2 * sum w^2`, added to the loss. */
export interface Regularizer {
  readonly l1: number;
  readonly l2: number;
}

export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  readonly regularizer: Regularizer | null;
}

/** What a layer may ask of the model that is being traced. */
export interface Context {
  readonly training: boolean;
  /** Whether every state and value is wanted, not only the outputs. */
  readonly inspect: boolean;
  /** An int32 key `[2]` for random numbers: another at each optimizer step, or always the same. */
  key(salt: string, perStep: boolean): Node;
  /** `[1]`: a number that changes with the optimizer steps made so far. In training alone. */
  atStep(value: (step: number) => number): Node;
  /** `[rows]`: the lengths of sequences in this dimension of time; those of a number all have so many steps. */
  lengths(time: Dim): Node;
  /** `[time, rows, 1]`: 1 where rows have a step, in a dimension of time where they may run on; else null. */
  real(time: Dim): Node | null;
  /** As many steps as a sequence may have: a bound for layers that look at all of them at once. */
  most(time: Dim): number;
  /** Whether the network is a function of one step, as in a session: what is behind stands in states alone. */
  readonly stepping: boolean;
  /** The first value of a state where it comes from outside, `[rows, ...shape]`, or null. */
  first(state: string, shape: readonly number[]): Node | null;
  /**
   * What the output of the layer should have been a step before, `[time, rows, ...]`, zeros at the first step; null
   * unless the model is traced to be trained from targets and this output is its own.
   */
  fed(): Node | null;
  /** Tells the last value of a state. */
  last(state: string, node: Node): void;
  /** Tells the value of a name, `[time, rows, ...]` or `[rows, ...]`: kept where it is wanted. */
  show(group: "states" | "values", name: string, node: Node): void;
}

/** How a layer is made again: JSON. */
export interface LayerConfig {
  readonly layer: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Of wrappers. */
  readonly inner?: LayerConfig;
}

export interface Output extends Form {
  readonly name: string;
}

export interface Operands {
  readonly names: readonly string[];
  readonly least: number;
  /** Whether the first has the steps of the others, which always meet step by step. */
  readonly inStep: boolean;
}

export interface Definition extends Callable {
  readonly type: "layer";
  /** In the table of a summary. */
  readonly className: string;
  /** The name the user gave. */
  readonly name: string | null;
  readonly trainable: boolean;
  readonly takes: readonly Kind[];
  /** Names of states, for layers that have some. */
  readonly states: readonly string[];
  readonly stateful: boolean;
  /** The same with its last states among its outputs; null where there are none to give. */
  readonly withStates: (() => Partial<Definition>) | null;
  /** For layers that take tokens: how many there are. */
  readonly tokens?: number;
  /** For layers that take several symbols: what each is, the last ones of which may be left out. */
  readonly operands?: Operands;
  /** Whether it asks how many steps there can be (`Context.most`). */
  readonly looksAtSteps?: boolean;
  /** Of timeDistributed: what stands inside. */
  readonly inner?: Definition;
  /** For layers whose output tells a distribution. */
  readonly distribution?: Distribution | undefined;
  /** For layers with other steps than their input: one for each of these windows of it. */
  readonly windows?: TimeWindows;
  /** Null of a layer that others may follow. */
  readonly ending: Ending | null;
  /** How it is applied inside timeDistributed, to every step of `[time, rows, ...]` alike; null where it cannot be. */
  readonly everyStep: Definition["apply"] | null;
  /** Throws an UnrollError when the layer cannot be saved. */
  readonly config: () => LayerConfig;
  readonly outputs: (inputs: readonly Form[]) => readonly Output[];
  readonly weights: (inputs: readonly Form[]) => readonly WeightSpec[];
  readonly apply: (inputs: readonly Value[], weights: readonly Node[], context: Context) => readonly Value[];
  /** The values of the weights, once a model has been built with the layer. */
  readonly kept: Kept;
}

/** Weights belong to the layer: two models with the same layer share them. */
export interface Kept {
  specs: readonly WeightSpec[] | null;
  values: Float32Array[];
  /** What draws the first values that nobody looked at yet; null or none: the value is there. */
  pieces: (Pieces | null)[];
  /** Counts changes of the values. */
  version: number;
}

const key: unique symbol = Symbol("definition");

/** The ending of the layer that `symbol` comes from, or null. */
export function endingOf({ source }: Symbolic): Ending | null {
  return "call" in source && isLayer(source.call.by) ? source.call.by.ending : null;
}

/** The definition of a layer, or null of anything else. */
export function definitionOf(layer: unknown): Definition | null {
  if (typeof layer !== "function" || !(key in layer)) return null;
  return (layer as { readonly [key]: Definition })[key];
}

/** A function made a layer: facts (the type's claims, in values) and definition attached. */
export function layerOf<L extends Facts>(
  definition: Definition,
  facts: Facts,
  call: (x: unknown, options: unknown) => unknown,
): L {
  const layer = (x: unknown, options?: unknown): unknown => call(x, options);
  return Object.assign(layer, facts, { [key]: definition }) as unknown as L;
}

/** A layer that changes the numbers and nothing else. */
export function onNode(
  change: (x: Node, weights: readonly Node[], context: Context) => Node,
): Definition["apply"] {
  return ([x], weights, context) => (x ? [{ ...x, node: change(x.node, weights, context) }] : []);
}

/** The shape rule of a layer that keeps the shape. */
export const sameForm: Definition["outputs"] = ([x]) => (x ? [{ ...x, name: "output" }] : []);

export const isLayer = (by: Callable): by is Definition => by.type === "layer";
