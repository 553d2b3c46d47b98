/** Allocate: the bytes of every buffer for a batch at hand, and the numbers that decide them. */

import type { Plan } from "./described.ts";
import { blockFloats, panelBlocks } from "./lower/pack.ts";
import type { Buffer } from "./store.ts";

const floatBytes = 4;
/** A shard has few rows while the packed weights fit the second-level cache, so that its chunks fit there too. */
const cacheBytes = 2 * 2 ** 20;
const mostShards = 16;
/** Rows times steps of a chunk: its values stay in the second-level cache until the weight gradients use them. */
const chunkCells = 96;

/** What decides the size of every buffer. */
export interface Extent {
  readonly rows: number;
  /** Steps by dimension of time. */
  readonly times: Readonly<Record<string, number>>;
  /** Steps of a chunk. */
  readonly chunk: number;
}

/** Bytes of all packed weights. */
export function packedBytes({ panels, lanes }: Plan): number {
  return panels.reduce(
    (sum, panel) => sum + panelBlocks(panel, lanes) * blockFloats(panel, lanes) * floatBytes,
    0,
  );
}

/** Rows of a shard: from the sizes of model and batch and from constants, never from the number of threads. */
export function shardRows(plan: Plan, rows: number): number {
  return Math.max(packedBytes(plan) <= cacheBytes ? 16 : 32, Math.ceil(rows / mostShards));
}

export const chunkSteps = (rows: number): number => Math.max(1, Math.floor(chunkCells / Math.max(rows, 8)));

/** Steps that a ring holds: a power of two, so that a step's place is found with a mask. */
export const ringSteps = (chunk: number): number => 2 ** Math.ceil(Math.log2(chunk + 1));

export function stepsOf(time: string | number, { times }: Extent): number {
  return typeof time === "number" ? time : (times[time] ?? 0);
}

export function bufferBytes(buffer: Buffer, extent: Extent): number {
  const rows = buffer.rows === "rows" ? extent.rows : buffer.rows;
  return stepsHeld(buffer, extent) * rows * buffer.stride * floatBytes;
}

function stepsHeld({ storage, time, states }: Buffer, extent: Extent): number {
  if (time === null) return 1;
  if (storage === "full") return stepsOf(time, extent) + (states ? 1 : 0);
  return storage === "chunk" ? ringSteps(extent.chunk) : storage === "pair" ? 2 : 1;
}
