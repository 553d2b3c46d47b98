/** Numbers dropped at random while a model is trained (Srivastava et al. 2014); the rest are scaled up. */
import { greater, mul, random, where } from "../../core/graph/operators.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";
import { type Definition, onNode, sameForm } from "./layer.ts";
import { checkOptions, commonChecks, fraction } from "./options.ts";

/** `rate`: the fraction dropped, another choice for each number of each step. */
export function dropout(options: {
  readonly rate: number;
  readonly name?: string;
}): LayerOf<Numbers, "same", "same"> {
  checkOptions("dropout", options, { ...commonChecks, rate: fraction }, ["rate"]);
  const { rate, name = null } = options;
  const apply: Definition["apply"] = onNode((x, _, context) => {
    if (!context.training || rate === 0) return x;
    const drawn = random(context.key("dropout", true), x.shape);
    return mul(x, where(greater(rate, drawn), 0, 1 / (1 - rate)));
  });
  return makeLayer({
    base: "dropout",
    className: "Dropout",
    name,
    takes: ["vector", "sequence", "image", "other"],
    config: () => configOf("dropout", options),
    outputs: sameForm,
    apply,
    everyStep: apply,
  });
}
