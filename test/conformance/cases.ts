/** Batches of numbers that depend on nothing but a seed, and the comparison of a device with the reference. */
import { parameter } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { type Dim, type Node, type NodeOf, rows } from "../../src/core/graph/nodes.ts";
import { verify } from "../../src/core/graph/verify.ts";
import type { Batch, Computation, Device, HostArray } from "../../src/core/run/device.ts";
import { uniform } from "../../src/core/run/random.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { smallest } from "../tolerances.ts";

/** The lengths of the rows in the dimension "time". */
export const lengthsOf = (time = "time"): NodeOf<"parameter"> =>
  parameter(`lengths of ${time}`, [rows], "int32");

/** Numbers in [-scale, scale), multiples of 2^-24 `scale`. */
export const noise = (count: number, seed: number, scale = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, k) => scale * (2 * uniform([seed, 7], k) - 1));
export const whole = (count: number, seed: number, below: number): Int32Array =>
  Int32Array.from({ length: count }, (_, k) => Math.floor(uniform([seed, 11], k) * below));

export interface Sizes {
  readonly rows: number;
  readonly times?: Readonly<Record<string, number>>;
  readonly lengths?: Readonly<Record<string, ArrayLike<number>>>;
  readonly firstRow?: number;
}
export interface Case extends Sizes {
  readonly computation: Computation;
  readonly seed?: number;
  /** Inputs by name; others are drawn: floats in [-1, 1), integers below 3. */
  readonly inputs?: Readonly<Record<string, HostArray>>;
  /** Weights are drawn from [-scale, scale). */
  readonly scale?: number;
}
export interface Given {
  readonly batch: Batch;
  readonly weights: readonly Float32Array[];
}

export function given({ computation, inputs = {}, seed = 1, scale = 1, ...sizes }: Case): Given {
  const { times = {} } = sizes;
  const lengths = Object.fromEntries(
    Object.entries(sizes.lengths ?? {}).map(([time, own]) => [time, Int32Array.from(own)]),
  );
  const count = ({ shape }: Parameter): number =>
    shape.reduce<number>((product, dim) => product * size(dim, sizes.rows, times), 1);
  const drawn = (input: Parameter, k: number): HostArray =>
    input.dtype === "int32" ? whole(count(input), 100 * seed + k, 3) : noise(count(input), 100 * seed + k);
  const arrays = computation.inputs.map((input, k) => inputs[input.attributes.name] ?? drawn(input, k));
  const weights = computation.weights.map((weight, k) => noise(count(weight), 100 * seed + 50 + k, scale));
  const { firstRow } = sizes;
  return {
    batch: {
      rows: sizes.rows,
      times,
      lengths,
      inputs: arrays,
      ...(firstRow === undefined ? {} : { firstRow }),
    },
    weights,
  };
}

function size(dim: Dim, rowCount: number, times: Readonly<Record<string, number>>): number {
  return typeof dim === "number" ? dim : dim === rows ? rowCount : (times[dim] ?? 0);
}

/** What `computation` must be made of, with outputs and gradients alone given. */
export interface Ends {
  readonly inputs: readonly Parameter[];
  readonly outputs: readonly Node[];
  readonly weights?: readonly Parameter[];
  readonly gradients?: readonly (Node | null)[];
  readonly lengths?: Computation["lengths"];
}
export function computationOf({
  inputs,
  outputs,
  weights = [],
  gradients = [],
  lengths = {},
}: Ends): Computation {
  verify([...outputs, ...gradients.filter((grad) => grad !== null)], "test");
  return { inputs, outputs, weights, gradients, lengths };
}

const reference = referenceDevice();

/** Throws unless every output and gradient is within `tolerance` times the largest number of its array. */
export function agrees(device: Device, one: Case, tolerance: number): void {
  const { batch, weights } = given(one);
  const wanted = reference.compile(one.computation).runNow(batch, weights);
  compare(device.compile(one.computation).runNow(batch, weights), wanted, tolerance);
}

export function compare(
  got: readonly Float32Array[],
  wanted: readonly Float32Array[],
  tolerance: number,
): void {
  if (got.length !== wanted.length) throw new Error(`${got.length} results, not ${wanted.length}`);
  for (const [k, expected] of wanted.entries())
    compareOne(got[k] ?? new Float32Array(0), expected, tolerance, k);
}

function compareOne(got: Float32Array, expected: Float32Array, tolerance: number, k: number): void {
  if (got.length !== expected.length)
    throw new Error(`result ${k}: ${got.length} numbers, not ${expected.length}`);
  const finite = expected.filter((x) => Number.isFinite(x));
  const scale = tolerance === 0 ? 0 : finite.reduce((most, x) => Math.max(most, Math.abs(x)), smallest);
  for (const [i, x] of expected.entries()) {
    const y = got[i]!;
    // NaN and infinities must be themselves; -0 is 0.
    const right = x === y || (Number.isNaN(x) && Number.isNaN(y)) || Math.abs(x - y) <= tolerance * scale;
    if (right) continue;
    const error = (Math.abs(x - y) / scale || Infinity).toExponential(2);
    throw new Error(
      `result ${k}, number ${i} of ${got.length}: ${y}, not ${x} (relative ${error}, allowed ${tolerance.toExponential(2)})`,
    );
  }
}

/** One number that changes when a bit of an array does. */
export function bitsOf(arrays: readonly Float32Array[]): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c];
  for (const array of arrays) {
    a = Math.imul(a ^ array.length, 0x01000193);
    for (const bits of new Int32Array(array.slice().buffer)) {
      a = Math.imul(a ^ bits, 0x01000193);
      a ^= a >>> 15;
      b = Math.imul(b ^ a, 0x85ebca6b);
      b ^= b >>> 13;
    }
  }
  return `${(a >>> 0).toString(16)}-${(b >>> 0).toString(16)}`;
}
