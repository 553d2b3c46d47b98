import { expect, test } from "vitest";
import { editDistance, speechFrames } from "./speech.ts";

const { x, y } = speechFrames({ count: 200, seed: 2, sounds: 4, bands: 8 });

test("three to seven sounds, and frames enough for all of them and the blanks between repeats", () => {
  expect(new Set(y.map((sounds) => sounds.length))).toEqual(new Set([3, 4, 5, 6, 7]));
  expect(new Set(y.flat())).toEqual(new Set([1, 2, 3, 4]));
  y.forEach((sounds, k) => {
    const repeats = sounds.filter((sound, t) => sound === sounds[t - 1]).length;
    expect(x[k]?.length).toBeGreaterThanOrEqual(2 * sounds.length + repeats);
  });
  expect(x.flat().every((frame) => frame.length === 8 && frame.every(Number.isFinite))).toBe(true);
});
test("without noise, spectra have peaks and nothing below zero", () => {
  const clear = speechFrames({ count: 2, seed: 2, noise: 0 });
  const largest = (clear.x[0] ?? []).map((frame) => Math.max(...frame));
  expect(Math.max(...largest)).toBeGreaterThan(1);
  expect(Math.min(...(clear.x[0] ?? []).flat())).toBeGreaterThanOrEqual(0);
});
test("the same for the same seed, other for another", () => {
  expect(speechFrames({ count: 200, seed: 2, sounds: 4, bands: 8 }).x).toEqual(x);
  expect(speechFrames({ count: 200, seed: 3, sounds: 4, bands: 8 }).x).not.toEqual(x);
});
test("editDistance counts labels put in, left out and replaced", () => {
  expect(editDistance([1, 2, 3], [1, 2, 3])).toBe(0);
  expect(editDistance([1, 3], [1, 2, 3])).toBe(1);
  expect(editDistance([], [1, 2])).toBe(2);
  expect(editDistance([1, 2, 3, 4], [2, 9, 4])).toBe(2);
});
