import { describe, expect, test } from "vitest";
import { setDevice } from "../../nn/device.ts";
import { setSeed } from "../../nn/seed.ts";
import { characterModel, evaluateText, fitText, type TextModel } from "./characterModel.ts";
import { characterData } from "./generate.ts";

const text = "the quick brown fox jumps over the lazy dog. ".repeat(20);
const data = characterData(text, { streams: 4, steps: 16, where: "fox.txt" });

function small(steps: number): TextModel {
  setDevice("reference");
  setSeed(1);
  const vocabulary = data.tokenizer.vocabulary.length;
  const model = characterModel({ vocabulary, units: 16, layers: 1, dropout: 0, learningRate: 0.05, steps });
  return Object.assign(model, { save: () => Promise.resolve() });
}

async function trained(model: TextModel, steps: number): Promise<readonly (readonly [number, number])[]> {
  const seen: (readonly [number, number])[] = [];
  const onStep = (step: number, loss: number): void => {
    seen.push([step, loss]);
  };
  const signal = new AbortController().signal;
  const rest = { folder: "nowhere", resume: false, signal, onBegin: () => undefined };
  await fitText(model, data.train, { steps, onStep, ...rest });
  return seen;
}

describe("a character model", () => {
  test("begins at a uniform guess, learns a text by heart, and stops after its last step", async () => {
    const model = small(60);
    const uniform = Math.log2(data.tokenizer.vocabulary.length);
    expect(await evaluateText(model, data.validation)).toBeCloseTo(uniform, 0);
    const seen = await trained(model, 60);
    expect(seen.map(([step]) => step)).toEqual(Array.from({ length: 60 }, (_, k) => k + 1));
    expect(seen.every(([, loss]) => loss > 0)).toBe(true);
    expect(await evaluateText(model, data.validation)).toBeLessThan(1);
  });

  test("the loss of a step is its own, not the mean of the epoch", async () => {
    const seen = await trained(small(14), 14);
    const model = small(14);
    const [x, y] = firstPiece();
    const { loss } = await model.trainOnBatch(x, y);
    expect(seen[0]?.[1]).toBeCloseTo(loss, 5);
    const mean = seen.reduce((sum, [, own]) => sum + own, 0) / seen.length;
    expect(seen.at(-1)?.[1]).toBeLessThan(mean);
  });
});

function firstPiece(): readonly [number[][], number[][]] {
  const { inputs, targets, streams, length } = data.train;
  const cut = (tokens: Int32Array): number[][] =>
    Array.from({ length: streams }, (_, row) => [...tokens.subarray(row * length, row * length + 16)]);
  return [cut(inputs), cut(targets)];
}
