import { beforeEach, expect, test } from "vitest";
import { setDevice } from "../../src/nn/device.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { input } from "../../src/nn/layers/input.ts";
import { lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import type { Tensor } from "../../src/nn/model/tensor.ts";
import { sequential } from "../../src/nn/models.ts";
import { setSeed } from "../../src/nn/seed.ts";
import type { Callback } from "../../src/nn/train/callbacks.ts";
import { adam } from "../../src/nn/train/optimizers.ts";
import { numbers, sequences } from "./harness.ts";

beforeEach(() => {
  setDevice("reference");
  setSeed(3);
});

const x = sequences([4, 4, 4, 4], 2, 1);
const y = x.map((row) => [row.flat().reduce((sum, one) => sum + one)]);

test("the lecture's program, line by line", async () => {
  const words = numbers(200 * 5, 5).map((one) => Math.floor((one + 1) * 10));
  const reviews = Array.from({ length: 200 }, (_, k) => words.slice(k * 5, k * 5 + 5));
  const labels = reviews.map((review) => ((review.at(-1) ?? 0) < 10 ? 1 : 0));

  const model = sequential(
    embedding({ inputDim: 20, outputDim: 8 }),
    simpleRNN({ units: 8 }),
    dense({ units: 1, activation: "sigmoid" }),
  );
  model.compile({ optimizer: "rmsprop", loss: "binaryCrossentropy", metrics: ["acc"] });
  const { epoch, history } = await model.fit(reviews, labels, {
    epochs: 40,
    batchSize: 16,
    validationSplit: 0.2,
  });
  expect(epoch).toEqual(Array.from({ length: 40 }, (_, k) => k));
  expect(Object.keys(history)).toEqual(["loss", "acc", "valLoss", "valAcc"]);
  expect(history["valAcc"]?.at(-1)).toBeGreaterThan(0.9);
});

test("a model that waited for its data trains, and is what evaluate and predict see", async () => {
  const model = sequential(lstm({ units: 4 }), dense({ units: 1 }));
  model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: "meanSquaredError", metrics: ["mae"] });
  const { history } = await model.fit(x, y, { epochs: 20 });
  const { loss, mae } = await model.evaluate(x, y);
  expect(loss).toBeLessThan(history.loss[0] ?? 0);
  const made = ((await model.predict(x)) as Tensor).data;
  const errors = y.map(([one = 0], k) => Math.abs(one - (made[k] ?? 0)));
  expect(errors.reduce((sum, one) => sum + one) / errors.length).toBeCloseTo(mae ?? 0, 6);
});

test("whoever looks during training sees the last finished step", async () => {
  const model = sequential(input({ shape: [null, 2] }), lstm({ units: 4 }), dense({ units: 1 }));
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const seen: number[][] = [];
  const look: Callback = {
    onStepEnd: async () => {
      seen.push([...((await model.predict(x)) as Tensor).data]);
      seen.push([...(model.getWeights()[0]?.data ?? [])]);
    },
  };
  await model.fit(x, y, { epochs: 2, callbacks: [look] });
  expect(seen).toHaveLength(4);
  expect(seen[2]).not.toEqual(seen[0]);
  expect(seen[2]).toEqual([...((await model.predict(x)) as Tensor).data]);
  expect(seen[3]).toEqual([...(model.getWeights()[0]?.data ?? [])]);
});

test("a loop of one's own over the pure step is what fit does", async () => {
  const build = () => {
    setSeed(3);
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 4, dropout: 0.5 }),
      dense({ units: 1 }),
    );
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    return model;
  };
  const [one, two] = [build(), build()];
  await one.fit(x, y, { epochs: 1, shuffle: false });
  const { weights, loss } = await two.step(two.getWeights(), null, { x, y });
  weights.forEach(({ data }, k) => {
    data.forEach((value, at) => {
      // The reference device keeps float64 inside a call of fit.
      expect(value).toBeCloseTo(one.getWeights()[k]?.data[at] ?? Number.NaN, 6);
    });
  });
  const { gradients } = await two.gradients(x, y);
  expect(gradients.map(({ shape }) => shape)).toEqual(two.getWeights().map(({ shape }) => shape));
  expect(loss).toBeGreaterThan(0);
});

test("without compile there is no training", async () => {
  const model = sequential(input({ shape: [null, 2] }), lstm({ units: 4 }), dense({ units: 1 }));
  await expect(model.fit(x, y)).rejects.toThrow(/compile/);
  expect(() => model.compile({ optimizer: "adam", loss: "meanSquareError" as "meanSquaredError" })).toThrow(
    /Did you mean/,
  );
  const waiting = sequential(lstm({ units: 4 }), dense({ units: 1 }));
  expect(() => waiting.compile({ optimizer: "adm" as "adam", loss: "huber" })).toThrow(/Did you mean "adam"/);
});
