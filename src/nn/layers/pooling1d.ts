/** Pooling over time: the largest, or the mean, of each window of steps, feature by feature. */
import type { Node } from "../../core/graph/nodes.ts";
import { add, div, maximum, where } from "../../core/graph/operators.ts";
import { checkOptions, commonChecks, oneOf } from "../options.ts";
import type { Form } from "../symbols.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import { slidForm } from "./conv1d.ts";
import type { LayerOf } from "./facts.ts";
import type { Value } from "./layer.ts";
import { type Slid, type Sliding, slid, stopsOf } from "./slidingWindow.ts";
import { distanceCheck, placesCheck } from "./window.ts";

export interface Pooling1dOptions {
  /** Steps of a window, up to 2^11. Default: 2. */
  readonly poolSize?: number;
  /** Steps from window to window, up to 2^16. Default: poolSize. */
  readonly strides?: number;
  /** `valid`: windows that are there as a whole; `same`: one for every stride, cut at the ends. Default: "valid". */
  readonly padding?: "valid" | "same";
  readonly name?: string;
}
const padding = oneOf("valid", "same");
const checks = { ...commonChecks, poolSize: placesCheck, strides: distanceCheck, padding };

/** The largest of each window that counts, `[batch, time, features]` to `[batch, steps, features]`; else 0. */
export function maxPooling1d(
  options: Pooling1dOptions = {},
): LayerOf<"sequence", "sequence", "same", "looks ahead"> {
  return pooling("maxPooling1d", "MaxPooling1D", options, largest);
}

/** The mean of the steps of each window that count, `[batch, time, features]` to `[batch, steps, features]`; else 0. */
export function averagePooling1d(
  options: Pooling1dOptions = {},
): LayerOf<"sequence", "sequence", "same", "looks ahead"> {
  return pooling("averagePooling1d", "AveragePooling1D", options, mean);
}

type Pooled = (window: Slid) => Node;

function pooling(
  layer: string,
  className: string,
  options: Pooling1dOptions,
  pooled: Pooled,
): LayerOf<"sequence", "sequence", "same", "looks ahead"> {
  checkOptions(layer, options, checks);
  const { poolSize = 2, strides = poolSize, padding = "valid", name = null } = options;
  const sliding: Sliding = { size: poolSize, dilation: 1, stride: strides, padding };
  return makeLayer(
    {
      base: layer,
      className,
      name,
      takes: ["sequence"],
      windows: stopsOf(sliding),
      config: configOf(layer, options),
      outputs: ([x]) => [slidForm(layer, x as Form, sliding, Number(x?.axes.at(-1)))],
      apply: ([x], _, context) => {
        const window = slid(x as Value, sliding, context);
        const { time, lengths, mask, real } = window;
        return [{ node: pooled(window), time, lengths, mask, real }];
      },
    },
    { gives: "sequence", time: "looks ahead" },
  );
}

/** Below every number, and finite. */
export const lowest: number = -(2 - 2 ** -23) * 2 ** 127;

/** Of equal ones the first, which alone has a gradient. */
function largest({ places, counts }: Slid): Node {
  const values = places.map((place, k) => (counts ? where(counts[k] as Node, place, lowest) : place));
  const most = values.reduce((before, value) => maximum(value, before));
  return counts
    ? where(
        counts.reduce((any, one) => maximum(any, one)),
        most,
        0,
      )
    : most;
}

function mean({ places, counts }: Slid): Node {
  const total = add(...(places as [Node]));
  return div(total, counts ? maximum(add(...(counts as [Node])), 1) : places.length);
}
