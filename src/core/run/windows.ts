/** Windows over images for the reference interpreter: what each sees, and the way back. */
import type { Windows } from "../graph/nodes.ts";
import { countOf, filled, type HostValue } from "./values.ts";

/** `[..., H, W, C]` to `[..., H', W', h * w * C]`. */
export function patched(x: HostValue, windows: Windows, shape: readonly number[]): HostValue {
  const out = filled(shape, windows.outside);
  overWindows(x, windows, (image, patch) => {
    out.data[patch] = x.data[image]!;
  });
  return out;
}

/** `[..., H', W', h * w * C]` to `[..., H, W, C]`: each patch added where it was seen, the first window first. */
export function overlapped(x: HostValue, windows: Windows, shape: readonly number[]): HostValue {
  const out = filled(shape, 0);
  overWindows(out, windows, (image, patch) => {
    out.data[image]! += x.data[patch]!;
  });
  return out;
}

/** `visit` with the place of each number in the image that a window sees, and its place in the patch. */
function overWindows(
  image: HostValue,
  { image: [height, width], window, dilation, strides, start, count }: Windows,
  visit: (image: number, patch: number) => void,
): void {
  const channels = image.shape.at(-1) ?? 1;
  const images = countOf(image.shape) / (height * width * channels);
  for (let n = 0; n < images; n++) {
    for (let place = 0; place < count[0] * count[1]; place++) {
      for (let seen = 0; seen < window[0] * window[1]; seen++) {
        const y =
          start[0] + Math.floor(place / count[1]) * strides[0] + Math.floor(seen / window[1]) * dilation[0];
        const x = start[1] + (place % count[1]) * strides[1] + (seen % window[1]) * dilation[1];
        if (y < 0 || y >= height || x < 0 || x >= width) continue;
        for (let c = 0; c < channels; c++) {
          const patch = ((n * count[0] * count[1] + place) * window[0] * window[1] + seen) * channels + c;
          visit(((n * height + y) * width + x) * channels + c, patch);
        }
      }
    }
  }
}
