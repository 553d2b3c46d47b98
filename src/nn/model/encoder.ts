/** The part of a network before its last dense layer, or crf: what it has made of the data before it decides. */
import { UnrollError } from "../../errors.ts";
import { isLayer } from "../layers/layer.ts";
import type { Callable } from "../symbols.ts";
import { buildNetwork } from "./build.ts";
import { type Network, once } from "./network.ts";

/** A dense layer, at every step or not, one that tells a distribution, or one with an ending. */
const decides = (by: Callable): boolean =>
  by.base === "dense" ||
  (isLayer(by) &&
    (by.distribution !== undefined || by.ending !== null || (by.inner !== undefined && decides(by.inner))));

export function encoderOf(network: Network): Network {
  return once(network, "encoder", () => {
    const last = network.calls.findLast(({ by }) => decides(by));
    const code = last?.inputs[0];
    if (code === undefined || "input" in code.source) {
      throw new UnrollError({
        where: "model.encode(x)",
        expected: "a dense layer after other layers",
        got: last === undefined ? "a model without one" : "a dense layer on the input itself",
        fix: "End the model with dense({ units }).",
      });
    }
    const { name, inputsAs, seed } = network;
    return buildNetwork({
      name,
      inputs: network.inputs.map(({ symbol }) => symbol),
      outputs: [code],
      inputsAs,
      outputsAs: { as: "one", names: ["output"] },
      seed,
    });
  });
}
