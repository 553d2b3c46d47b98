/** Options as JSON, for saving: functions that have a name become it. */
import { UnrollError } from "../../errors.ts";
import { activationName } from "./activations.ts";
import type { LayerConfig } from "./layer.ts";

/**
 * The way back from options to a layer is in registry.ts: `layer` is the name of the public function. The options are
 * those of now, whatever their object is used for afterwards.
 */
export function configOf(layer: string, options: object, inner?: () => LayerConfig): () => LayerConfig {
  const given = Object.entries(options).filter(
    ([name, value]) => value !== undefined && !isOwnInitializer(name, value),
  );
  const plain = ([name, value]: [string, unknown]): [string, unknown] => [
    name,
    typeof value === "function" ? nameOf(layer, name, value) : value,
  ];
  return () => ({
    layer,
    options: Object.fromEntries(given.map(plain)),
    ...(inner ? { inner: inner() } : {}),
  });
}

/** Weights are saved as they are: how they began is not needed again. */
const isOwnInitializer = (name: string, value: unknown): boolean =>
  typeof value === "function" && name.endsWith("Initializer");

function nameOf(layer: string, option: string, value: unknown): string {
  const name = activationName(value);
  if (name !== null) return name;
  throw new UnrollError({
    where: `layer "${layer}", ${option}`,
    expected: "a name, or a function of this library, in a model that is saved",
    got: "a function of your own",
    fix: "Name it, or save the weights alone: model.getWeights().",
  });
}
