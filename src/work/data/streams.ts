/**
 * One long text as a batch for a language model: contiguous streams, read side by side, piece after piece.
 *
 *   tokens 0..24, 3 streams, pieces of 4 steps      piece 0        piece 1
 *                                      stream 0   0  1  2  3     4  5  6  7
 *                                      stream 1   8  9 10 11    12 13 14 15
 *                                      stream 2  16 17 18 19    20 21 22 23    targets: the same, one later
 *
 * So the state of a stream at the end of a piece is the right one for the beginning of the next.
 */
import { UnrollError } from "../../errors.ts";

export interface Streams {
  /** `[streams, length]`, row by row. */
  readonly inputs: Int32Array;
  /** The next token of each of `inputs`. */
  readonly targets: Int32Array;
  readonly streams: number;
  /** Tokens of a stream, a multiple of `steps`. */
  readonly length: number;
  /** Pieces of a stream. */
  readonly pieces: number;
}

export interface StreamOptions {
  readonly streams: number;
  /** Steps of a piece; what does not fill one at the end is left out. Default: 1. */
  readonly steps?: number;
}

/** Cuts tokens into streams. Throws when there are not enough for one piece of every stream. */
export function streamsOf(tokens: Int32Array, { streams, steps = 1 }: StreamOptions): Streams {
  const pieces = Math.floor((tokens.length - 1) / streams / steps);
  if (pieces < 1) {
    throw new UnrollError({
      where: "streamsOf",
      expected: `at least ${streams * steps + 1} tokens for ${streams} streams of ${steps} steps`,
      got: `${tokens.length}`,
      fix: "Give more text, or ask for fewer streams or steps.",
    });
  }
  const length = pieces * steps;
  const inputs = tokens.slice(0, streams * length);
  const targets = tokens.slice(1, streams * length + 1);
  return { inputs, targets, streams, length, pieces };
}

/** The three parts of a text: what is learned, what tells how well during training, and what tells at the end. */
export interface Split {
  readonly train: string;
  readonly validation: string;
  readonly test: string;
}

/** Splits by position, in the order of {@link Split}: `validation` and `test` are fractions of the whole. */
export function splitByPosition(
  text: string,
  { validation, test = 0 }: { readonly validation: number; readonly test?: number },
): Split {
  if (!(validation >= 0 && test >= 0 && validation + test < 1)) {
    throw new UnrollError({
      where: "splitByPosition",
      expected: "fractions from 0, together below 1",
      got: `validation ${validation}, test ${test}`,
      fix: "Leave a part for training, for example { validation: 0.05, test: 0.05 }.",
    });
  }
  const first = boundary(text, text.length - Math.round(text.length * (validation + test)));
  const second = boundary(text, text.length - Math.round(text.length * test));
  return { train: text.slice(0, first), validation: text.slice(first, second), test: text.slice(second) };
}

/** `place`, or one later where it would cut a character of two code units. */
function boundary(text: string, place: number): number {
  const code = text.charCodeAt(place);
  return place > 0 && code >= 0xdc00 && code <= 0xdfff ? place + 1 : place;
}
