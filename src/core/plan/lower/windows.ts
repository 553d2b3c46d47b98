/**
 * Windows over an image: what each sees, written side by side, and the way back, each patch added where it was seen,
 * from the first window to the last. The sites of a row are its pixels, line by line, or its windows.
 */
import type { NodeOf, Windows } from "../../graph/nodes.ts";
import { sizeOf, widthOf } from "../../graph/shapes.ts";
import type { Expression } from "../program.ts";
import type { Slot } from "../store.ts";
import { floatBytes, Place } from "./addresses.ts";
import { bitAnd, constantVector, int, less, lessEqual, load, plus, splat, times, vector } from "./ir.ts";
import { type Kernels, leftSide, overSites } from "./kernels.ts";
import { overFeatures } from "./map.ts";
import { put, type RowAt } from "./put.ts";

/** What a window sees at one of its places. */
interface Sight {
  /** The window, and how many there are. */
  readonly window: Expression;
  readonly windows: number;
  /** Where its features begin in the patch, in floats. */
  readonly column: Expression;
  readonly pixel: Expression;
  readonly pixels: number;
  /** 1 where the pixel lies in the image, else 0. */
  readonly inside: Expression;
}

/** `[H, W, C]` to `[H', W', h * w * C]`. */
export function lowerPatches(kernels: Kernels, node: NodeOf<"patches">, at: RowAt): void {
  const { writer, domain, step, row } = at;
  const [image] = node.inputs;
  const width = widthOf(image);
  const from = leftSide(kernels, image);
  const to = kernels.slotOf(node) as Slot;
  overSights(node.attributes, width, at, ({ window, windows, column, pixel, pixels, inside }) => {
    overFeatures(writer, width, kernels.lanes, (feature) => {
      const position = { rows: domain.rows, step, row, feature };
      const patch = new Place(writer, kernels.frame, kernels.lanes, {
        ...position,
        sites: windows,
        site: window,
      });
      const address = writer.set(plus(patch.pointer(to, true), times(column, int(floatBytes))), "int");
      const target = { address, offset: to.column, width };
      writer.when(inside, () => {
        const seen = new Place(writer, kernels.frame, kernels.lanes, {
          ...position,
          sites: pixels,
          site: pixel,
        });
        const source = seen.pointer(from.slot, true);
        const offset = from.column * floatBytes;
        put(seen, target, width === 1 ? splat(source, offset) : load(plus(source, feature), offset));
      });
      writer.when(less(inside, int(1)), () => put(patch, target, constantVector(node.attributes.outside)));
    });
  });
}

/** `[H', W', h * w * C]` to `[H, W, C]`. */
export function lowerOverlapAdd(kernels: Kernels, node: NodeOf<"overlapAdd">, at: RowAt): void {
  const { writer, domain, step, row } = at;
  const width = widthOf(node);
  const from = leftSide(kernels, node.inputs[0]);
  const to = kernels.slotOf(node) as Slot;
  const placeOf = (sites: number, site: Expression, feature: Expression): Place =>
    new Place(writer, kernels.frame, kernels.lanes, { rows: domain.rows, step, row, sites, site, feature });
  overSites(writer, to.sites, (site) =>
    overFeatures(writer, width, kernels.lanes, (feature) => {
      const place = placeOf(to.sites, site, feature);
      put(place, { address: place.pointer(to, true), offset: to.column, width }, constantVector(0));
    }),
  );
  overSights(node.attributes, width, at, ({ window, windows, column, pixel, pixels, inside }) =>
    writer.when(inside, () =>
      overFeatures(writer, width, kernels.lanes, (feature) => {
        const patch = placeOf(windows, window, feature);
        const source = plus(patch.pointer(from.slot, true), times(column, int(floatBytes)));
        const place = placeOf(pixels, pixel, feature);
        const address = place.pointer(to, true);
        const read = (start: Expression, offset: number): Expression =>
          width === 1 ? splat(start, offset * floatBytes) : load(plus(start, feature), offset * floatBytes);
        const sum = vector("add", read(address, to.column), read(source, from.column));
        put(place, { address, offset: to.column, width }, sum);
      }),
    ),
  );
}

/** `body` for every place of every window, in order. `width`: the channels of a pixel. */
function overSights(
  { image, window, dilation, strides, start, count }: Windows,
  width: number,
  { writer }: RowAt,
  body: (sight: Sight) => void,
): void {
  const along = (axis: 0 | 1, place: Expression, seen: Expression): Expression =>
    writer.set(
      plus(plus(times(place, int(strides[axis])), times(seen, int(dilation[axis]))), int(start[axis])),
      "int",
    );
  const within = (axis: 0 | 1, at: Expression): Expression =>
    bitAnd(lessEqual(int(0), at), less(at, int(image[axis])));
  writer.loop(int(0), int(count[0]), 1, (line) =>
    writer.loop(int(0), int(count[1]), 1, (place) =>
      writer.loop(int(0), int(window[0]), 1, (down) =>
        writer.loop(int(0), int(window[1]), 1, (right) => {
          const [y, x] = [along(0, line, down), along(1, place, right)];
          const seen = plus(times(down, int(window[1])), right);
          body({
            window: writer.set(plus(times(line, int(count[1])), place), "int"),
            windows: sizeOf(count),
            column: writer.set(times(seen, int(width)), "int"),
            pixel: writer.set(plus(times(y, int(image[1])), x), "int"),
            pixels: sizeOf(image),
            inside: writer.set(bitAnd(within(0, y), within(1, x)), "int"),
          });
        }),
      ),
    ),
  );
}
