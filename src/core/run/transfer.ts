/** Host arrays into the arena and out of it: batch-major outside, time-major inside. */
import { stepsOf } from "../plan/allocate.ts";
import type { Plan, RowsPlan } from "../plan/described.ts";
import type { Arena } from "./arena.ts";
import type { ShardRows } from "./batches.ts";
import type { Batch, HostArray } from "./device.ts";
import type { Shard } from "./shards.ts";

/** Puts a shard's rows of every input where its kernels read them. */
export function writeInputs(arena: Arena, plan: Plan, shard: Shard, { rows }: ShardRows, batch: Batch): void {
  plan.inputs.forEach(({ buffer }, k) => {
    const values = batch.inputs[k] as HostArray;
    const memory = values instanceof Int32Array ? arena.int32 : arena.float32;
    const at = shard.addressOf(buffer.name) / 4;
    if (buffer.rows !== "rows") return memory.set(values, at);
    const steps = buffer.time === null ? 1 : stepsOf(buffer.time, shard.extent);
    const { stride } = buffer;
    for (let r = 0; r < rows.length; r++) {
      const from = (rows[r] ?? 0) * steps * stride;
      for (let t = 0; t < steps; t++)
        copy(memory, at + (t * rows.length + r) * stride, values, from + t * stride, stride);
    }
  });
}

/** Takes a shard's rows of an output; steps beyond a row's length stay as they are in `into`. */
export function readRows(
  arena: Arena,
  { slot, time, width }: RowsPlan,
  shard: Shard,
  { rows, lengths }: ShardRows,
  into: Float32Array,
): void {
  const memory = arena.float32;
  const steps = time === null ? 1 : stepsOf(time, shard.extent);
  const { stride } = slot.buffer;
  const base = shard.addressOf(slot.buffer.name) / 4 + slot.column;
  for (let r = 0; r < rows.length; r++) {
    const real = time === null ? 1 : (lengths[time]?.[r] ?? steps);
    for (let t = 0; t < real; t++) {
      const at = base + ((time === null ? 0 : t + slot.shift) * rows.length + r) * stride;
      copy(into, ((rows[r] ?? 0) * steps + t) * width, memory, at, width);
    }
  }
}

/** Wide rows are worth a call of `set`; in narrow ones it costs more than the numbers. */
const wide = 16;

function copy(into: HostArray, to: number, from: HostArray, at: number, length: number): void {
  if (length >= wide) into.set(from.subarray(at, at + length), to);
  else for (let k = 0; k < length; k++) into[to + k] = from[at + k]!;
}
