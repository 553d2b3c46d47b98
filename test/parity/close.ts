/** Numbers of the reference device against those of an outside system. */
import { expect } from "vitest";

/**
 * Both sides compute in float64. What is compared went through float32 once (relative 2^-24), and the fixtures hold
 * nine digits.
 */
const tolerance = 2e-7;

export function expectClose(got: readonly number[], wanted: readonly number[], what: string): void {
  expect(got.length, `${what}: how many numbers`).toBe(wanted.length);
  const scale = Math.max(1, ...wanted.map(Math.abs));
  const worst = got.reduce(
    (most, x, k) => Math.max(most, Math.abs(x - (wanted[k] ?? Number.NaN)) / scale),
    0,
  );
  expect(worst, `${what}: the largest difference`).toBeLessThan(tolerance);
}
