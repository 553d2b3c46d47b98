/** Whatever bytes a file holds, they are a text that a character model can be trained on, or an UnrollError. */
import { expect, test } from "vitest";
import { decodeText } from "../../src/work/data/text.ts";
import { characterData, openingOf } from "../../src/work/tasks/generate.ts";
import { attack } from "./attack.ts";
import { changedBytes } from "./bytes.ts";

const samples = [
  "Call me Ishmael. Some years ago - never mind how long precisely - I thought I would sail about a little.\r\n\r\n",
  "鯨 ÅÆ 🐋 e\u0301 \u200d\ufeff text\tof several scripts, and \ud7ff of several widths.\n \n",
  "a\n\n\n\n   \n\t\nb\u0085c\u2028d",
].map((text) => new TextEncoder().encode(text.repeat(4)));

test("mutated texts", async () => {
  await attack({
    name: "text",
    make: (dice) => changedBytes(dice.pick(samples), dice, samples),
    read: (bytes) => {
      const text = decodeText(bytes, "book.txt");
      expect(text).not.toMatch(/[^\P{Cc}\n\t]/u);
      const { trainTokens, tokenizer, validationText } = characterData(text, {
        streams: 2,
        steps: 4,
        where: "book.txt",
      });
      expect(Math.max(...trainTokens)).toBeLessThan(tokenizer.vocabulary.length);
      openingOf(validationText, 24);
    },
    least: { values: 0.1, refused: 0.1 },
  });
});
