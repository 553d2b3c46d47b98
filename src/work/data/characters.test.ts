import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { characterTokenizer, parseTokenizer, printTokenizer, unknownCharacter } from "./characters.ts";

describe("characterTokenizer", () => {
  test("the vocabulary stands in the order of code points, after the unknown character", () => {
    const { vocabulary, encode } = characterTokenizer("whale 🐋");
    expect(vocabulary).toEqual([unknownCharacter, " ", "a", "e", "h", "l", "w", "🐋"]);
    expect([...encode("a🐋w")]).toEqual([2, 7, 6]);
  });

  test("a character it has never seen is token 0", () => {
    const tokenizer = characterTokenizer("abc");
    expect([...tokenizer.encode("axc")]).toEqual([1, 0, 3]);
    expect(tokenizer.decode([1, 0, 3, 99])).toBe(`a${unknownCharacter}c${unknownCharacter}`);
  });

  test("with a limit the most frequent stay; of equally frequent ones the first by code point", () => {
    expect(characterTokenizer("zzz yy x bb", { maxVocabulary: 4 }).vocabulary).toEqual([
      unknownCharacter,
      " ",
      "b",
      "z",
    ]);
    expect(() => characterTokenizer("a", { maxVocabulary: 1 })).toThrow(/maxVocabulary of 2 or more, got 1/);
  });

  test("any text comes back from its tokens", () => {
    const whole = fc.string({ unit: "binary", minLength: 1 });
    fc.assert(
      fc.property(whole, (text) => {
        const tokenizer = characterTokenizer(text);
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { seed: 1 },
    );
  });
});

describe("tokenizer.json", () => {
  test("what is printed is read back", () => {
    const tokenizer = characterTokenizer('a "quoted"\nline, 鯨');
    expect(parseTokenizer(printTokenizer(tokenizer), "t.json").vocabulary).toEqual(tokenizer.vocabulary);
  });

  test.each([
    ["not JSON", "{"],
    ["another kind", '{"kind":"words","vocabulary":["a","b"]}'],
    ["a null", "null"],
    ["more than a character", '{"kind":"characters","vocabulary":["a","bc"]}'],
    ["a number", '{"kind":"characters","vocabulary":["a",7]}'],
    ["no character", '{"kind":"characters","vocabulary":["a",""]}'],
    ["a field more", '{"kind":"characters","vocabulary":["a","b"],"__proto__":{}}'],
    ["one twice", '{"kind":"characters","vocabulary":["a","b","a"]}'],
  ])("%s is refused by name", (_, content) => {
    expect(() => parseTokenizer(content, "m/tokenizer.json")).toThrow(
      /^m\/tokenizer\.json(, \w+)?: expected /,
    );
  });
});
