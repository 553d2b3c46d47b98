/** Allocate: the size and place of every buffer for a batch at hand, and the numbers that decide them. */

import type { Plan } from "./described.ts";
import type { Life } from "./lives.ts";
import { blocksOf } from "./lower/kernels.ts";
import { blockFloats, panelBlocks } from "./lower/pack.ts";
import type { Buffer } from "./store.ts";
import type { Target } from "./target.ts";

const floatBytes = 4;
/** A shard has few rows while the packed weights fit the second-level cache, so that its chunks fit there too. */
const cacheBytes = 2 * 2 ** 20;
const mostShards = 16;
/** What decides the size of every buffer. */
export interface Extent {
  readonly rows: number;
  /** Steps by dimension of time. */
  readonly times: Readonly<Record<string, number>>;
  /** Steps of a chunk. */
  readonly chunk: number;
  /** Steps of a segment, a multiple of the chunk; null where every step is kept. */
  readonly segment: number | null;
}

/**
 * Bytes of all packed weights, each part of one once: into which panels tiles cut them must not count, for the rows of
 * a shard, and with them the bits, follow from it.
 */
export function packedBytes({ panels, target: { lanes } }: Plan): number {
  const parts = new Map<string, number>();
  for (const packed of panels) {
    if ("products" in packed) {
      parts.set(packed.key, panelBlocks(packed, lanes) * blockFloats(packed, lanes));
      continue;
    }
    for (const { weight, offset, rows, columns, rowStride, columnStride } of packed.views) {
      const { name } = weight.attributes;
      const key = JSON.stringify([name, offset, rows, columns, rowStride, columnStride]);
      parts.set(key, rows * lanes * blocksOf(columns, lanes));
    }
  }
  return [...parts.values()].reduce((sum, floats) => sum + floats * floatBytes, 0);
}

/**
 * Rows of a shard, by those of the batch: from the sizes of model and batch and from constants, never from the number
 * of threads.
 */
export function shardRowsOf(plan: Plan): (rows: number) => number {
  const least = packedBytes(plan) <= cacheBytes ? 16 : 32;
  return (rows) => Math.max(least, Math.ceil(rows / mostShards));
}

/** Steps of a chunk. */
export const chunkSteps = ({ chunk }: Target, rows: number): number =>
  Math.max(1, Math.min(chunk.steps, Math.floor(chunk.cells / rows)));

/** Steps that a ring holds: a power of two, so that a step's place is found with a mask. */
export const ringSteps = (chunk: number): number => 2 ** (32 - Math.clz32(chunk));

export function stepsOf(time: string | number, { times }: Pick<Extent, "times">): number {
  return typeof time === "number" ? time : (times[time] ?? 0);
}

/** Steps of what may have no time, and then is there once. */
export const stepsIn = (time: Buffer["time"], reach: Pick<Extent, "times">): number =>
  time === null ? 1 : stepsOf(time, reach);

export function bufferBytes(buffer: Buffer, extent: Extent): number {
  const rows = buffer.rows === "rows" ? extent.rows : buffer.rows;
  return stepsHeld(buffer, extent) * rows * buffer.stride * floatBytes;
}

function stepsHeld({ storage, time, states }: Buffer, extent: Extent): number {
  if (time === null) return 1;
  const { chunk, segment } = extent;
  const steps = stepsOf(time, extent);
  const all = steps + (states ? 1 : 0);
  switch (storage) {
    case "full":
      return all;
    case "segment":
      return segment === null ? all : Math.min(all, ringSteps(segment));
    case "checkpoint":
      return segment === null ? 0 : Math.ceil(steps / segment);
    case "chunk":
      return ringSteps(chunk);
    case "pair":
      return 2;
    case "single":
      return 1;
  }
}

/**
 * The length of segments that takes the least memory: about the root of the number of steps. A ring holds a step more
 * than a segment, for the states.
 */
export function segmentSteps({ buffers }: Plan, extent: Omit<Extent, "segment">): number {
  const kept = buffers.filter(({ storage }) => storage === "segment" || storage === "checkpoint");
  const most = Math.max(0, ...kept.map(({ time }) => stepsIn(time, extent)));
  const bytes = (segment: number): number =>
    kept.reduce((sum, buffer) => sum + bufferBytes(buffer, { ...extent, segment }), 0);
  let best = wholeChunks(ringSteps(extent.chunk) - 1, extent.chunk);
  for (let ring = 2 * ringSteps(extent.chunk); ring <= most; ring *= 2) {
    const segment = wholeChunks(ring - 1, extent.chunk);
    if (bytes(segment) < bytes(best)) best = segment;
  }
  return best;
}

/** As many steps as fit, but at least a chunk. */
export const wholeChunks = (steps: number, chunk: number): number =>
  Math.max(1, Math.floor(steps / chunk)) * chunk;

/** Places in bytes from the beginning of some memory, and its size. */
export interface Arrangement {
  readonly offsets: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/**
 * Buffers in one piece of memory, largest first, each at the lowest place where none stands that is needed at the same
 * time. A buffer without a life is needed always.
 */
export function arranged(
  buffers: readonly Buffer[],
  extent: Extent,
  lives: ReadonlyMap<Buffer, Life>,
): Arrangement {
  const sized = buffers.map((buffer) => ({ buffer, size: aligned(bufferBytes(buffer, extent)) }));
  const standing: { readonly buffer: Buffer; readonly start: number; readonly end: number }[] = [];
  for (const { buffer, size } of sized.sort((a, b) => b.size - a.size)) {
    let start = 0;
    for (const other of [...standing].sort((a, b) => a.start - b.start)) {
      const apart = other.end <= start || other.start >= start + size;
      if (!apart && together(lives.get(buffer), lives.get(other.buffer))) start = other.end;
    }
    standing.push({ buffer, start, end: start + size });
  }
  return {
    offsets: new Map(standing.map(({ buffer, start }) => [buffer.name, start])),
    bytes: Math.max(0, ...standing.map(({ end }) => end)),
  };
}

function together(a: Life | undefined, b: Life | undefined): boolean {
  return a === undefined || b === undefined || (a.first <= b.last && b.first <= a.last);
}

/** Whole lines of a cache, and one more, because kernels may read a vector beyond the end. */
export const aligned = (bytes: number): number => Math.ceil((bytes + lineBytes) / lineBytes) * lineBytes;
const lineBytes = 64;
