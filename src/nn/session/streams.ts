/**
 * Streams that advance together, each with a state of its own. A state is one array `[rows, ...]`, a row for each
 * stream, which the device reads and writes in its place. Where only some of the streams advance, their rows are
 * gathered behind those of all, and scattered back; a few rows too many are run, so that a device sees few sizes.
 *
 *   all    y, s = step(x, s)
 *   some   t = s[rows];  z, t = step(x, t);  s[rows] = t;  y[rows] = z
 *
 * Every row is computed alike, whatever rows are beside it. Advancing allocates nothing after the first time.
 */
import type { Batch, Executable, HostArray } from "../../core/run/device.ts";
import type { End, Network } from "../model/network.ts";
import { sizeOf } from "../model/tensor.ts";
import type { Held } from "./held.ts";

/** What streams are made of. */
export interface Making {
  readonly network: Network;
  readonly executable: Executable;
  readonly rows: number;
  /** `[rows, ...]` for each input: where the next steps are found. */
  readonly feeds: readonly HostArray[];
}
/** `[2 rows, width]`: a row for each stream, and behind them room for some, within which rows are moved. */
interface Room {
  readonly array: Float32Array;
  readonly width: number;
}
/** One call of the device. */
interface Run {
  readonly batch: Batch;
  readonly into: readonly Float32Array[];
}

export class Streams {
  /** The outputs of the last step of each stream. */
  readonly outputs: readonly Float32Array[];
  readonly states: readonly Float32Array[];
  readonly #making: Making;
  readonly #outputRooms: readonly Room[];
  readonly #stateRooms: readonly Room[];
  #held: Held;
  #all: Run;
  /** By number of rows. */
  readonly #some = new Map<number, Run>();

  constructor(making: Making, held: Held) {
    const { network, rows } = making;
    this.#making = making;
    this.#held = held;
    this.#outputRooms = network.outputs.map((end) => roomFor(widthOf(end), rows));
    this.#stateRooms = held.first.map(({ length }) => roomFor(length, rows));
    this.outputs = this.#outputRooms.map((room) => part(room, 0, rows));
    this.states = this.#stateRooms.map((room) => part(room, 0, rows));
    this.#all = this.#runAt(0, rows);
    this.reset();
  }

  get held(): Held {
    return this.#held;
  }

  /** One step of every stream. */
  advance(): void {
    const { batch, into } = this.#all;
    this.#making.executable.runNow(batch, this.#held.weights, into);
  }

  /** One step of the streams `rows`; the feeds of `rows[k]` are found in row k. */
  advanceSome(rows: ArrayLike<number>): void {
    const { rows: all, executable } = this.#making;
    const { batch, into } = this.#runFor(Math.min(sizeFor(rows.length), all));
    gather(this.#stateRooms, rows, all);
    executable.runNow(batch, this.#held.weights, into);
    scatter(this.#stateRooms, rows, all);
    scatter(this.#outputRooms, rows, all);
  }

  /** The state before the first step, of one stream or of all. */
  reset(row?: number): void {
    const { rows } = this.#making;
    const [from, to] = row === undefined ? [0, rows] : [row, row + 1];
    for (const [k, first] of this.#held.first.entries())
      for (let r = from; r < to; r++) this.states[k]?.set(first, r * first.length);
  }

  /** Stream k goes on from the state that stream `rows[k]` has now; those behind the last of `rows` stay. */
  reorder(rows: ArrayLike<number>): void {
    gather(this.#stateRooms, rows, this.#making.rows);
    moveBack(this.#stateRooms, rows.length, this.#making.rows);
  }

  /** Takes over the states of others. */
  take(states: readonly Float32Array[]): void {
    for (const [k, state] of states.entries()) this.states[k]?.set(state);
  }

  /** Goes on with other weights. */
  hold(held: Held): void {
    this.#held = held;
    this.#all = this.#runAt(0, this.#making.rows);
    this.#some.clear();
  }

  #runFor(rows: number): Run {
    const known = this.#some.get(rows);
    if (known !== undefined) return known;
    const made = this.#runAt(this.#making.rows, rows);
    this.#some.set(rows, made);
    return made;
  }

  /** So many rows of outputs and states, from the row `from` on, with the first of the feeds. */
  #runAt(from: number, rows: number): Run {
    const { feeds, rows: all } = this.#making;
    const states = this.#stateRooms.map((room) => part(room, from, rows));
    const outputs = this.#outputRooms.map((room) => part(room, from, rows));
    const inputs = [...feeds.map((feed) => feed.subarray(0, (feed.length / all) * rows)), ...states];
    return {
      batch: { rows, times: { time: 1 }, inputs, version: this.#held.version },
      into: [...outputs, ...states],
    };
  }
}

/** Numbers of one step of an output. */
export const widthOf = ({ symbol, time }: End): number =>
  sizeOf(symbol.axes.slice(time === null ? 0 : 1).map(Number));

const roomFor = (width: number, rows: number): Room => ({ array: new Float32Array(2 * rows * width), width });

const part = ({ array, width }: Room, from: number, rows: number): Float32Array =>
  array.subarray(from * width, (from + rows) * width);

/** The next of 1, 2, 4, 6, 8, 12, 16, 24 ...: two sizes an octave. */
function sizeFor(count: number): number {
  let size = 1;
  while (size < count) size *= 2;
  const between = 0.75 * size;
  return between >= count && size > 4 ? between : size;
}

/** Copies the rows of some streams behind those of `all`, in their order. */
function gather(rooms: readonly Room[], rows: ArrayLike<number>, all: number): void {
  for (let n = 0; n < rooms.length; n++) {
    const { array, width } = rooms[n] as Room;
    for (let k = 0; k < rows.length; k++) {
      const from = rows[k]! * width;
      array.copyWithin((all + k) * width, from, from + width);
    }
  }
}

/** The way back. */
function scatter(rooms: readonly Room[], rows: ArrayLike<number>, all: number): void {
  for (let n = 0; n < rooms.length; n++) {
    const { array, width } = rooms[n] as Room;
    for (let k = 0; k < rows.length; k++) {
      const from = (all + k) * width;
      array.copyWithin(rows[k]! * width, from, from + width);
    }
  }
}

/** Copies `count` rows from behind those of `all` to the beginning. */
function moveBack(rooms: readonly Room[], count: number, all: number): void {
  for (const { array, width } of rooms) array.copyWithin(0, all * width, (all + count) * width);
}
