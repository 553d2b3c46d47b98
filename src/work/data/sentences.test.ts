import { describe, expect, test } from "vitest";
import { sentencePairs, unseen, windowed, yearSentences, years } from "./sentences.ts";

describe("sentence pairs", () => {
  const { sentences, x, y, vocabulary } = sentencePairs({ count: 200, seed: 4 });

  test("two neighbours have the same words in another order, and the opposite class", () => {
    for (let k = 0; k < 200; k += 2) {
      expect(sentences[k + 1]).not.toBe(sentences[k]);
      expect(x[k + 1]?.toSorted()).toEqual(x[k]?.toSorted());
      expect((y[k] ?? 0) + (y[k + 1] ?? 0)).toBe(1);
    }
  });
  test("the class says whether the good word is the one that holds", () => {
    const good = /(easy|short|clear|pleasant|lively|good) not/;
    sentences.forEach((sentence, k) => {
      expect(good.test(sentence)).toBe(y[k] === 1);
    });
  });
  test("tokens spell the sentence, and none is 0", () => {
    x.forEach((tokens, k) => {
      expect(tokens).not.toContain(0);
      expect(tokens.map((token) => vocabulary[token]).join(" ")).toBe(sentences[k]);
    });
  });
  test("unseen leaves out what others have", () => {
    const train = sentencePairs({ count: 800, seed: 1 });
    const fresh = unseen(sentencePairs({ count: 200, seed: 2 }), train);
    expect(fresh.x.length).toBeGreaterThan(50);
    expect(fresh.x.length).toBeLessThan(200);
    expect(fresh.sentences.filter((sentence) => train.sentences.includes(sentence))).toEqual([]);
    expect([fresh.y.length, fresh.sentences.length]).toEqual([fresh.x.length, fresh.x.length]);
  });
});

describe("sentences with a year", () => {
  const trained = yearSentences({ count: 300, seed: 1 });
  const shifted = yearSentences({ count: 300, seed: 1, shifted: true });
  const placesIn = ({ sentences }: typeof trained): ReadonlySet<number> =>
    new Set(sentences.map((sentence) => sentence.split(" ").findIndex((word) => /^2\d{3}$/.test(word))));

  test("the class is the year that stands in it", () => {
    for (const { sentences, y } of [trained, shifted])
      sentences.forEach((sentence, k) => {
        expect(sentence.match(/\b2\d{3}\b/g)).toEqual([String(years[y[k] ?? -1])]);
      });
    expect(new Set(trained.y).size).toBe(years.length);
  });
  test("those that are shifted have the same words, and the year where no other has it", () => {
    expect(placesIn(trained)).toEqual(new Set([1, 3, 5, 7, 9]));
    expect(placesIn(shifted)).toEqual(new Set([2, 4, 6, 8]));
    expect(new Set(shifted.x.flat())).toEqual(new Set(trained.x.flat()));
    expect(Math.max(...shifted.x.map((row) => row.length))).toBeLessThan(
      Math.max(...trained.x.map((row) => row.length)),
    );
  });
  test("a function of the seed", () => {
    expect(yearSentences({ count: 300, seed: 1 })).toEqual(trained);
    expect(yearSentences({ count: 300, seed: 2 }).sentences).not.toEqual(trained.sentences);
  });
});

test("a window holds rows of one length, zeros behind their end", () => {
  expect(windowed([[1, 2, 3], [], [4]], 2)).toEqual([
    [1, 2],
    [0, 0],
    [4, 0],
  ]);
});
