/**
 * Data as they are given (nested arrays, tensors, ragged sequences) as columns: the rows of one input, checked, in the
 * dtype of that input. Nothing is padded here.
 */
import type { Dim, DType } from "../../core/graph/nodes.ts";
import type { HostArray } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import { atOnce, type Pieces } from "../breath.ts";
import { isLayer } from "../layers/layer.ts";
import { spelt } from "../options.ts";
import type { Axes } from "../symbols.ts";
import type { End, Network } from "./network.ts";
import { isRagged } from "./ragged.ts";
import { listed } from "./structure.ts";
import { converted, firstWhere, flattened, isTensor, sizeOf } from "./tensor.ts";

/** All rows of one input, target or weight. */
export interface Column {
  readonly rows: number;
  readonly dtype: DType;
  /** Numbers in one step, or in a row where there is no time. */
  readonly size: number;
  /** The dimension of time; null where there is none. */
  readonly time: Dim | null;
  /** Steps of each row; 1 where there is no time. */
  readonly lengths: Int32Array;
  /** Whether the sequences were given as ones of different lengths. */
  readonly ragged: boolean;
  /** Row `k`, `[steps, size]`. */
  readonly row: (k: number) => HostArray;
}

/** What a column has to be. */
export interface Asked {
  /** Without the batch. */
  readonly axes: Axes;
  readonly dtype: DType;
  readonly time: Dim | null;
  /** Tokens are 0 to tokens - 1. */
  readonly tokens?: number;
  /** Whether a last axis of 1 may be left out. */
  readonly expand?: boolean;
}

/** One column for each input of the network. */
export function* columnsOf(network: Network, x: unknown, where: string): Pieces<readonly Column[]> {
  const given = listed(network.inputsAs, x, where);
  const several = given.length > 1;
  const columns: Column[] = [];
  for (const [k, end] of network.inputs.entries()) {
    const place = several ? `${where}, "${end.name}"` : where;
    columns.push(yield* columnPieces(given[k], askedBy(network, end), place));
  }
  refuseUnlike(network, columns, where);
  return columns;
}

export function askedBy(network: Network, { symbol, time }: End): Asked {
  const limits = network.calls.flatMap(({ by, inputs }) =>
    isLayer(by) && by.tokens !== undefined && inputs.includes(symbol) ? by.tokens : [],
  );
  const asked = { axes: symbol.axes, dtype: symbol.dtype, time };
  return limits.length > 0 ? { ...asked, tokens: Math.min(...limits) } : asked;
}

/** `values` as a column. Throws an UnrollError that names the array and the row where something is wrong. */
export const columnOf = (values: unknown, asked: Asked, where: string): Column =>
  atOnce(columnPieces(values, asked, where));

/** Numbers that are read in a millisecond. */
const pieceOf = 2 ** 14;

/** The same in pieces. */
export function* columnPieces(values: unknown, asked: Asked, where: string): Pieces<Column> {
  const { rows, rowAt } = rowsOf(values, where);
  const shapes: (readonly number[])[] = [];
  const all: HostArray[] = [];
  let read = 0;
  for (let k = 0; k < rows; k++) {
    const place = `${where}, row ${k}`;
    const { shape, data } = rowAt(k, place);
    shapes.push(checkedShape(shape, asked, place));
    all.push(within(converted(data, asked.dtype, place), asked, place));
    read += data.length + 1;
    if (read < pieceOf) continue;
    read = 0;
    yield;
  }
  const size = sizeOf(asked.axes.slice(asked.time === null ? 0 : 1).map((axis) => axis ?? 1));
  return {
    rows,
    dtype: asked.dtype,
    size,
    time: asked.time,
    lengths: Int32Array.from(shapes, (shape) => (asked.time === null ? 1 : (shape[0] ?? 0))),
    ragged: asked.time !== null && (isRagged(values) || shapes.some((shape) => shape[0] !== shapes[0]?.[0])),
    row: (k) => all[k] as HostArray,
  };
}

interface Row {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

interface Rows {
  readonly rows: number;
  readonly rowAt: (k: number, where: string) => Row;
}

/** Each takes memory of its own, also where it holds no numbers. */
const mostRows = 2 ** 25;

function rowsOf(values: unknown, where: string): Rows {
  const found = rowsIn(values, where);
  if (found.rows > 0 && found.rows <= mostRows) return found;
  const [expected, got] =
    found.rows > 0 ? [`at most ${mostRows} rows`, `${found.rows}`] : ["at least one row", "none"];
  throw new UnrollError({ where, expected, got, fix: "Give a batch: [batch, ...]." });
}

function rowsIn(values: unknown, where: string): Rows {
  if (isRagged(values))
    return { rows: values.rows.length, rowAt: (k, place) => rowOf(values.rows[k], place) };
  if (isTensor(values)) {
    const [rows = 0, ...shape] = values.shape;
    const size = sizeOf(shape);
    return { rows, rowAt: (k) => ({ shape, data: values.data.subarray(k * size, (k + 1) * size) }) };
  }
  if (Array.isArray(values)) return { rows: values.length, rowAt: (k, place) => rowOf(values[k], place) };
  throw new UnrollError({
    where,
    expected: "nested arrays, a tensor or a ragged batch",
    got: spelt(values),
    fix: ArrayBuffer.isView(values)
      ? "Give it a shape: tensor(values, [batch, time, features])."
      : "Give one of these.",
  });
}

function rowOf(row: unknown, where: string): Row {
  if (isTensor(row)) return row;
  return ArrayBuffer.isView(row) && !(row instanceof DataView)
    ? { shape: [(row as unknown as ArrayLike<number>).length], data: row as unknown as ArrayLike<number> }
    : flattened(row, where);
}

function checkedShape(
  shape: readonly number[],
  { axes, expand = false, time }: Asked,
  where: string,
): readonly number[] {
  const full = expand && axes.at(-1) === 1 && shape.length === axes.length - 1 ? [...shape, 1] : shape;
  const empty = time !== null && full[0] === 0;
  const fits =
    full.length === axes.length && full.every((length, k) => axes[k] === null || axes[k] === length);
  if (fits || (empty && axes[0] === null)) return full;
  const wanted = axes.map((axis, k) => axis ?? (k === 0 ? "time" : "any"));
  throw new UnrollError({
    where,
    expected: `[${wanted.join(", ")}]`,
    got: `[${shape.join(", ")}]`,
    fix:
      full.length === axes.length - 1
        ? "The batch is the first axis: put one more pair of brackets around a single example."
        : "Check the number of axes and of features.",
  });
}

function within(data: HostArray, { tokens }: Asked, where: string): HostArray {
  if (tokens === undefined) return data;
  const wrong = firstWhere(data, (token) => token < 0 || token >= tokens);
  if (wrong < 0) return data;
  throw new UnrollError({
    where: `${where}, token ${wrong}`,
    expected: `tokens from 0 to ${tokens - 1}`,
    got: String(data[wrong]),
    fix: "Raise inputDim of the embedding, or check how the tokens were made.",
  });
}

/** Inputs of one batch have the same rows, and those of one dimension of time the same lengths. */
function refuseUnlike(network: Network, columns: readonly Column[], where: string): void {
  const [first] = columns;
  columns.forEach((column, k) => {
    const name = network.inputs[k]?.name ?? "";
    const fault = (expected: string, got: string, fix: string): UnrollError =>
      new UnrollError({ where: `${where}, "${name}"`, expected, got, fix });
    if (first && column.rows !== first.rows)
      throw fault(
        `${first.rows} rows, as in "${network.inputs[0]?.name}"`,
        String(column.rows),
        "Give every input the same rows.",
      );
    const other = columns.findIndex(({ time }) => typeof time === "string" && time === column.time);
    const before = columns[other];
    const row = before?.lengths.findIndex((length, at) => length !== column.lengths[at]) ?? -1;
    if (row >= 0)
      throw fault(
        `${before?.lengths[row]} steps in row ${row}, as in "${network.inputs[other]?.name}"`,
        String(column.lengths[row]),
        "These inputs meet step by step: give them sequences of the same lengths.",
      );
  });
}

/** The rows of `order` side by side, `[rows, steps, size]`, zeros after the end of each. */
export function gathered(column: Column, order: ArrayLike<number>, steps: number): HostArray {
  const width = steps * column.size;
  const array = new (column.dtype === "int32" ? Int32Array : Float32Array)(order.length * width);
  for (let k = 0; k < order.length; k++) array.set(column.row(order[k] as number), k * width);
  return array;
}
