/** What the command line reads beside the model itself, tokenizer.json and training.json: a value, or an UnrollError. */
import { expect, test } from "vitest";
import { parseRecord } from "../../src/node/cli/folder.ts";
import { characterTokenizer, parseTokenizer, printTokenizer } from "../../src/work/data/characters.ts";
import { attack } from "./attack.ts";
import { changedBytes } from "./bytes.ts";
import type { Dice } from "./dice.ts";
import { changedJson } from "./json.ts";

const tokenizers = ['a "quoted"\nline, 鯨', "ab", "toString __proto__ constructor"].map((text) =>
  printTokenizer(characterTokenizer(text)),
);
const settings = {
  units: 8,
  layers: 1,
  seq: 16,
  batch: 4,
  seed: 1,
  learningRate: 0.01,
  dropout: 0,
  steps: 20,
};
const records = [
  JSON.stringify({ task: "generate", files: ["book.txt"], text: "0".repeat(64), settings }),
  JSON.stringify({ files: [], text: "", settings: { ...settings, dropout: 0.5 } }),
];

/** Text, as the command line reads it: what is not UTF-8 is replaced. */
function changed(texts: readonly string[], dice: Dice): string {
  const text = dice.pick(texts);
  if (!dice.oneIn(3)) return changedJson(text, dice);
  const all = texts.map((one) => new TextEncoder().encode(one));
  return new TextDecoder().decode(changedBytes(new TextEncoder().encode(text), dice, all));
}

test("mutated tokenizers", async () => {
  await attack({
    name: "tokenizer",
    make: (dice) => changed(tokenizers, dice),
    read: (text) => {
      const { vocabulary, encode, decode } = parseTokenizer(text, "model/tokenizer.json");
      expect(decode(encode(vocabulary.slice(1).join("")))).toHaveLength(vocabulary.slice(1).join("").length);
    },
    least: { values: 0.02, refused: 0.5 },
  });
});

test("mutated records of a training", async () => {
  await attack({
    name: "record",
    make: (dice) => changed(records, dice),
    read: (text) => {
      const record = parseRecord(text, "model/training.json");
      for (const name of Object.keys(settings))
        expect(record.settings[name as keyof typeof settings]).toBeTypeOf("number");
    },
    least: { values: 0.02, refused: 0.3 },
  });
});
