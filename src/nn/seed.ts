/** The seed that models take when they are built. */
import { UnrollError } from "../errors.ts";

const chosen = { seed: 0 };

/** Sets the seed of all random numbers of models built from now on (initial weights, dropout, order of an epoch). */
export function setSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UnrollError({
      where: "setSeed(seed)",
      expected: "a whole number from 0 to 2^53 - 1",
      got: String(seed),
      fix: "Give a whole number, such as 42.",
    });
  }
  chosen.seed = seed;
}

export const currentSeed = (): number => chosen.seed;
