/** What `model.generate` and `model.stream` are told, and how it is checked. */
import { UnrollError } from "../../errors.ts";
import {
  above0,
  type Checks,
  checkOptions,
  double0,
  seedCheck,
  signalCheck,
  spelt,
  whole,
} from "../options.ts";
import { streamsCheck } from "./session.ts";

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
  /**
   * Above 1: tokens of the prompt and those already made become less likely; their logits are divided by it where they
   * are above 0, multiplied where below (Keskar et al. 2019, arXiv:1909.05858). Default: 1, which changes nothing.
   */
  readonly repetitionPenalty?: number | undefined;
  /**
   * Search for the likeliest sequence, keeping this many at a time, instead of drawing tokens: no temperature, topK or
   * topP then. 1 is the greedy choice. Default: draw.
   */
  readonly beam?: number | undefined;
  /** Of a beam search: scores are log-probabilities over ((5 + n) / 6)^lengthPenalty. Default: 0.6. */
  readonly lengthPenalty?: number | undefined;
  /** The same seed makes the same tokens. Default: the seed that the model was built with. */
  readonly seed?: number | undefined;
  /** Ends early, after one of these tokens, or sequences of tokens, which are then the last made. Default: none. */
  readonly stop?: number | readonly (number | readonly number[])[] | undefined;
  /** Ends early, with the tokens made so far. */
  readonly signal?: AbortSignal | undefined;
}
/** A beam search that gives several. */
export interface GenerateBestOptions extends GenerateOptions {
  readonly beam: number;
  /** How many of the best, up to `beam`. */
  readonly nBest: number;
}

const isToken = (x: unknown): boolean => Number.isInteger(x);
const isStop = (x: unknown): boolean =>
  isToken(x) || (Array.isArray(x) && x.length > 0 && [...x].every(isToken));

const checks: Checks = {
  prompt: {
    expected: "an array of tokens, at least one",
    holds: (x) => (Array.isArray(x) || ArrayBuffer.isView(x)) && "length" in x && Number(x.length) > 0,
  },
  length: whole(0),
  temperature: double0,
  topK: whole(1),
  topP: { expected: "a number above 0, up to 1", holds: (x) => above0.holds(x) && (x as number) <= 1 },
  repetitionPenalty: { ...above0, expected: "a number above 0, such as 1.2" },
  beam: streamsCheck,
  lengthPenalty: double0,
  nBest: whole(1),
  seed: seedCheck,
  stop: {
    expected: "a token or an array of tokens; each may be a sequence of tokens",
    holds: (x) => isToken(x) || (Array.isArray(x) && [...x].every(isStop)),
  },
  signal: signalCheck,
};

/** Throws an UnrollError for options that are wrong, or that have no meaning together. */
export function checkGenerateOptions(method: string, options: GenerateOptions): void {
  checkOptions(method, options, checks, ["prompt", "length"]);
  const { beam, nBest, ...others } = options as GenerateOptions & { readonly nBest?: number };
  const drawing = beam === undefined ? undefined : given(others, ["temperature", "topK", "topP"]);
  const searching = beam === undefined ? given({ nBest, ...others }, ["nBest", "lengthPenalty"]) : undefined;
  const where = `${method}(options)`;
  if (drawing !== undefined) {
    throw new UnrollError({
      where: `${where}, ${drawing}`,
      expected: "none beside beam, which draws nothing",
      got: spelt(others[drawing as "topK"]),
      fix: `Leave out ${drawing}, or beam.`,
    });
  }
  if (searching !== undefined) {
    throw new UnrollError({
      where: `${where}, ${searching}`,
      expected: "beam beside it",
      got: "none",
      fix: `Set beam: 4, say, or leave out ${searching}.`,
    });
  }
  if (nBest !== undefined && (method === "model.stream" || nBest > (beam ?? 0))) {
    throw new UnrollError({
      where: `${where}, nBest`,
      expected:
        method === "model.stream" ? "none: a stream is one sequence" : `${beam} at most, as beam says`,
      got: String(nBest),
      fix: method === "model.stream" ? "Call model.generate." : "Make beam larger, or nBest smaller.",
    });
  }
}

const given = (options: Readonly<Record<string, unknown>>, names: readonly string[]): string | undefined =>
  names.find((name) => options[name] !== undefined);
