/**
 * Tokens made one after the other: each is drawn from what the model says after all before it; or, with `beam`, the
 * likeliest sequence searched for, whose hypotheses are the streams of one session.
 */
import type { Device } from "../../core/run/device.ts";
import { keyOf, uniform } from "../../core/run/random.ts";
import { breathe } from "../breath.ts";
import { boundFor } from "../model/bounds.ts";
import type { Network } from "../model/network.ts";
import { logSoftmax } from "../scores.ts";
import { beamSearch, type Hypothesis } from "./beam.ts";
import { choose, penalized } from "./choose.ts";
import { checkGenerateOptions, type GenerateBestOptions, type GenerateOptions } from "./generateOptions.ts";
import { type Logits, logitsOf, refuseTokens, tokensOf } from "./language.ts";
import { openSession, type StepSession } from "./session.ts";

/** The tokens made, without the prompt; with `nBest` the best hypotheses. */
export async function generate(
  network: Network,
  device: Device,
  options: GenerateOptions | GenerateBestOptions,
): Promise<number[] | readonly Hypothesis[]> {
  const making = makingOf(network, device, options, "model.generate");
  if ("nBest" in options && options.nBest !== undefined) return found(making);
  const tokens: number[] = [];
  for await (const token of made(making)) tokens.push(token);
  return tokens;
}

/** The same tokens, each as it is made; those of a search at its end. Throws at once when the options are wrong. */
export function stream(
  network: Network,
  device: Device,
  options: GenerateOptions,
): AsyncGenerator<number, void, undefined> {
  return made(makingOf(network, device, options, "model.stream"));
}

interface Making {
  readonly session: StepSession;
  readonly logits: Logits;
  readonly options: GenerateOptions & { readonly seed: number; readonly nBest?: number };
  readonly ends: (tokens: readonly number[]) => boolean;
}

/** Everything checked, and the weights as they are now. */
function makingOf(network: Network, device: Device, options: GenerateOptions, method: string): Making {
  checkGenerateOptions(method, options);
  const where = `${method}(options)`;
  const session = openSession(network, device, {
    where,
    batch: options.beam ?? 1,
    maxSteps: boundFor(options.prompt.length + options.length),
  });
  const tokens = tokensOf(network, where);
  refuseTokens(options.prompt, tokens, `${where}, prompt`);
  const stop = typeof options.stop === "number" ? [options.stop] : (options.stop ?? []);
  refuseTokens(stop.flat(), tokens, `${where}, stop`);
  return {
    session,
    logits: logitsOf(network, where),
    options: { ...options, seed: options.seed ?? network.seed },
    ends: endsOf(options.stop ?? []),
  };
}

async function* made(making: Making): AsyncGenerator<number, void, undefined> {
  if (making.options.beam === undefined) yield* drawn(making);
  else yield* (await found(making))[0]?.tokens ?? [];
}

async function* drawn({ session, logits, options, ends }: Making): AsyncGenerator<number, void, undefined> {
  const { prompt, length, temperature = 1, topK = null, topP = null, repetitionPenalty = 1 } = options;
  const { seed, signal } = options;
  const key = keyOf(seed, "generate");
  const seen = new Set(Array.from(prompt));
  const tokens: number[] = [];
  let scores = await read(session, prompt);
  for (let k = 0; k < length && !signal?.aborted; k++) {
    const next = penalized(logits(scores), seen, repetitionPenalty);
    const token = choose(next, { temperature, topK, topP }, uniform(key, k));
    tokens.push(token);
    seen.add(token);
    yield token;
    if (ends(tokens) || k === length - 1) return;
    [scores] = pushed(session, [token]) as [Float32Array];
    await breathe();
  }
}

/** The likeliest sequences: hypothesis k is stream k. */
async function found({ session, logits, options, ends }: Making): Promise<readonly Hypothesis[]> {
  const { prompt, length, beam = 1, repetitionPenalty = 1, lengthPenalty, nBest, signal } = options;
  const known = Array.from(prompt);
  const seen = (tokens: readonly number[]): ReadonlySet<number> =>
    new Set(repetitionPenalty === 1 ? [] : [...known, ...tokens]);
  const next = (scores: Float32Array, tokens: readonly number[]): Float64Array =>
    logSoftmax(penalized(logits(scores), seen(tokens), repetitionPenalty));
  return beamSearch({
    first: next(await read(session, prompt), []),
    step: async (live) => {
      session.reorder(live.map(({ parent }) => parent));
      const scores = pushed(
        session,
        live.map(({ tokens }) => tokens.at(-1) as number),
      );
      await breathe();
      return live.map(({ tokens }, k) => next(scores[k] as Float32Array, tokens));
    },
    width: beam,
    maxLength: length,
    ends,
    lengthPenalty,
    nBest,
    signal,
  });
}

/** The scores behind the prompt, which stream 0 reads. */
async function read(session: StepSession, prompt: ArrayLike<number>): Promise<Float32Array> {
  let scores = new Float32Array(0);
  for (let k = 0; k < prompt.length; k++) {
    [scores] = pushed(session, [prompt[k] as number]) as [Float32Array<ArrayBuffer>];
    await breathe();
  }
  return scores;
}

/** One token for each of the first streams; one output, as was checked. */
const pushed = (session: StepSession, tokens: readonly number[]): readonly Float32Array[] =>
  session.push(tokens, { rows: tokens.map((_, k) => k) }) as readonly Float32Array[];

/** Whether the last tokens are one of the ends. */
function endsOf(stop: NonNullable<GenerateOptions["stop"]>): Making["ends"] {
  const ends = (typeof stop === "number" ? [stop] : stop).map((end) =>
    typeof end === "number" ? [end] : end,
  );
  return (tokens) =>
    ends.some((end) => end.every((token, k) => token === tokens[tokens.length - end.length + k]));
}
