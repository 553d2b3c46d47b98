import { describe, expect, test } from "vitest";
import { movingLights } from "./frames.ts";

/** Where the light is: the angle of the mean of the sensors on their ring, in sensors. */
function placeOf(frame: readonly number[]): number {
  const angle = (k: number): number => (2 * Math.PI * k) / frame.length;
  const [x, y] = [Math.cos, Math.sin].map((f) => frame.reduce((sum, v, k) => sum + v * f(angle(k)), 0));
  return (Math.atan2(y ?? 0, x ?? 0) / (2 * Math.PI)) * frame.length;
}

describe("moving lights", () => {
  const { x, y } = movingLights({ count: 1000, seed: 1 });

  test("1,000 sequences of 9 features, lengths 10 to 50, 3 classes that take turns", () => {
    const lengths = x.map((frames) => frames.length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([10, 50]);
    expect(x.flat().every((frame) => frame.length === 9)).toBe(true);
    expect(y.slice(0, 4)).toEqual([0, 1, 2, 0]);
  });
  test("without noise, class 0 goes up, 1 goes down, and 2 turns", () => {
    const clear = movingLights({ count: 60, noise: 0, seed: 3 });
    clear.x.forEach((frames, k) => {
      const places = frames.map(placeOf);
      const moves = places.slice(1).map((place, t) => ((place - (places[t] ?? 0) + 13.5) % 9) - 4.5);
      const ups = moves.filter((move) => move > 0).length;
      if (clear.y[k] === 0) expect(ups).toBe(moves.length);
      else if (clear.y[k] === 1) expect(ups).toBe(0);
      else expect([0, moves.length]).not.toContain(ups);
    });
  });
  test("the noise has the deviation that was asked for, and a mean of 0", () => {
    const quiet = movingLights({ count: 60, noise: 0, seed: 3 }).x.flat(2);
    const noise = movingLights({ count: 60, noise: 0.5, seed: 3 })
      .x.flat(2)
      .map((value, k) => value - (quiet[k] ?? 0));
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / noise.length);
    expect(mean).toBeCloseTo(0, 1);
    expect(deviation).toBeCloseTo(0.5, 1);
  });
  test("a function of the seed", () => {
    expect(movingLights({ count: 3, seed: 1 }).x).toEqual(x.slice(0, 3));
    expect(movingLights({ count: 3, seed: 2 }).x).not.toEqual(x.slice(0, 3));
  });
});
