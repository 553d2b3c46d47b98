/**
 * Medians of runs that alternate: a burst of each side, then of each again, so that a disturbance of the machine hits
 * them all. A burst begins with a run that is not counted, which brings the side's data back into the caches.
 */

import { setTimeout as sleep } from "node:timers/promises";

/** One of the things that are timed beside each other. */
export interface Side {
  readonly name: string;
  readonly run: () => unknown;
  /** For what runs elsewhere: so many runs after one that is not counted, and the milliseconds of each. */
  readonly burst?: (runs: number) => Promise<readonly number[]>;
}
export interface Timing {
  /** Milliseconds. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}
export interface Patience {
  /** Stops as soon as so much time has passed and every side has had `least` bursts. */
  readonly milliseconds: number;
  readonly least: number;
  readonly most: number;
  /** How long a burst is, about, in milliseconds. A run that takes longer is a burst of its own. */
  readonly burst: number;
  /** Milliseconds before each burst, in which the threads of the side before it fall asleep. Default: none. */
  readonly rest?: number;
}

/** How a benchmark is to be run. */
export interface Manner {
  readonly patience: Patience;
  /** Without relaxed instructions. */
  readonly strict: boolean;
}

/** Enough for stable medians; and a single look for CI, which asserts nothing about time. */
export const patient: Patience = { milliseconds: 2500, least: 7, most: 101, burst: 30 };
export const quick: Patience = { milliseconds: 0, least: 1, most: 1, burst: 0 };

export const isQuick = ({ patience }: Manner): boolean => patience.most === 1;

const warmUps = 2;
const mostRuns = 100;

/** The timing of each side, in order. */
export async function alternately(sides: readonly Side[], patience: Patience): Promise<readonly Timing[]> {
  const lengths = await warmed(sides);
  const times = sides.map((): number[] => []);
  const begun = performance.now();
  for (let round = 0; round < patience.most; round++) {
    if (round >= patience.least && performance.now() - begun > patience.milliseconds) break;
    for (const [k, side] of sides.entries()) {
      const runs = Math.round(patience.burst / (lengths[k] ?? 1));
      if (patience.rest !== undefined) await sleep(patience.rest);
      times[k]?.push(...(await burstOf(side, Math.min(mostRuns, runs))));
    }
  }
  return times.map(timingOf);
}

/** Milliseconds of a run of each side, once it is warm. */
async function warmed(sides: readonly Side[]): Promise<readonly number[]> {
  const lengths: number[] = sides.map(() => 0);
  for (let k = 0; k < warmUps; k++) {
    for (const [s, { run, burst }] of sides.entries())
      lengths[s] = burst ? ((await burst(1))[0] ?? 0) : await timed(run);
  }
  return lengths;
}

/** Below two runs that is a single one, and no run before it. */
async function burstOf({ run, burst }: Side, runs: number): Promise<readonly number[]> {
  if (burst) return burst(Math.max(1, runs));
  if (runs < 2) return [await timed(run)];
  const times: number[] = [];
  await timed(run);
  for (let k = 0; k < runs; k++) times.push(await timed(run));
  return times;
}

async function timed(run: () => unknown): Promise<number> {
  const begun = performance.now();
  const result = run();
  // What is done at once is not made to wait for a turn of the queue.
  if (result instanceof Promise) await result;
  return performance.now() - begun;
}

export function timingOf(times: readonly number[]): Timing {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (k: number): number => sorted[k] ?? 0;
  return { median: at(sorted.length >> 1), least: at(0), most: at(sorted.length - 1), runs: sorted.length };
}

/** The same for each of so many parts of a run. */
export const dividedBy = ({ median, least, most, runs }: Timing, parts: number): Timing => ({
  median: median / parts,
  least: least / parts,
  most: most / parts,
  runs,
});
