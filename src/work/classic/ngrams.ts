/**
 * What a language model has to beat: the next token from the last n - 1 alone, by counting.
 *
 *   p(w | h) = (c(h w) + T(h) p(w | h without its first token)) / (c(h) + T(h)),   p(w) before all counts = 1 / V
 *
 * c counts in the training text, T(h) is how many different tokens follow h there, V the size of the vocabulary.
 * Witten and Bell 1991, interpolated (Chen and Goodman 1999, section 2.5).
 */
import { log } from "../../core/run/math.ts";

/** Counts of one order: of each history, and of each history with the token after it. */
interface Counts {
  /** By history and token together. */
  readonly followed: ReadonlyMap<number, number>;
  readonly histories: ReadonlyMap<number, History>;
}
interface History {
  /** c(h) */
  count: number;
  /** T(h) */
  kinds: number;
}

export interface Ngrams {
  readonly vocabulary: number;
  /** Of order 1 (no history) first. */
  readonly orders: readonly Counts[];
}

/** Counts the n-grams of orders 1 to `order` in `tokens`, each below `vocabulary`. */
export function countNgrams(tokens: Int32Array, vocabulary: number, order: number): Ngrams {
  const orders = Array.from({ length: order }, (_, k) => countOrder(tokens, vocabulary, k + 1));
  return { vocabulary, orders };
}

/** p(token | the tokens before it), with the history as long as the model's order and the place allow. */
export function probability({ vocabulary, orders }: Ngrams, tokens: Int32Array, place: number): number {
  let smoothed = 1 / vocabulary;
  for (const [length, { followed, histories }] of orders.entries()) {
    if (length > place) break;
    const history = histories.get(keyOf(tokens.subarray(place - length, place), vocabulary));
    if (history === undefined) break; // what was never seen is not longer either
    const count = followed.get(keyOf(tokens.subarray(place - length, place + 1), vocabulary)) ?? 0;
    smoothed = (count + history.kinds * smoothed) / (history.count + history.kinds);
  }
  return smoothed;
}

/** Mean of -log2 p over `tokens`. */
export function bitsPerToken(ngrams: Ngrams, tokens: Int32Array): number {
  let sum = 0;
  for (let place = 0; place < tokens.length; place++) sum -= log(probability(ngrams, tokens, place));
  return sum / tokens.length / Math.LN2;
}

/** Bits per token on `heldOut` of the models that every language model is compared with. */
export interface Baselines {
  readonly uniform: number;
  readonly unigram: number;
  readonly trigram: number;
}

/** Counts in `train`, measures on `heldOut`. */
export function baselines(train: Int32Array, heldOut: Int32Array, vocabulary: number): Baselines {
  const trigrams = countNgrams(train, vocabulary, 3);
  const unigrams = { vocabulary, orders: trigrams.orders.slice(0, 1) };
  return {
    uniform: log(vocabulary) / Math.LN2,
    unigram: bitsPerToken(unigrams, heldOut),
    trigram: bitsPerToken(trigrams, heldOut),
  };
}

function countOrder(tokens: Int32Array, vocabulary: number, order: number): Counts {
  const followed = new Map<number, number>();
  for (let end = order; end <= tokens.length; end++) {
    const key = keyOf(tokens.subarray(end - order, end), vocabulary);
    followed.set(key, (followed.get(key) ?? 0) + 1);
  }
  const histories = new Map<number, History>();
  for (const [key, count] of followed) {
    const history = histories.get(Math.floor(key / vocabulary)) ?? { count: 0, kinds: 0 };
    histories.set(Math.floor(key / vocabulary), history);
    history.count += count;
    history.kinds += 1;
  }
  return { followed, histories };
}

/** The tokens as the digits of one number; exact up to order 3 for any vocabulary below 200,000. */
function keyOf(tokens: Int32Array, vocabulary: number): number {
  let key = 0;
  for (const token of tokens) key = key * vocabulary + token;
  return key;
}
