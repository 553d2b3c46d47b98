/**
 * Complex numbers drawn from a ring, minRadius <= |lambda| <= maxRadius and 0 <= phase <= maxPhase, uniform in its
 * area, and what a diagonal recurrence keeps of them (Orvieto et al. 2023, arXiv:2303.06349, lemma 3.2):
 *
 *   lambda = exp(-exp(nuLog) + i exp(thetaLog))      |lambda|^2 = minRadius^2 + u (maxRadius^2 - minRadius^2)
 *   ringDecay   nuLog                                u, v uniform in (0, 1)
 *   ringPhase   thetaLog = log(maxPhase v)
 *   ringScale   gammaLog = log(sqrt(1 - |lambda|^2)), of the same lambdas as the ringDecay of the same layer
 */
import { exp, expm1, log } from "../../core/run/math.ts";
import { type Key, keyOf, uniform } from "../../core/run/random.ts";
import { UnrollError } from "../../errors.ts";
import type { Pieces } from "../breath.ts";
import { type Drawing, drawn } from "./drawing.ts";

export const ring = {
  ringDecay: (drawing: Drawing): Pieces => drawn(drawing.values, decayOf(drawing)),
  ringPhase: ({ key, values, options: { maxPhase = 0 }, name }: Drawing): Pieces => {
    refuseUnless(maxPhase > 0, name, "maxPhase above 0", String(maxPhase));
    return drawn(values, (k) => log(maxPhase * between(key, k)));
  },
  ringScale: (drawing: Drawing): Pieces => {
    const decay = decayOf(drawing);
    return drawn(drawing.values, (k) => 0.5 * log(-expm1(-2 * exp(decay(k)))));
  },
} as const;

/** log(-log |lambda|), drawn under a key that all weights of a layer share. */
function decayOf({ seed, options: { minRadius = 0, maxRadius = 0 }, name }: Drawing): (k: number) => number {
  const fits = minRadius >= 0 && minRadius < maxRadius && maxRadius <= 1;
  refuseUnless(fits, name, "0 <= minRadius < maxRadius <= 1", `${minRadius} and ${maxRadius}`);
  const key = keyOf(seed, "weights", `${name.slice(0, name.lastIndexOf("/") + 1)}ring`);
  const [low, high] = [minRadius * minRadius, maxRadius * maxRadius];
  return (k) => log(-0.5 * log(low + between(key, k) * (high - low)));
}

/** Uniform in (0, 1): neither end, whose logarithms are infinite. */
const between = (key: Key, k: number): number => uniform(key, k) + 2 ** -25;

function refuseUnless(fits: boolean, name: string, expected: string, got: string): void {
  if (fits) return;
  throw new UnrollError({ where: `weight "${name}"`, expected, got, fix: "Choose other ends of the ring." });
}
