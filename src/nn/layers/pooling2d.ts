/** Images made smaller: the largest or the mean of what a window sees, or of all pixels. */
import { constant } from "../../core/graph/build.ts";
import type { Node, Shape } from "../../core/graph/nodes.ts";
import {
  add,
  broadcast,
  div,
  maximum,
  maxSites,
  mul,
  patches,
  reshape,
  split,
  sumSites,
} from "../../core/graph/operators.ts";
import { sizeOf } from "../../core/graph/shapes.ts";
import { checkOptions, commonChecks, oneOf } from "../options.ts";
import { type ImagePadding, pairOf, type Size, type Windowing, windowsOver } from "../windows.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { type Definition, onNode } from "./layer.ts";
import { distancesCheck, seenForm, sizeCheck } from "./window.ts";

export interface Pooling2dOptions {
  /** Of 2^12 pixels at most. Default: 2. */
  readonly poolSize?: Size;
  /** Up to 2^16. Default: poolSize. */
  readonly strides?: Size;
  /** Default: "valid". */
  readonly padding?: ImagePadding;
  readonly name?: string;
}

/** The largest of each window: `[batch, height, width, channels]` to `[batch, height', width', channels]`. */
export const maxPooling2d = (options: Pooling2dOptions = {}): LayerOf<"image", "image", "same"> =>
  pooling("maxPooling2d", "MaxPooling2D", options, (x, windowing) =>
    partsSeen(x, { ...windowing, outside: Number.NEGATIVE_INFINITY }).reduce((a, b) => maximum(a, b)),
  );

/** The mean of the pixels that each window sees. */
export const averagePooling2d = (options: Pooling2dOptions = {}): LayerOf<"image", "image", "same"> =>
  pooling("averagePooling2d", "AveragePooling2D", options, (x, windowing) => {
    const total = partsSeen(x, windowing).reduce((a, b) => add(a, b));
    if (windowing.padding === "valid") return mul(total, 1 / sizeOf(windowing.window));
    const ones = broadcast(constant(1), [...x.shape.slice(0, -1), 1]);
    return div(
      total,
      partsSeen(ones, windowing).reduce((a, b) => add(a, b)),
    );
  });

/** The mean over all pixels: `[batch, height, width, channels]` to `[batch, channels]`. */
export const globalAveragePooling2d = (
  options: { readonly name?: string } = {},
): LayerOf<"image", "vector", "same"> =>
  globalPooling("globalAveragePooling2d", "GlobalAveragePooling2D", options, (x) =>
    mul(sumSites(x), 1 / sizeOf(x.shape.slice(-3, -1))),
  );

/** The largest over all pixels: `[batch, height, width, channels]` to `[batch, channels]`. */
export const globalMaxPooling2d = (
  options: { readonly name?: string } = {},
): LayerOf<"image", "vector", "same"> =>
  globalPooling("globalMaxPooling2d", "GlobalMaxPooling2D", options, maxSites);

/** What stands at each place of the windows. */
function partsSeen(x: Node, windowing: Windowing): readonly Node[] {
  const [height, width] = x.shape.slice(-3);
  const seen = patches(x, windowsOver([Number(height), Number(width)], windowing));
  return split(seen, sizeOf(windowing.window));
}

function pooling(
  layer: string,
  className: string,
  options: Pooling2dOptions,
  pooled: (x: Node, windowing: Windowing) => Node,
): LayerOf<"image", "image", "same"> {
  const checks = { poolSize: sizeCheck(2 ** 12), strides: distancesCheck, padding: oneOf("valid", "same") };
  checkOptions(layer, options, { ...commonChecks, ...checks });
  const { poolSize = 2, strides = poolSize, padding = "valid" } = options;
  const windowing: Windowing = {
    window: pairOf(poolSize),
    strides: pairOf(strides),
    dilation: [1, 1],
    padding,
    outside: 0,
  };
  const apply: Definition["apply"] = onNode((x) => pooled(x, windowing));
  return makeLayer(
    {
      base: layer,
      className,
      name: options.name ?? null,
      takes: ["image"],
      config: configOf(layer, options),
      outputs: ([x]) => seenForm(layer, x, windowing),
      apply,
      everyStep: apply,
    },
    { takes: "image" },
  );
}

function globalPooling(
  layer: string,
  className: string,
  options: { readonly name?: string },
  pooled: (x: Node) => Node,
): LayerOf<"image", "vector", "same"> {
  checkOptions(layer, options, commonChecks);
  const withoutSites = ({ shape }: Node): Shape => [...shape.slice(0, -3), shape.at(-1) ?? 1];
  const apply: Definition["apply"] = onNode((x) => reshape(pooled(x), withoutSites(x)));
  return makeLayer(
    {
      base: layer,
      className,
      name: options.name ?? null,
      takes: ["image"],
      config: configOf(layer, options),
      outputs: ([x]) => (x ? [{ ...x, name: "output", axes: x.axes.slice(-1) }] : []),
      apply,
      everyStep: apply,
    },
    { takes: "image", gives: "vector" },
  );
}
