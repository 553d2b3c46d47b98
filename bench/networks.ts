/** Recurrent layers of the library as a computation, with data, for the benchmarks. */
import { differentiate } from "../src/core/grad/gradients.ts";
import { parameter, zeros } from "../src/core/graph/build.ts";
import type { Computation, Parameter, Update } from "../src/core/graph/computation.ts";
import { type Node, rows } from "../src/core/graph/nodes.ts";
import { mul, sum, sumLeading } from "../src/core/graph/operators.ts";
import { simplify } from "../src/core/plan/simplify.ts";
import type { Batch } from "../src/core/run/device.ts";
import { descent, noise } from "../src/core/run/yardstick.ts";
import type { Cell } from "../src/nn/cells/defineCell.ts";
import { gruCell } from "../src/nn/cells/gru.ts";
import { lstmCell } from "../src/nn/cells/lstm.ts";
import { simpleRnnCell } from "../src/nn/cells/simpleRnn.ts";
import { type Unfolded, unfold } from "../src/nn/layers/unfold.ts";
import { ownLstm } from "./ownLstm.ts";

/** "own" is an LSTM written by a user. */
export type CellName = "LSTM" | "GRU" | "RNN" | "own";
export interface Size {
  readonly cell: CellName;
  readonly features: number;
  readonly units: number;
  readonly batch: number;
  readonly steps: number;
}
/** Layers that can be run and trained: without a gradient for their input, which is data. */
export interface Network {
  readonly forward: Computation;
  /** Forward and backward; outputs the loss. */
  readonly training: Computation;
  /** w - rate gradient, for every weight. */
  readonly updates: readonly Update[];
  readonly weights: readonly Float32Array[];
  readonly forwardBatch: Batch;
  readonly trainingBatch: Batch;
}

/** Sizes of a cell's matrices, in units. */
export const gates: Readonly<Record<CellName, number>> = { LSTM: 4, GRU: 3, RNN: 1, own: 4 };
const cells: Readonly<Record<CellName, Cell>> = {
  LSTM: lstmCell,
  GRU: gruCell,
  RNN: simpleRnnCell,
  own: ownLstm,
};

/** `[input, units, batch, steps]` */
export function sizeOf(
  cell: CellName,
  [features, units, batch, steps]: readonly [number, number, number, number],
): Size {
  return { cell, features, units, batch, steps };
}

export const sizeText = ({ cell, features, units, batch, steps }: Size): string =>
  `${cell} ${features}, ${units}, ${batch}, ${steps}`;

/** One layer each: what is measured here and beside others. */
export const standardSizes: readonly Size[] = [
  sizeOf("LSTM", [32, 32, 32, 100]),
  sizeOf("LSTM", [64, 128, 32, 100]),
  sizeOf("LSTM", [128, 256, 64, 100]),
  sizeOf("LSTM", [512, 512, 64, 50]),
  sizeOf("GRU", [64, 128, 32, 100]),
  sizeOf("RNN", [64, 128, 32, 100]),
  sizeOf("RNN", [32, 32, 128, 500]),
];
/** Long enough for a loss at the last step to be felt by its own steps only. */
export const longSize: Size = sizeOf("LSTM", [64, 128, 32, 400]);

/** Operations that a forward pass needs, a multiply-add counted as two: its matrix products. */
export function forwardOperations({ cell, features, units, batch, steps }: Size): number {
  return 2 * gates[cell] * batch * steps * units * (features + units);
}

/** The same for a training step: products for outputs, deltas and weight gradients; none for the input's gradient. */
export function trainingOperations(size: Size): number {
  const { cell, features, units, batch, steps } = size;
  return 3 * forwardOperations(size) - 2 * gates[cell] * batch * steps * units * features;
}

/** What of a network is not said by its size. */
export interface Wanted {
  /** Only the last output counts for the loss, as in a classifier; else that of every step. */
  readonly last?: boolean;
  /** One above the other. Default: 1. */
  readonly layers?: number;
  /** Steps of each row. Default: all of them. */
  readonly lengths?: Int32Array;
}

export function networkOf(size: Size, { last = false, layers = 1, lengths }: Wanted = {}): Network {
  const { features, units, batch, steps } = size;
  const { x, weights, ends, unfolded } = stackOf(size, layers);
  const { outputs } = unfolded;
  const wanted = (last ? unfolded.last : null) ?? outputs;
  const upstream = parameter("upstream", wanted.shape); // dL/dh, so that every step has one of its own
  const loss = sumLeading(sum(mul(wanted, upstream)), last ? 1 : 2);
  const { roots, gradients } = differentiate({ roots: simplify([loss]), wrt: weights });
  const values = noise("x", batch * steps * features, 1);
  const slopes = noise("upstream", batch * units * (last ? 1 : steps), 0.01);
  const given = { rows: batch, times: { time: steps }, ...(lengths ? { lengths: { time: lengths } } : {}) };
  return {
    forward: { ...ends, inputs: [x], outputs: [outputs], gradients: [] },
    training: { ...ends, inputs: [x, upstream], outputs: roots, gradients },
    updates: weights.map(descent),
    weights: weights.map(valuesOf),
    forwardBatch: { ...given, inputs: [values], version: 1 },
    trainingBatch: { ...given, inputs: [values, slopes] },
  };
}

interface Stack {
  readonly x: Parameter;
  readonly weights: readonly Parameter[];
  readonly ends: Pick<Computation, "lengths" | "weights">;
  /** The uppermost layer. */
  readonly unfolded: Unfolded;
}

function stackOf(size: Size, layers: number): Stack {
  const { features, units } = size;
  const x = parameter("x", ["time", rows, features]);
  const lengths = parameter("lengths", [rows], "int32");
  const first = layerOf(size, { x, lengths, suffix: "" });
  const weights = [...first.weights];
  let { unfolded } = first;
  for (let k = 1; k < layers; k++) {
    const above = { ...size, features: units };
    const next = layerOf(above, { x: unfolded.outputs, lengths, suffix: `_${k + 1}` });
    weights.push(...next.weights);
    unfolded = next.unfolded;
  }
  return { x, weights, ends: { lengths: { time: lengths }, weights }, unfolded };
}

interface Below {
  readonly x: Node;
  readonly lengths: Parameter;
  /** Of the names of the weights. */
  readonly suffix: string;
}

function layerOf(
  { cell: name, features, units }: Size,
  { x, lengths, suffix }: Below,
): { readonly weights: readonly Parameter[]; readonly unfolded: Unfolded } {
  const cell = cells[name];
  const sizes = { ...cell.options, features, units, shape: [features] };
  const states = Object.entries(cell.equation.state(sizes));
  const named = Object.entries(cell.equation.weights(sizes)).map(
    ([key, weight]) =>
      [key, parameter(`${key}${suffix}`, "shape" in weight ? weight.shape : weight)] as const,
  );
  const unfolded = unfold({
    cell,
    sizes,
    weights: Object.fromEntries(named),
    x: { node: x, time: "time", lengths, mask: null },
    initial: Object.fromEntries(states.map(([key, shape]) => [key, zeros([rows, ...shape])])),
    masks: {},
    firstInput: false,
    last: true,
    zeroMasked: false,
    inspect: false,
  });
  return { weights: named.map(([, weight]) => weight), unfolded };
}

const valuesOf = ({ attributes, shape }: Parameter): Float32Array =>
  noise(
    attributes.name,
    (shape as readonly number[]).reduce((count, dim) => count * dim, 1),
    0.1,
  );

export { noise };
