/**
 * Shards in memory: for every shard of a batch its frame and buffers. What the host reads or a later shard must not
 * overwrite belongs to the shard; all else is scratch that the shards of one thread share.
 */
import {
  aligned,
  arranged,
  bufferBytes,
  chunkSteps,
  type Extent,
  ringSteps,
  stepsOf,
} from "../plan/allocate.ts";
import type { Plan } from "../plan/described.ts";
import {
  activeKey,
  chunkKey,
  lengthsKey,
  ringKey,
  rowIdsKey,
  rowsKey,
  stepsKey,
} from "../plan/lower/frame.ts";
import type { Buffer } from "../plan/store.ts";
import type { Arena, Region } from "./arena.ts";
import type { ShardRows } from "./batches.ts";

const intBytes = 4;

export interface Shard {
  /** Address of the frame, in bytes. */
  readonly frame: number;
  readonly extent: Extent;
  readonly addressOf: (key: string) => number;
}

/** Dimensions of time that the frames of a plan speak of. */
export function timesOf({ frame, buffers }: Plan): readonly (string | number)[] {
  const prefixes = [stepsKey(""), activeKey(""), lengthsKey("")];
  const named = frame.flatMap((key) =>
    prefixes.filter((prefix) => key.startsWith(prefix)).map((prefix) => key.slice(prefix.length)),
  );
  const all = [
    ...named.map((time) => (/^\d+$/.test(time) ? Number(time) : time)),
    ...buffers.flatMap(({ time }) => time ?? []),
  ];
  return [...new Set(all)];
}

/** Buffers that each shard has for itself. */
export function ownBuffers(plan: Plan): ReadonlySet<Buffer> {
  const own = new Set<Buffer>(plan.inputs.map(({ buffer }) => buffer));
  for (const output of plan.outputs) if ("slot" in output) own.add(output.slot.buffer);
  for (const sum of [...plan.outputs, ...plan.gradients]) {
    if (sum === null || "slot" in sum) continue;
    for (const { values } of sum.scatters) own.add(values.buffer);
    for (const { key } of sum.pieces)
      for (const buffer of plan.buffers) if (buffer.name === key) own.add(buffer);
  }
  return own;
}

export interface ShardMemory {
  readonly shards: readonly Shard[];
  readonly region: Region;
}

export interface ShardRequest {
  readonly plan: Plan;
  readonly arena: Arena;
  /** Frame entries that all shards share: weights and panels. */
  readonly shared: ReadonlyMap<string, number>;
  /** Rows of each shard. */
  readonly rows: readonly number[];
  readonly times: Readonly<Record<string, number>>;
  readonly threads: number;
  readonly chunk: number | null;
}

/** Memory for all shards, in one region. Frames are filled; the rows' tables and the inputs are not. */
export function placeShards({ plan, arena, shared, rows, times, threads, chunk }: ShardRequest): ShardMemory {
  const own = ownBuffers(plan);
  const most = Math.max(...rows);
  const extentOf = (count: number): Extent => ({ rows: count, times, chunk: chunk ?? chunkSteps(most) });
  const cursor = { at: 0 };
  const scratchPlan = arranged(
    plan.buffers.filter((buffer) => !own.has(buffer)),
    extentOf(most),
    plan.lives,
  );
  const scratch = Array.from({ length: Math.min(threads, rows.length) }, () =>
    taken(cursor, scratchPlan.bytes),
  );
  const places = rows.map((count, k) => {
    const extent = extentOf(count);
    const entries = new Map<string, number>();
    for (const [name, offset] of scratchPlan.offsets) entries.set(name, (scratch[k % threads] ?? 0) + offset);
    for (const buffer of own) entries.set(buffer.name, taken(cursor, bufferBytes(buffer, extent)));
    for (const { key, rows: sumRows, stride } of plan.sums)
      entries.set(key, taken(cursor, sumRows * stride * intBytes));
    for (const time of timesOf(plan)) {
      entries.set(activeKey(time), taken(cursor, stepsOf(time, extent) * intBytes));
      entries.set(lengthsKey(time), taken(cursor, count * intBytes));
    }
    entries.set(rowIdsKey, taken(cursor, count * intBytes));
    return { extent, entries, frame: taken(cursor, plan.frame.length * intBytes) };
  });
  const region = arena.take(cursor.at);
  const shards = places.map(({ extent, entries, frame }) => {
    const addressOf = (key: string): number => shared.get(key) ?? region.start + (entries.get(key) ?? 0);
    const numbers = new Map<string, number>([
      [rowsKey, extent.rows],
      [chunkKey, extent.chunk],
      [ringKey, ringSteps(extent.chunk) - 1],
    ]);
    for (const time of timesOf(plan)) numbers.set(stepsKey(time), stepsOf(time, extent));
    const at = region.start + frame;
    plan.frame.forEach((key, k) => {
      arena.int32[at / intBytes + k] = numbers.get(key) ?? addressOf(key);
    });
    return { frame: at, extent, addressOf };
  });
  return { shards, region };
}

function taken(cursor: { at: number }, bytes: number): number {
  const start = cursor.at;
  cursor.at += aligned(bytes);
  return start;
}

/** Which rows a shard has, for its kernels. */
export function writeRows(
  arena: Arena,
  shard: Shard,
  { rows, lengths, active }: ShardRows,
  firstRow: number,
): void {
  const ints = arena.int32;
  ints.set(
    rows.map((row) => row + firstRow),
    shard.addressOf(rowIdsKey) / intBytes,
  );
  for (const [time, values] of Object.entries(lengths))
    ints.set(values, shard.addressOf(lengthsKey(time)) / intBytes);
  for (const [time, values] of Object.entries(active))
    ints.set(values, shard.addressOf(activeKey(time)) / intBytes);
}
