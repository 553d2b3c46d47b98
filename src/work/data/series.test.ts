import { describe, expect, test } from "vitest";
import { mackeyGlass } from "./series.ts";

describe("the Mackey-Glass series", () => {
  const x = mackeyGlass({ length: 2000, seed: 1 });
  const between = x.slice(1, -1).map((now, k) => [x[k] ?? 0, now, x[k + 2] ?? 0] as const);

  test("stays between 0.2 and 1.4 about 0.93, and never settles", () => {
    expect(x).toHaveLength(2000);
    expect(Math.min(...x)).toBeGreaterThan(0.2);
    expect(Math.max(...x)).toBeLessThan(1.4);
    expect(x.reduce((sum, value) => sum + value, 0) / x.length).toBeCloseTo(0.93, 1);
    const late = x.slice(-200);
    expect(Math.max(...late) - Math.min(...late)).toBeGreaterThan(0.6);
  });
  test("has a summit about every 50 numbers, of different heights", () => {
    const summits = between.filter(([before, now, after]) => now > before && now > after && now > 0.9);
    expect(2000 / summits.length).toBeGreaterThan(25);
    expect(2000 / summits.length).toBeLessThan(60);
    const heights = summits.map(([, height]) => height);
    expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThan(0.1);
  });
  test("two beginnings part: it is chaotic", () => {
    const other = mackeyGlass({ length: 2000, seed: 2 });
    expect(mackeyGlass({ length: 50, seed: 1 })).toEqual(x.slice(0, 50));
    expect(Math.max(...other.map((value, k) => Math.abs(value - (x[k] ?? 0))))).toBeGreaterThan(0.5);
  });
});
