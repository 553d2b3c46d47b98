/**
 * Where rows end. A device lets rows drop out of one dimension of time as they end. In each further one in which they
 * differ they run on over zeros, and what must not see these steps is told which steps are real.
 */
import type { HostArray } from "../../core/run/device.ts";
import { followed } from "../times.ts";
import type { Traced } from "./trace.ts";

type Lengths = Readonly<Record<string, Int32Array>>;
/** Steps and rows of a batch, by dimension of time. */
export interface Extents {
  readonly rows: number;
  readonly times: Readonly<Record<string, number>>;
  /** Of the dimensions in which rows differ, at least. */
  readonly lengths: Lengths;
}

/**
 * The lengths that a device is told: those of the first dimension in which rows differ, and of those that follow from
 * the same one.
 */
export function firstLengths({ lengths, times }: Pick<Extents, "lengths" | "times">): Lengths {
  const uneven = Object.entries(lengths).filter(([time, own]) =>
    own.some((length) => length !== times[time]),
  );
  const originOf = (time: string): string => followed(time).origin;
  const first = originOf(uneven[0]?.[0] ?? "");
  return Object.fromEntries(uneven.filter(([time]) => originOf(time) === first));
}

/** For the parameters `ends` of a traced network, in their order: `[rows, time, 1]`, 1 for a real step. */
export function endsOf(
  { ends }: Pick<Traced, "ends">,
  { rows, times, lengths }: Extents,
): readonly HostArray[] {
  return Object.keys(ends).map((time) => {
    const steps = times[time] ?? 1;
    const real = new Float32Array(rows * steps);
    for (let row = 0; row < rows; row++)
      real.fill(1, row * steps, row * steps + (lengths[time]?.[row] ?? steps));
    return real;
  });
}
