/**
 * Dimensions of time that follow from others: one step for each window of so many steps, a window every so many.
 *
 *   time        every step of the input
 *   time:3/2    windows of 3 steps, one every 2:    floor((steps - 3) / 2) + 1 of them, none below 3 steps
 *
 * Windows of windows are windows again, so every such dimension is told by its origin and two numbers, which stand in
 * its name: whoever knows the steps of "time" knows those of "time:3/2".
 */
import type { Dim } from "../core/graph/nodes.ts";

export interface TimeWindows {
  /** Steps of a window: with 1 every step that begins a window has one. */
  readonly size: number;
  /** From one window to the next. */
  readonly stride: number;
}

/** How many windows a sequence has. */
export const windowsIn = ({ size, stride }: TimeWindows, steps: number): number =>
  Math.max(0, Math.floor((steps - size) / stride) + 1);

/** The dimension of the windows of another: a number of a number, a name of a name. */
export function windowed(time: Dim, windows: TimeWindows): Dim {
  if (typeof time === "number") return windowsIn(windows, time);
  const { origin, windows: own } = followed(time);
  return nameOf(origin, windowsOfWindows(own, windows));
}

/** `outer` of `inner`: the first window of all ends where the last of its windows does. */
export const windowsOfWindows = (inner: TimeWindows, outer: TimeWindows): TimeWindows => ({
  size: inner.size + (outer.size - 1) * inner.stride,
  stride: inner.stride * outer.stride,
});

export const everyStep: TimeWindows = { size: 1, stride: 1 };

const nameOf = (origin: string, { size, stride }: TimeWindows): string =>
  size === 1 && stride === 1 ? origin : `${origin}:${size}/${stride}`;

/** What a dimension follows from; one that follows from nothing is its own origin. */
export function followed(time: string): { readonly origin: string; readonly windows: TimeWindows } {
  const [origin = time, numbers] = time.split(":");
  if (numbers === undefined) return { origin, windows: everyStep };
  const [size = 1, stride = 1] = numbers.split("/").map(Number);
  return { origin, windows: { size, stride } };
}

export interface Extents {
  readonly rows: number;
  readonly times: Readonly<Record<string, number>>;
  readonly lengths: Readonly<Record<string, Int32Array>>;
}

/** The steps and lengths of a batch with those of all `dimensions` that follow. A batch has at least one step. */
export function withFollowing<E extends Extents>(dimensions: readonly string[], extents: E): E {
  const times = { ...extents.times };
  const lengths = { ...extents.lengths };
  for (const time of dimensions) {
    const { origin, windows } = followed(time);
    if (origin === time) continue;
    const steps = windowsIn(windows, times[origin] ?? 0);
    const own = lengths[origin] ?? (steps === 0 ? new Int32Array(extents.rows) : undefined);
    times[time] = Math.max(1, steps);
    if (own !== undefined) lengths[time] = own.map((length) => windowsIn(windows, length));
  }
  return { ...extents, times, lengths };
}
