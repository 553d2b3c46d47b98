import { expect, test } from "vitest";
import { described } from "./calibrate.ts";

const measured = [
  { tiles: "8 sums", chunk: "12 steps", milliseconds: 5, ratio: 1, faster: 0 },
  { tiles: "12 sums", chunk: "12 steps", milliseconds: 4.5, ratio: 0.9, faster: 1 },
];
const found = { device: "wasm", mode: "strict", measured, gain: 1 / 0.9, forgotten: null } as const;

test("a table, what was chosen, and whether it is kept", () => {
  const chosen = { tiles: "12 sums", chunk: "12 steps" };
  expect(described({ ...found, chosen })).toBe(`wasm, strict

tiles    a chunk at most  ms a step  ratio
8 sums   12 steps              5.00   1.00
12 sums  12 steps              4.50   0.90  chosen

1.11 times as fast as without. Remembered.
`);
  expect(described({ ...found, chosen, gain: 1, forgotten: "the disk is full" })).toMatch(
    /What is there without a calibration stays. Not remembered: the disk is full.\n$/,
  );
});
