/** A seq2seq in a folder: it comes back whole, and goes on as if it had never stopped. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { setDevice } from "../../src/nn/device.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { jordanRNN } from "../../src/nn/layers/jordanRNN.ts";
import { gru, lstm, recurrent } from "../../src/nn/layers/recurrent.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { loadModel, sequential } from "../../src/nn/models.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { loadSeq2seq, type Seq2seq, seq2seq } from "../../src/nn/seq2seq/seq2seq.ts";
import { filesOf } from "../../src/nn/train/checkpoint.ts";
import { adam } from "../../src/nn/train/optimizers.ts";
import { leaky } from "./models.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-seq2seq-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  setDevice("reference");
  setSeed(4);
});

const source = [[1, 2, 3], [4], [2, 0, 0, 1], [3, 3], [1, 4]];
const target = [[3, 2], [4, 4, 1], [], [0], [1, 2, 3, 0]];
const options = { epochs: 2, batchSize: 2, verbose: 0, validationData: [source, target] } as const;

function model(): Seq2seq {
  const made = seq2seq({
    encoder: [
      embedding({ inputDim: 5, outputDim: 3 }),
      bidirectional(lstm({ units: 3, returnSequences: true, dropout: 0.2 })),
      recurrent(leaky, { units: 4, rate: 0.3 }),
    ],
    decoder: [
      embedding({ inputDim: 7, outputDim: 3 }),
      gru({ units: 4, returnSequences: true }),
      gru({ units: 5, returnSequences: true, recurrentDropout: 0.1 }),
      dense({ units: 7, activation: "softmax" }),
    ],
    startToken: 5,
    endToken: 6,
  });
  made.compile({ optimizer: adam({ learningRate: 0.02 }), metrics: ["accuracy"] });
  return made as unknown as Seq2seq; // of any source, as one that was loaded
}
const filesIn = (one: Seq2seq): ReadonlyMap<string, Uint8Array> => filesOf(networkOf(one));
const load = (path: string): Promise<Seq2seq> => loadSeq2seq(path, { cells: [leaky] });
const search = { maxLength: 5, beam: 3, nBest: 2 };

test("comes back with weights, optimizer, summary and what it generates, bit for bit", async () => {
  const one = model();
  await one.fit(source, target, options);
  const path = join(folder, "whole");
  await one.save(path);
  const back = await load(path);
  expect(filesIn(back)).toEqual(filesIn(one));
  expect(back.weights.map(({ name, data }) => [name, data])).toEqual(
    one.weights.map(({ name, data }) => [name, data]),
  );
  expect(back.summary()).toBe(one.summary());
  expect(await back.generate(source, search)).toEqual(await one.generate(source, search));
  expect(await back.evaluate(source, target)).toEqual(await one.evaluate(source, target));
});

test("fit after loading goes on as fit after fit", async () => {
  const one = model();
  await one.fit(source, target, options);
  const path = join(folder, "further");
  await one.save(path);
  const back = await load(path);
  expect(await back.fit(source, target, options)).toEqual(await one.fit(source, target, options));
  expect(filesIn(back)).toEqual(filesIn(one));
});

test("a training that was interrupted resumes to the same bits", async () => {
  const whole = model();
  const history = await whole.fit(source, target, { ...options, epochs: 3 });
  setSeed(4);
  const stopped = model();
  const stop = new AbortController();
  const checkpoint = { path: join(folder, "stopped"), everySteps: 1 };
  let steps = 0;
  const stopping = { onStepEnd: () => (++steps === 4 ? stop.abort() : undefined) };
  await stopped.fit(source, target, {
    ...options,
    epochs: 3,
    checkpoint,
    callbacks: [stopping],
    signal: stop.signal,
  });
  const resumed = await load(checkpoint.path);
  const rest = await resumed.fit(source, target, { ...options, epochs: 3, resume: true, callbacks: [{}] });
  expect(rest).toEqual(history);
  expect(resumed.getWeights()).toEqual(whole.getWeights());
});

test("loadModel gives the network that is trained; loadSeq2seq nothing else", async () => {
  const one = model();
  const path = join(folder, "network");
  await one.save(path);
  const network = await loadModel(path, { cells: [leaky] });
  expect(network.summary()).toBe(one.summary());
  const other = join(folder, "other");
  await sequential(embedding({ inputDim: 3, outputDim: 2 }), gru({ units: 2 })).save(other);
  await expect(loadSeq2seq(other)).rejects.toThrow(
    /loadSeq2seq.*encoder and a decoder.*sequential.*loadModel/,
  );
});

test.each<[string, (model: Record<string, unknown>) => void, RegExp]>([
  [
    "a token that there is not",
    (config) => Object.assign(config, { tokens: { startToken: 7, endToken: 6 } }),
    /startToken from 0 to 6/,
  ],
  [
    "an end below 0",
    (config) => Object.assign(config, { tokens: { startToken: 5, endToken: -1 } }),
    /tokens\.endToken/,
  ],
  ["no tokens", (config) => delete config["tokens"], /encoder and a decoder of tokens/],
  [
    "inputs of other names",
    (config) => Object.assign(config, { inputsAs: { as: "record", names: ["a", "b"] } }),
    /encoder and a decoder of tokens/,
  ],
])("a damaged file: %s", async (name, damage, message) => {
  const path = join(folder, name.replaceAll(" ", "-"));
  await model().save(path);
  const file = join(path, "config.json");
  const config = JSON.parse(await readFile(file, "utf8")) as { model: Record<string, unknown> };
  damage(config.model);
  await writeFile(file, JSON.stringify(config));
  await expect(load(path)).rejects.toThrow(message);
});

test("a decoder with a Jordan network comes back too", async () => {
  const made = seq2seq({
    encoder: [embedding({ inputDim: 5, outputDim: 3 }), gru({ units: 4 })],
    decoder: [
      embedding({ inputDim: 7, outputDim: 3 }),
      jordanRNN({ units: 4, outputUnits: 3 }),
      dense({ units: 7, activation: "softmax" }),
    ],
    startToken: 5,
    endToken: 6,
  });
  const path = join(folder, "jordan");
  await made.save(path);
  expect(await (await load(path)).generate(source, search)).toEqual(await made.generate(source, search));
});
