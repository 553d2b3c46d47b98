/** A step and some of those before it, side by side: what autoregression and networks on a window are made of. */

import { checkOptions, commonChecks } from "../options.ts";
import type { Form } from "../symbols.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import { delayed } from "./delayLine.ts";
import type { LayerOf } from "./facts.ts";
import type { Value } from "./layer.ts";
import { distanceCheck, placesCheck } from "./window.ts";

export interface DelayTapsOptions {
  /** How many steps are seen, the present one among them; up to 2^11. */
  readonly taps: number;
  /** From one to the next, up to 2^16. Default: 1. */
  readonly dilationRate?: number;
  readonly name?: string;
}

/**
 * `[batch, time, features]` to `[batch, time, taps * features]`: the steps t - (taps - 1) dilationRate, ..., t, the
 * oldest first, zeros before the beginning.
 */
export function delayTaps(options: DelayTapsOptions): LayerOf<"sequence", "sequence", number> {
  checkOptions("delayTaps", options, { ...commonChecks, taps: placesCheck, dilationRate: distanceCheck }, [
    "taps",
  ]);
  const { taps, dilationRate: dilation = 1, name = null } = options;
  const widthOf = ({ axes }: Form): number => taps * Number(axes.at(-1));
  return makeLayer(
    {
      base: "delayTaps",
      className: "DelayTaps",
      name,
      takes: ["sequence"],
      config: configOf("delayTaps", options),
      outputs: ([x]) => (x ? [{ ...x, name: "output", axes: [x.axes[0] ?? null, widthOf(x)] }] : []),
      apply: ([x], _, context) => [
        { ...(x as Value), node: delayed(x as Value, { taps, dilation }, context) },
      ],
    },
    { gives: "sequence", width: 1 },
  );
}
