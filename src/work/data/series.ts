/** Series of numbers to forecast. */
import { draws } from "./draws.ts";

export interface SeriesOptions {
  readonly length: number;
  /** Where the series begins. Default: 0. */
  readonly seed?: number;
}

/** Time that passes in the equation between two numbers: `substeps` steps of Euler's method. */
const substeps = 10;
/** The delay of the equation, in numbers of the series. */
const delay = 17;
/** Numbers that are thrown away, until the series no longer knows how it began. */
const warmingUp = 200;

/**
 * The series of Mackey and Glass (1977), chaotic, the usual test of forecasts (delay 17, one number a unit of time):
 *
 *   dx/dt = 0.2 x(t - 17) / (1 + x(t - 17)^10) - 0.1 x(t)
 *
 * Its numbers lie between 0.2 and 1.4, about 0.93 in the mean.
 */
export function mackeyGlass({ length, seed = 0 }: SeriesOptions): number[] {
  const draw = draws(seed, "mackey glass", 0);
  const past = delay * substeps;
  const x = Array.from({ length: past + 1 }, () => 0.8 + 0.4 * draw());
  while (x.length < past + (warmingUp + length) * substeps) {
    const [now, then] = [x.at(-1) ?? 0, x.at(-1 - past) ?? 0];
    x.push(now + ((0.2 * then) / (1 + power10(then)) - 0.1 * now) / substeps);
  }
  return Array.from({ length }, (_, k) => x[past + (warmingUp + k) * substeps] ?? 0);
}

/** By products alone, which every engine rounds alike. */
function power10(x: number): number {
  const square = x * x;
  const fourth = square * square;
  return fourth * fourth * square;
}
