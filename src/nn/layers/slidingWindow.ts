/**
 * A window that slides over time: what stands at each of its places, for every place it stops at.
 *
 *   size 3, valid     x0 x1 x2 | x1 x2 x3 | ...                 only where all of it is there
 *   size 3, same      0 x0 x1 | x0 x1 x2 | ... | x3 x4 0        a stop for every step: zeros at both ends
 *   size 3, causal    0 0 x0 | 0 x0 x1 | x0 x1 x2 | ...         nothing that is yet to come
 *
 * Each sequence has ends of its own, so a stop near them sees zeros there, not the padding of a batch. With a stride of
 * s there is a stop for every s steps; "same" then shares the zeros out as Keras does: as many as the last stop lacks,
 * half of them, rounded down, before the beginning.
 */
import { zeros } from "../../core/graph/build.ts";
import { type Dim, type Node, rows } from "../../core/graph/nodes.ts";
import { add, greater, mul, resample, where } from "../../core/graph/operators.ts";
import { invariant, UnrollError } from "../../errors.ts";
import { type TimeWindows, windowed, windowsIn } from "../times.ts";
import { folded } from "./fold.ts";
import { type Context, countsOf, type Value } from "./layer.ts";

export type Padding = "valid" | "same" | "causal";
export interface Sliding {
  /** Places of the window. */
  readonly size: number;
  /** Steps from place to place. */
  readonly dilation: number;
  /** Steps from stop to stop. */
  readonly stride: number;
  readonly padding: Padding;
}

/** Steps from the first place to the last. */
export const reachOf = ({ size, dilation }: Sliding): number => (size - 1) * dilation + 1;

/** What the steps of the result are windows of: with zeros at the ends every stride has one. */
export const stopsOf = (sliding: Sliding): TimeWindows => ({
  size: sliding.padding === "valid" ? reachOf(sliding) : 1,
  stride: sliding.stride,
});

export interface Slid extends Value {
  /** What stands at each place, `[time, rows, features]` in the time of the stops. */
  readonly places: readonly Node[];
  /** 1 where a step that counts stands there, `[time, rows, 1]`; null where one does at every place. */
  readonly counts: readonly Node[] | null;
}

/** The window over `x`; a step that does not count is read as zeros. `node` is what stands at its first place. */
export function slid(x: Value, sliding: Sliding, context: Context): Slid {
  invariant(x.time !== null && x.lengths !== null, "slidingWindow: a sequence");
  const time = windowed(x.time, stopsOf(sliding));
  const lengths = context.lengths(time);
  const ends = { from: x.lengths, to: lengths };
  const at = (sequence: Node, offset: number): Node =>
    time === x.time && offset === 0
      ? sequence
      : resample(sequence, ends, { time, stride: sliding.stride, per: 1, offset });
  const leads = leadsOf(sliding, x.time);
  refuseMany(sliding, leads.length);
  const rest = leads.length > 1 ? restOf(x, sliding.stride) : null;
  const placesOf = (sequence: Node): readonly Node[] =>
    Array.from({ length: sliding.size }, (_, place) => {
      const [first, ...others] = leads.map(({ steps }) => at(sequence, place * sliding.dilation - steps));
      return others.reduce(
        (chosen, other, k) => where(greater(rest as Node, (leads[k + 1] as Lead).from - 0.5), other, chosen),
        first as Node,
      );
    });
  const places = placesOf(counting(x));
  const whole = sliding.padding === "valid";
  const counted = countsOf(x);
  const counts = counted === null && whole ? null : placesOf(counted ?? ones(x.time));
  const own = x.mask && (whole ? (counts ?? []).reduce((all, one) => mul(all, one)) : at(x.mask, 0));
  return { node: places[0] as Node, time, lengths, mask: own, real: context.real(time), places, counts };
}

/** The sequence with zeros where a step does not count. */
export function counting(x: Value): Node {
  const counts = countsOf(x);
  return counts === null ? x.node : where(counts, x.node, 0);
}

const ones = (time: Dim): Node => add(zeros([time, rows, 1]), 1);

/** Steps of the first window that lie before the beginning, where the last stride of a row has `from` steps or more. */
interface Lead {
  readonly from: number;
  readonly steps: number;
}

function leadsOf(sliding: Sliding, time: Dim): readonly Lead[] {
  const { padding, stride } = sliding;
  const reach = reachOf(sliding);
  if (padding !== "same") return [{ from: 1, steps: padding === "causal" ? reach - 1 : 0 }];
  const lead = (rest: number): number => Math.floor(Math.max(0, reach - rest) / 2);
  if (typeof time === "number")
    return [{ from: 1, steps: lead(time - (windowsIn({ size: 1, stride }, time) - 1) * stride) }];
  const all = Array.from({ length: lead(1) - lead(stride) + 1 }, (_, k) => lead(1) - k);
  return all.map((steps) => ({ from: Math.max(1, reach - 2 * steps - 1), steps }));
}

const mostPlaces = 2 ** 12;

/** With padding "same" each place is read once for each lead. */
function refuseMany({ size }: Sliding, leads: number): void {
  if (size * leads <= mostPlaces) return;
  const expected = `a window of ${Math.floor(mostPlaces / leads)} steps at most, as it has ${leads} beginnings`;
  const [got, fix] = [`${size} steps`, 'Choose a smaller window, smaller strides, or padding: "valid".'];
  throw new UnrollError({ where: 'padding: "same"', expected, got, fix });
}

/** `[rows, 1]`: how many steps the last stride of each row has, 1 up to `stride`. */
function restOf(x: Value, stride: number): Node {
  const { steps } = folded(x, {
    counts: x.real ?? null,
    initial: { steps: zeros([rows, 1]) },
    sequences: {},
    next: ({ steps }) => ({ steps: where(greater(steps, stride - 0.5), 1, add(steps, 1)) }),
  });
  return steps;
}
