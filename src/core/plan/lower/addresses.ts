/**
 * Where a kernel stands: which step, rows and features the code being written works on; and the addresses of buffers
 * there. A tile has several rows and several vectors of features; both are constants added to one pointer.
 */
import type { Expression, ValueType } from "../program.ts";
import type { Buffer, Slot } from "../store.ts";
import type { Frame } from "./frame.ts";
import { ringKey, rowsKey, segmentKey, segmentRingKey } from "./frame.ts";
import { bitAnd, int, plus, quotient, times, type Writer } from "./ir.ts";

export const floatBytes = 4;

export interface Position {
  readonly rows: "rows" | number;
  /** Sites of each row. Default: 1. */
  readonly sites?: number;
  readonly step: Expression | null;
  readonly row: Expression;
  /** Default: 0. */
  readonly site?: Expression;
  readonly feature: Expression;
}

export class Place {
  private readonly pointers = new Map<string, Expression>();
  readonly writer: Writer;
  readonly frame: Frame;
  readonly lanes: number;
  /** Rows of the batch, or the fixed number of a weight's rows that the stage runs over. */
  readonly rows: "rows" | number;
  /** The step, or null in what has no time. */
  readonly step: Expression | null;
  /** The first row of the tile: a tile has several rows, or, where rows have sites, several sites of one row. */
  readonly row: Expression;
  readonly sites: number;
  readonly site: Expression;
  /** The first feature of the tile, in bytes. */
  readonly feature: Expression;

  constructor(writer: Writer, frame: Frame, lanes: number, at: Position) {
    this.writer = writer;
    this.frame = frame;
    this.lanes = lanes;
    this.rows = at.rows;
    this.step = at.step;
    this.row = at.row;
    this.sites = at.sites ?? 1;
    this.site = at.site ?? int(0);
    this.feature = at.feature;
  }

  /** The address of the tile's first row in a buffer: of its first feature, or with `narrow` of the row itself. */
  pointer(slot: Slot, narrow: boolean): Expression {
    const { buffer, shift } = slot;
    const siteStride = this.siteStride(slot);
    return this.known(`${buffer.name} ${shift} ${narrow} ${siteStride}`, () => {
      const start = stepAddress(this.writer, this.frame, buffer, shift, this.step);
      const row = plus(start, times(this.row, int(this.rowStride(buffer) * floatBytes)));
      const site = plus(row, times(this.site, int(siteStride * floatBytes)));
      return narrow ? site : plus(site, this.feature);
    });
  }

  /** Floats from row to row; none in what is the same for all rows. */
  private rowStride(buffer: Buffer): number {
    return buffer.rows === this.rows ? buffer.stride : 0;
  }

  /** Floats from site to site; none in what is the same for all sites. Rows of a weight stand for sites. */
  siteStride(slot: Slot): number {
    if (this.sites === 1) return 0;
    if (slot.sites > 1) return slot.siteStride;
    const { rows, stride } = slot.buffer;
    return this.rows === "rows" && rows === this.sites ? stride : 0;
  }

  /** Floats from one row, or site, of the tile to the next. */
  tileStride(slot: Slot): number {
    return this.sites > 1 ? this.siteStride(slot) : this.rowStride(slot.buffer);
  }

  /** The row of the batch in which row, or site, `k` of the tile is. */
  rowAt(k: number): Expression {
    return this.sites > 1 ? this.row : plus(this.row, int(k));
  }

  siteAt(k: number): Expression {
    return this.sites > 1 ? plus(this.site, int(k)) : this.site;
  }

  /** Anything that stays the same in this tile. */
  known(key: string, value: () => Expression, type: ValueType = "int"): Expression {
    const found = this.pointers.get(key);
    if (found !== undefined) return found;
    const made = this.writer.set(value(), type);
    this.pointers.set(key, made);
    return made;
  }
}

/** Where a step of a buffer begins. */
export function stepAddress(
  writer: Writer,
  frame: Frame,
  buffer: Buffer,
  shift: number,
  step: Expression | null,
): Expression {
  const base = frame.read(writer, buffer.name);
  if (buffer.time === null || step === null) return base;
  return plus(base, times(indexOf(writer, frame, buffer, { step, shift }), stepBytes(writer, frame, buffer)));
}

/** The place of a step among those that a buffer holds. */
function indexOf(
  writer: Writer,
  frame: Frame,
  { storage }: Buffer,
  { step, shift }: { readonly step: Expression; readonly shift: number },
): Expression {
  const shifted = plus(step, int(shift));
  if (storage === "full") return shifted;
  if (storage === "pair") return bitAnd(shifted, int(1));
  if (storage === "checkpoint") return quotient(shifted, frame.read(writer, segmentKey));
  if (storage !== "segment") return bitAnd(shifted, frame.read(writer, ringKey));
  const masked = (): Expression => bitAnd(shifted, frame.read(writer, segmentRingKey));
  // The step that a function is called for does not change in it.
  return step.kind === "local" && step.name === "step"
    ? writer.once(`segment step ${shift}`, masked)
    : masked();
}

/** Bytes from step to step. */
export function stepBytes(writer: Writer, frame: Frame, buffer: Buffer): Expression {
  const rowBytes = int(buffer.stride * floatBytes);
  if (buffer.rows !== "rows") return times(int(buffer.rows), rowBytes);
  return writer.once(`step ${buffer.name}`, () => times(frame.read(writer, rowsKey), rowBytes));
}
