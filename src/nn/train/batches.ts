/**
 * From data to batches: the order of an epoch, the rows of a batch side by side, the pieces of a batch in time.
 *
 * Sequences of different lengths stay as they are; in a batch each begins at step 0 and is followed by zeros, and the
 * device is told the lengths.
 */

import type { Dim } from "../../core/graph/nodes.ts";
import type { HostArray } from "../../core/run/device.ts";
import { keyOf, permutation } from "../../core/run/random.ts";
import { type Column, gathered } from "../model/data.ts";

export interface Dataset {
  readonly rows: number;
  readonly inputs: readonly Column[];
  readonly targets: readonly Column[];
  readonly sampleWeight: Column | null;
  readonly classWeight: ReadonlyMap<number, number> | null;
  /** The dimensions of time in which rows differ in length. */
  readonly ragged: ReadonlySet<string>;
}
/** One batch, or a piece of one, host arrays `[rows, time, ...]`. */
export interface Feed {
  readonly rows: number;
  readonly times: Readonly<Record<string, number>>;
  /** For the dimensions in which rows differ in length. */
  readonly lengths: Readonly<Record<string, Int32Array>>;
  readonly inputs: readonly HostArray[];
  readonly targets: readonly HostArray[];
  readonly targetTimes: readonly (Dim | null)[];
  /** Of a piece: the targets of the step before its first, `[rows, ...]`; null where there is none. */
  readonly targetsBefore: readonly (HostArray | null)[];
  /** `[rows]` or `[rows, time]`. */
  readonly sampleWeight: Float32Array | null;
  readonly classWeight: ReadonlyMap<number, number> | null;
}

/** The rows `from` up to `to` of a data set. */
export function part(dataset: Dataset, from: number, to: number): Dataset {
  const cut = (column: Column): Column => ({
    ...column,
    rows: to - from,
    lengths: column.lengths.subarray(from, to),
    row: (k) => column.row(from + k),
  });
  const { inputs, targets, sampleWeight } = dataset;
  return {
    ...dataset,
    rows: to - from,
    inputs: inputs.map(cut),
    targets: targets.map(cut),
    sampleWeight: sampleWeight && cut(sampleWeight),
  };
}

/** The rows in the order of an epoch: a function of seed and epoch. */
export function orderOf(
  rows: number,
  shuffled: { readonly seed: number; readonly epoch: number } | null,
): Uint32Array {
  if (shuffled === null) return Uint32Array.from({ length: rows }, (_, k) => k);
  return permutation(keyOf(shuffled.seed, "order", shuffled.epoch), rows);
}

/** The rows of `order` side by side. */
export function feedOf(dataset: Dataset, order: Uint32Array): Feed {
  const { inputs, targets, sampleWeight, classWeight, ragged } = dataset;
  const times: Record<string, number> = {};
  const lengths: Record<string, Int32Array> = {};
  for (const { time, lengths: all } of [...inputs, ...targets]) {
    if (typeof time !== "string" || times[time] !== undefined) continue;
    const own = Int32Array.from(order, (row) => all[row] ?? 0);
    times[time] = own.reduce((most, length) => Math.max(most, length), 1);
    if (ragged.has(time)) lengths[time] = own;
  }
  return {
    rows: order.length,
    times,
    lengths,
    inputs: inputs.map((column) => gathered(column, order, stepsIn(column.time, times))),
    targets: targets.map((column) => gathered(column, order, stepsIn(column.time, times))),
    targetTimes: targets.map(({ time }) => time),
    targetsBefore: targets.map(() => null),
    sampleWeight:
      sampleWeight && (gathered(sampleWeight, order, stepsIn(sampleWeight.time, times)) as Float32Array),
    classWeight,
  };
}

const stepsIn = (time: Dim | null, times: Readonly<Record<string, number>>): number =>
  typeof time === "string" ? (times[time] ?? 1) : (time ?? 1);

export interface Span {
  readonly time: string;
  readonly from: number;
  readonly to: number;
}
/** The steps `from` up to `to` of the dimension `time`; what has another time, or none, is there in every piece. */
export function piece(feed: Feed, dataset: Dataset, { time, from, to }: Span): Feed {
  const all = feed.times[time] ?? 0;
  const end = Math.min(to, all);
  const cut = (array: HostArray, column: Column): HostArray =>
    column.time === time ? between(array, { rows: feed.rows, size: column.size, all, from, end }) : array;
  const lengths = Object.entries(feed.lengths).map(([name, own]): [string, Int32Array] => [
    name,
    name === time ? own.map((length) => Math.min(Math.max(length - from, 0), end - from)) : own,
  ]);
  const { sampleWeight } = dataset;
  return {
    ...feed,
    times: { ...feed.times, [time]: end - from },
    lengths: Object.fromEntries(lengths),
    inputs: feed.inputs.map((array, k) => cut(array, dataset.inputs[k] as Column)),
    targets: feed.targets.map((array, k) => cut(array, dataset.targets[k] as Column)),
    targetsBefore: feed.targets.map((array, k) => {
      const { time: own, size } = dataset.targets[k] as Column;
      const before = { rows: feed.rows, size, all, from: from - 1, end: from };
      return own === time && from > 0 ? between(array, before) : null;
    }),
    sampleWeight: feed.sampleWeight && sampleWeight && (cut(feed.sampleWeight, sampleWeight) as Float32Array),
  };
}

interface Window {
  readonly rows: number;
  readonly size: number;
  readonly all: number;
  readonly from: number;
  readonly end: number;
}

function between(array: HostArray, { rows, size, all, from, end }: Window): HostArray {
  const width = (end - from) * size;
  const out = array instanceof Int32Array ? new Int32Array(rows * width) : new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    out.set(array.subarray((row * all + from) * size, (row * all + end) * size), row * width);
  }
  return out;
}
