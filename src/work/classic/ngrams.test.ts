import { describe, expect, test } from "vitest";
import { baselines, bitsPerToken, countNgrams, probability } from "./ngrams.ts";

const tokens = (...values: number[]): Int32Array => Int32Array.from(values);
const vocabulary = 3;
/** a b a b a: a 3, b 2, and c of the vocabulary never. */
const text = tokens(0, 1, 0, 1, 0);

describe("by hand, on a b a b a with a vocabulary of three", () => {
  test("order 1: (c(w) + T / V) / (N + T), here (3 + 2/3) / 7, (2 + 2/3) / 7, (2/3) / 7", () => {
    const unigrams = countNgrams(text, vocabulary, 1);
    expect(probability(unigrams, tokens(0), 0)).toBeCloseTo(11 / 21, 14);
    expect(probability(unigrams, tokens(1), 0)).toBeCloseTo(8 / 21, 14);
    expect(probability(unigrams, tokens(2), 0)).toBeCloseTo(2 / 21, 14);
  });

  test("order 2: after a came b twice and nothing else, so (2 + p(b)) / (2 + 1)", () => {
    const bigrams = countNgrams(text, vocabulary, 2);
    expect(probability(bigrams, tokens(0, 1), 1)).toBeCloseTo((2 + 8 / 21) / 3, 14);
    expect(probability(bigrams, tokens(0, 0), 1)).toBeCloseTo(11 / 21 / 3, 14);
  });

  test("order 3: after a b came a twice: (2 + p(a | b)) / 3, where p(a | b) = (2 + p(a)) / 3", () => {
    const trigrams = countNgrams(text, vocabulary, 3);
    const bigram = (2 + 11 / 21) / 3;
    expect(probability(trigrams, tokens(0, 1, 0), 2)).toBeCloseTo((2 + bigram) / 3, 14);
  });

  test("a history never seen falls back to the shorter one", () => {
    const trigrams = countNgrams(text, vocabulary, 3);
    const bigrams = countNgrams(text, vocabulary, 2);
    expect(probability(trigrams, tokens(2, 1, 0), 2)).toBe(probability(bigrams, tokens(1, 0), 1));
    expect(probability(trigrams, tokens(0, 2, 1), 2)).toBeCloseTo(8 / 21, 14);
  });

  test("bits are the mean of -log2 p", () => {
    const unigrams = countNgrams(text, vocabulary, 1);
    const expected = -(Math.log2(11 / 21) + Math.log2(2 / 21)) / 2;
    expect(bitsPerToken(unigrams, tokens(0, 2))).toBeCloseTo(expected, 12);
  });
});

test("after every history the probabilities add up to one", () => {
  const random = Int32Array.from({ length: 200 }, (_, k) => ((k * k * 7 + k * 3) % 11) % 5);
  const trigrams = countNgrams(random, 6, 3);
  for (let history = 0; history < 36; history++) {
    const before = [Math.floor(history / 6), history % 6];
    const all = [0, 1, 2, 3, 4, 5].map((token) => probability(trigrams, tokens(...before, token), 2));
    expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    expect(Math.min(...all)).toBeGreaterThan(0);
  }
});

test("on a text with order, uniform > unigram > trigram", () => {
  const train = Int32Array.from({ length: 400 }, (_, k) => [0, 1, 2, 0, 0, 3][k % 6] ?? 0);
  const { uniform, unigram, trigram } = baselines(train.subarray(0, 300), train.subarray(300), 4);
  expect(uniform).toBe(2);
  expect(unigram).toBeLessThan(uniform);
  expect(trigram).toBeLessThan(0.6);
});
