/**
 * Random numbers that are functions of where they are used: (key, index) -> number, with no state to pass on,
 * so that any thread in any order draws the same ones.
 *
 * Threefry-2x32 with 20 rounds: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2,
 * 3".
 */
import { UnrollError } from "../../errors.ts";
import { threefry } from "../plan/functions.ts";
import { cos, log } from "./math.ts";

/** What a stream of random numbers is drawn from: two unsigned 32-bit integers. */
export type Key = readonly [number, number];

/** Two unsigned 32-bit integers scrambled under a key of two. */
export function threefry2x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
): [number, number] {
  const keys = [key0, key1, threefry.parity ^ key0 ^ key1] as const;
  let a = (counter0 + key0) | 0;
  let b = (counter1 + key1) | 0;
  for (let block = 1; block <= 5; block++) {
    for (let round = 0; round < 4; round++) {
      const by = threefry.rotations[(((block - 1) % 2) * 4 + round) as 0];
      a = (a + b) | 0;
      b = ((b << by) | (b >>> (32 - by))) ^ a;
    }
    a = (a + keys[(block % 3) as 0]) | 0;
    b = (b + keys[((block + 1) % 3) as 0] + block) | 0;
  }
  return [a >>> 0, b >>> 0];
}

/**
 * The key for a seed and the place where numbers are drawn, such as `keyOf(seed, "dropout", step)`.
 * Throws an `UnrollError` for a seed that is not an integer from 0 to 2^53 - 1.
 */
export function keyOf(seed: number, ...parts: readonly (number | string)[]): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UnrollError({
      where: "seed",
      expected: "an integer from 0 to 2^53 - 1",
      got: String(seed),
      fix: "Give a whole number, such as 42.",
    });
  }
  return parts.reduce<Key>(
    (key, part) => (typeof part === "number" ? withNumber(key, part) : withText(key, part)),
    threefry2x32(seed >>> 0, upperWord(seed), 0, 0),
  );
}

/** A number in [0, 1), a multiple of 2^-24 and so exact in float32. `index` from 0 to 2^53 - 1. */
export function uniform(key: Key, index: number): number {
  return (threefry2x32(key[0], key[1], index >>> 0, upperWord(index))[0] >>> 8) * 2 ** -24;
}

/**
 * A number from the normal distribution, mean 0 and deviation 1 (Box and Muller 1958). `index` from 0 to 2^53
 * - 1.
 */
export function normal(key: Key, index: number): number {
  return normalOf(key, index >>> 0, upperWord(index));
}

/**
 * A number from the normal distribution cut off at two deviations, by drawing again. `index` from 0 to 2^53 -
 * 1.
 */
export function truncatedNormal(key: Key, index: number): number {
  for (let attempt = 0; ; attempt++) {
    // the index has 53 bits of 64
    const value = normalOf(key, index >>> 0, upperWord(index) + attempt * 2 ** 21);
    if (Math.abs(value) <= 2) return value;
  }
}

/** The numbers 0 to n - 1 in random order (Fisher and Yates; Durstenfeld 1964). */
export function permutation(key: Key, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, k) => k);
  for (let last = n - 1; last > 0; last--) {
    const [low, high] = threefry2x32(key[0], key[1], last, 0);
    const other = Math.floor((high * 2 ** -32 + (low >>> 11) * 2 ** -53) * (last + 1));
    const moved = order[last]!;
    order[last] = order[other]!;
    order[other] = moved;
  }
  return order;
}

/** The bits of a non-negative integer above the lowest 32. */
function upperWord(integer: number): number {
  return Math.floor(integer / 2 ** 32);
}

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);

function withNumber([key0, key1]: Key, part: number): Key {
  float64[0] = part + 0; // 0 for -0
  return threefry2x32(key0, key1, words[0]!, words[1]!);
}

/** The upper word 2^32 - 1 is that of no number, so a text is never taken for one. */
function withText([key0, key1]: Key, text: string): Key {
  let key: Key = threefry2x32(key0, key1, text.length, 0xffffffff);
  for (let k = 0; k < text.length; k += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = Array.from({ length: 4 }, (_, j) => text.charCodeAt(k + j) | 0);
    key = threefry2x32(key[0], key[1], (a << 16) | b, (c << 16) | d);
  }
  return key;
}

function normalOf(key: Key, counter0: number, counter1: number): number {
  const [radius, angle] = threefry2x32(key[0], key[1], counter0, counter1);
  return Math.sqrt(-2 * log((radius + 0.5) * 2 ** -32)) * cos(2 * Math.PI * (angle * 2 ** -32));
}
