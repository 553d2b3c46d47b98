/**
 * The delay line: each step sees some of the steps before it.
 *
 *   gives     x[t-2d] x[t-d] x[t]               side by side, the oldest first: [time, rows, taps * features]
 *   carried   x[t-n] ... x[t-2] x[t-1]          zeros before the beginning
 *
 * What is carried from step to step is all that the next one needs. Where the whole sequence is there and begins with
 * nothing, it is read as a window that slides over it, whatever the distance of the taps: the same numbers either way.
 * What multiplies the taps treats every step alike, so it is done for many steps at once.
 */
import { outputOf, parameter, scan, zeros } from "../../core/graph/build.ts";
import { type Dim, type Node, rows } from "../../core/graph/nodes.ts";
import { concat, slice } from "../../core/graph/operators.ts";
import { widthOf } from "../../core/graph/shapes.ts";
import { UnrollError } from "../../errors.ts";
import type { Context, Value } from "./layer.ts";
import { counting, slid } from "./slidingWindow.ts";

const mostCarried = 2 ** 24;

interface Taps {
  readonly taps: number;
  /** Steps from one to the next. */
  readonly dilation: number;
}

/** The step itself and those `dilation`, 2 `dilation` ... before it; one that does not count is read as zeros. */
export function delayed(x: Value, { taps, dilation }: Taps, context: Context): Node {
  if (taps === 1) return counting(x);
  const shape = [(taps - 1) * dilation * widthOf(x.node)];
  const given = context.first("line", shape);
  return given !== null || context.stepping
    ? carried(x, { taps, dilation }, given ?? zeros([rows, ...shape]), context)
    : concat(...slid(x, { size: taps, dilation, stride: 1, padding: "causal" }, context).places);
}

function carried(x: Value, { taps, dilation }: Taps, initial: Node, context: Context): Node {
  const width = widthOf(x.node);
  if (widthOf(initial) > mostCarried) {
    const expected = `at most ${mostCarried} numbers of steps before to keep from step to step`;
    const [where, got] = ["taps and dilationRate", String(widthOf(initial))];
    throw new UnrollError({ where, expected, got, fix: "Look back less far." });
  }
  const line = parameter("line", initial.shape);
  const step = parameter("x", [rows, width]);
  const rest = widthOf(line) - width;
  const next = concat(...(rest === 0 ? [] : [slice(line, width, rest)]), step);
  const old = Array.from({ length: taps - 1 }, (_, k) => slice(line, k * dilation * width, width));
  const seen = concat(...(dilation === 1 ? [line] : old), step);
  const made = scan({
    lengths: x.lengths as Node,
    initial: [initial],
    sequences: [counting(x)],
    body: { carried: [line], sequences: [step], next: [next], stacked: [seen], summed: [] },
    time: x.time as Dim,
    reverse: false,
  });
  context.last("line", outputOf(made, "final", 0));
  return outputOf(made, "stacked", 0);
}
