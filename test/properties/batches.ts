/** Drawn batches for the properties: sequences of any length and targets of as many steps, and models that take them. */
import fc from "fast-check";
import { compare } from "../conformance/cases.ts";
import { recurrenceRoundings, relative } from "../tolerances.ts";

export const features = 3;
/** What a model gives at each step. */
export const classes = 3;
export type Row = readonly (readonly number[])[];
/** A sequence, its target, and the weight of both. */
export interface Sample {
  readonly x: Row;
  readonly y: Row;
  readonly weight: number;
}

const number = fc.integer({ min: -64, max: 64 }).map((n) => n / 32);
const vector = (width: number): fc.Arbitrary<readonly number[]> =>
  fc.array(number, { minLength: width, maxLength: width });
export const row = (least = 0, most = 9): fc.Arbitrary<Row> =>
  fc.array(vector(features), { minLength: least, maxLength: most });
const sample: fc.Arbitrary<Sample> = fc
  .tuple(
    fc.array(fc.tuple(vector(features), vector(classes)), { minLength: 1, maxLength: 9 }),
    fc.integer({ min: 1, max: 8 }),
  )
  .map(([steps, weight]) => ({
    x: steps.map(([x]) => x),
    y: steps.map(([, y]) => y),
    weight: weight / 4,
  }));
export const samples = (least: number, most = 7): fc.Arbitrary<readonly Sample[]> =>
  fc.array(sample, { minLength: least, maxLength: most });

/** As a model takes them. */
export const xOf = (all: readonly Sample[]): never => all.map(({ x }) => x) as never;
export const yOf = (all: readonly Sample[]): never => all.map(({ y }) => y) as never;
export const weightOf = (all: readonly Sample[]): never => all.map(({ weight }) => weight) as never;
export const stepsOf = (all: readonly Sample[]): number => all.reduce((sum, { x }) => sum + x.length, 0);

/** Throws unless the numbers are those wanted but for rounding. */
export function sameButRounding(
  got: readonly Float32Array[],
  wanted: readonly Float32Array[],
  all: readonly Sample[],
): void {
  const steps = Math.max(...all.map(({ x }) => x.length));
  const roundings = recurrenceRoundings({ features, units: 3 * classes, classes, steps, rows: all.length });
  compare(got, wanted, relative(roundings));
}
