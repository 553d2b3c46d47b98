/** The steps themselves: their numbers, as a scan that counts. It streams as every scan does. */
import { constant, outputOf, parameter, scan, zeros } from "../../core/graph/build.ts";
import { type Node, rows } from "../../core/graph/nodes.ts";
import { add } from "../../core/graph/operators.ts";
import { invariant } from "../../errors.ts";
import type { Context, Value } from "./layer.ts";

/** The name of the state that counts: a session looks for it. */
export const counterName = "steps so far";

/**
 * `[time, rows, 1]`: 0 at the first step, 1 at the second, and so on. With the `context` of the layer that counts, a
 * piece of a sequence goes on from the piece before.
 */
export function stepNumbers({ time, lengths }: Value, context: Context | null = null): Node {
  invariant(time !== null && lengths !== null, "steps: a sequence");
  const count = parameter(counterName, [rows, 1]);
  const before = context?.first(counterName, [1]) ?? null;
  const made = scan({
    lengths,
    initial: [before ?? zeros([rows, 1])],
    sequences: [],
    body: {
      carried: [count],
      sequences: [],
      next: [add(count, constant(1))],
      stacked: [count],
      summed: [],
    },
    time,
    reverse: false,
  });
  if (before !== null) context?.last(counterName, outputOf(made, "final", 0));
  return outputOf(made, "stacked", 0);
}
