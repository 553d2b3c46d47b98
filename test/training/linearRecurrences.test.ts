/** Layers whose gates see the input alone, and slstm: each overfits ten examples, whose targets have no rule in them. */
import {
  adam,
  cosineDecay,
  dense,
  input,
  type Layer,
  lru,
  type Model,
  minGRU,
  minLSTM,
  sequential,
  setDevice,
  setSeed,
  slstm,
  sru,
} from "unroll-rnn";
import { beforeEach, describe, expect, test } from "vitest";
import { uniform } from "../../src/core/run/random.ts";

beforeEach(() => {
  setDevice("wasm", { strict: true });
  setSeed(11);
});

const units = 24;
const layers: Readonly<Record<string, () => Layer>> = {
  minGRU: () => minGRU({ units }),
  "minGRU, log form": () => minGRU({ units, form: "log" }),
  minLSTM: () => minLSTM({ units }),
  "minLSTM, log form": () => minLSTM({ units, form: "log" }),
  sru: () => sru({ units }),
  "sru without vectors": () => sru({ units, peephole: false }),
  lru: () => lru({ units }),
  slstm: () => slstm({ units }),
  "slstm, four heads, exponential forget gate": () => slstm({ units, heads: 4, forgetGate: "exp" }),
};
const learningRate = cosineDecay({ initialLearningRate: 0.02, decaySteps: 1500 });
const modelOf = (layer: Layer, features: number): Model => {
  const model = sequential(
    input({ shape: [null, features] }),
    layer,
    dense({ units: 1 }),
  ) as unknown as Model;
  model.compile({ optimizer: adam({ learningRate, globalClipNorm: 1 }), loss: "meanSquaredError" });
  return model;
};

/** Numbers in [-1, 1) with no rule in them. */
const draw = (...place: readonly number[]): number =>
  2 *
    uniform(
      [5, 7],
      place.reduce((index, one) => index * 100 + one, 0),
    ) -
  1;
const rows = (count: number, steps: number, of: (row: number, t: number) => number[]): number[][][] =>
  Array.from({ length: count }, (_, row) => Array.from({ length: steps }, (__, t) => of(row, t)));

describe.each(Object.entries(layers))("%s", (_, layer) => {
  test("overfits ten examples", async () => {
    const x = rows(10, 8, (row, t) => [draw(1, row, t), draw(2, row, t)]);
    const y = x.map((__, row) => [draw(3, row)]);
    const model = modelOf(layer(), 2);
    await model.fit(x as never, y as never, { epochs: 1500, batchSize: 10, verbose: 0 });
    const { loss } = await model.evaluate(x as never, y as never);
    expect(loss).toBeLessThan(1e-10);
  });
});
