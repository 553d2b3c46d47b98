/**
 * The arena: one WebAssembly memory that holds everything kernels touch. Regions are taken and given back; the memory
 * grows when it must, up to the limit.
 */
import { UnrollError } from "../../errors.ts";
import { mebibytes } from "./mebibytes.ts";

const pageBytes = 65536;
const alignment = 64;
/** Kernels may read one vector beyond the end of what they use. */
const slack = 64;

export interface Region {
  readonly start: number;
  readonly bytes: number;
}

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  private readonly limit: number;
  private free: Region[] = [];
  private end = alignment;
  private floats: Float32Array = new Float32Array(0);
  private ints: Int32Array = new Int32Array(0);

  /** `limit` in bytes. */
  constructor(limit: number, shared: boolean) {
    this.limit = limit;
    this.shared = shared;
    const maximum = Math.min(65536, Math.ceil(limit / pageBytes));
    try {
      this.memory = new WebAssembly.Memory({ initial: 16, maximum, shared });
    } catch (cause) {
      throw noMemory(limit, cause);
    }
  }

  /** Throws an UnrollError when the limit is reached. The region's content is whatever was there before. */
  take(size: number): Region {
    const bytes = Math.ceil((size + slack) / alignment) * alignment;
    const index = this.free.findIndex((region) => region.bytes >= bytes);
    const found = this.free[index];
    if (found !== undefined) {
      this.free.splice(index, 1);
      if (found.bytes > bytes) this.free.push({ start: found.start + bytes, bytes: found.bytes - bytes });
      return { start: found.start, bytes };
    }
    this.growTo(this.end + bytes);
    const region = { start: this.end, bytes };
    this.end += bytes;
    return region;
  }

  /** Bytes of the largest region that can still be taken. */
  get room(): number {
    return Math.max(this.limit - this.end, ...this.free.map(({ bytes }) => bytes)) - alignment - slack;
  }

  give(region: Region): void {
    this.free.push(region);
    this.free.sort((a, b) => a.start - b.start);
    const merged: Region[] = [];
    for (const next of this.free) {
      const last = merged.at(-1);
      if (last !== undefined && last.start + last.bytes === next.start) {
        merged[merged.length - 1] = { start: last.start, bytes: last.bytes + next.bytes };
      } else merged.push(next);
    }
    const last = merged.at(-1);
    if (last !== undefined && last.start + last.bytes === this.end) {
      this.end = last.start;
      merged.pop();
    }
    this.free = merged;
  }

  /** All of the memory as floats, at index `bytes / 4`. */
  get float32(): Float32Array {
    if (this.floats.buffer !== this.memory.buffer) this.floats = new Float32Array(this.memory.buffer);
    return this.floats;
  }

  get int32(): Int32Array {
    if (this.ints.buffer !== this.memory.buffer) this.ints = new Int32Array(this.memory.buffer);
    return this.ints;
  }

  private growTo(bytes: number): void {
    const missing = bytes - this.memory.buffer.byteLength;
    if (missing <= 0) return;
    if (bytes > this.limit) throw tooLarge(bytes, this.limit);
    const pages = Math.min(
      Math.ceil(missing / pageBytes) + 64,
      Math.ceil(this.limit / pageBytes) - this.memory.buffer.byteLength / pageBytes,
    );
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw notGiven(bytes, this.memory.buffer.byteLength, cause);
    }
  }
}

const less = "Use a smaller batchSize, shorter sequences or tbptt";

const tooLarge = (bytes: number, limit: number): UnrollError =>
  new UnrollError({
    where: "device memory",
    expected: `at most ${mebibytes(limit)}`,
    got: `a batch that needs ${mebibytes(bytes)}`,
    fix: `${less}, or raise the limit: setDevice(name, { memoryLimit }).`,
  });

const notGiven = (bytes: number, had: number, cause: unknown): UnrollError =>
  new UnrollError(
    {
      where: "device memory",
      expected: `${mebibytes(bytes)} in all from the system`,
      got: `no more than ${mebibytes(had)}: ${String(cause)}`,
      fix: `${less}, or let the process have more memory (ulimit, the limits of its container).`,
    },
    { cause },
  );

/** An engine that lets the processor notice accesses out of bounds reserves addresses for all that could be reached. */
const noMemory = (limit: number, cause: unknown): UnrollError =>
  new UnrollError(
    {
      where: "device memory",
      expected: `addresses for a memory of up to ${mebibytes(limit)}, for which the engine as a rule reserves 10 GiB`,
      got: `none: ${String(cause)}`,
      fix:
        "Raise the limit of addresses (ulimit -v), or start Node with --disable-wasm-trap-handler: then it takes no " +
        "more than setDevice(name, { memoryLimit }) says.",
    },
    { cause },
  );
