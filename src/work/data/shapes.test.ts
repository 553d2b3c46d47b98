import { describe, expect, test } from "vitest";
import { bouncingShapes, passingShapes, type Videos, ways } from "./shapes.ts";

type Image = Videos[number][number];
const flat = (image: Image): number[] => image.flat(2);
/** The image moved over its edges, so many rows down and columns to the right. */
const moved = (image: Image, down: number, right: number): Image =>
  image.map((row, i) =>
    row.map((_, j) => {
      const n = image.length;
      return [image[(i - down + n) % n]?.[(j - right + n) % n]?.[0] ?? 0];
    }),
  );

describe("passing shapes", () => {
  const { x, y } = passingShapes({ count: 200, from: 6, to: 12, seed: 1 });

  test("videos of 6 to 12 images 12 x 12 of zeros and ones, 4 classes that take turns", () => {
    expect(new Set(x.map((frames) => frames.length))).toEqual(new Set([6, 7, 8, 9, 10, 11, 12]));
    for (const image of x.flat()) {
      expect(image.length).toBe(12);
      expect(image.every((row) => row.length === 12 && row.every((pixel) => pixel.length === 1))).toBe(true);
    }
    expect(new Set(x.flat(4))).toEqual(new Set([0, 1]));
    expect(y.slice(0, 5)).toEqual([0, 1, 2, 3, 0]);
  });
  test("each frame is the one before, moved one pixel the way of its class", () => {
    const steps = { right: [0, 1], left: [0, -1], down: [1, 0], up: [-1, 0] } as const;
    x.forEach((frames, k) => {
      const [down, right] = steps[ways[y[k] ?? 0] ?? "up"];
      for (let t = 1; t < frames.length; t++)
        expect(frames[t]).toEqual(moved(frames[t - 1] ?? [], down, right));
    });
  });
  test("shapes of 5 to 9 pixels begin at every place", () => {
    const first = x.map(([image]) => flat(image ?? []));
    expect(new Set(first.map((image) => image.filter((pixel) => pixel === 1).length))).toEqual(
      new Set([5, 7, 8, 9]),
    );
    for (let k = 0; k < 144; k++) expect(first.some((image) => image[k] === 1)).toBe(true);
  });
  test("the noise has the deviation that was asked for, and a mean of 0", () => {
    const noisy = passingShapes({ count: 50, from: 6, to: 12, seed: 1, noise: 0.5 }).x;
    const clear = x.slice(0, 50).flat(4);
    const noise = noisy.flat(4).map((pixel, k) => pixel - (clear[k] ?? 0));
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const variance = noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
  });
  test("a function of the seed", () => {
    expect(passingShapes({ count: 3, from: 6, to: 12, seed: 1 }).x).toEqual(x.slice(0, 3));
    expect(passingShapes({ count: 3, from: 6, to: 12, seed: 2 }).x).not.toEqual(x.slice(0, 3));
  });
});

describe("bouncing shapes", () => {
  const x = bouncingShapes({ count: 100, size: 8, to: 21, seed: 1 });

  test("each image has one or two shapes, whole", () => {
    expect(x.every((frames) => frames.length === 21)).toBe(true);
    expect(new Set(x.flat(4))).toEqual(new Set([0, 1]));
    const counts = x.flat().map((image) => flat(image).filter((pixel) => pixel === 1).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...counts)).toBe(18);
  });
  test("frames differ from those before, and after 10 frames to and fro over 5 places all begins again", () => {
    let still = 0; // two shapes that are alike may change places
    for (const frames of x) {
      const texts = frames.map((image) => flat(image).join(""));
      still += texts.filter((text, t) => text === texts[t - 1]).length;
      expect(texts.slice(10)).toEqual(texts.slice(0, 11));
    }
    expect(still / (100 * 20)).toBeLessThan(0.01);
  });
  test("a function of the seed", () => {
    expect(bouncingShapes({ count: 3, size: 8, to: 21, seed: 1 })).toEqual(x.slice(0, 3));
    expect(bouncingShapes({ count: 3, size: 8, to: 21, seed: 2 })).not.toEqual(x.slice(0, 3));
  });
});
