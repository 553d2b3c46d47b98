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
  /** Real steps of each row, by dimension of time; longest first in the first dimension that has lengths. */
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
  refuseTwo(given.map(([time]) => time));
  const order = Int32Array.from({ length: batch.rows }, (_, row) => row);
  const [first] = given;
  if (first !== undefined) order.sort((a, b) => (first[1][b] ?? 0) - (first[1][a] ?? 0) || a - b);
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
    shards.push({ rows, even: first === undefined, lengths, active });
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

function refuseTwo(times: readonly string[]): void {
  if (times.length < 2) return;
  throw new UnrollError({
    where: "a batch",
    expected: "sequences of different lengths in one dimension of time",
    got: `different lengths in ${times.map((time) => `"${time}"`).join(" and ")}`,
    fix: 'Pad all but one to the same length, or use setDevice("reference").',
  });
}
