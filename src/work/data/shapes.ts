/** Videos of small shapes that move: images `[height, width, 1]` of ones and zeros, seen through noise. */
import { keyOf, normal } from "../../core/run/random.ts";
import { below, between, type Draw, draws, type GeneratorOptions, pick } from "./draws.ts";

export interface ShapeOptions extends GeneratorOptions {
  /** Pixels of a side. Default: 12. */
  readonly size?: number;
  /** The largest number of frames. */
  readonly to: number;
  /** The least number of frames. Default: the largest. */
  readonly from?: number;
  /** Standard deviation of what is added to each pixel. Default: 0. */
  readonly noise?: number;
}
/** `[count][frames][size][size][1]` */
export type Videos = number[][][][][];

/** Three rows of three pixels each. */
const shapes = [
  ["###", "###", "###"],
  ["###", "#.#", "###"],
  [".#.", "###", ".#."],
  ["#.#", ".#.", "#.#"],
  ["##.", "##.", "###"],
].map((rows) => rows.map((row) => Array.from(row, (pixel) => (pixel === "#" ? 1 : 0))));

/** Where a shape may go, by class; a frame is a step down and a step to the right. */
export const ways = ["right", "left", "down", "up"] as const;
const steps = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
] as const;

/**
 * One shape that goes one pixel a frame along a row or a column, and where it leaves the image comes in again on the
 * other side. y is its way, of `ways`. The classes take turns; shape and first place are drawn.
 */
export function passingShapes(options: ShapeOptions): { readonly x: Videos; readonly y: number[] } {
  const { count, size = 12 } = options;
  const y = Array.from({ length: count }, (_, k) => k % ways.length);
  const x = videos(options, "passing shapes", (draw, k) => {
    const [down, right] = steps[y[k] ?? 0] ?? [0, 0];
    const [shape, top, left] = [pick(draw, shapes), below(draw, size), below(draw, size)];
    return (t) => [{ shape, top: top + t * down, left: left + t * right }];
  });
  return { x, y };
}

/**
 * Two shapes that go one pixel a frame, along rows, columns or diagonals, and turn where they meet the edge of the
 * image. They pass through one another.
 */
export function bouncingShapes(options: ShapeOptions): Videos {
  const room = (options.size ?? 12) - 3; // the last place where a shape is inside
  return videos(options, "bouncing shapes", (draw) => {
    const thrown = [0, 1].map(() => {
      const shape = pick(draw, shapes);
      const down = below(draw, 3) - 1;
      const right = down === 0 ? 2 * below(draw, 2) - 1 : below(draw, 3) - 1;
      return { shape, top: below(draw, room + 1), left: below(draw, room + 1), down, right };
    });
    return (t) =>
      thrown.map(({ shape, top, left, down, right }) => ({
        shape,
        top: folded(top + t * down, room),
        left: folded(left + t * right, room),
      }));
  });
}

interface Placed {
  readonly shape: (typeof shapes)[number];
  readonly top: number;
  readonly left: number;
}

/** Videos of what `plan` places at each frame. */
function videos(
  { count, size = 12, to, from = to, noise = 0, seed = 0 }: ShapeOptions,
  name: string,
  plan: (draw: Draw, video: number) => (frame: number) => readonly Placed[],
): Videos {
  return Array.from({ length: count }, (_, k) => {
    const draw = draws(seed, name, k);
    const key = keyOf(seed, `noise of ${name}`, k);
    const length = between(draw, from, to);
    const placedAt = plan(draw, k);
    return Array.from({ length }, (__, t) => {
      const image = painted(placedAt(t), size);
      if (noise === 0) return image;
      const before = t * size * size;
      return image.map((row, i) =>
        row.map(([pixel = 0], j) => [pixel + noise * normal(key, before + i * size + j)]),
      );
    });
  });
}

/** An image with shapes on it; what leaves it on one side comes in on the other. */
function painted(placed: readonly Placed[], size: number): number[][][] {
  const image = Array.from({ length: size }, () => Array.from({ length: size }, () => [0]));
  const inside = (place: number): number => ((place % size) + size) % size;
  for (const { shape, top, left } of placed)
    for (const [i, row] of shape.entries())
      for (const [j, pixel] of row.entries()) {
        const at = image[inside(top + i)]?.[inside(left + j)];
        if (at && pixel === 1) at[0] = 1;
      }
  return image;
}

/** A place on the way to and fro between 0 and `room`. */
function folded(place: number, room: number): number {
  const round = ((place % (2 * room)) + 2 * room) % (2 * room);
  return round <= room ? round : 2 * room - round;
}
