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
import type { Exported } from "./tasks.ts";

const floatBytes = 4;

/** What moving arrays takes besides the arrays. */
export interface Transfer {
  readonly arena: Arena;
  readonly plan: Plan;
  /** Room for one array of one shard. */
  readonly staging: Region;
  /** See lower/turn.ts. */
  readonly turn: Exported;
}

/** Floats of the largest array that a shard takes or gives. */
export function largestArray({ inputs, outputs }: Plan, { extent }: Shard): number {
  const steps = (time: string | number | null): number => (time === null ? 1 : stepsOf(time, extent));
  const sizes = [
    ...inputs.map(({ buffer }) => (buffer.rows === "rows" ? steps(buffer.time) * buffer.stride : 0)),
    ...outputs.map((output) => ("slot" in output ? steps(output.time) * output.width : 0)),
  ];
  return extent.rows * Math.max(0, ...sizes);
}

/** Puts a shard's rows of every input where its kernels read them. */
export function writeInputs(
  { arena, plan, staging, turn }: Transfer,
  shard: Shard,
  { rows }: ShardRows,
  batch: Batch,
): void {
  plan.inputs.forEach(({ buffer }, k) => {
    const values = batch.inputs[k] as HostArray;
    const memory = values instanceof Int32Array ? arena.int32 : arena.float32;
    const at = shard.addressOf(buffer.name);
    if (buffer.rows !== "rows") return memory.set(values, at / floatBytes);
    const steps = buffer.time === null ? 1 : stepsOf(buffer.time, shard.extent);
    const size = steps * buffer.stride;
    const turned = steps > 1 && rows.length > 1;
    const first = (turned ? staging.start : at) / floatBytes;
    for (let r = 0; r < rows.length; r++) copy(memory, first + r * size, values, (rows[r] ?? 0) * size, size);
    if (!turned) return;
    const bytes = buffer.stride * floatBytes;
    turn(staging.start, at, rows.length, steps, steps * bytes, bytes, bytes, rows.length * bytes, bytes);
  });
}

/** Takes a shard's rows of an output; steps beyond a row's length stay as they are in `into`. */
export function readRows(
  { arena, staging, turn }: Transfer,
  { slot, time, width }: RowsPlan,
  shard: Shard,
  { rows, lengths }: ShardRows,
  into: Float32Array,
): void {
  const steps = time === null ? 1 : stepsOf(time, shard.extent);
  const [rowBytes, bytes] = [slot.buffer.stride * floatBytes, width * floatBytes];
  const stepBytes = rows.length * rowBytes;
  const start =
    shard.addressOf(slot.buffer.name) +
    slot.column * floatBytes +
    (time === null ? 0 : slot.shift * stepBytes);
  const alone = steps === 1 && rows.length === 1;
  if (!alone)
    turn(start, staging.start, rows.length, steps, rowBytes, stepBytes, steps * bytes, bytes, bytes);
  const first = (alone ? start : staging.start) / floatBytes;
  for (let r = 0; r < rows.length; r++) {
    const real = time === null ? 1 : (lengths[time]?.[r] ?? steps);
    copy(into, (rows[r] ?? 0) * steps * width, arena.float32, first + r * steps * width, real * width);
  }
}

/** Much at once is worth a call of `set`; for little it costs more than the numbers. */
const much = 32;

function copy(into: HostArray, to: number, from: HostArray, at: number, length: number): void {
  if (length >= much) into.set(from.subarray(at, at + length), to);
  else for (let k = 0; k < length; k++) into[to + k] = from[at + k]!;
}
