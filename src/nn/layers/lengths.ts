/** Lengths of sequences that all have the same number of steps. */
import { constant } from "../../core/graph/build.ts";
import { type Node, rows } from "../../core/graph/nodes.ts";
import { broadcast, reshape } from "../../core/graph/operators.ts";

/** `[rows]` */
export const fixedLengths = (steps: number): Node => reshape(broadcast(constant(steps), [rows, 1]), [rows]);
