/** The weights that sessions hold: a copy, which stays as it is whatever becomes of the model's. */
import { type Network, once } from "../model/network.ts";
import { settle } from "../train/learning.ts";
import type { Stepping } from "./stepping.ts";

export interface Held {
  readonly version: number;
  readonly weights: readonly Float32Array[];
  /** The states before the first step, of one stream. */
  readonly first: readonly Float32Array[];
}

/** The weights as they are now; the same copy for all sessions that take them before one changes. */
export function heldNow(network: Network, stepping: Stepping): Held {
  settle(network);
  const last = once(network, "weights of sessions", (): { held: Held | null; of: Stepping } => ({
    held: null,
    of: stepping,
  }));
  if (last.held?.version === network.version && last.of === stepping) return last.held;
  const weights = network.variables.map(({ value }) => Float32Array.from(value));
  last.held = { version: network.version, weights, first: stepping.first(weights) };
  last.of = stepping;
  return last.held;
}
