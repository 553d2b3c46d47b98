import { describe, expect, test } from "vitest";
import { bitsPerCharacter, characterData, openingOf } from "./generate.ts";

const text = "the quick brown fox jumps over the lazy dog. ".repeat(40);
const options = { streams: 4, steps: 16, where: "fox.txt" };

describe("characterData", () => {
  test("the end is held out, and the vocabulary is that of the rest", () => {
    const { train, validationText, validation, tokenizer } = characterData(`${text.slice(0, -1)}é`, options);
    expect(validationText).toBe(`${text.slice(0, -1)}é`.slice(-90));
    expect(tokenizer.vocabulary).not.toContain("é");
    expect([train.streams, train.length % 16]).toEqual([4, 0]);
    expect([validation.streams, validation.length]).toEqual([1, 89]);
    expect(validation.targets.at(-1)).toBe(0); // the é, unknown
  });

  test("a text one character too short is refused by name, with the length that would do", () => {
    const message = (length: number): string => {
      try {
        characterData(text.slice(0, length), options);
        return "";
      } catch (error) {
        return String(error);
      }
    };
    const needed = Number(/at least (\d+) characters/.exec(message(10))?.[1]);
    expect(message(10)).toMatch(/fox\.txt: expected .* for 4 streams of 16, got 10\. Give more text, or/);
    expect(message(needed)).toBe("");
    expect(message(needed - 3)).not.toBe("");
  });
});

test("a loss of ln 2 is one bit", () => {
  expect(bitsPerCharacter(Math.LN2)).toBe(1);
});

describe("openingOf", () => {
  test("begins with a paragraph and ends with a whole word", () => {
    expect(openingOf("ish whale.\n\nCall me Ishmael. Some", 18)).toBe("Call me Ishmael. ");
    expect(openingOf("ish whale.\n \nCHAPTER 1\nCall", 18)).toBe("CHAPTER 1");
  });

  test("is found in no time behind any number of empty lines", () => {
    const began = process.cpuUsage();
    expect(openingOf(`a${"\n ".repeat(200_000)}\nCall me`, 18)).toBe("Call me");
    expect(openingOf("\n".repeat(400_000), 18)).toBe("");
    expect(process.cpuUsage(began).user / 1e6).toBeLessThan(2); // it takes a thousandth
  });

  test("without one, with a word; without words, anywhere", () => {
    expect(openingOf("ish whale, that swam away", 12)).toBe("whale, that ");
    expect(openingOf("鯨鯨鯨鯨", 2)).toBe("鯨鯨");
    expect(openingOf("", 2)).toBe("");
  });
});
