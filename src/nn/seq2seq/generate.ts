/**
 * Target sequences made for sources: a beam search for each source, the steps of all of them in one run of the decoder.
 */
import type { Device } from "../../core/run/device.ts";
import { invariant, UnrollError } from "../../errors.ts";
import { breathe } from "../breath.ts";
import { askedBy, type Column, columnOf } from "../model/data.ts";
import type { Network } from "../model/network.ts";
import { predict } from "../model/predict.ts";
import { type Checks, checkOptions, double0, signalCheck, whole } from "../options.ts";
import { logSoftmax } from "../scores.ts";
import { beamSearch, type Hypothesis, type Live } from "../session/beam.ts";
import { refuseNotFinite } from "../session/language.ts";
import { type Decoder, decoderOf } from "./decoder.ts";
import { halvesOf } from "./parts.ts";

export interface Seq2seqGenerateOptions {
  /** How many tokens to make at most, the end counted. */
  readonly maxLength: number;
  /** How many hypotheses are kept for each source; 1 always takes the likeliest token. Default: 1. */
  readonly beam?: number | undefined;
  /** Scores are log-probabilities over ((5 + n) / 6)^lengthPenalty (Wu et al. 2016). Default: 0.6. */
  readonly lengthPenalty?: number | undefined;
  /** Sources decoded together. Default: 256. The results do not depend on it. */
  readonly batchSize?: number | undefined;
  /** Ends early, with the tokens made so far. */
  readonly signal?: AbortSignal | undefined;
}
/** A beam search that gives several for each source. */
export interface Seq2seqBestOptions extends Seq2seqGenerateOptions {
  /** How many of the best, up to `beam`. */
  readonly nBest: number;
}

const mostBeam = 2 ** 12;
const checks: Checks = {
  maxLength: whole(0),
  beam: whole(1, mostBeam),
  lengthPenalty: double0,
  nBest: whole(1),
  batchSize: whole(1),
  signal: signalCheck,
};

export function checkGenerateOptions(options: Seq2seqGenerateOptions | Seq2seqBestOptions): void {
  checkOptions("model.generate", options, checks, ["maxLength"]);
  const { nBest, beam = 1 } = options as Partial<Seq2seqBestOptions>;
  if (nBest === undefined || nBest <= beam) return;
  throw new UnrollError({
    where: "model.generate(source, { nBest })",
    expected: `${beam} at most, as beam says`,
    got: String(nBest),
    fix: "Make beam larger, or nBest smaller.",
  });
}

/** The best hypotheses of each source, the best first, without the tokens of the end. */
export async function translate(
  network: Network,
  device: Device,
  source: unknown,
  options: Seq2seqGenerateOptions & { readonly nBest?: number },
): Promise<readonly (readonly Hypothesis[])[]> {
  checkGenerateOptions(options);
  const { encoder, decoder } = halvesOf(network);
  const { batchSize = 256 } = options;
  const given = await encoded(encoder, decoder, device, source, batchSize);
  const sources = given[0]?.rows ?? 0;
  const found: (readonly Hypothesis[])[] = [];
  for (let from = 0; from < sources; from += batchSize) {
    const part = given.map((column) => between(column, from, Math.min(from + batchSize, sources)));
    found.push(...(await searched(network, decoderOf(decoder, device, part), part[0]?.rows ?? 0, options)));
  }
  return found;
}

/** What the encoder gives, a column for each input of the decoder but the first. */
async function encoded(
  encoder: Network,
  decoder: Network,
  device: Device,
  source: unknown,
  batchSize: number,
): Promise<readonly Column[]> {
  // A list, as its outputs were given.
  const made = (await predict(encoder, source, { batchSize }, device)) as readonly unknown[];
  return made.map((values, k) => {
    const end = decoder.inputs[k + 1] as Network["inputs"][number]; // an input for each
    return columnOf(values, askedBy(decoder, end), "what the encoder gives");
  });
}

const between = (column: Column, from: number, to: number): Column => ({
  ...column,
  rows: to - from,
  lengths: column.lengths.subarray(from, to),
  row: (k) => column.row(from + k),
});

async function searched(
  { tokens: ends }: Network,
  decoder: Decoder,
  sources: number,
  {
    maxLength,
    beam = 1,
    lengthPenalty,
    nBest = 1,
    signal,
  }: Seq2seqGenerateOptions & { readonly nBest?: number },
): Promise<readonly (readonly Hypothesis[])[]> {
  invariant(ends, "seq2seq: a network with tokens of start and end");
  const { startToken, endToken } = ends;
  const together = steppedTogether(decoder, sources);
  const search = async (source: number): Promise<readonly Hypothesis[]> => {
    const [first = []] = await together.ask(source, [{ parent: 0, tokens: [startToken] }]);
    const found = await beamSearch({
      first,
      step: (live) => together.ask(source, live),
      width: beam,
      maxLength,
      ends: (tokens) => tokens.at(-1) === endToken,
      lengthPenalty,
      nBest,
      signal,
    });
    together.leave();
    return found.map((one) => ({ ...one, tokens: withoutEnd(one.tokens, endToken) }));
  };
  return Promise.all(Array.from({ length: sources }, (_, source) => search(source)));
}

const withoutEnd = (tokens: readonly number[], end: number): readonly number[] =>
  tokens.at(-1) === end ? tokens.slice(0, -1) : tokens;

type Going = Pick<Live, "parent" | "tokens">;
interface Asked {
  readonly source: number;
  readonly live: readonly Going[];
  readonly resolve: (scores: readonly Float64Array[]) => void;
  readonly reject: (error: unknown) => void;
}
interface Together {
  /** The log-probabilities of the next token behind each hypothesis of a source, once all sources have asked. */
  readonly ask: (source: number, live: readonly Going[]) => Promise<readonly Float64Array[]>;
  /** One source fewer: its search is done. */
  readonly leave: () => void;
}

/** Searches that wait for each other at every step, so that one run of the decoder serves all of them. */
function steppedTogether(decoder: Decoder, sources: number): Together {
  /** By source, the row of its first hypothesis at the last step. */
  const firstRow = Int32Array.from({ length: sources }, (_, source) => source);
  let searching = sources;
  let waiting: Asked[] = [];
  const step = async (asked: readonly Asked[]): Promise<void> => {
    try {
      const rows = asked.flatMap(({ source, live }) => live.map((one) => ({ source, ...one })));
      const scores = await decoder.step({
        sources: rows.map(({ source }) => source),
        parents: rows.map(({ source, parent }) => (firstRow[source] as number) + parent),
        tokens: Int32Array.from(rows, ({ tokens }) => tokens.at(-1) as number),
      });
      await breathe();
      const width = scores.length / rows.length;
      let row = 0;
      for (const { source, live, resolve } of asked) {
        firstRow[source] = row;
        resolve(live.map(() => logProbabilities(scores.subarray(row * width, ++row * width))));
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  };
  const stepWhenAllHaveAsked = (): void => {
    if (searching === 0 || waiting.length < searching) return;
    const asked = waiting.sort((a, b) => a.source - b.source);
    waiting = [];
    void step(asked);
  };
  return {
    ask: (source, live) =>
      new Promise((resolve, reject) => {
        waiting.push({ source, live, resolve, reject });
        stepWhenAllHaveAsked();
      }),
    leave: () => {
      searching--;
      stepWhenAllHaveAsked();
    },
  };
}

/** Of the logits of one row. */
function logProbabilities(logits: Float32Array): Float64Array {
  refuseNotFinite(logits, "model.generate(source, options)");
  return logSoftmax(Float64Array.from(logits));
}
