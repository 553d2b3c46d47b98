/** Windows that move over steps and images, as options of layers. */
import type { Pair } from "../../core/graph/nodes.ts";
import { sizeOf } from "../../core/graph/shapes.ts";
import { UnrollError } from "../../errors.ts";
import { type Check, whole } from "../options.ts";
import { described, type Form } from "../symbols.ts";
import { pairOf, type Size, type Windowing, windowsOver } from "../windows.ts";
import type { Output } from "./layer.ts";

/** Steps that a window sees: each is a node of the graph. */
export const placesCheck: Check = whole(1, 2 ** 11);
/** From step to step that a window sees, or from window to window. */
export const distanceCheck: Check = whole(1, 2 ** 16);

const pairOfBoth = ({ expected, holds }: Check): Check => ({
  expected: `${expected}, or two: [height, width]`,
  holds: (x) => holds(x) || (Array.isArray(x) && x.length === 2 && [...x].every(holds)),
});
export const distancesCheck: Check = pairOfBoth(distanceCheck);
const size = pairOfBoth(whole(1));
/** Height and width of a window of at most `most` pixels. */
export const sizeCheck = (most: number): Check => ({
  expected: `${size.expected}; ${most} pixels at most`,
  holds: (x) => size.holds(x) && sizeOf(pairOf(x as Size)) <= most,
});

/** The form of what windows over an image give, of as many channels as it has unless told. */
export function seenForm(
  layer: string,
  x: Form | undefined,
  windowing: Windowing,
  width?: number,
): readonly Output[] {
  if (x === undefined) return [];
  const { count } = windowsOver(imageOf(layer, x, windowing), windowing);
  return [{ ...x, name: "output", axes: [...count, width ?? x.axes.at(-1) ?? 1] }];
}

/** Height and width of an image. Throws an UnrollError unless both are known and the windows fit. */
export function imageOf(layer: string, form: Form, windowing: Windowing): Pair {
  const [height, width] = form.axes.slice(-3);
  const image: Pair = [Number(height ?? 0), Number(width ?? 0)];
  const { count } = windowsOver(image, windowing);
  if (count[0] > 0 && count[1] > 0) return image;
  throw new UnrollError({
    where: `layer "${layer}"`,
    expected: `an image that a window of ${windowing.window.join(" x ")} fits into`,
    got: described(form),
    fix: 'Choose a smaller window, or padding: "same".',
  });
}
