/**
 * Data of any accepted form as rows: nested arrays, a tensor, or ragged sequences, checked against what they are for.
 */

import type { Dim } from "../../core/graph/nodes.ts";
import type { HostArray } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import type { Column } from "./batches.ts";

/** What a column is for. */
export interface Wanted {
  /** For errors: `x`, `the target of "dense_1"`. */
  readonly where: string;
  readonly dtype: "float32" | "int32";
  /** Numbers in one step, or in a row where there is no time. */
  readonly size: number;
  readonly time: Dim | null;
}
interface TensorLike {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export function columnOf(data: unknown, wanted: Wanted): Column {
  const rows = rowsOf(data, wanted);
  const { time, size, dtype } = wanted;
  const lengths = Int32Array.from(rows, ({ length }) => (time === null ? 1 : length / size));
  rows.forEach(({ length }, k) => {
    const steps = length / size;
    if (time === null ? steps !== 1 : !Number.isInteger(steps)) throw wrongSize(wanted, k, length);
    if (typeof time === "number" && steps !== time) throw wrongLength(wanted, k, { steps, time });
  });
  return { rows: rows.length, dtype, size, time, lengths, row: (k) => rows[k] as HostArray };
}

function rowsOf(data: unknown, wanted: Wanted): readonly HostArray[] {
  if (isTensor(data)) {
    const [count = 0] = data.shape;
    const all = typed(data.data, wanted);
    const size = count === 0 ? 0 : all.length / count;
    return Array.from({ length: count }, (_, k) => all.subarray(k * size, (k + 1) * size));
  }
  const rows = isRagged(data) ? data.rows : data;
  if (Array.isArray(rows)) return rows.map((row: unknown) => typed(flattened(row, wanted), wanted));
  if (ArrayBuffer.isView(rows)) return Array.from(rows as Float32Array, (x) => typed([x], wanted));
  throw new UnrollError({
    where: wanted.where,
    expected: "nested arrays of numbers, a tensor, or ragged sequences",
    got: data === null ? "null" : typeof data,
    fix: "Give the data as [batch, time, features], or make them with tensor() or ragged().",
  });
}

function isTensor(data: unknown): data is TensorLike {
  return typeof data === "object" && data !== null && "shape" in data && "data" in data;
}

function isRagged(data: unknown): data is { readonly rows: readonly unknown[] } {
  return typeof data === "object" && data !== null && "rows" in data && Array.isArray(data.rows);
}

/** All numbers of a row in order; every step of a sequence has the same size. */
function flattened(row: unknown, wanted: Wanted): ArrayLike<number> {
  if (typeof row === "number") return [row];
  if (isTensor(row)) return row.data;
  if (ArrayBuffer.isView(row)) return row as Float32Array;
  if (!Array.isArray(row)) throw notANumber(wanted, row);
  if (row.every((x) => typeof x === "number")) return row as readonly number[];
  const parts = row.map((x) => flattened(x, wanted));
  const [first] = parts;
  const other = parts.find(({ length }) => length !== first?.length);
  if (other !== undefined) throw wrongSize(wanted, null, other.length);
  return parts.flatMap((part) => Array.from(part));
}

/** As the input takes it. Throws an UnrollError for fractions where integers are wanted. */
function typed(data: ArrayLike<number>, wanted: Wanted): HostArray {
  if (wanted.dtype === "float32") return data instanceof Float32Array ? data : Float32Array.from(data);
  if (data instanceof Int32Array) return data;
  const whole = Int32Array.from(data);
  const at = whole.findIndex((x, k) => x !== data[k]);
  if (at < 0) return whole;
  throw new UnrollError({
    where: wanted.where,
    expected: "whole numbers",
    got: String(data[at]),
    fix: "Tokens and classes are whole numbers; for other numbers use an input without dtype, or another loss.",
  });
}

const stepOf = ({ time, size }: Wanted): string =>
  `${size} number${size === 1 ? "" : "s"} ${time === null ? "in a row" : "a step"}`;

function wrongSize(wanted: Wanted, row: number | null, got: number): UnrollError {
  return new UnrollError({
    where: row === null ? wanted.where : `${wanted.where}, row ${row}`,
    expected: stepOf(wanted),
    got: `${got}`,
    fix: "Check the shape of the data: [batch, time, features], [batch, features], or [batch, time] for tokens.",
  });
}

function wrongLength(
  { where }: Wanted,
  row: number,
  { steps, time }: { readonly steps: number; readonly time: number },
): UnrollError {
  return new UnrollError({
    where: `${where}, row ${row}`,
    expected: `${time} steps`,
    got: `${steps}`,
    fix: "Give sequences of that length, or make the input with null for any length.",
  });
}

function notANumber({ where }: Wanted, got: unknown): UnrollError {
  return new UnrollError({
    where,
    expected: "numbers",
    got: got === null ? "null" : typeof got,
    fix: "Give nested arrays of numbers, a tensor, or ragged sequences.",
  });
}
