/** The steps themselves: their numbers, as a scan that counts. It streams as every scan does. */
import { constant, outputOf, parameter, scan, zeros } from "../../core/graph/build.ts";
import { type Node, rows } from "../../core/graph/nodes.ts";
import { add } from "../../core/graph/operators.ts";
import { invariant } from "../../errors.ts";
import type { Value } from "./layer.ts";

/** The name of the state that counts: a session looks for it. */
export const counterName = "steps so far";

/** `[time, rows, 1]`: 0 at the first step, 1 at the second, and so on. */
export function stepNumbers({ time, lengths }: Value): Node {
  invariant(time !== null && lengths !== null, "steps: a sequence");
  const count = parameter(counterName, [rows, 1]);
  const made = scan({
    lengths,
    initial: [zeros([rows, 1])],
    sequences: [],
    body: {
      carried: [count],
      sequences: [],
      next: [add(count, constant(1))],
      stacked: [add(count, 0)],
      summed: [],
    },
    time,
    reverse: false,
  });
  return outputOf(made, "stacked", 0);
}
