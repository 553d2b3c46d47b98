/**
 * The work that candidates are timed on: a scan with the products and gates of a common recurrence, forward and
 * backward, and plain descent.
 *
 *   a = x W + h R + b      c' = s(a2) c + s(a1) tanh(a3)      h' = s(a4) tanh(c')
 */
import { differentiate } from "../grad/gradients.ts";
import { outputOf, parameter, scan, zeros } from "../graph/build.ts";
import type { Computation, Parameter, Update } from "../graph/computation.ts";
import { type Node, rows } from "../graph/nodes.ts";
import { add, matmul, mul, sigmoid, split, sub, sum, sumLeading, tanh } from "../graph/operators.ts";
import { sizeOf } from "../graph/shapes.ts";
import { simplify } from "../plan/simplify.ts";
import type { Batch } from "./device.ts";
import { keyOf, uniform } from "./random.ts";

export interface Yardstick {
  readonly computation: Computation;
  readonly updates: readonly Update[];
  readonly weights: readonly Float32Array[];
  readonly batch: Batch;
}
export interface YardstickSize {
  readonly features: number;
  readonly units: number;
  readonly rows: number;
  readonly steps: number;
}

/** One shard, a few chunks: some milliseconds. */
const usual: YardstickSize = { features: 64, units: 128, rows: 16, steps: 36 };

export function yardstick({ features, units, rows: count, steps }: YardstickSize = usual): Yardstick {
  const [x, slope] = [parameter("x", ["time", rows, features]), parameter("slope", ["time", rows, units])];
  const lengths = parameter("lengths", [rows], "int32");
  const weights = [
    parameter("W", [features, 4 * units]),
    parameter("R", [units, 4 * units]),
    parameter("b", [4 * units]),
  ];
  const outputs = recurrence(x, lengths, weights, units);
  const total = sumLeading(sum(mul(outputs, slope)), 2);
  const { roots, gradients } = differentiate({ roots: simplify([total]), wrt: weights });
  const inputs = [noise("x", count * steps * features, 1), noise("slope", count * steps * units, 0.01)];
  return {
    computation: { inputs: [x, slope], weights, lengths: { time: lengths }, outputs: roots, gradients },
    updates: weights.map(descent),
    weights: weights.map(({ attributes: { name }, shape }) => noise(name, sizeOf(shape), 0.1)),
    batch: { rows: count, times: { time: steps }, inputs },
  };
}

function recurrence(x: Parameter, lengths: Parameter, weights: readonly Parameter[], units: number): Node {
  const [W, R, b] = weights as [Node, Node, Node];
  const slice = parameter("slice of x", [rows, ...x.shape.slice(2)]);
  const [h, c] = [parameter("h", [rows, units]), parameter("c", [rows, units])];
  const parts = split(add(matmul(slice, W), b, matmul(h, R)), 4) as [Node, Node, Node, Node];
  const nextC = add(mul(sigmoid(parts[1]), c), mul(sigmoid(parts[0]), tanh(parts[2])));
  const nextH = mul(sigmoid(parts[3]), tanh(nextC));
  const body = { carried: [h, c], sequences: [slice], next: [nextH, nextC], stacked: [nextH], summed: [] };
  const initial = [zeros(h.shape), zeros(c.shape)];
  const made = scan({ lengths, initial, sequences: [x], body, time: "time", reverse: false });
  return outputOf(made, "stacked", 0);
}

/** So small that thousands of steps leave the weights as they are: no step is about other numbers than the first. */
export const descentRate = 1e-7;

/** Plain gradient descent; the scalar is the rate. */
export function descent(): Update {
  const [weight, gradient, rate] = [
    parameter("weight", []),
    parameter("gradient", []),
    parameter("rate", []),
  ];
  const nextWeight: Node = sub(weight, mul(rate, gradient));
  return { weight, gradient, slots: [], scalars: [rate], nextWeight, nextSlots: [] };
}

/** The same numbers in every run: between -scale and scale. */
export function noise(name: string, length: number, scale: number): Float32Array {
  const key = keyOf(1, name);
  return Float32Array.from({ length }, (_, k) => scale * (2 * uniform(key, k) - 1));
}
