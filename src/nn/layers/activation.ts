/** An activation as a layer of its own. */

import { checkOptions, commonChecks } from "../options.ts";
import { type Activation, activationCheck, activationOnNodes } from "./activations.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";
import { type Definition, onNode, sameForm } from "./layer.ts";

/** `activation("relu")`, or a function of symbols. */
export function activation(
  f: Activation,
  options: { readonly name?: string } = {},
): LayerOf<Numbers, "same", "same"> {
  checkOptions("activation", options, commonChecks);
  checkOptions("activation", { activation: f }, { activation: activationCheck }, ["activation"]);
  const apply: Definition["apply"] = onNode(activationOnNodes(f));
  return makeLayer({
    base: "activation",
    className: "Activation",
    name: options.name ?? null,
    takes: ["vector", "sequence", "image", "other"],
    config: configOf("activation", { ...options, activation: f }),
    outputs: sameForm,
    apply,
    everyStep: apply,
  });
}
