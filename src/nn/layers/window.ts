/** Windows that move over images, as options of layers. */
import type { Pair } from "../../core/graph/nodes.ts";
import { UnrollError } from "../../errors.ts";
import { type Check, whole } from "../options.ts";
import { described, type Form } from "../symbols.ts";
import { type Windowing, windowsOver } from "../windows.ts";

const { holds: isSize } = whole(1);
export const sizeCheck: Check = {
  expected: "a whole number of 1 or more, or two: [height, width]",
  holds: (x) => isSize(x) || (Array.isArray(x) && x.length === 2 && [...x].every(isSize)),
};

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
