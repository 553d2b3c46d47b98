/** What mutations are drawn with: a function of the reader's name and the input's number, so that each can come again. */
import { keyOf, threefry2x32 } from "../../src/core/run/random.ts";

export interface Dice {
  /** A whole number from 0 to n - 1. */
  below(n: number): number;
  /** True once in n times. */
  oneIn(n: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export function diceOf(reader: string, input: number): Dice {
  const [a, b] = keyOf(input, "hostile", reader);
  let count = 0;
  const below = (n: number): number => Math.floor((threefry2x32(a, b, count++, 0)[0] / 2 ** 32) * n);
  return { below, oneIn: (n) => below(n) === 0, pick: (list) => list[below(list.length)] as never };
}
