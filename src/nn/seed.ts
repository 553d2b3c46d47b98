/** The seed that models take when they are built. */
import { seedCheck, wrongValue } from "./options.ts";

const chosen = { seed: 0 };

/** Sets the seed of all random numbers of models built from now on (initial weights, dropout, order of an epoch). */
export function setSeed(seed: number): void {
  if (!seedCheck.holds(seed)) throw wrongValue("setSeed(seed)", "seed", seed, seedCheck);
  chosen.seed = seed;
}

export const currentSeed = (): number => chosen.seed;
