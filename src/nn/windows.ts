/** Windows over images: sizes and places, as Keras and TensorFlow count them, and the convolution they make. */
import type { Node, Pair, Windows } from "../core/graph/nodes.ts";
import { matmul, patches, reshape } from "../core/graph/operators.ts";
import { sizeOf } from "../core/graph/shapes.ts";

/** One number for both axes, or one for each: height, width. */
export type Size = number | readonly [number, number];
export type ImagePadding = "valid" | "same";

export const pairOf = (size: Size): Pair => (typeof size === "number" ? [size, size] : size);

export interface Windowing {
  readonly window: Pair;
  readonly strides: Pair;
  readonly dilation: Pair;
  /** `valid`: windows lie in the image. `same`: as many as pixels, divided by the strides; zeros around the image. */
  readonly padding: ImagePadding;
  /** What stands outside of the image. */
  readonly outside: number;
}

/** The windows over an image; none along an axis that is shorter than a window. */
export function windowsOver(image: Pair, { padding, ...windowing }: Windowing): Windows {
  const along = ([height, width]: readonly [Along, Along], key: keyof Along): Pair => [
    height[key],
    width[key],
  ];
  const both = [alongAxis(image, windowing, padding, 0), alongAxis(image, windowing, padding, 1)] as const;
  return { image, ...windowing, start: along(both, "start"), count: along(both, "count") };
}

interface Along {
  readonly start: number;
  readonly count: number;
}

function alongAxis(
  image: Pair,
  { window, strides, dilation }: Omit<Windowing, "padding">,
  padding: ImagePadding,
  axis: 0 | 1,
): Along {
  const reach = (window[axis] - 1) * dilation[axis] + 1;
  if (padding === "valid") return { start: 0, count: Math.floor((image[axis] - reach) / strides[axis]) + 1 };
  const count = Math.ceil(image[axis] / strides[axis]);
  const missing = Math.max((count - 1) * strides[axis] + reach - image[axis], 0);
  return { start: -Math.floor(missing / 2), count };
}

/** `[..., H, W, C]` and a kernel `[h, w, C, F]` to `[..., H', W', F]`: each sum begins with the first pixel it sees. */
export function convolved(image: Node, kernel: Node, windowing: Windowing): Node {
  const [height, width] = image.shape.slice(-3);
  const seen = patches(image, windowsOver([Number(height), Number(width)], windowing));
  const shape = kernel.shape as readonly number[];
  return matmul(seen, reshape(kernel, [sizeOf(shape.slice(0, -1)), shape.at(-1) ?? 1]));
}
