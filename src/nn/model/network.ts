/** A network: layers with names, weights with values, and the calls between inputs and outputs. */
import type { Dim } from "../../core/graph/nodes.ts";
import { invariant, UnrollError } from "../../errors.ts";
import type { Initializer } from "../layers/initializers.ts";
import type { Definition, Regularizer } from "../layers/layer.ts";
import type { Call, Symbolic } from "../symbols.ts";
import type { Structure } from "./structure.ts";

/** One weight of one layer. */
export interface Variable {
  /** "lstm_1/kernel" */
  readonly name: string;
  /** "lstm_1" */
  readonly layer: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  readonly regularizer: Regularizer | null;
  readonly initializer: Initializer;
  /** Replaced, or overwritten in place; `network.version` counts the changes. Drawn to the end when first read. */
  value: Float32Array;
  /** Draws a piece of the first value; false when it is there. */
  readonly draw: () => boolean;
}

export interface NetworkLayer {
  readonly name: string;
  /** For errors: `layer 3 "lstm_2"`. */
  readonly label: string;
  readonly definition: Definition;
  readonly variables: readonly Variable[];
}

/** An input or output: its name, its symbol, and its dimension of time (null where it has none). */
export interface End {
  readonly name: string;
  readonly symbol: Symbolic;
  readonly time: Dim | null;
}

/** The tokens that a target sequence of a `seq2seq` begins and ends with. */
export interface TargetTokens {
  readonly startToken: number;
  readonly endToken: number;
}

export interface Network {
  readonly name: string;
  readonly inputs: readonly End[];
  readonly outputs: readonly End[];
  readonly inputsAs: Structure;
  readonly outputsAs: Structure;
  /** Each layer once, in the order of first call. */
  readonly layers: readonly NetworkLayer[];
  /** Every call, what it needs before it. */
  readonly calls: readonly Call[];
  /** The order of getWeights. */
  readonly variables: readonly Variable[];
  /** Dimensions of time that are not fixed numbers: "time", "time_2" ..., and those that follow from them. */
  readonly times: readonly string[];
  readonly seed: number;
  /** Of a `seq2seq`; else null. */
  readonly tokens: TargetTokens | null;
  /** Grows with every change of weights, also by another network that shares a layer: whoever changes some sets it. */
  version: number;
  /** Last states of stateful layers, `[rows, ...]`, by "layer/state". */
  readonly carried: Map<string, { readonly rows: number; readonly values: Float32Array }>;
  /** Things made once for this network, by purpose. */
  readonly made: Map<string, unknown>;
}

/** Made on first use and kept with the network. `purpose` says everything that it depends on. */
export function once<T>(network: Network, purpose: string, make: () => T): T {
  if (!network.made.has(purpose)) network.made.set(purpose, make());
  return network.made.get(purpose) as T; // one purpose has one type
}

export function layerOfCall(network: Network, call: Call): NetworkLayer {
  const layer = network.layers.find(({ definition }) => definition === call.by);
  invariant(layer, `network: a layer for the call of "${call.by.base}"`);
  return layer;
}

type Had = (x?: unknown) => Network;
const networks = new WeakMap<object, Had>();

/** Remembers how the network of a model object is had; the model may still be waiting for its first data. */
export function register(model: object, network: Had): void {
  networks.set(model, network);
}

/** Whether `x` is what sequential, functional or loadModel gave. */
export const isModel = (x: unknown): x is object => typeof x === "object" && x !== null && networks.has(x);

/** The network of a model object, built for the data `x` if it was not yet. Throws an UnrollError if it cannot be. */
export function networkOf(model: object, x?: unknown): Network {
  const network = networks.get(model);
  if (network) return network(x);
  throw new UnrollError({
    where: "a function of models",
    expected: "a model",
    got: "an object of another kind",
    fix: "Give what sequential(...), functional({ inputs, outputs }) or loadModel(path) returned.",
  });
}
