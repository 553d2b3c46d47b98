/** Random numbers of one example, functions of the seed, of what is made, and of its place among the examples. */
import { type Key, keyOf, uniform } from "../../core/run/random.ts";

/** How much of anything that is generated. */
export interface GeneratorOptions {
  /** How many sequences. */
  readonly count: number;
  /** Default: 0. */
  readonly seed?: number;
}

/** Uniform numbers in [0, 1), one after the other. */
export type Draw = () => number;

export function draws(seed: number, name: string, sequence: number): Draw {
  const key: Key = keyOf(seed, name, sequence);
  let index = 0;
  return () => uniform(key, index++);
}

/** An integer from 0 to n - 1. */
export const below = (draw: Draw, n: number): number => Math.min(n - 1, Math.floor(draw() * n));

/** An integer from `from` to `to`, both included. */
export const between = (draw: Draw, from: number, to: number): number => from + below(draw, to - from + 1);

/** One of the list. */
export const pick = <T>(draw: Draw, list: readonly T[]): T => list[below(draw, list.length)] as T;

/** Zeros, and a 1 at `index`. */
export const oneHot = (index: number, size: number): number[] =>
  Array.from({ length: size }, (_, k) => (k === index ? 1 : 0));
