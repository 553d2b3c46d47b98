import { describe, expect, test } from "vitest";
import { keyOf } from "../../core/run/random.ts";
import { atOnce } from "../breath.ts";
import { orthogonal } from "./orthogonal.ts";

describe("orthogonal", () => {
  test.each([
    [5, 5],
    [4, 16],
    [16, 4],
    [64, 64],
  ])("%i x %i has orthonormal rows or columns", (rows, columns) => {
    const q = atOnce(orthogonal(keyOf(9), rows, columns));
    expect(q.length).toBe(rows * columns);
    const count = Math.min(rows, columns);
    const entry = (vector: number, k: number): number =>
      rows <= columns ? q[vector * columns + k]! : q[k * columns + vector]!;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) sum += entry(a, k) * entry(b, k);
        expect(Math.abs(sum - (a === b ? 1 : 0))).toBeLessThan(1e-12);
      }
    }
  });
  test("prefers no direction", () => {
    const diagonal = Array.from({ length: 2000 }, (_, seed) => atOnce(orthogonal(keyOf(seed), 3, 3))[0]!);
    expect(Math.abs(diagonal.reduce((sum, x) => sum + x, 0) / 2000)).toBeLessThan(0.052); // four deviations
  });
});
