/** Penalties on weights as an option: a name with Keras's default of 0.01, or the two amounts. */

import { type Check, from0, isPlain } from "../options.ts";
import type { Regularizer } from "./layer.ts";

export type RegularizerOption = "l1" | "l2" | "l1l2" | Regularizer;

const named: Readonly<Record<"l1" | "l2" | "l1l2", Regularizer>> = {
  l1: { l1: 0.01, l2: 0 },
  l2: { l1: 0, l2: 0.01 },
  l1l2: { l1: 0.01, l2: 0.01 },
};

export const regularizerCheck: Check = {
  expected: '"l1", "l2", "l1l2" or { l1, l2 }',
  holds: (x) => (typeof x === "string" ? Object.hasOwn(named, x) : isPair(x)),
  names: Object.keys(named),
};

function isPair(x: unknown): boolean {
  return isPlain(x) && [x["l1"], x["l2"]].every(from0.holds);
}

export function regularizerOf(option: RegularizerOption | undefined): Regularizer | null {
  return (typeof option === "string" ? named[option] : option) ?? null;
}
