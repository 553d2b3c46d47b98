/**
 * The frame of a shard: a block of ints in the arena that tells the kernels the sizes of the batch and where every
 * buffer begins. A kernel takes its address, so one compiled program serves every batch, and every thread its shard.
 */
import type { Expression } from "../program.ts";
import { loadInt, local, type Writer } from "./ir.ts";

export class Frame {
  private readonly slots = new Map<string, number>();

  /** The place of an entry, in ints. */
  slot(key: string): number {
    const known = this.slots.get(key);
    if (known !== undefined) return known;
    this.slots.set(key, this.slots.size);
    return this.slots.size - 1;
  }

  /** Every entry asked for, in order. */
  get keys(): readonly string[] {
    return [...this.slots.keys()];
  }

  /** The entry, read once at the begin of the function. Functions name their frame "frame". */
  read(writer: Writer, key: string): Expression {
    return writer.once(key, () => loadInt(local("frame"), 4 * this.slot(key)));
  }
}

export const rowsKey = "rows";
/** Steps in a chunk. */
export const chunkKey = "chunk";
/** One less than the steps of a ring, which are a power of two above the steps of a chunk. */
export const ringKey = "ring";
/** Steps of a segment; more than there are where every step is kept. */
export const segmentKey = "segment";
/** What a step's number is masked with to find its place in a segment: all bits where every step is kept. */
export const segmentRingKey = "segment ring";
export const rowIdsKey = "rowIds";
export const stepsKey = (time: string | number): string => `steps ${time}`;
/** How many rows take part at each step: rows are sorted, longest first. */
export const activeKey = (time: string | number): string => `active ${time}`;
export const lengthsKey = (time: string | number): string => `lengths ${time}`;
