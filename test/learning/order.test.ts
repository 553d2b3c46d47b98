/** What only reading in order can know: word order, a year wherever it stands, the way in which a light moves. */
import {
  adam,
  dense,
  embedding,
  flatten,
  gru,
  input,
  type LossName,
  lstm,
  type Model,
  sequential,
  setDevice,
  setSeed,
  simpleRNN,
} from "unroll-rnn";
import { beforeAll, describe, expect, test } from "vitest";
import { movingLights } from "../../src/work/data/frames.ts";
import { sentencePairs, unseen, windowed, yearSentences, years } from "../../src/work/data/sentences.ts";

beforeAll(() => {
  setDevice("wasm", { strict: true, threads: 1 });
  setSeed(1);
});

interface Data {
  readonly x: readonly unknown[];
  readonly y: readonly number[];
}
async function trained(model: Model, { x, y }: Data, epochs: number, loss: LossName): Promise<Model> {
  model.compile({ optimizer: adam({ learningRate: 0.01, globalClipNorm: 1 }), loss, metrics: ["accuracy"] });
  await model.fit(x as number[][], y, { epochs, seed: 7, verbose: 0 });
  return model;
}
const accuracy = async (model: Model, { x, y }: Data): Promise<number> =>
  (await model.evaluate(x as number[][], y))["accuracy"] ?? 0;

describe('"is easy not difficult", "is difficult not easy"', () => {
  const train = sentencePairs({ count: 800, seed: 1 });
  const held = unseen(sentencePairs({ count: 300, seed: 2 }), train);
  const words = train.vocabulary.length;

  test("an order-blind layer is right about exactly half of the new pairs", async () => {
    const counted = ({ x, y }: typeof train): Data => ({
      x: x.map((row) => train.vocabulary.map((_, word) => row.filter((token) => token === word).length)),
      y,
    });
    const blind = sequential(
      input({ shape: [words] }),
      dense({ units: 16, activation: "tanh" }),
      dense({ units: 1, activation: "sigmoid" }),
    );
    await trained(blind, counted(train), 15, "binaryCrossentropy");
    expect(held.y.length).toBeGreaterThan(100);
    expect(await accuracy(blind, counted(held))).toBe(0.5);
  });
  test("an RNN tells them apart", async () => {
    const reader = sequential(
      embedding({ inputDim: words, outputDim: 8 }),
      simpleRNN({ units: 16 }),
      dense({ units: 1, activation: "sigmoid" }),
    );
    await trained(reader, train, 15, "binaryCrossentropy");
    expect(await accuracy(reader, held)).toBeGreaterThan(0.98);
  });
});

describe("the year in a sentence, one of 20", () => {
  const train = yearSentences({ count: 2000, seed: 1 });
  const held = unseen(yearSentences({ count: 500, seed: 2 }), train);
  const shifted = yearSentences({ count: 500, seed: 2, shifted: true });
  const words = train.vocabulary.length;

  test("a network on a window finds it where it has met it, and nowhere else", async () => {
    const window = Math.max(...train.x.map((row) => row.length));
    const fixed = (data: typeof train): Data => ({ x: windowed(data.x, window), y: data.y });
    const network = sequential(
      input({ shape: [window], dtype: "int32" }),
      embedding({ inputDim: words, outputDim: 12 }),
      flatten(),
      dense({ units: 24, activation: "tanh" }),
      dense({ units: years.length, activation: "softmax" }),
    );
    await trained(network, fixed(train), 10, "sparseCategoricalCrossentropy");
    expect(await accuracy(network, fixed(held))).toBeGreaterThan(0.95);
    expect(await accuracy(network, fixed(shifted))).toBeLessThan(0.2);
  });
  test("an RNN finds it wherever it stands", async () => {
    const reader = sequential(
      embedding({ inputDim: words, outputDim: 12 }),
      lstm({ units: 24 }),
      dense({ units: years.length, activation: "softmax" }),
    );
    await trained(reader, train, 10, "sparseCategoricalCrossentropy");
    expect(await accuracy(reader, held)).toBeGreaterThan(0.98);
    expect(await accuracy(reader, shifted)).toBeGreaterThan(0.98);
  });
});

describe("1,000 sequences of 9 features, lengths 10 to 50, 3 classes", () => {
  const { x, y } = movingLights({ count: 1000, seed: 1 });
  const [train, held] = [
    { x: x.slice(0, 800), y: y.slice(0, 800) },
    { x: x.slice(800), y: y.slice(800) },
  ];
  const means = ({ x: videos, y: classes }: typeof train): Data => ({
    x: videos.map((frames) =>
      Array.from(
        { length: 9 },
        (_, k) => frames.reduce((sum, frame) => sum + (frame[k] ?? 0), 0) / frames.length,
      ),
    ),
    y: classes,
  });
  const told = () => dense({ units: 3, activation: "softmax" });

  test("the mean frame does not say which way the light goes", async () => {
    const still = sequential(input({ shape: [9] }), dense({ units: 24, activation: "tanh" }), told());
    await trained(still, means(train), 25, "sparseCategoricalCrossentropy");
    expect(await accuracy(still, means(held))).toBeLessThan(0.75);
  });
  test("a GRU over the frames knows it", async () => {
    const watcher = sequential(input({ shape: [null, 9] }), gru({ units: 24 }), told());
    await trained(watcher, train, 15, "sparseCategoricalCrossentropy");
    expect(await accuracy(watcher, held)).toBeGreaterThan(0.93);
  });
});
