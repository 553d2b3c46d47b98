/** Tokens made one after the other: each is drawn from what the model says after all before it. */
import type { Device } from "../../core/run/device.ts";
import { log } from "../../core/run/math.ts";
import { keyOf, uniform } from "../../core/run/random.ts";
import { UnrollError } from "../../errors.ts";
import { type Checks, checkOptions, whole } from "../layers/options.ts";
import { askedBy } from "../model/data.ts";
import type { Network } from "../model/network.ts";
import { described } from "../symbols.ts";
import { breath } from "../train/breath.ts";
import { softmaxLogits } from "../train/losses.ts";
import { type Choice, choose, likeliest } from "./choose.ts";
import { openSession, type StepSession } from "./session.ts";
import { steppingOf } from "./stepping.ts";

export interface GenerateOptions {
  /** The tokens to go on from, at least one. */
  readonly prompt: ArrayLike<number>;
  /** How many tokens to make. */
  readonly length: number;
  /** Below 1 more careful, above 1 wilder; 0 always takes the likeliest token. Default: 1. */
  readonly temperature?: number | undefined;
  /** Choose among this many likeliest tokens. Default: all. */
  readonly topK?: number | undefined;
  /** Choose among the likeliest tokens that together have this probability, of what topK leaves. Default: 1. */
  readonly topP?: number | undefined;
  /** The same seed makes the same tokens. Default: the seed that the model was built with. */
  readonly seed?: number | undefined;
  /** Ends early, after one of these tokens, which is the last one made. Default: none. */
  readonly stop?: number | readonly number[] | undefined;
  /** Ends early, with the tokens made so far. */
  readonly signal?: AbortSignal | undefined;
}

/** The tokens made, without the prompt. */
export async function generate(
  network: Network,
  device: Device,
  options: GenerateOptions,
): Promise<number[]> {
  const tokens: number[] = [];
  for await (const token of making(network, device, options, "model.generate")) tokens.push(token);
  return tokens;
}

/** The same tokens, each as it is made. Throws at once when the options are wrong. */
export function stream(
  network: Network,
  device: Device,
  options: GenerateOptions,
): AsyncGenerator<number, void, undefined> {
  return making(network, device, options, "model.stream");
}

function making(
  network: Network,
  device: Device,
  options: GenerateOptions,
  method: string,
): AsyncGenerator<number, void, undefined> {
  checkOptions(method, options, checks, ["prompt", "length"]);
  const session = openSession(network, device, { where: `${method}(options)` });
  const tokens = tokensOf(network, `${method}(options)`);
  refuseTokens(options.prompt, tokens, `${method}(options), prompt`);
  const { temperature = 1, topK = null, topP = null } = options;
  const logits = logitsOf(network);
  return made(
    session,
    logits,
    { temperature, topK, topP },
    { ...options, seed: options.seed ?? network.seed },
  );
}

const checks: Checks = {
  prompt: {
    expected: "an array of tokens, at least one",
    holds: (x) => (Array.isArray(x) || ArrayBuffer.isView(x)) && "length" in x && Number(x.length) > 0,
  },
  length: whole(0),
  temperature: {
    expected: "a number of 0 or more",
    holds: (x) => typeof x === "number" && x >= 0 && x < Number.POSITIVE_INFINITY,
  },
  topK: whole(1),
  topP: { expected: "a number above 0, up to 1", holds: (x) => typeof x === "number" && x > 0 && x <= 1 },
  seed: {
    expected: "a whole number from 0 to 2^53 - 1",
    holds: (x) => Number.isSafeInteger(x) && (x as number) >= 0,
  },
  stop: {
    expected: "a token or an array of tokens",
    holds: (x) => (Array.isArray(x) ? x : [x]).every((token) => Number.isInteger(token)),
  },
  signal: { expected: "an AbortSignal", holds: (x) => x instanceof AbortSignal },
};

async function* made(
  session: StepSession,
  logits: (scores: Float32Array) => Float64Array,
  choice: Choice,
  { prompt, length, seed, stop = [], signal }: GenerateOptions & { readonly seed: number },
): AsyncGenerator<number, void, undefined> {
  const key = keyOf(seed, "generate");
  const last = new Set(typeof stop === "number" ? [stop] : stop);
  const rest = breath();
  let scores: Float32Array = new Float32Array(0);
  for (let k = 0; k < prompt.length; k++) {
    scores = session.push(prompt[k]) as Float32Array; // one output, as was checked
    await rest();
  }
  for (let k = 0; k < length && !signal?.aborted; k++) {
    refuseNotFinite(scores, k);
    const token = choose(logits(scores), choice, uniform(key, k));
    yield token;
    if (last.has(token) || k === length - 1) return;
    scores = session.push(token) as Float32Array;
    await rest();
  }
}

/** How many tokens the model takes. Throws an UnrollError unless it takes tokens and scores as many at most. */
function tokensOf(network: Network, where: string): number {
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

function refuseTokens(prompt: ArrayLike<number>, tokens: number, where: string): void {
  for (let k = 0; k < prompt.length; k++) {
    const token = prompt[k];
    if (token !== undefined && Number.isInteger(token) && token >= 0 && token < tokens) continue;
    throw new UnrollError({
      where: `${where}, token ${k}`,
      expected: `a token from 0 to ${tokens - 1}`,
      got: String(token),
      fix: "Check how the prompt was made into tokens.",
    });
  }
}

/** Scores as logits: they are already, unless the last layer gives probabilities. */
function logitsOf(network: Network): (scores: Float32Array) => Float64Array {
  const [output] = steppingOf(network).outputs;
  const probabilities = output !== undefined && softmaxLogits(output) !== null;
  return (scores) => (probabilities ? Float64Array.from(scores, log) : Float64Array.from(scores));
}

function refuseNotFinite(scores: Float32Array, made: number): void {
  const wrong = scores.find((score) => Number.isNaN(score)) ?? scores[likeliest(scores)];
  if (Number.isFinite(wrong)) return;
  throw new UnrollError({
    where: `model.generate(options), token ${made}`,
    expected: "finite scores from the model",
    got: String(wrong),
    fix: "The weights are not finite: train with a smaller learning rate or clipping, or load a good checkpoint.",
  });
}
