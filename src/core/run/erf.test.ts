import { expect, test } from "vitest";
import { erf } from "./erf.ts";

test.each([
  // DLMF, table 7.23 and the Taylor series, to 16 digits
  [0, 0],
  [1e-10, 1.1283791670955126e-10],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2, 0.9953222650189527],
  [3, 0.9999779095030014],
  [5, 0.9999999999984626],
  [7, 1],
])("erf(%f) is %f, and odd", (x, value) => {
  expect(Math.abs(erf(x) - value)).toBeLessThanOrEqual(4 * Number.EPSILON * value);
  expect(erf(-x)).toBe(-erf(x));
});

test("infinity and NaN", () => {
  expect([erf(Number.POSITIVE_INFINITY), erf(Number.NEGATIVE_INFINITY), erf(Number.NaN)]).toEqual([
    1,
    -1,
    Number.NaN,
  ]);
});
