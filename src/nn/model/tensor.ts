/** Numbers with a shape: what goes into a model and what comes out. */
import type { DType } from "../../core/graph/nodes.ts";
import { UnrollError } from "../../errors.ts";
import { isFloat32, lostIn32 } from "../float32.ts";
import { oneOf, spelt, whole, wrongValue } from "../options.ts";

export type Nested = number | readonly Nested[];
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

export interface Tensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** In row-major order: the last axis is next to each other. */
  readonly data: Float32Array | Int32Array;
  toArray(): Nested;
}

class Dense implements Tensor {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: Float32Array | Int32Array;

  constructor(shape: readonly number[], data: Float32Array | Int32Array) {
    this.shape = Object.freeze([...shape]); // as many as there are data, for ever
    this.dtype = data instanceof Int32Array ? "int32" : "float32";
    this.data = data;
  }

  toArray(): Nested {
    refuseMoved(this);
    return nested(this.data, this.shape, 0);
  }
}

/**
 * Nested arrays, or a typed array and its shape, as a tensor of float32 unless told. An array that has the right type
 * is used as it is, not copied.
 */
export function tensor(
  values: Nested | TypedArray,
  shape?: readonly number[],
  dtype: DType = "float32",
): Tensor {
  const where = "tensor(values)";
  const flat = ArrayBuffer.isView(values)
    ? { shape: [values.length], data: values }
    : flattened(values, where);
  if (!typeCheck.holds(dtype)) throw wrongValue("tensor(values, shape, dtype)", "dtype", dtype, typeCheck);
  const data = converted(flat.data, dtype, where);
  const axes = axesIn(shape ?? flat.shape);
  if (axes !== null && sizeOf(axes) === data.length) return new Dense(axes, data);
  throw new UnrollError({
    where: "tensor(values, shape)",
    expected: `${data.length} numbers in the shape, an array of whole numbers`,
    got: axes === null ? spelt(shape) : `[${axes.join(", ")}], which holds ${sizeOf(axes)}`,
    fix: "Give a shape whose product is the number of values.",
  });
}

const typeCheck = oneOf("float32", "int32");

function axesIn(shape: unknown): readonly number[] | null {
  const isList = Array.isArray(shape) || (ArrayBuffer.isView(shape) && "length" in shape);
  const axes = isList ? Array.from(shape as ArrayLike<unknown>) : [shape];
  return isList && axes.every(whole(0).holds) ? (axes as number[]) : null;
}

/** A tensor of data that are right already. */
export const tensorOf = (shape: readonly number[], data: Float32Array | Int32Array): Tensor =>
  new Dense(shape, data);

/** Throws an UnrollError for one whose data were transferred to somebody else. */
export function isTensor(x: unknown): x is Tensor {
  if (x instanceof Dense) refuseMoved(x);
  return x instanceof Dense;
}

function refuseMoved({ shape, data }: Tensor): void {
  const size = sizeOf(shape);
  if (data.length === size) return;
  throw new UnrollError({
    where: `a tensor [${shape.join(", ")}]`,
    expected: `${size} numbers`,
    got: `${data.length}, as after a transfer of its buffer`,
    fix: "Transfer a copy, tensor.data.slice(), or make the tensor anew.",
  });
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, axis) => product * axis, 1);

function nested(data: ArrayLike<number>, shape: readonly number[], from: number): Nested {
  const [length, ...rest] = shape;
  if (length === undefined) return data[from] ?? 0;
  const size = sizeOf(rest);
  return Array.from({ length }, (_, k) => nested(data, rest, from + k * size));
}

/**
 * The numbers of a rectangular nested array; of a plain one itself. Throws an UnrollError that names the index where it
 * is not.
 */
export function flattened(
  values: unknown,
  where: string,
): { readonly shape: readonly number[]; readonly data: readonly number[] } {
  const shape: number[] = [];
  for (let at = values; Array.isArray(at); at = at[0]) {
    if (shape.length === mostAxes) throw tooDeep(where);
    shape.push(at.length);
  }
  const filling: Filling = { shape, data: [], where, path: [] };
  if (shape.length === 1 && Array.isArray(values)) {
    refuseOthers(values, filling);
    return { shape, data: values };
  }
  fill(values, filling);
  return { shape, data: filling.data };
}

/** More than any data have: arrays may be nested without end, or inside themselves. */
const mostAxes = 32;

const tooDeep = (where: string): UnrollError =>
  new UnrollError({
    where,
    expected: `arrays nested ${mostAxes} deep at most`,
    got: "deeper ones, or an array inside itself",
    fix: "Give numbers in nested arrays: [batch, time, features].",
  });

interface Filling {
  readonly shape: readonly number[];
  readonly data: number[];
  readonly where: string;
  /** The index in each array around the values at hand. */
  readonly path: number[];
}

function fill(values: unknown, filling: Filling): void {
  const { shape, data, path } = filling;
  const length = shape[path.length];
  if (length === undefined) {
    if (typeof values !== "number") throw uneven(filling, "a number", values, "an array");
    data.push(values);
    return;
  }
  if (!Array.isArray(values) || values.length !== length)
    throw uneven(filling, `an array of ${length}`, values, "one");
  if (path.length + 1 === shape.length) {
    refuseOthers(values, filling);
    for (let k = 0; k < length; k++) data.push(values[k]!);
    return;
  }
  for (let k = 0; k < length; k++) {
    path.push(k);
    fill(values[k], filling);
    path.pop();
  }
}

/** Innermost arrays are where nearly all of the time goes. */
function refuseOthers(values: readonly unknown[], filling: Filling): asserts values is readonly number[] {
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    if (typeof value !== "number")
      throw uneven({ ...filling, path: [...filling.path, k] }, "a number", value, "an array");
  }
}

function uneven({ where, path }: Filling, expected: string, values: unknown, array: string): UnrollError {
  return new UnrollError({
    where: `${where}, at ${path.map((k) => `[${k}]`).join("") || "the top"}`,
    expected: `${expected}, as in the arrays before it`,
    got: Array.isArray(values) ? `${array} of ${values.length}` : spelt(values),
    fix:
      expected === "a number" && !Array.isArray(values)
        ? "Give numbers alone; a typed array goes into tensor(array, shape)."
        : "Use arrays of one length, or ragged(sequences) for sequences of different lengths.",
  });
}

/** Numbers as `dtype`. Throws an UnrollError for what is not finite there, and in an int32 for what is no integer. */
export function converted(data: ArrayLike<number>, dtype: DType, where: string): Float32Array | Int32Array {
  const wrong =
    dtype === "int32"
      ? firstWhere(data, (x) => !(Number.isInteger(x) && x === (x | 0)))
      : firstWhere(data, (x) => !isFloat32(x));
  if (wrong >= 0) {
    const isInteger = Number.isInteger(data[wrong]);
    throw new UnrollError({
      where: `${where}, number ${wrong}`,
      expected: dtype === "int32" ? `whole numbers${isInteger ? " of 32 bits" : ""}` : "finite numbers",
      got: `${data[wrong]}${dtype === "int32" ? "" : lostIn32(data[wrong])}`,
      fix:
        dtype === "int32"
          ? "Give tokens as whole numbers, or make the input float32."
          : "Clean the data first.",
    });
  }
  if (dtype === "int32") return data instanceof Int32Array ? data : new Int32Array(data);
  return data instanceof Float32Array ? data : new Float32Array(data);
}

export function firstWhere(data: ArrayLike<number>, holds: (x: number) => boolean): number {
  for (let k = 0; k < data.length; k++) if (holds(data[k] as number)) return k;
  return -1;
}
