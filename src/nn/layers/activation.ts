/** An activation as a layer of its own. */
import type { Node } from "../../core/graph/nodes.ts";
import { type Activation, activationCheck, activationOf } from "./activations.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";
import { type Definition, onNode, sameForm } from "./layer.ts";
import { checkOptions, commonChecks } from "./options.ts";

/** `activation("relu")`, or a function of symbols. */
export function activation(
  f: Activation,
  options: { readonly name?: string } = {},
): LayerOf<Numbers, "same", "same"> {
  checkOptions(
    "activation",
    { ...options, activation: f },
    { ...commonChecks, activation: activationCheck },
    ["activation"],
  );
  const activate = activationOf(f);
  // On nodes an activation makes a node: Signal is its public face.
  const apply: Definition["apply"] = onNode((x) => activate(x as never) as unknown as Node);
  return makeLayer({
    base: "activation",
    className: "Activation",
    name: options.name ?? null,
    takes: ["vector", "sequence", "image", "other"],
    config: () => configOf("activation", { ...options, activation: f }),
    outputs: sameForm,
    apply,
    everyStep: apply,
  });
}
