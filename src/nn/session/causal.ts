/** What can be run one step at a time: a model with an axis of time in which no layer needs steps yet to come. */
import { UnrollError } from "../../errors.ts";
import { isLayer } from "../layers/layer.ts";
import { layerOfCall, type Network } from "../model/network.ts";
import { type Call, described } from "../symbols.ts";

/** Throws an UnrollError that names the first layer that looks ahead, or the input without time. */
export function refuseUnlessCausal(network: Network, where: string): void {
  const [input] = network.inputs;
  if (network.inputs.every(({ time }) => time === null)) {
    throw new UnrollError({
      where,
      expected: "an input of sequences",
      got: input ? described(input.symbol) : "none",
      fix: "Give the input an axis of time, input({ shape: [null, features] }), or call model.predict.",
    });
  }
  const call = network.calls.find(looksAhead);
  if (call === undefined) return;
  throw new UnrollError({
    where,
    expected: "layers that need no step but those already seen",
    got: isLayer(call.by)
      ? `${layerOfCall(network, call).label}, which looks ahead`
      : `operator "${call.by.base}"`,
    fix: "Call model.predict with whole sequences, or build the model without it.",
  });
}

/** The outputs need steps yet to come, the inputs do not. */
function looksAhead({ by, inputs, given }: Call): boolean {
  if (!isLayer(by) || inputs.some(({ time }) => time === "looks ahead")) return false;
  return Object.keys(given).length > 0 || by.outputs(inputs).some(({ time }) => time === "looks ahead");
}
