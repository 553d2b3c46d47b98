/**
 * Zoneout (Krueger et al. 2016): in training each number of a state keeps its old value with probability p, drawn at
 * every step; outside of training stands the expectation.
 *
 *   training   h' = drawn < p ? h : next        else   h' = p h + (1 - p) next
 *
 * The draws of all steps are made outside of the scan and go in as one more sequence, since a step knows neither its
 * number nor those of its rows: so they depend on the row of the batch and the step, and on nothing else.
 */

import { parameter } from "../../core/graph/build.ts";
import { type Dim, type Node, type NodeOf, rows } from "../../core/graph/nodes.ts";
import { add, greater, mul, random, where } from "../../core/graph/operators.ts";
import { type Check, fraction, isPlain } from "../options.ts";
import type { Context } from "./layer.ts";

/** One probability for every state, or some by name. */
export type Zoneout = number | { readonly [state: string]: number };

export const zoneoutCheck = (states: readonly string[]): Check => ({
  expected: `a number from 0 up to, not including, 1, or a record of such numbers for ${states.join(", ")}`,
  holds: (x) => fraction.holds(x) || (isPlain(x) && Object.entries(x).every(isRate(states))),
});
const isRate =
  (states: readonly string[]) =>
  ([state, rate]: readonly [string, unknown]): boolean =>
    states.includes(state) && fraction.holds(rate);

/** How one state is kept. */
export interface Zoned {
  readonly rate: number;
  /** In training: what is drawn at each step, `[time, rows, ...]`, and its slice in the step. */
  readonly drawn: { readonly sequence: Node; readonly slice: NodeOf<"parameter"> } | null;
}

/** For each state that has a probability above 0. */
export function zonedStates(
  zoneout: Zoneout,
  shapes: readonly (readonly [string, readonly number[]])[],
  time: Dim,
  context: Context,
): Readonly<Record<string, Zoned>> {
  const rateOf = (state: string): number => (typeof zoneout === "number" ? zoneout : (zoneout[state] ?? 0));
  return Object.fromEntries(
    shapes
      .filter(([state]) => rateOf(state) > 0)
      .map(([state, shape]) => {
        const drawn = context.training
          ? {
              sequence: random(context.key(`zoneout/${state}`, true), [time, rows, ...shape]),
              slice: parameter(`zoneout of ${state}`, [rows, ...shape]),
            }
          : null;
        return [state, { rate: rateOf(state), drawn }];
      }),
  );
}

/** The next value of a state, `[rows, ...]`. */
export function zoned({ rate, drawn }: Zoned, state: Node, next: Node): Node {
  if (drawn === null) return add(mul(state, rate), mul(next, 1 - rate));
  return where(greater(rate, drawn.slice), state, next);
}
