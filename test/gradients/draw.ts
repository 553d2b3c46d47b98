/** Choices that depend on nothing but where they are made: from the counter-based generator of the library. */
import { keyOf, uniform } from "../../src/core/run/random.ts";

export interface Draw {
  /** From `least` to `most`, both among them. */
  readonly whole: (least: number, most: number) => number;
  readonly oneOf: <T>(all: readonly T[]) => T;
  readonly chance: (probability: number) => boolean;
}

/** The same choices for the same parts. */
export function drawFor(...parts: readonly (string | number)[]): Draw {
  const key = keyOf(6, ...parts);
  let drawn = 0;
  const next = (): number => uniform(key, drawn++);
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    whole,
    oneOf: (all) => all[whole(0, all.length - 1)] as (typeof all)[number],
    chance: (probability) => next() < probability,
  };
}

/** How often everything is drawn: by hand, UNROLL_DRAWN_GRADIENTS=20. */
export const drawnTimes: number = Number(process.env["UNROLL_DRAWN_GRADIENTS"] ?? 2);
