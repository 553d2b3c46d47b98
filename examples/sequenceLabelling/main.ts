/**
 * Sequence labelling: which words of a sentence are names of people or places. A softmax decides about each word by
 * itself; a conditional random field has learned which label may follow which, and finds the best labels of the whole.
 */
import {
  adam,
  crf,
  dense,
  embedding,
  input,
  type Ragged,
  ragged,
  sequential,
  setDevice,
  setSeed,
} from "unroll-rnn";
import { brokenNames, nameLabels, namesInSentences } from "../../src/work/data/names.ts";

const settings = { train: 600, held: 200, width: 8, epochs: 15, learningRate: 0.03, seed: 1 };

setDevice("wasm", { strict: true, threads: 1 }); // small models; the same numbers on every machine
setSeed(settings.seed);
const train = namesInSentences({ count: settings.train, seed: 1 });
const held = namesInSentences({ count: settings.held, seed: 2 });
const labels = nameLabels.length;
const words = { inputDim: train.vocabulary.length, outputDim: settings.width };
const optimizer = adam({ learningRate: settings.learningRate });

const independent = sequential(
  input({ shape: [null], dtype: "int32" }),
  embedding(words),
  dense({ units: labels, activation: "softmax" }),
);
const chain = sequential(input({ shape: [null], dtype: "int32" }), embedding(words), crf({ units: labels }));
independent.compile({ optimizer, loss: "sparseCategoricalCrossentropy" });
chain.compile({ optimizer });

const options = { epochs: settings.epochs, seed: settings.seed, verbose: 0 } as const;
const [x, y] = [ragged(train.x, "int32"), ragged(train.y, "int32")];
await independent.fit(x, y, options);
await chain.fit(x, y, options);

/** The label of the largest of each step. */
const largest = (rows: readonly number[][]): number[] => rows.map((row) => row.indexOf(Math.max(...row)));
const unseen = ragged(held.x, "int32");
const shares = ((await independent.predict(unseen)) as Ragged).toArray() as number[][][];
const found = {
  softmax: shares.map(largest),
  crf: ((await chain.predict(unseen)) as Ragged).toArray() as number[][],
};

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`.padStart(8);
const total = held.y.flat().length;
console.log(`names in ${held.y.length} sentences, ${total} words, that were not trained on\n`);
console.log("           words right  sentences right  names that go on without a beginning");
for (const [name, said] of Object.entries(found)) {
  const right = said.flatMap((row, k) => row.filter((label, t) => label === held.y[k]?.[t])).length;
  const whole = said.filter((row, k) => row.join() === held.y[k]?.join()).length;
  const broken = said.reduce((sum, row) => sum + brokenNames(row), 0);
  console.log(
    `${name.padEnd(10)} ${percent(right, total).padStart(11)} ${percent(whole, said.length).padStart(16)}  ${broken}`,
  );
}

const shown = found.softmax.findIndex(
  (row, k) => brokenNames(row) > 0 && found.crf[k]?.join() === held.y[k]?.join(),
);
console.log("\nword       softmax     crf         right");
held.x[shown]?.forEach((word, t) => {
  const named = (label: number | undefined): string => (nameLabels[label ?? 0] ?? "").padEnd(12);
  const said = named(found.softmax[shown]?.[t]) + named(found.crf[shown]?.[t]) + named(held.y[shown]?.[t]);
  console.log(`${(held.vocabulary[word] ?? "").padEnd(11)}${said.trimEnd()}`);
});

const transitions = chain.weights.find(({ name }) => name.endsWith("transitions"))?.toArray() as number[][];
console.log("\nwhat the crf has learned of what follows what (from the row to the column)");
transitions.forEach((row, from) => {
  console.log(
    `${(nameLabels[from] ?? "").padEnd(11)}${row.map((score) => score.toFixed(1).padStart(6)).join("")}`,
  );
});
