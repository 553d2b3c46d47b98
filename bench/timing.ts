/** Medians of runs that alternate: each side once, then each again, so that a disturbance of the machine hits them all. */

/** One of the things that are timed beside each other. */
export interface Side {
  readonly name: string;
  readonly run: () => unknown;
}
export interface Timing {
  /** Milliseconds. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}
export interface Patience {
  /** Stops as soon as so much time has passed and every side has `least` runs. */
  readonly milliseconds: number;
  readonly least: number;
  readonly most: number;
}

/** How a benchmark is to be run. */
export interface Manner {
  readonly patience: Patience;
  /** Without relaxed instructions. */
  readonly strict: boolean;
}

/** Enough for stable medians; and a single look for CI, which asserts nothing about time. */
export const patient: Patience = { milliseconds: 2500, least: 7, most: 101 };
export const quick: Patience = { milliseconds: 0, least: 1, most: 1 };

const warmUps = 2;

/** The timing of each side, in order. */
export async function alternately(sides: readonly Side[], patience: Patience): Promise<readonly Timing[]> {
  for (let k = 0; k < warmUps; k++) for (const { run } of sides) await run();
  const times = sides.map((): number[] => []);
  const begun = performance.now();
  for (let round = 0; round < patience.most; round++) {
    if (round >= patience.least && performance.now() - begun > patience.milliseconds) break;
    for (const [k, { run }] of sides.entries()) times[k]?.push(await timed(run));
  }
  return times.map(timingOf);
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
