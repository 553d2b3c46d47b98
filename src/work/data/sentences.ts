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
const people = ["she", "he", "we", "they", "my friend", "the two of us"];
const journeys = ["went to", "moved to", "came back from", "worked in"];
const lands = ["nepal", "peru", "norway", "new zealand", "kenya"];
const companies = ["", "", "with 12 friends", "for 30 days"];
const remarks = ["they say", "as i was told", "if i remember well", "and that is true"];
const yearVocabulary = vocabularyOf([
  ...people,
  ...journeys,
  ...lands,
  ...companies,
  ...remarks,
  ...years.map((year) => `in ${year}`),
]);

export interface YearOptions extends GeneratorOptions {
  /** Where the remark stands; ahead, it shifts the rest of the sentence. Default: "behind". */
  readonly remark?: "behind" | "ahead";
}

/**
 * Sentences with a year at their beginning or end: "in 2009 she went to nepal they say". The class is the year,
 * counted from the first. With `remark: "ahead"` the same sentences have their year at other places: "they say in 2009
 * she ...". After the example of Goodfellow, Bengio and Courville 2016, chapter 10.
 */
export function yearSentences({ count, remark = "behind", seed = 0 }: YearOptions): Sentences {
  const made = Array.from({ length: count }, (_, k): readonly [string, number] => {
    const draw = draws(seed, "year sentences", k);
    const year = pick(draw, years);
    const journey = `${pick(draw, people)} ${pick(draw, journeys)} ${pick(draw, lands)} ${pick(draw, companies)}`;
    const told = draw() < 0.5 ? `in ${year} ${journey}` : `${journey} in ${year}`;
    const aside = pick(draw, remarks);
    return [remark === "ahead" ? `${aside} ${told}` : `${told} ${aside}`, years.indexOf(year)];
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
