/**
 * Shards in memory: for every shard of a batch its frame and buffers. What the host writes or reads, or is summed over
 * the shards, belongs to the shard; all else is scratch that the shards of one thread share.
 */
import {
  aligned,
  arranged,
  bufferBytes,
  chunkSteps,
  type Extent,
  ringSteps,
  segmentSteps,
  stepsIn,
  stepsOf,
  wholeChunks,
} from "../plan/allocate.ts";
import { show } from "../plan/debug.ts";
import type { Plan, RowsPlan } from "../plan/described.ts";
import {
  activeKey,
  chunkKey,
  lengthsKey,
  ringKey,
  rowIdsKey,
  rowsKey,
  segmentKey,
  segmentRingKey,
  stepsKey,
} from "../plan/lower/frame.ts";
import { printPlan } from "../plan/print.ts";
import type { Buffer } from "../plan/store.ts";
import type { Arena, Region } from "./arena.ts";
import type { ShardRows } from "./batches.ts";
import { isInputStaged, stagedFloats } from "./transfer.ts";

const intBytes = 4;
/** More steps than anything has; sums with it are ints still. */
const noSegment = 2 ** 30;
/** Lists of calls and of frames are short. */
const listBytes = 2 ** 15;

export interface Shard {
  /** Address of the frame, in bytes. */
  readonly frame: number;
  readonly extent: Extent;
  readonly held: boolean;
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
function ownBuffers(plan: Plan, reach: Pick<Extent, "rows" | "times">, held: boolean): ReadonlySet<Buffer> {
  const own = new Set<Buffer>();
  for (const { buffer } of plan.inputs) if (!isInputStaged(buffer, reach)) own.add(buffer);
  for (const { slot, time } of outputsOf(plan)) if (held || stepsIn(time, reach) === 1) own.add(slot.buffer);
  const sums = [...plan.outputs, ...plan.gradients].flatMap((sum) =>
    sum === null || "slot" in sum ? [] : [sum],
  );
  for (const { scatters, pieces } of sums) {
    for (const { index, values } of scatters) own.add(index.buffer).add(values.buffer);
    const keys = new Set(pieces.map(({ key }) => key));
    for (const buffer of plan.buffers) if (keys.has(buffer.name)) own.add(buffer);
  }
  return own;
}

const outputsOf = ({ outputs }: Plan): readonly RowsPlan[] =>
  outputs.flatMap((output) => ("slot" in output ? [output] : []));

/** Outputs are turned when all has been run: until then nothing else may stand in their place. */
function livesWithin(plan: Plan, lives: Plan["lives"]): Plan["lives"] {
  const outputs = new Set(outputsOf(plan).map(({ slot }) => slot.buffer));
  return new Map([...lives].filter(([buffer]) => !outputs.has(buffer)));
}

export interface ShardMemory {
  readonly shards: readonly Shard[];
  /** Whether outputs stay in their buffers until they are read. */
  readonly held: boolean;
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
  /** Outputs may be read one by one, or not at all. */
  readonly held: boolean;
  readonly chunk: number | null;
  /** Set for tests: segments of so many steps, whether or not there is room for every step. */
  readonly segment: number | null;
  /** Gives back what others can do without. */
  readonly makeRoom: () => void;
}

/**
 * Memory for all shards, in one region. Frames are filled; the rows' tables and the inputs are not. Every step is kept
 * where there is room for it, else values that can be computed again are kept in segments (plan/checkpoint.ts). Outputs
 * stay in their buffers, whose rows are whole vectors, only where there is room for those of every shard.
 */
export function placeShards(request: ShardRequest): ShardMemory {
  const { plan, arena, makeRoom } = request;
  const whole = arrangedShards(request, null);
  const needed = whole.bytes + furtherBytes(request);
  if (needed > arena.room) makeRoom();
  if (request.held && needed > arena.room) return placeShards({ ...request, held: false });
  const short = request.segment !== null || needed > arena.room;
  if (!short || plan.replays.length === 0) return filled(request, whole);
  const extent = extentFor(request, Math.max(...request.rows), null);
  const segment = wholeChunks(request.segment ?? segmentSteps(plan, extent), extent.chunk);
  show("plan", `in segments of ${segment} steps`, () => printPlan(plan, { segments: true }));
  return filled(request, arrangedShards(request, segment));
}

/** What a binding takes besides the shards: room for sums, for lists of calls. */
function furtherBytes({ plan }: ShardRequest): number {
  const sums = [...plan.outputs, ...plan.gradients].map((sum) =>
    sum !== null && "size" in sum ? sum.size : 0,
  );
  return sums.reduce((bytes, size) => bytes + aligned(size * intBytes), listBytes);
}

function extentFor(
  { plan, rows, times, chunk }: ShardRequest,
  count: number,
  segment: number | null,
): Extent {
  return { rows: count, times, chunk: chunk ?? chunkSteps(plan.target, Math.max(...rows)), segment };
}

interface ArrangedShard {
  readonly extent: Extent;
  /** Places in the region, in bytes. */
  readonly entries: ReadonlyMap<string, number>;
  readonly frame: number;
}
interface ArrangedShards {
  readonly places: readonly ArrangedShard[];
  readonly bytes: number;
}

function arrangedShards(request: ShardRequest, segment: number | null): ArrangedShards {
  const { plan, rows, threads, held } = request;
  const own = ownBuffers(plan, extentFor(request, Math.max(...rows), segment), held);
  const extentOf = (count: number): Extent => extentFor(request, count, segment);
  const cursor = { at: 0 };
  const scratchPlan = arranged(
    plan.buffers.filter((buffer) => !own.has(buffer)),
    extentOf(Math.max(...rows)),
    livesWithin(plan, segment === null ? plan.lives : plan.segmentLives),
  );
  const scratch = Array.from({ length: Math.min(threads, rows.length) }, () =>
    taken(cursor, scratchPlan.bytes),
  );
  const places = rows.map((count, k) => {
    const extent = extentOf(count);
    const entries = new Map<string, number>();
    for (const [name, offset] of scratchPlan.offsets) entries.set(name, (scratch[k % threads] ?? 0) + offset);
    for (const buffer of own) entries.set(buffer.name, taken(cursor, bufferBytes(buffer, extent)));
    for (const [key, floats] of stagedFloats(plan, extent, held))
      entries.set(key, taken(cursor, floats * intBytes));
    for (const { key, rows: sumRows, stride } of plan.sums)
      entries.set(key, taken(cursor, sumRows * stride * intBytes));
    for (const time of timesOf(plan)) {
      entries.set(activeKey(time), taken(cursor, stepsOf(time, extent) * intBytes));
      entries.set(lengthsKey(time), taken(cursor, count * intBytes));
    }
    entries.set(rowIdsKey, taken(cursor, count * intBytes));
    return { extent, entries, frame: taken(cursor, plan.frame.length * intBytes) };
  });
  return { places, bytes: cursor.at };
}

/** The memory, and in it the frames. */
function filled({ plan, arena, shared, held }: ShardRequest, { places, bytes }: ArrangedShards): ShardMemory {
  const region = arena.take(bytes);
  const shards = places.map(({ extent, entries, frame }) => {
    const addressOf = (key: string): number => shared.get(key) ?? region.start + (entries.get(key) ?? 0);
    const numbers = new Map<string, number>([
      [rowsKey, extent.rows],
      [chunkKey, extent.chunk],
      [ringKey, ringSteps(extent.chunk) - 1],
      [segmentKey, extent.segment ?? noSegment],
      [segmentRingKey, extent.segment === null ? -1 : ringSteps(extent.segment) - 1],
    ]);
    for (const time of timesOf(plan)) numbers.set(stepsKey(time), stepsOf(time, extent));
    const at = region.start + frame;
    plan.frame.forEach((key, k) => {
      arena.int32[at / intBytes + k] = numbers.get(key) ?? addressOf(key);
    });
    return { frame: at, extent, held, addressOf };
  });
  return { shards, held, region };
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
