/**
 * Sentence order: "is easy not difficult" and "is difficult not easy" have the same words. A layer that counts words must
 * say the same of both and is right about half of them; a recurrent layer reads them in order.
 */
import { adam, dense, embedding, input, sequential, setDevice, setSeed, simpleRNN } from "unroll-rnn";
import { sentencePairs, unseen } from "../../src/work/data/sentences.ts";

const settings = { train: 800, held: 200, units: 16, epochs: 15, learningRate: 0.01, seed: 1 };

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(settings.seed);
const train = sentencePairs({ count: settings.train, seed: 1 });
const held = unseen(sentencePairs({ count: settings.held, seed: 2 }), train);
const words = train.vocabulary.length;

/** How often each word stands in a sentence: all that is left without the order. */
const counts = (rows: readonly number[][]): number[][] =>
  rows.map((row) => train.vocabulary.map((_, word) => row.filter((token) => token === word).length));

const bagOfWords = sequential(
  input({ shape: [words] }),
  dense({ units: settings.units, activation: "tanh" }),
  dense({ units: 1, activation: "sigmoid" }),
);
const reader = sequential(
  input({ shape: [null], dtype: "int32" }),
  embedding({ inputDim: words, outputDim: 8 }),
  simpleRNN({ units: settings.units }),
  dense({ units: 1, activation: "sigmoid" }),
);
for (const model of [bagOfWords, reader])
  model.compile({
    optimizer: adam({ learningRate: settings.learningRate }),
    loss: "binaryCrossentropy",
    metrics: ["accuracy"],
  });

const options = { epochs: settings.epochs, seed: settings.seed, verbose: 0 } as const;
await bagOfWords.fit(counts(train.x), train.y, options);
await reader.fit(train.x, train.y, options);

const percent = (share: number | undefined): string => `${(100 * (share ?? 0)).toFixed(1)} %`;
const bag = await bagOfWords.evaluate(counts(held.x), held.y);
const read = await reader.evaluate(held.x, held.y);
console.log(`right about ${held.y.length} sentences it has not been trained on`);
console.log(`  bag of words and dense layers  ${percent(bag["accuracy"])}`);
console.log(`  simpleRNN                      ${percent(read["accuracy"])}\n`);

const shown = held.x.slice(0, 6);
const [counted, ordered] = [await bagOfWords.predict(counts(shown)), await reader.predict(shown)];
console.log("bag   RNN   how likely the good word holds");
held.sentences.slice(0, 6).forEach((sentence, k) => {
  console.log(`${counted.data[k]?.toFixed(2)}  ${ordered.data[k]?.toFixed(2)}  ${sentence}`);
});
