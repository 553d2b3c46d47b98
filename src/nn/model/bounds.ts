/**
 * How many steps sequences may have, for layers that look at all of them at once (attention). Values of a step have a
 * fixed size in a program, so there is one program for each power of two; steps behind the end count as nothing, and no
 * bit depends on the bound.
 */
import type { Dim } from "../../core/graph/nodes.ts";
import { isLayer } from "../layers/layer.ts";
import { followed, windowsIn } from "../times.ts";
import type { Network } from "./network.ts";

/** By dimension of time. */
export type Bounds = Readonly<Record<string, number>>;

export const leastBound = 8;

export const looksAtSteps = ({ calls }: Pick<Network, "calls">): boolean =>
  calls.some(({ by }) => isLayer(by) && by.looksAtSteps === true);

/** The bounds for such data; none where no layer asks. */
export function boundsOf(
  network: Network,
  columns: readonly { readonly time: Dim | null; readonly lengths: Int32Array }[],
): Bounds {
  if (!looksAtSteps(network)) return {};
  const bounds: Record<string, number> = {};
  for (const { time, lengths } of columns) {
    if (typeof time !== "string") continue;
    const most = lengths.reduce((longest, length) => Math.max(longest, length), bounds[time] ?? leastBound);
    bounds[time] = boundFor(most);
  }
  return bounds;
}

/** The bound of a dimension of time, that of its origin's windows where it follows from another. */
export function boundIn(bounds: Bounds, time: Dim): number {
  if (typeof time === "number") return time;
  const { origin, windows } = followed(time);
  const whole = bounds[origin] ?? leastBound;
  return origin === time ? whole : boundFor(windowsIn(windows, whole));
}

/** The next power of two. */
export const boundFor = (steps: number): number => 2 ** (32 - Math.clz32(Math.max(leastBound, steps) - 1));
