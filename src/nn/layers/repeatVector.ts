/** A vector at every step of a sequence. */
import { broadcast } from "../../core/graph/operators.ts";
import { checkOptions, commonChecks, whole } from "../options.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";

/** `[batch, features]` to `[batch, n, features]`, n up to 2^24. */
export function repeatVector(options: {
  readonly n: number;
  readonly name?: string;
}): LayerOf<"vector", "sequence", "same", "looks ahead"> {
  checkOptions("repeatVector", options, { ...commonChecks, n: whole(1, 2 ** 24) }, ["n"]);
  const { n, name = null } = options;
  return makeLayer(
    {
      base: "repeatVector",
      className: "RepeatVector",
      name,
      takes: ["vector"],
      config: configOf("repeatVector", options),
      outputs: ([x]) => (x ? [{ ...x, name: "output", axes: [n, ...x.axes], time: "looks ahead" }] : []),
      apply: ([x], _, context) => {
        if (x === undefined) return [];
        const node = broadcast(x.node, [n, ...x.node.shape]);
        return [{ node, time: n, lengths: context.lengths(n), mask: null }];
      },
    },
    { gives: "sequence", time: "looks ahead" },
  );
}
