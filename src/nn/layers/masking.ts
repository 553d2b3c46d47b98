/** Steps that hold nothing but one value do not count: later layers pass over them. */
import { abs, greater, max, mul, sub } from "../../core/graph/operators.ts";
import { checkOptions, commonChecks, number } from "../options.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { sameForm } from "./layer.ts";

/** `maskValue`: default 0. A step counts when at least one of its features is something else. */
export function masking(
  options: { readonly maskValue?: number; readonly name?: string } = {},
): LayerOf<"sequence", "sequence", "same"> {
  checkOptions("masking", options, { ...commonChecks, maskValue: number });
  const { maskValue = 0, name = null } = options;
  return makeLayer(
    {
      base: "masking",
      className: "Masking",
      name,
      takes: ["sequence"],
      config: configOf("masking", options),
      outputs: sameForm,
      apply: ([x]) => {
        if (!x) return [];
        const mask = greater(max(abs(sub(x.node, maskValue))), 0);
        return [{ ...x, node: mul(x.node, mask), mask }];
      },
    },
    { gives: "sequence" },
  );
}
