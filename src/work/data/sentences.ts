/**
 * Sentences that ask for more than their words: ones whose order decides, and ones that name a year somewhere. Each
 * comes as text and as tokens, the places of its words in the vocabulary; token 0 is no word, it fills a window.
 */
import { draws, type GeneratorOptions, pick } from "./draws.ts";

export interface Sentences {
  readonly sentences: string[];
  /** Tokens of each sentence: `[count][words]`, ragged. */
  readonly x: number[][];
  /** The class of each sentence. */
  readonly y: number[];
  /** The word of every token. */
  readonly vocabulary: readonly string[];
}

const which = ["the", "this", "that", "our", "her", "the other"];
const things = ["book", "road", "song", "exercise", "game", "answer", "letter", "journey", "story", "lesson"];
const adverbs = ["", "", "really", "surely", "for us"];
/** What speaks for a thing, and its opposite. */
const opposites: readonly (readonly [string, string])[] = [
  ["easy", "difficult"],
  ["short", "long"],
  ["clear", "confusing"],
  ["pleasant", "tiresome"],
  ["lively", "dull"],
  ["good", "bad"],
];
const orderVocabulary = vocabularyOf([...which, ...things, "is not", ...adverbs, ...opposites.flat()]);

/**
 * Pairs of sentences with the same words, "the road is easy not difficult" and "the road is difficult not easy". The
 * class is 1 where the first of the two adjectives, the one that holds, is the good one. A sentence and its mirror
 * stand next to each other, so whoever counts words is right about exactly one of the two.
 */
export function sentencePairs({ count, seed = 0 }: GeneratorOptions): Sentences {
  const made = Array.from({ length: count }, (_, k): readonly [string, number] => {
    const draw = draws(seed, "sentence pairs", k >> 1);
    const [good, bad] = pick(draw, opposites);
    const topic = `${pick(draw, which)} ${pick(draw, things)} is ${pick(draw, adverbs)}`;
    const praised = draw() < 0.5 === (k % 2 === 0);
    const said = praised ? `${good} not ${bad}` : `${bad} not ${good}`;
    return [`${topic} ${said}`, praised ? 1 : 0];
  });
  return tokenized(made, orderVocabulary);
}

/** The years of `yearSentences`, by class. */
export const years: readonly number[] = Array.from({ length: 20 }, (_, k) => 2000 + k);
const openings = ["well", "so", "yes", "now", "listen", "actually"];
const people = ["she", "he", "we", "they", "everyone", "nobody"];
const journeys = ["went to", "moved to", "came from", "stayed in"];
const lands = ["nepal", "peru", "norway", "kenya", "chile"];
const companies = ["", "with 12 friends", "for 30 days"];
const yearVocabulary = vocabularyOf([
  ...openings,
  ...people,
  ...journeys,
  ...lands,
  ...companies,
  ...years.map((year) => `in ${year}`),
]);

export interface YearOptions extends GeneratorOptions {
  /** Open with 1 or 3 words instead of 0, 2 or 4, which puts the year at other places. Default: false. */
  readonly shifted?: boolean;
}

/**
 * Sentences with a year near their beginning or end, "well now in 2009 she went to nepal", "she went to nepal in 2009
 * for 30 days". The class is the year, counted from the first. In those to train on the year is the second word, the
 * fourth and so on, in those that are shifted the third and so on: a network that knows positions has never met it
 * there. After the example of Goodfellow, Bengio and Courville 2016, chapter 10.
 */
export function yearSentences({ count, shifted = false, seed = 0 }: YearOptions): Sentences {
  const made = Array.from({ length: count }, (_, k): readonly [string, number] => {
    const draw = draws(seed, "year sentences", k);
    const opening = Array.from({ length: pick(draw, shifted ? [1, 3] : [0, 2, 4]) }, () =>
      pick(draw, openings),
    );
    const year = pick(draw, years);
    const journey = `${pick(draw, people)} ${pick(draw, journeys)} ${pick(draw, lands)}`;
    const told = draw() < 0.5 ? `in ${year} ${journey}` : `${journey} in ${year}`;
    return [`${opening.join(" ")} ${told} ${pick(draw, companies)}`, years.indexOf(year)];
  });
  return tokenized(made, yearVocabulary);
}

function wordsOf(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}

function vocabularyOf(texts: readonly string[]): readonly string[] {
  return ["", ...new Set(texts.flatMap(wordsOf))];
}

function tokenized(made: readonly (readonly [string, number])[], vocabulary: readonly string[]): Sentences {
  const tokens = new Map(vocabulary.map((word, token) => [word, token]));
  const words = made.map(([text]) => wordsOf(text));
  return {
    sentences: words.map((sentence) => sentence.join(" ")),
    x: words.map((sentence) => sentence.map((word) => tokens.get(word) ?? 0)),
    y: made.map(([, label]) => label),
    vocabulary,
  };
}

/** Rows of one length, for models that see a window: zeros behind the end, the rest cut off. */
export function windowed(rows: readonly (readonly number[])[], length: number): number[][] {
  return rows.map((row) => Array.from({ length }, (_, k) => row[k] ?? 0));
}

/** The sentences of `some` that do not stand in `others`. */
export function unseen(some: Sentences, others: Sentences): Sentences {
  const known = new Set(others.sentences);
  const fresh = <T>(list: readonly T[]): T[] => list.filter((_, k) => !known.has(some.sentences[k] ?? ""));
  return { ...some, sentences: fresh(some.sentences), x: fresh(some.x), y: fresh(some.y) };
}
