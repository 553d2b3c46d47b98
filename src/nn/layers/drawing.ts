/** How first values are drawn: in pieces, between which a page gets its turn. */
import type { Key } from "../../core/run/random.ts";
import type { Pieces } from "../breath.ts";

/** What an initializer is given. */
export interface Drawing {
  readonly key: Key;
  readonly seed: number;
  readonly shape: readonly number[];
  /** What is drawn goes there. */
  readonly values: Float32Array;
  readonly options: Readonly<Record<string, number>>;
  /** Of the weight, with the layer before it. */
  readonly name: string;
}

const pieceOf = 2 ** 13;

export function* drawn(values: Float32Array, draw: (k: number) => number): Pieces {
  for (let from = 0; from < values.length; from += pieceOf) {
    const to = Math.min(values.length, from + pieceOf);
    for (let k = from; k < to; k++) values[k] = draw(k);
    yield;
  }
}
