/**
 * Year in a sentence: "well now in 2009 she went to nepal" tells the year wherever it stands. A feed-forward network on a
 * window has weights for each position and knows the year only where it has met it; a recurrent layer has the same weights
 * at every step.
 */
import { adam, dense, embedding, flatten, input, lstm, sequential, setDevice, setSeed } from "unroll-rnn";
import { type Sentences, unseen, windowed, yearSentences, years } from "../../src/work/data/sentences.ts";

const settings = { train: 2000, held: 500, units: 24, width: 12, epochs: 10, learningRate: 0.01, seed: 1 };

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(settings.seed);
const train = yearSentences({ count: settings.train, seed: 1 });
const held = unseen(yearSentences({ count: settings.held, seed: 2 }), train);
const shifted = yearSentences({ count: settings.held, seed: 2, shifted: true });
const words = train.vocabulary.length;
const window = Math.max(...[...train.x, ...shifted.x].map((row) => row.length));

const feedForward = sequential(
  input({ shape: [window], dtype: "int32" }),
  embedding({ inputDim: words, outputDim: settings.width }),
  flatten(),
  dense({ units: settings.units, activation: "tanh" }),
  dense({ units: years.length, activation: "softmax" }),
);
const reader = sequential(
  input({ shape: [null], dtype: "int32" }),
  embedding({ inputDim: words, outputDim: settings.width }),
  lstm({ units: settings.units }),
  dense({ units: years.length, activation: "softmax" }),
);
for (const model of [feedForward, reader])
  model.compile({
    optimizer: adam({ learningRate: settings.learningRate }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });

const options = { epochs: settings.epochs, seed: settings.seed, verbose: 0 } as const;
await feedForward.fit(windowed(train.x, window), train.y, options);
await reader.fit(train.x, train.y, options);

async function line(title: string, { x, y }: Sentences): Promise<void> {
  const scores = [await feedForward.evaluate(windowed(x, window), y), await reader.evaluate(x, y)];
  const shares = scores.map(({ accuracy = 0 }) => `${(100 * accuracy).toFixed(1)} %`.padStart(9));
  console.log(`${title.padEnd(44)}${shares.join("")}`);
}
console.log(`the year, one of ${years.length}, of ${words - 1} words`);
console.log(`${" ".repeat(44)}   window     LSTM`);
await line(`${held.y.length} new sentences like those trained on`, held);
await line(`${shifted.y.length} with the year where it has not been yet`, shifted);

console.log();
const [seen, read] = [
  await feedForward.predict(windowed(shifted.x.slice(0, 4), window)),
  await reader.predict(shifted.x.slice(0, 4)),
];
const best = (data: ArrayLike<number>, row: number): number | undefined => {
  const scores = Array.from({ length: years.length }, (_, k) => data[row * years.length + k] ?? 0);
  return years[scores.indexOf(Math.max(...scores))];
};
console.log("window  LSTM");
shifted.sentences.slice(0, 4).forEach((sentence, k) => {
  console.log(`${best(seen.data, k)}    ${best(read.data, k)}  ${sentence}`);
});
