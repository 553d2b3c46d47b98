import { expect, test } from "vitest";
import { shardsOf } from "./batches.ts";

const batch = (lengths: Readonly<Record<string, Int32Array>>) => ({
  rows: 4,
  times: {},
  lengths,
  inputs: [],
});

test("rows are sorted in every dimension whose lengths follow from one another", () => {
  const lengths = { half: Int32Array.of(1, 2, 1, 3), time: Int32Array.of(3, 4, 2, 6) };
  const [first, second] = shardsOf(batch(lengths), 2, { half: 3, time: 6 });
  expect([first?.rows, second?.rows].map((rows) => [...(rows ?? [])])).toEqual([
    [3, 1],
    [0, 2],
  ]);
  expect(second?.lengths).toEqual({ half: Int32Array.of(1, 1), time: Int32Array.of(3, 2) });
  expect(second?.active).toEqual({ half: Int32Array.of(2, 0, 0), time: Int32Array.of(2, 2, 1, 0, 0, 0) });
});

test("lengths of their own in two dimensions are refused", () => {
  const lengths = { time: Int32Array.of(3, 4, 2, 6), time_2: Int32Array.of(3, 1, 2, 2) };
  expect(() => shardsOf(batch(lengths), 2, { time: 6, time_2: 3 })).toThrow(
    /different lengths in "time" and "time_2".*Pad all but one/,
  );
});

test("rows of full length stay as they are", () => {
  const [whole] = shardsOf(batch({ time: Int32Array.of(6, 6, 6, 6) }), 4, { time: 6 });
  expect([whole?.even, [...(whole?.rows ?? [])]]).toEqual([true, [0, 1, 2, 3]]);
});
