/** A network as a language model: how many tokens there are, and what its output says of the next one. */
import { log } from "../../core/run/math.ts";
import { UnrollError } from "../../errors.ts";
import { askedBy } from "../model/data.ts";
import type { Network } from "../model/network.ts";
import { spelt } from "../options.ts";
import { placeOfLargest } from "../scores.ts";
import { described } from "../symbols.ts";
import { softmaxLogits } from "../train/losses.ts";
import { steppingOf } from "./stepping.ts";

/** How many tokens the model takes. Throws an UnrollError unless it takes tokens and scores as many at most. */
export function tokensOf(network: Network, where: string): number {
  const { inputs, outputs, inputsAs, outputsAs } = network;
  const [input, output] = [inputs[0]?.symbol, outputs[0]?.symbol];
  const single = inputsAs.as === "one" && outputsAs.as === "one";
  if (!single || !input || !output || input.axes.length !== 1 || input.dtype !== "int32") {
    throw new UnrollError({
      where,
      expected: "a model of one input, tokens, and one output",
      got:
        single && input
          ? `one that takes ${described(input)}`
          : `${inputs.length} inputs and ${outputs.length} outputs`,
      fix: 'Begin with input({ shape: [null], dtype: "int32" }) and an embedding.',
    });
  }
  const { tokens = 2 ** 31 } = inputs[0] ? askedBy(network, inputs[0]) : {};
  const scored = output.axes.at(-1) ?? 0;
  const flat = output.axes.length === (outputs[0]?.time === null ? 1 : 2);
  if (flat && scored <= tokens) return tokens;
  throw new UnrollError({
    where,
    expected: `one score for each of the ${tokens} tokens at most`,
    got: `an output of ${described(output)}`,
    fix: `End the model with dense({ units: ${tokens} }).`,
  });
}

/** Throws an UnrollError unless all of `given` are tokens. */
export function refuseTokens(given: ArrayLike<number>, tokens: number, where: string): void {
  for (let k = 0; k < given.length; k++) {
    const token = given[k];
    if (token !== undefined && Number.isInteger(token) && token >= 0 && token < tokens) continue;
    throw new UnrollError({
      where: `${where}, token ${k}`,
      expected: `a token from 0 to ${tokens - 1}`,
      got: spelt(token),
      fix: "Check how they were made into tokens.",
    });
  }
}

/** From an output of the model to the logits of the next token. */
export type Logits = (scores: Float32Array) => Float64Array;

/**
 * Scores as a copy that are logits: they are already, unless the last layer gives probabilities. The function throws
 * an UnrollError where none is finite.
 */
export function logitsOf(network: Network, where: string): Logits {
  const [output] = steppingOf(network).outputs;
  const probabilities = output !== undefined && softmaxLogits(output) !== null;
  return (scores) => {
    refuseNotFinite(scores, where);
    return probabilities ? Float64Array.from(scores, log) : Float64Array.from(scores);
  };
}

/** Throws an UnrollError where no score, or one that is no number, would be chosen. */
export function refuseNotFinite(scores: Float32Array, where: string): void {
  const wrong = scores.find((score) => Number.isNaN(score)) ?? scores[placeOfLargest(scores)];
  if (Number.isFinite(wrong)) return;
  throw new UnrollError({
    where,
    expected: "finite scores from the model",
    got: String(wrong),
    fix: "The weights are not finite: train with a smaller learning rate or clipping, or load a good checkpoint.",
  });
}
