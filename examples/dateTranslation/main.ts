/**
 * Date translation: "the 3rd of March 1997", "Mar 3, 1997" and four more ways to write a date become "1997-03-03". An
 * encoder reads the characters both ways, a decoder writes the others one by one; with attention it looks back at what it
 * translates.
 */
import { adam, bidirectional, dense, embedding, lstm, seq2seq, setDevice, setSeed } from "unroll-rnn";
import { characterTokenizer } from "../../src/work/data/characters.ts";
import { dates } from "../../src/work/data/dates.ts";

const settings = { train: 4000, held: 500, units: 32, epochs: 4, learningRate: 0.01, seed: 1 };

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
const train = dates({ count: settings.train, seed: 1 });
const known = new Set(train.iso);
const all = dates({ count: 2 * settings.held, seed: 2 });
const unseen = all.iso
  .map((iso, k) => [all.written[k] ?? "", iso] as const)
  .filter(([, iso]) => !known.has(iso));
const held = unseen.slice(0, settings.held);

const reader = characterTokenizer(train.written.join(""));
const writer = characterTokenizer(train.iso.join(""));
const source = (texts: readonly string[]): number[][] => texts.map((text) => [...reader.encode(text)]);
const target = (texts: readonly string[]): number[][] => texts.map((text) => [...writer.encode(text)]);
const tokens = writer.vocabulary.length + 2;

/** What a model writes for the held-out dates when it has been trained. */
async function translated(attention: "none" | "dot"): Promise<readonly string[]> {
  setSeed(settings.seed);
  const model = seq2seq({
    encoder: [
      embedding({ inputDim: reader.vocabulary.length, outputDim: 16 }),
      bidirectional(lstm({ units: settings.units, returnSequences: true })),
    ],
    decoder: [
      embedding({ inputDim: tokens, outputDim: 16 }),
      lstm({ units: 2 * settings.units, returnSequences: true }),
      dense({ units: tokens, activation: "softmax" }),
    ],
    attention,
    startToken: tokens - 2,
    endToken: tokens - 1,
  });
  model.compile({ optimizer: adam({ learningRate: settings.learningRate, globalClipNorm: 1 }) });
  const { epochs, seed } = settings;
  await model.fit(source(train.written), target(train.iso), { epochs, batchSize: 64, seed, verbose: 0 });
  return (await model.generate(source(written), { maxLength: 12 })).map((row) => writer.decode(row));
}
const written = held.map(([text]) => text);
const [without, looking] = [await translated("none"), await translated("dot")];

/** The year as it stands, and the first number below 32 as the day, in the month most common: what needs no learning. */
const guess = (text: string): string => {
  const numbers = text.match(/\d+/g) ?? [];
  const year = numbers.find((digits) => digits.length === 4);
  const day = numbers.find((digits) => digits.length < 3) ?? "1";
  return `${year}-01-${day.padStart(2, "0")}`;
};
const share = (answers: readonly string[]): string =>
  `${((100 * answers.filter((answer, k) => answer === held[k]?.[1]).length) / held.length).toFixed(1)} %`;
console.log(`right about ${held.length} dates it has not been trained on`);
console.log(`  year and day as they stand, January  ${share(written.map(guess))}`);
console.log(`  seq2seq                              ${share(without)}`);
console.log(`  seq2seq with attention               ${share(looking)}\n`);
for (const [k, text] of written.slice(0, 8).entries())
  console.log(`${text.padEnd(28)}${looking[k]}${looking[k] === held[k]?.[1] ? "" : `  (${held[k]?.[1]})`}`);
