/** Numbers dropped at random while a model is trained (Srivastava et al. 2014); the rest are scaled up. */
import type { Node } from "../../core/graph/nodes.ts";
import { greater, mul, random, where } from "../../core/graph/operators.ts";
import { checkOptions, commonChecks, fraction } from "../options.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";
import { type Context, type Definition, onNode, sameForm } from "./layer.ts";

/** `rate`: the fraction dropped, another choice for each number of each step. */
export function dropout(options: {
  readonly rate: number;
  readonly name?: string;
}): LayerOf<Numbers, "same", "same"> {
  checkOptions("dropout", options, { ...commonChecks, rate: fraction }, ["rate"]);
  const { rate, name = null } = options;
  const apply: Definition["apply"] = onNode((x, _, context) => dropped(x, rate, context));
  return makeLayer({
    base: "dropout",
    className: "Dropout",
    name,
    takes: ["vector", "sequence", "image", "other"],
    config: configOf("dropout", options),
    outputs: sameForm,
    apply,
    everyStep: apply,
  });
}

/** `x` while a model is used; while it is trained with a fraction of `rate` dropped, another choice for each number. */
export function dropped(x: Node, rate: number, context: Context): Node {
  if (!context.training || rate === 0) return x;
  return mul(x, dropMask(context, "dropout", rate, x.shape));
}

/** 0 for a fraction of `rate`, for the others what keeps the expectation. `salt` tells the masks of a layer apart. */
export function dropMask(context: Context, salt: string, rate: number, shape: Node["shape"]): Node {
  return where(greater(rate, random(context.key(salt, true), shape)), 0, 1 / (1 - rate));
}
