/**
 * A batch as the kernels want it: rows sorted by length, longest first, so that rows drop out of the step loop as they
 * end; cut into shards; sequences time-major.
 */
import { UnrollError } from "../../errors.ts";
import type { Batch } from "./device.ts";

export interface ShardRows {
  /** The row of the batch that each row of the shard is. */
  readonly rows: Int32Array;
  /** All rows of full length, one after the other as in the batch: they can be copied at once. */
  readonly even: boolean;
  /** Real steps of each row, by dimension of time; longest first in every dimension. */
  readonly lengths: Readonly<Record<string, Int32Array>>;
  /** Rows that take part at each step, by dimension of time. */
  readonly active: Readonly<Record<string, Int32Array>>;
}

/** Shards of at most `size` rows. `times` are the steps of every dimension that the plan speaks of. */
export function shardsOf(
  batch: Batch,
  size: number,
  times: Readonly<Record<string, number>>,
): readonly ShardRows[] {
  const given = Object.entries(batch.lengths ?? {}).filter(([time, lengths]) =>
    lengths.some((length) => length !== times[time]),
  );
  const order = Int32Array.from({ length: batch.rows }, (_, row) => row);
  if (given.length > 0) order.sort((a, b) => longerFirst(given, a, b) || a - b);
  refuseUnsorted(given, order);
  const shards: ShardRows[] = [];
  for (let start = 0; start < batch.rows; start += size) {
    const rows = order.slice(start, start + size);
    const lengths: Record<string, Int32Array> = {};
    const active: Record<string, Int32Array> = {};
    for (const [time, steps] of Object.entries(times)) {
      const all = batch.lengths?.[time];
      const own = Int32Array.from(rows, (row) => Math.min(all?.[row] ?? steps, steps));
      lengths[time] = own;
      active[time] = activeRows(own, steps);
    }
    shards.push({ rows, even: given.length === 0, lengths, active });
  }
  return shards;
}

/** How many of the sorted rows are longer than each step. */
function activeRows(lengths: Int32Array, steps: number): Int32Array {
  const active = new Int32Array(steps);
  let row = lengths.length;
  for (let step = 0; step < steps; step++) {
    while (row > 0 && (lengths[row - 1] ?? 0) <= step) row--;
    active[step] = row;
  }
  return active;
}

type Given = readonly (readonly [time: string, lengths: Int32Array])[];

function longerFirst(given: Given, a: number, b: number): number {
  for (const [, lengths] of given) {
    const difference = (lengths[b] ?? 0) - (lengths[a] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Lengths that follow from others, a row that is longer in one being no shorter in the next, are sorted with them. */
function refuseUnsorted(given: Given, order: Int32Array): void {
  const unsorted = given.filter(([, lengths]) =>
    order.some((row, k) => (lengths[row] ?? 0) > (lengths[order[k - 1] ?? row] ?? 0)),
  );
  if (unsorted.length === 0) return;
  throw new UnrollError({
    where: "a batch",
    expected: "sequences of different lengths in one dimension of time, and in those that follow from it",
    got: `different lengths in ${given.map(([time]) => `"${time}"`).join(" and ")}`,
    fix: 'Pad all but one to the same length, or use setDevice("reference").',
  });
}
