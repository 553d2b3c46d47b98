/**
 * Every layer learns ten examples by heart, goes on to the same bits when it was saved and loaded, and streams, where
 * nothing looks ahead, to the bits of predict. A layer without a model here fails the last test.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  adam,
  type CausalModel,
  cosineDecay,
  dense,
  embedding,
  gru,
  loadModel,
  loadSeq2seq,
  type Model,
  seq2seq,
  setDevice,
  setSeed,
  UnrollError,
} from "unroll-rnn";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { layerNames } from "../../src/nn/layers/registry.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { type Example, every, examples, predicted, said, tokens, xOf, yOf } from "../everyLayer.ts";
import { layersIn } from "../ragged/models.ts";
import { leaky } from "../saving/models.ts";

beforeEach(() => {
  setDevice("wasm", { threads: 1 });
  setSeed(5);
});
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-every-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function byHeart(example: Example): Promise<Model> {
  const { make, loss = "meanSquaredError", epochs = 1000 } = example;
  const model = make();
  const learningRate = cosineDecay({ initialLearningRate: 0.02, decaySteps: epochs });
  const optimizer = adam({ learningRate, globalClipNorm: 1 });
  model.compile(loss === null ? { optimizer } : { optimizer, loss });
  await model.fit(xOf(example), yOf(example), { epochs, batchSize: 10, verbose: 0 });
  return model;
}
describe.each(Object.entries(examples))("%s", (name, example) => {
  test("ten examples by heart; saved and loaded it goes on, and streams, to the same bits", async () => {
    const model = await byHeart(example);
    const [x, y] = [xOf(example), yOf(example)];
    const { loss } = await model.evaluate(x, y);
    expect(loss).toBeLessThan(example.below ?? 1e-10);

    const path = join(folder, name.replaceAll(/\W+/g, "-"));
    await model.save(path);
    const back = (await loadModel(path, { cells: [leaky] })) as unknown as Model;
    const whole = await predicted(model, x);
    expect(await predicted(back, x)).toEqual(whole);
    if (example.ahead) {
      expect(() => (back as CausalModel).session()).toThrow(UnrollError);
    } else {
      const session = (back as CausalModel).session();
      const byStep = networkOf(model).outputs[0]?.time !== null;
      for (const [row, steps] of example.x.entries()) {
        session.reset();
        const made = (steps as never[]).map((step) => [...session.push(step)]);
        expect(byStep ? made : made.at(-1)).toEqual(whole[row]);
      }
    }
    const options = { epochs: 2, batchSize: 4, verbose: 0 } as const;
    expect(await back.fit(x, y, options)).toEqual(await model.fit(x, y, options));
    expect(back.getWeights()).toEqual(model.getWeights());
  });
});

describe.each(["none", "dot", "additive"] as const)("seq2seq, attention %s", (score) => {
  test("ten pairs by heart; saved and loaded it says and goes on with the same", async () => {
    const every12 = { units: 12, ...every };
    const model = seq2seq({
      encoder: [embedding({ inputDim: 12, outputDim: 6 }), gru(every12)],
      decoder: [
        embedding({ inputDim: 5, outputDim: 4 }),
        gru(every12),
        dense({ units: 12, activation: "tanh" }),
        dense({ units: 5, activation: "softmax" }),
      ],
      attention: score,
      startToken: 3,
      endToken: 4,
    });
    const learningRate = cosineDecay({ initialLearningRate: 0.02, decaySteps: 600 });
    model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }) });
    await model.fit(tokens, said, { epochs: 600, batchSize: 10, verbose: 0 });
    expect((await model.evaluate(tokens, said)).loss).toBeLessThan(1e-3);
    expect(await model.generate(tokens, { maxLength: 8 })).toEqual(said);

    const path = join(folder, `seq2seq-${score}`);
    await model.save(path);
    const back = await loadSeq2seq(path);
    const search = { maxLength: 8, beam: 3, nBest: 3 };
    expect(await back.generate(tokens as never, search)).toEqual(await model.generate(tokens, search));
    const options = { epochs: 2, batchSize: 4, verbose: 0 } as const;
    expect(await back.fit(tokens as never, said, options)).toEqual(await model.fit(tokens, said, options));
    expect(back.getWeights()).toEqual(model.getWeights());
  });
});

test("every layer that can be saved has a model here", () => {
  const there = new Set(Object.values(examples).flatMap(({ make }) => layersIn(networkOf(make()))));
  expect(layerNames.filter((name) => !there.has(name))).toEqual([]);
});
