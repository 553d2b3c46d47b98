/**
 * Text generation: an LSTM reads tales character by character and writes new ones. In each tale the animal of
 * its beginning comes again at its end: a trigram cannot know which one, the LSTM has to remember it.
 */
import {
  adam,
  cosineDecay,
  dense,
  embedding,
  lstm,
  ragged,
  sequential,
  setDevice,
  setSeed,
  sparseCategoricalCrossentropy,
} from "unroll-rnn";
import { baselines } from "../../src/work/classic/ngrams.ts";
import { characterTokenizer } from "../../src/work/data/characters.ts";
import { bitsPerTale, isTale, tales } from "../../src/work/data/tales.ts";

const settings = {
  train: 1500,
  held: 200,
  units: 96,
  width: 16,
  epochs: 16,
  batchSize: 16,
  learningRate: 0.01,
  seed: 1,
};
const written = { tales: 100, shown: 5, longest: 120, temperature: 0.7 };

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(settings.seed);
const [text, heldText] = [1, 2].map((seed) =>
  tales({ sentences: seed === 1 ? settings.train : settings.held, seed }),
);
const { encode, decode, vocabulary } = characterTokenizer(text ?? "");
const linesOf = (all = ""): string[] =>
  all
    .trimEnd()
    .split("\n")
    .map((line) => `${line}\n`);

/** Every tale as a sequence of its own, from a line end to a line end: what is read, and what comes next. */
const readAndNext = (lines: readonly string[]) => {
  const tokens = lines.map((line) => [...encode(`\n${line}`)]);
  return { x: ragged(tokens.map((row) => row.slice(0, -1))), y: ragged(tokens.map((row) => row.slice(1))) };
};
const [train, held] = [readAndNext(linesOf(text)), readAndNext(linesOf(heldText))];

const model = sequential(
  embedding({ inputDim: vocabulary.length, outputDim: settings.width }),
  lstm({ units: settings.units, returnSequences: true }),
  dense({ units: vocabulary.length }),
);
const steps = settings.epochs * Math.ceil(settings.train / settings.batchSize);
model.compile({
  optimizer: adam({
    learningRate: cosineDecay({ initialLearningRate: settings.learningRate, decaySteps: steps, alpha: 0.05 }),
    globalClipNorm: 1,
  }),
  loss: sparseCategoricalCrossentropy({ fromLogits: true }),
  metrics: ["bitsPerToken"],
});

async function write(seed: number): Promise<string> {
  const [prompt, stop] = [[...encode("\n")], [...encode("\n")]];
  const { longest: length, temperature } = written;
  return decode(await model.generate({ prompt, length, temperature, seed, stop })).trim();
}

console.log(`before training: ${JSON.stringify(await write(0))}\n`);
const { epochs, batchSize, seed } = settings;
await model.fit(train.x, train.y, { epochs, batchSize, seed, verbose: 0 });

const flat = baselines(encode(text ?? ""), encode(heldText ?? ""), vocabulary.length);
const { bitsPerToken = 0 } = await model.evaluate(held.x, held.y);
const least = (settings.held * bitsPerTale) / (heldText ?? "").length;
console.log(`bits a character on ${settings.held} new tales`);
console.log(`  unigram                ${flat.unigram.toFixed(3)}`);
console.log(`  trigram                ${flat.trigram.toFixed(3)}`);
console.log(`  LSTM of ${settings.units} units       ${bitsPerToken.toFixed(3)}`);
console.log(`  who knows the grammar  ${least.toFixed(3)}\n`);

const made: string[] = [];
for (let k = 1; k <= written.tales; k++) made.push(await write(k));
for (const tale of made.slice(0, written.shown)) console.log(`  ${tale}`);
const fresh = made.filter((tale) => !(text ?? "").includes(tale)).length;
console.log(
  `\nof ${made.length} tales that it wrote ${made.filter(isTale).length} keep to the grammar and remember`,
);
console.log(`their animal; ${fresh} do not stand in the text it was trained on`);
