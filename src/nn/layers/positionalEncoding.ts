/**
 * The number of each step as waves of many lengths, added to what comes in (Vaswani et al. 2017, section 3.5):
 *
 *   feature 2 i: sin(t / 10000^(2 i / features))     feature 2 i + 1: cos of the same
 */
import type { Node } from "../../core/graph/nodes.ts";
import { add, exp, floor, iota, mul, sub } from "../../core/graph/operators.ts";
import { widthOf } from "../../core/graph/shapes.ts";
import { sin } from "../../core/graph/trigonometry.ts";
import { checkOptions, commonChecks } from "../options.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { sameForm } from "./layer.ts";
import { stepNumbers } from "./steps.ts";

/** `[batch, time, features]` with the waves added. No weights, any length; it streams. */
export function positionalEncoding(
  options: { readonly name?: string } = {},
): LayerOf<"sequence", "same", "same"> {
  checkOptions("positionalEncoding", options, commonChecks);
  return makeLayer({
    base: "positionalEncoding",
    className: "PositionalEncoding",
    name: options.name ?? null,
    takes: ["sequence"],
    config: configOf("positionalEncoding", options),
    outputs: sameForm,
    apply: ([x], _, context) =>
      x ? [{ ...x, node: add(x.node, waves(stepNumbers(x, context), widthOf(x.node))) }] : [],
  });
}

/** log 10000 */
const logOfLongest = 9.210340371976184;

function waves(step: Node, width: number): Node {
  const feature = iota(width);
  const pair = floor(mul(feature, 0.5));
  const isOdd = sub(feature, mul(pair, 2));
  const frequency = exp(mul(pair, (-2 * logOfLongest) / width));
  return sin(add(mul(step, frequency), mul(isOdd, Math.PI / 2)));
}
