/**
 * Arrays of float64 and what the reference interpreter does with them: plain loops, no cleverness.
 *
 *   elementwise   out[i] = f(a[i], b[i])         axes matched from the last, a length of 1 repeats
 *   moved         out[i] = a[source(i)]          every movement is one of these
 *   gathered      places p, q, ... of an axis    withPlaces: the way back
 */
import { invariant, UnrollError } from "../../errors.ts";

/** Numbers in the order of the graph's shapes: `[time, rows, features]` for a sequence. */
export interface HostValue {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export const countOf = (shape: readonly number[]): number => shape.reduce((count, size) => count * size, 1);
export const widthOf = (shape: readonly number[]): number => shape.at(-1) ?? 1;
/** Throws an UnrollError where the memory has no room for so many numbers. */
function zeros(shape: readonly number[]): Float64Array {
  try {
    return new Float64Array(countOf(shape));
  } catch (cause) {
    const [where, fix] = ["the reference device", "Use fewer rows, shorter sequences or smaller layers."];
    const got = `some of [${shape.join(", ")}]`;
    throw new UnrollError({ where, expected: "values that fit the memory", got, fix }, { cause });
  }
}
export const filled = (shape: readonly number[], value: number): HostValue => ({
  shape,
  data: zeros(shape).fill(value),
});

/** The numbers of `value` repeated along the axes in which it is shorter than `shape`. */
export function expanded(value: HostValue, shape: readonly number[]): Float64Array {
  if (value.data.length === countOf(shape)) return value.data;
  const out = zeros(shape);
  for (let i = 0; i < out.length; i++) out[i] = value.data[sourceOf(i, shape, value.shape)]!;
  return out;
}

/** Where element `i` of an array of shape `shape` comes from in one of shape `own`. */
function sourceOf(i: number, shape: readonly number[], own: readonly number[]): number {
  let source = 0;
  let stride = 1;
  let rest = i;
  for (let back = 1; back <= own.length; back++) {
    const size = shape[shape.length - back] ?? 1;
    const ownSize = own[own.length - back] ?? 1;
    if (ownSize !== 1) source += stride * (rest % size);
    stride *= ownSize;
    rest = Math.floor(rest / size);
  }
  return source;
}

/** `f` of every element; the inputs are repeated to `shape`. */
export function elementwise(
  shape: readonly number[],
  inputs: readonly HostValue[],
  f: (a: number, b: number, c: number) => number,
): HostValue {
  const [a, b, c] = inputs.map((input) => expanded(input, shape));
  const data = zeros(shape);
  for (let i = 0; i < data.length; i++) data[i] = f(a?.[i] ?? 0, b?.[i] ?? 0, c?.[i] ?? 0);
  return { shape, data };
}

/** `f` over the last axis, from the first feature to the last; the axis stays with length 1. */
export function reduced(
  { shape, data }: HostValue,
  begin: number,
  f: (result: number, x: number) => number,
): HostValue {
  const width = widthOf(shape);
  const out = filled([...shape.slice(0, -1), 1], begin);
  for (let i = 0; i < data.length; i++) {
    const at = Math.floor(i / width);
    out.data[at] = f(out.data[at]!, data[i]!);
  }
  return out;
}

/** The sum over the first `count` axes, from the last step and row to the first. */
export function summedLeading({ shape, data }: HostValue, count: number): HostValue {
  const out = filled(shape.slice(count), 0);
  const size = out.data.length;
  for (let i = data.length - size; i >= 0 && size > 0; i -= size) {
    for (let k = 0; k < size; k++) out.data[k]! += data[i + k]!;
  }
  return out;
}

/** `start + a b`: one accumulator an element, k ascending. `b` is a matrix `[K, N]` or a vector `[K]`. */
export function product(start: HostValue, a: HostValue, b: HostValue, shape: readonly number[]): HostValue {
  const data = Float64Array.from(expanded(start, shape));
  const inner = widthOf(a.shape);
  const width = b.shape[1] ?? 1;
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor(i / width) * inner;
    const n = i % width;
    for (let k = 0; k < inner; k++) data[i]! += a.data[row + k]! * b.data[k * width + n]!;
  }
  return { shape, data };
}

/** `a^T b`, summed over everything before the features, from the last to the first. */
export function contracted(a: HostValue, b: HostValue): HostValue {
  const [height, width] = [widthOf(a.shape), widthOf(b.shape)];
  const out = filled([height, width], 0);
  for (let row = countOf(a.shape.slice(0, -1)) - 1; row >= 0; row--) {
    for (let i = 0; i < out.data.length; i++) {
      const k = Math.floor(i / width);
      out.data[i]! += a.data[row * height + k]! * b.data[row * width + (i % width)]!;
    }
  }
  return out;
}

/** An array of `shape` whose element `i` is element `source(i)` of `value`, or 0 where that is negative. */
export function moved(value: HostValue, shape: readonly number[], source: (i: number) => number): HostValue {
  const data = zeros(shape);
  for (let i = 0; i < data.length; i++) {
    const from = source(i);
    if (from >= 0) data[i] = value.data[from]!;
  }
  return { shape, data };
}

/** Features `start`, `start + 1`, ... of `value` in the features of `shape`; zero where there are none. */
export function shiftedFeatures(value: HostValue, shape: readonly number[], start: number): HostValue {
  const [from, to] = [widthOf(value.shape), widthOf(shape)];
  return moved(value, shape, (i) => {
    const feature = (i % to) + start;
    return feature >= 0 && feature < from ? Math.floor(i / to) * from + feature : -1;
  });
}

/** The same for the first axis. */
export function shiftedRows(value: HostValue, shape: readonly number[], start: number): HostValue {
  const offset = start * countOf(shape.slice(1));
  return moved(value, shape, (i) => (i + offset >= 0 && i + offset < value.data.length ? i + offset : -1));
}

/** Side by side along the last axis. */
export function concatenated(parts: readonly HostValue[], shape: readonly number[]): HostValue {
  const data = zeros(shape);
  const width = widthOf(shape);
  let start = 0;
  for (const part of parts) {
    const size = widthOf(part.shape);
    part.data.forEach((x, i) => {
      data[Math.floor(i / size) * width + start + (i % size)] = x;
    });
    start += size;
  }
  return { shape, data };
}

/** The axes `[a, b, rest]` as `[b, a, rest]`. */
export function swapped({ shape, data }: HostValue): HostValue {
  const [first = 1, second = 1, ...rest] = shape;
  const size = countOf(rest);
  return moved({ shape, data }, [second, first, ...rest], (i) => {
    const pair = Math.floor(i / size);
    return ((pair % first) * second + Math.floor(pair / first)) * size + (i % size);
  });
}

/** `[time, rows, ...]` with row r turned at `lengths[r]`; zero from there on. */
export function turned(value: HostValue, lengths: HostValue): HostValue {
  const [, rows = 1, ...rest] = value.shape;
  const size = countOf(rest);
  return moved(value, value.shape, (i) => {
    const row = Math.floor(i / size) % rows;
    const step = lengths.data[row]! - 1 - Math.floor(i / (size * rows));
    return step < 0 ? -1 : (step * rows + row) * size + (i % size);
  });
}

/** `[time, rows, F]` as `[rows, size, F]`; zero from the length of each row on. */
export function stepsAsSites(value: HostValue, lengths: HostValue, shape: readonly number[]): HostValue {
  const [rows = 1, size = 1, width = 1] = shape;
  return moved(value, shape, (i) => {
    const row = Math.floor(i / (size * width));
    const step = Math.floor(i / width) % size;
    return step < lengths.data[row]! ? (step * rows + row) * width + (i % width) : -1;
  });
}

/** `[rows, size, F]` as `[time, rows, F]`; zero from the length of each row on. */
export function sitesAsSteps(value: HostValue, lengths: HostValue, shape: readonly number[]): HostValue {
  const [, rows = 1, width = 1] = shape;
  const size = value.shape[1] ?? 1;
  return moved(value, shape, (i) => {
    const step = Math.floor(i / (rows * width));
    const row = Math.floor(i / width) % rows;
    return step < lengths.data[row]! && step < size ? (row * size + step) * width + (i % width) : -1;
  });
}

/** `[time, rows, ...]`, step t of row r being step (t * stride + offset) / per of `value`; zero where there is none. */
export function resampled(
  value: HostValue,
  { from, to }: { readonly from: HostValue; readonly to: HostValue },
  shape: readonly number[],
  { stride, per, offset }: { readonly stride: number; readonly per: number; readonly offset: number },
): HostValue {
  const [, rows = 1, ...rest] = shape;
  const size = countOf(rest);
  return moved(value, shape, (i) => {
    const row = Math.floor(i / size) % rows;
    const own = Math.floor(i / (size * rows));
    const step = (own * stride + offset) / per;
    const real = Number.isInteger(step) && step >= 0 && step < from.data[row]!;
    return real && own < to.data[row]! ? (step * rows + row) * size + (i % size) : -1;
  });
}

/** The rows of `table` that `index` names. */
export function lookedUp(table: HostValue, index: HostValue, shape: readonly number[]): HostValue {
  const [height = 1, ...rest] = table.shape;
  const size = countOf(rest);
  return moved(table, shape, (i) => {
    const row = index.data[Math.floor(i / size)]!;
    invariant(row >= 0 && row < height, `gather: index ${row} in a table of ${height} rows`);
    return row * size + (i % size);
  });
}

/** A table of zeros with each row of `values` added at its index. */
export function scattered(index: HostValue, values: HostValue, shape: readonly number[]): HostValue {
  const out = filled(shape, 0);
  const size = countOf(shape.slice(1));
  values.data.forEach((x, i) => {
    const row = index.data[Math.floor(i / size)]!;
    invariant(row >= 0 && row < (shape[0] ?? 1), `scatterAdd: index ${row} in a table of ${shape[0]} rows`);
    out.data[row * size + (i % size)]! += x;
  });
  return out;
}

/** The places `chosen` of one axis of `value`; `value` itself where the axis is -1. */
export function gathered(value: HostValue, axis: number, chosen: readonly number[]): HostValue {
  if (axis < 0) return value;
  const size = countOf(value.shape.slice(axis + 1));
  const all = value.shape[axis] ?? 1;
  const shape = value.shape.with(axis, chosen.length);
  return moved(value, shape, (i) => {
    const line = Math.floor(i / size);
    const before = Math.floor(line / chosen.length);
    return (before * all + chosen[line % chosen.length]!) * size + (i % size);
  });
}

/** `value` with the places `chosen` of one axis replaced by those of `part`; `part` where the axis is -1. */
export function withPlaces(
  value: HostValue,
  axis: number,
  chosen: readonly number[],
  part: HostValue,
): HostValue {
  if (axis < 0) return part;
  const places = new Map(chosen.map((place, k) => [place, k]));
  const size = countOf(value.shape.slice(axis + 1));
  const all = value.shape[axis] ?? 1;
  const data = value.data.map((x, i) => {
    const line = Math.floor(i / size);
    const k = places.get(line % all);
    return k === undefined ? x : part.data[(Math.floor(line / all) * chosen.length + k) * size + (i % size)]!;
  });
  return { shape: value.shape, data };
}
