/** What every network of a seq2seq has to be, whether made from layers or read from a file. */
import { UnrollError } from "../../errors.ts";
import { isLayer } from "../layers/layer.ts";
import { askedBy } from "../model/data.ts";
import { layerOfCall, type Network, type TargetTokens } from "../model/network.ts";
import { described, type Symbolic } from "../symbols.ts";

/** The tokens of a network. Throws an UnrollError unless it reads a source and tokens, and scores tokens. */
export function refuseOtherForm(network: Network, where: string): TargetTokens {
  const { tokens, inputs, outputs, inputsAs } = network;
  const [source, target] = inputs;
  const [output] = outputs;
  const fault = (expected: string, got: string, fix: string): UnrollError =>
    new UnrollError({ where, expected, got, fix });
  const named = inputsAs.as === "record" && inputsAs.names.join() === "source,target";
  if (
    tokens === null ||
    !source ||
    !output ||
    target?.symbol.kind !== "tokens" ||
    !named ||
    outputs.length > 1
  )
    throw fault(
      "an encoder and a decoder of tokens",
      `a ${network.name} model`,
      "Make it with seq2seq(...); other models are loaded by loadModel(path).",
    );
  refuseOtherScores(network, output.symbol, where);
  const known = askedBy(network, target).tokens ?? 0;
  const scored = output.symbol.axes.at(-1) ?? 0;
  if (scored > known)
    throw fault(
      `one score for each of the ${known} tokens of the decoder's embedding at most`,
      `${scored}`,
      `End it with dense({ units: ${known}, activation: "softmax" }).`,
    );
  const most = { startToken: known, endToken: scored };
  for (const name of ["startToken", "endToken"] as const) {
    if (tokens[name] < most[name]) continue;
    throw fault(
      `${name} from 0 to ${most[name] - 1}`,
      `${tokens[name]}`,
      "Count startToken and endToken too: embedding({ inputDim }) and the last dense({ units }).",
    );
  }
  return tokens;
}

function refuseOtherScores(network: Network, output: Symbolic, where: string): void {
  if (output.kind === "sequence") return;
  const last = network.calls.findLast(({ by }) => isLayer(by) && by.states.length > 0);
  throw new UnrollError({
    where,
    expected: "a decoder that scores all tokens at every step",
    got: described(output),
    fix: last ? `Set returnSequences: true on "${layerOfCall(network, last).name}".` : "Leave out flatten.",
  });
}
