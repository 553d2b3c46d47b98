/**
 * Videos as sequences of feature vectors, one a frame: a light moves over a ring of sensors. Where it is says nothing
 * about the class, only where it goes.
 */
import { exp } from "../../core/run/math.ts";
import { keyOf, normal } from "../../core/run/random.ts";
import { between, type Draw, draws, type GeneratorOptions } from "./draws.ts";
import type { Generated } from "./generators.ts";

export interface FrameOptions extends GeneratorOptions {
  /** Numbers in a frame: how many sensors stand in the ring. Default: 9. */
  readonly features?: number;
  /** The least number of frames. Default: 10. */
  readonly from?: number;
  /** The largest number of frames. Default: 50. */
  readonly to?: number;
  /** Standard deviation of what is added to each number; the light itself is 1 high. Default: 0.3. */
  readonly noise?: number;
}

/** What the light does, by class. */
export const movements = ["goes up", "goes down", "swings"] as const;

/**
 * A light on a ring of sensors, seen through noise. It begins anywhere and goes up (class 0) or down (1) by 0.2 to 0.5
 * sensors a frame, or swings to and fro (2). The classes take turns. x: `[count][10 to 50][9]`, y: `[count]`.
 */
export function movingLights(options: FrameOptions): Generated<number> {
  const { count, features = 9, from = 10, to = 50, noise = 0.3, seed = 0 } = options;
  const y = Array.from({ length: count }, (_, k) => k % movements.length);
  const x = y.map((movement, k) => {
    const draw = draws(seed, "moving lights", k);
    const key = keyOf(seed, "noise of moving lights", k);
    const start = features * draw();
    return path(draw, movement, between(draw, from, to)).map((moved, t) =>
      Array.from({ length: features }, (_, sensor) => {
        const bright = brightness((((start + moved - sensor) % features) + features) % features, features);
        return bright + noise * normal(key, t * features + sensor);
      }),
    );
  });
  return { x, y };
}

/** How far the light is from where it began, in sensors, at each frame. */
function path(draw: Draw, movement: number, length: number): number[] {
  const speed = 0.2 + 0.3 * draw();
  const swing = between(draw, 3, 6);
  let way = movement === 0 ? 1 : movement === 1 ? -1 : draw() < 0.5 ? 1 : -1;
  let moved = 0;
  return Array.from({ length }, (_, t) => {
    if (movement === 2 && t > 0 && t % swing === 0) way = -way;
    moved += way * speed;
    return moved;
  });
}

/** Of a sensor that stands `ahead` of the light on a ring of `features`: a bell 0.8 sensors wide. */
function brightness(ahead: number, features: number): number {
  const distance = Math.min(ahead, features - ahead) / 0.8;
  return exp(-0.5 * distance * distance);
}
