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
  const behind = yearSentences({ count: 300, seed: 1 });
  const ahead = yearSentences({ count: 300, seed: 1, remark: "ahead" });

  test("the class is the year that stands in it", () => {
    for (const { sentences, y } of [behind, ahead])
      sentences.forEach((sentence, k) => {
        expect(sentence.match(/\b2\d{3}\b/g)).toEqual([String(years[y[k] ?? -1])]);
      });
    expect(new Set(behind.y).size).toBe(years.length);
  });
  test("a remark ahead shifts the year and nothing else", () => {
    expect(ahead.y).toEqual(behind.y);
    ahead.x.forEach((tokens, k) => {
      expect(tokens.toSorted()).toEqual(behind.x[k]?.toSorted());
    });
    const places = ({ sentences }: typeof behind): number[] =>
      sentences.map((sentence) => sentence.split(" ").findIndex((word) => /^2\d{3}$/.test(word)));
    const before = places(behind);
    expect(new Set(before).size).toBeGreaterThan(4);
    places(ahead).forEach((place, k) => {
      expect(place).toBeGreaterThan(before[k] ?? 0);
    });
  });
  test("a function of the seed", () => {
    expect(yearSentences({ count: 300, seed: 1 })).toEqual(behind);
    expect(yearSentences({ count: 300, seed: 2 }).sentences).not.toEqual(behind.sentences);
  });
});

test("a window holds rows of one length, zeros behind their end", () => {
  expect(windowed([[1, 2, 3], [], [4]], 2)).toEqual([
    [1, 2],
    [0, 0],
    [4, 0],
  ]);
});
