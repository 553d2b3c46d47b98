/** What a network holds at every step of a run: states, values, losses and deltas. */

import type { Node } from "../../core/graph/nodes.ts";
import { endingOf } from "../layers/layer.ts";
import { decoded, masksToDecode } from "../model/decoded.ts";
import { networkOf } from "../model/network.ts";
import type { InitialState } from "../model/predict.ts";
import { arranged } from "../model/structure.ts";
import type { DataOf, ResultOf, Signals, Targets } from "../model/types.ts";
import { checkOptions } from "../options.ts";
import { type MemoryLength, type MemoryLengthOptions, memoryLengthOf } from "./memoryLength.ts";
import { arraysOf, type Run, runOf, type Values, valuesOf, viewFor, zerosOf } from "./run.ts";
import { type Jacobian, type SensitivityQuestion, sensitivityOf } from "./sensitivity.ts";
import type { View } from "./view.ts";

/** Each array is made when it is first read, and is that of the model as it was at the inspection. */
export interface LayerInspection {
  /** Each state after each step, `[batch, time, ...]`: `h`, `c`. */
  readonly states: Readonly<Record<string, Values>>;
  /** Each named value of each step, `[batch, time, ...]`: `a`, `i`, `output`. */
  readonly values: Readonly<Record<string, Values>>;
  /** By the same names: the derivative of the loss with respect to a state or value. Empty without `y`. */
  readonly deltas: Readonly<Record<string, Values>>;
}
export interface Inspection<O extends Signals = Signals, X = unknown> {
  /** What `predict` gives, bit for bit. */
  readonly outputs: ResultOf<O, X>;
  /** By name; the second call of a shared layer is `lstm_1#2`. */
  readonly layers: Readonly<Record<string, LayerInspection>>;
  /** The loss of each step before it is reduced, `[batch, time]` or `[batch]`, for each output; null without `y`. */
  readonly loss: ResultOf<O, X> | null;
  /**
   * The Jacobian of a state, value or output at one step with respect to an input, state or value at another:
   * `[batch, toSize, fromSize]`, or `[batch, time, toSize, fromSize]` for every step of `from` where it names none.
   */
  sensitivity<const Q extends SensitivityQuestion>(question: Q): Promise<Jacobian<Q>>;
  /** For each row, how many steps back a change of a layer's state is still felt in its last state. */
  memoryLength(options?: MemoryLengthOptions): Promise<readonly MemoryLength[]>;
}
export interface InspectOptions<O> {
  /** Targets: with them there are losses and deltas. The model must be compiled. */
  readonly y?: Targets<O>;
  /** First states, as in `predict`. */
  readonly initialState?: InitialState;
}

/** A run of the model on `x`, all rows at once, with everything that happens in it. The model stays as it is. */
export async function inspect<I extends Signals, O extends Signals, const X extends DataOf<I>>(
  model: { readonly inputs: I; readonly outputs: O },
  x: X,
  options: InspectOptions<O> = {},
): Promise<Inspection<O, X>> {
  const some = { expected: "data", holds: (value: unknown) => value !== null };
  checkOptions("inspect", options, { y: some, initialState: some });
  const run = runOf(networkOf(model, x), x, options);
  const view = viewFor(run);
  const arrayOf = await arraysOf(run, view);
  const found = (node: Node): Values => valuesOf(run, node, arrayOf(node));
  const { outputsAs } = run.network;
  const losses = view.losses.map((node) => valuesOf(run, withoutLast(node), arrayOf(node)));
  // What an output is follows from its symbol, as in predict.
  return {
    outputs: arranged(outputsAs, outputsOf(run, view, arrayOf)),
    layers: layersOf(run, view, found),
    loss: losses.length === 0 ? null : arranged(outputsAs, losses),
    sensitivity: (question) => sensitivityOf(run, question),
    memoryLength: (given = {}) => memoryLengthOf(run, given),
  } as Inspection<O, X>;
}

/** As `predict` gives them: what is decoded is one number a step. */
function outputsOf(run: Run, view: View, arrayOf: (node: Node) => Float32Array): readonly Values[] {
  const { network, feed } = run;
  const masks = masksToDecode(network, view.traced).map(arrayOf);
  const made = decoded(network, view.traced, feed, { made: view.outputs.map(arrayOf), masks });
  return view.outputs.map((node, k) => {
    const symbol = network.outputs[k]?.symbol;
    const isDecoded = symbol !== undefined && endingOf(symbol) !== null;
    return valuesOf(run, isDecoded ? withoutLast(node) : node, made[k] as Float32Array);
  });
}

const withoutLast = (node: Node): Node => ({ ...node, shape: node.shape.slice(0, -1) });

function layersOf(
  run: Run,
  { shown, deltas }: View,
  found: (node: Node) => Values,
): Readonly<Record<string, LayerInspection>> {
  const layers: Record<string, Record<keyof LayerInspection, Record<string, Values>>> = {};
  for (const { layer, group, name, node } of shown) {
    layers[layer] ??= { states: {}, values: {}, deltas: {} };
    const into = layers[layer][group === "states" ? "states" : "values"];
    whenRead(into, name, () => found(node));
  }
  for (const { layer, name, node, of } of deltas) {
    const into = layers[layer]?.deltas;
    if (into) whenRead(into, name, () => (node ? found(node) : zerosOf(run, of)));
  }
  return layers;
}

/** Who looks at two of twenty values pays for two: each is made when it is first read. */
function whenRead(record: Record<string, Values>, name: string, make: () => Values): void {
  const all = { enumerable: true, configurable: true };
  const get = (): Values => {
    const value = make();
    Object.defineProperty(record, name, { ...all, value });
    return value;
  };
  Object.defineProperty(record, name, { ...all, get });
}
