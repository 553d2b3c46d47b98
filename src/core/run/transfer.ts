/**
 * Host arrays into the arena and out of it: batch-major outside, time-major inside. Rows are copied whole, to or from a
 * place of their own in the arena, and turned there by compiled code (host copies step by step: RNN 32, 32, 128, 500
 * 1.3 times the training step; npm run bench -- training).
 */
import { stepsOf } from "../plan/allocate.ts";
import type { Plan, RowsPlan } from "../plan/described.ts";
import type { Arena, Region } from "./arena.ts";
import type { ShardRows } from "./batches.ts";
import type { Batch, HostArray } from "./device.ts";
import type { Shard } from "./shards.ts";

const floatBytes = 4;

/** See lower/turn.ts: from, to, rows, steps, and the bytes between rows and steps there and here, and of one. */
export type Turn = (
  ...inputs: readonly [number, number, number, number, number, number, number, number, number]
) => void;

/** What moving arrays takes besides the arrays. */
export interface Transfer {
  readonly arena: Arena;
  readonly plan: Plan;
  /** Room for one array of one shard. */
  readonly staging: Region;
  readonly turn: Turn;
}

/** Puts a shard's rows of every input where its kernels read them. */
export function writeInputs(
  { arena, plan, staging, turn }: Transfer,
  shard: Shard,
  shardRows: ShardRows,
  batch: Batch,
): void {
  for (let k = 0; k < plan.inputs.length; k++) {
    const { buffer } = plan.inputs[k]!;
    const values = batch.inputs[k]!;
    const memory = values instanceof Int32Array ? arena.int32 : arena.float32;
    const at = shard.addressOf(buffer.name);
    if (buffer.rows !== "rows") {
      copy(memory, at / floatBytes, values, 0, values.length);
      continue;
    }
    const rows = shardRows.rows.length;
    const steps = buffer.time === null ? 1 : stepsOf(buffer.time, shard.extent);
    const turned = steps > 1 && rows > 1;
    copyRows(memory, (turned ? staging.start : at) / floatBytes, values, shardRows, steps * buffer.stride);
    if (!turned) continue;
    const bytes = buffer.stride * floatBytes;
    turn(staging.start, at, rows, steps, steps * bytes, bytes, bytes, rows * bytes, bytes);
  }
}

function copyRows(
  memory: HostArray,
  to: number,
  values: HostArray,
  { rows, even }: ShardRows,
  size: number,
): void {
  if (even) return copy(memory, to, values, rows[0]! * size, rows.length * size);
  for (let r = 0; r < rows.length; r++) copy(memory, to + r * size, values, rows[r]! * size, size);
}

/** Takes a shard's rows of an output; steps beyond a row's length stay as they are in `into`. */
export function readRows(
  { arena, staging, turn }: Transfer,
  { slot, time, width }: RowsPlan,
  shard: Shard,
  { rows, even, lengths }: ShardRows,
  into: Float32Array,
): void {
  const steps = time === null ? 1 : stepsOf(time, shard.extent);
  const rowBytes = slot.buffer.stride * floatBytes;
  const bytes = width * floatBytes;
  const stepBytes = rows.length * rowBytes;
  const start =
    shard.addressOf(slot.buffer.name) +
    slot.column * floatBytes +
    (time === null ? 0 : slot.shift * stepBytes);
  const alone = steps === 1 && rows.length === 1;
  if (!alone)
    turn(start, staging.start, rows.length, steps, rowBytes, stepBytes, steps * bytes, bytes, bytes);
  const first = (alone ? start : staging.start) / floatBytes;
  const size = steps * width;
  if (even) return copy(into, rows[0]! * size, arena.float32, first, rows.length * size);
  for (let r = 0; r < rows.length; r++) {
    const real = time === null ? 1 : (lengths[time]?.[r] ?? steps);
    copy(into, rows[r]! * size, arena.float32, first + r * size, real * width);
  }
}

/** Much at once is worth a call of `set`; for little it costs more than the numbers. */
const much = 512; // a step of LSTM 128 in 4 streams without a view; above that a view a call

function copy(into: HostArray, to: number, from: HostArray, at: number, length: number): void {
  if (length >= much) into.set(from.subarray(at, at + length), to);
  else for (let k = 0; k < length; k++) into[to + k] = from[at + k]!;
}
