/**
 * Beam search: of all continuations of all hypotheses the `width` likeliest are kept, step after step. One that ends
 * leaves the beam, and its place is free at the next step.
 *
 *   log p(y) = sum over t of log p(y_t | y_1 .. y_t-1)
 *   score(y) = log p(y) / ((5 + n) / 6)^alpha             n tokens, the last of an end included
 *
 * The length penalty alpha is that of Wu et al. 2016, arXiv:1609.08144: without it (0) short hypotheses win, since
 * each further token costs probability. No model is known here: `step` says how likely each token comes next.
 */
import { pow } from "../../core/run/math.ts";

/** A hypothesis that goes on. */
export interface Live {
  /** Its row at the last step, whose state it goes on from; 0 at the first. */
  readonly parent: number;
  /** All tokens so far, at least one; the last is the one to be taken now. */
  readonly tokens: readonly number[];
  readonly logProbability: number;
}
/** What was found. */
export interface Hypothesis {
  /** With the tokens of the end, where it has one. */
  readonly tokens: readonly number[];
  readonly logProbability: number;
  /** The log-probability over the length penalty. */
  readonly score: number;
}
/** The log-probabilities of all tokens, -Infinity of what never comes. */
export type LogProbabilities = ArrayLike<number>;

export interface BeamSearch {
  /** Of the first token. */
  readonly first: LogProbabilities;
  /**
   * Of the next token after each of these hypotheses, in their order: at most `width`. Hypothesis k is row k from now
   * on, and begins with the state of row `parent` of the step before; several may begin with the same.
   */
  readonly step: (
    live: readonly Live[],
  ) => readonly LogProbabilities[] | Promise<readonly LogProbabilities[]>;
  /** How many hypotheses are kept, 1 or more; 1 is the greedy choice. */
  readonly width: number;
  /** Tokens at most. */
  readonly maxLength: number;
  /** Whether a hypothesis ends with its last token. Default: none does before maxLength. */
  readonly ends?: ((tokens: readonly number[]) => boolean) | undefined;
  /** Alpha, 0 or more. Default: 0.6. */
  readonly lengthPenalty?: number | undefined;
  /** How many are returned, up to `width`. Default: 1. */
  readonly nBest?: number | undefined;
  /** Ends early, with the hypotheses so far. */
  readonly signal?: AbortSignal | undefined;
}

/** What `lengthPenalty` is where it is not given. */
export const usualLengthPenalty = 0.6;

/** The best hypotheses, the best first; of equals the one that was found first. */
export async function beamSearch(search: BeamSearch): Promise<readonly Hypothesis[]> {
  const { first, step, width, maxLength, ends = () => false, nBest = 1, signal } = search;
  const score = scoring(search.lengthPenalty ?? usualLengthPenalty);
  const ended: Hypothesis[] = [];
  let live: readonly Live[] = [{ parent: 0, tokens: [], logProbability: 0 }];
  for (let n = 0; n < maxLength && live.length > 0 && !signal?.aborted; n++) {
    if (isDecided(live, ended, (x) => score(x.logProbability, maxLength), nBest)) break;
    const kept = likeliestNext(live, n === 0 ? [first] : await step(live), width);
    for (const one of kept) if (ends(one.tokens)) ended.push(scored(one, score));
    live = kept.filter(({ tokens }) => !ends(tokens));
  }
  return bestFirst([...ended, ...live.map((one) => scored(one, score))]).slice(0, nBest);
}

type Score = (logProbability: number, length: number) => number;
const scoring =
  (alpha: number): Score =>
  (logProbability, length) =>
    logProbability / pow((5 + length) / 6, alpha);
const scored = ({ tokens, logProbability }: Live, score: Score): Hypothesis => ({
  tokens,
  logProbability,
  score: score(logProbability, tokens.length),
});

const bestFirst = (found: readonly Hypothesis[]): Hypothesis[] =>
  [...found].sort((a, b) => b.score - a.score);

/** Whether none of `live` can still become one of the best: probability only falls, the length ends at `bound`'s. */
function isDecided(
  live: readonly Live[],
  ended: readonly Hypothesis[],
  bound: (one: Live) => number,
  nBest: number,
): boolean {
  const last = bestFirst(ended)[nBest - 1];
  return last !== undefined && live.every((one) => bound(one) <= last.score);
}

/** The `width` likeliest of all hypotheses with one token more; of equals the earlier row, then the lower token. */
function likeliestNext(live: readonly Live[], rows: readonly LogProbabilities[], width: number): Live[] {
  const next = live.flatMap(({ logProbability }, parent) => {
    const scores = rows[parent] ?? [];
    return largest(scores, width).map((token) => ({
      parent,
      token,
      logProbability: logProbability + (scores[token] as number),
    }));
  });
  const kept = next.sort((a, b) => b.logProbability - a.logProbability).slice(0, width);
  return kept.map(({ parent, token, logProbability }) => {
    const before = live[parent]?.tokens ?? [];
    return { parent, tokens: [...before, token], logProbability };
  });
}

/** Where the `count` largest stand, the largest first; nothing that is -Infinity. */
function largest(scores: LogProbabilities, count: number): readonly number[] {
  const found: number[] = [];
  for (let k = 0; k < scores.length; k++) {
    const score = scores[k] as number;
    const lowest =
      found.length < count ? Number.NEGATIVE_INFINITY : (scores[found.at(-1) as number] as number);
    if (!(score > lowest)) continue;
    if (found.length === count) found.pop();
    const at = found.findIndex((other) => (scores[other] as number) < score);
    found.splice(at < 0 ? found.length : at, 0, k);
  }
  return found;
}
