/** What evaluate and the validation of fit measure, and what they leave as it is. */
import { beforeEach, expect, test } from "vitest";
import { setDevice } from "../../src/nn/device.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { input } from "../../src/nn/layers/input.ts";
import { lstm } from "../../src/nn/layers/recurrent.ts";
import type { Tensor } from "../../src/nn/model/tensor.ts";
import { sequential } from "../../src/nn/models.ts";
import type { FitOptions } from "../../src/nn/train/fitOptions.ts";
import { sgd } from "../../src/nn/train/optimizers.ts";
import { l2 } from "../../src/nn/train/regularizers.ts";

beforeEach(() => setDevice("reference"));

test("evaluate measures what predict gives: nothing dropped, states of its own, which begin with zeros", async () => {
  const model = sequential(
    input({ shape: [null, 2] }),
    lstm({ units: 2, stateful: true, dropout: 0.5, recurrentDropout: 0.5, returnSequences: true }),
    dropout({ rate: 0.5 }),
  );
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const x = [0, 1].map((row) => [0, 1, 2].map((t) => [Math.sin(row + t), Math.cos(3 * row - t)]));
  const zeros = x.map((sequence) => sequence.map(() => [0, 0]));
  const predicted = async (): Promise<readonly number[]> => [...((await model.predict(x)) as Tensor).data];

  const first = await predicted();
  const { loss } = await model.evaluate(x, zeros);
  expect(loss).toBeCloseTo(first.reduce((sum, y) => sum + y * y, 0) / first.length, 6);
  const second = await predicted();
  model.resetStates();
  expect([await predicted(), await predicted()]).toEqual([first, second]);
});

test("the penalty is that of weights that are trained", async () => {
  const made = (trainable: boolean) => {
    const model = sequential(
      input({ shape: [1] }),
      dense({ units: 1, kernelInitializer: "ones", kernelRegularizer: l2(3), trainable }),
      dense({ units: 1, kernelInitializer: "ones" }),
    );
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    return model;
  };
  expect((await made(true).evaluate([[1]], [[1]])).loss).toBeCloseTo(3, 6);
  expect((await made(false).evaluate([[1]], [[1]])).loss).toBeCloseTo(0, 6);
});

test("validationSplit takes the last rows, weighs them by sampleWeight and not by classWeight", async () => {
  const model = sequential(input({ shape: [1] }), dense({ units: 1, activation: "sigmoid" }));
  model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "binaryCrossentropy" });
  const [x, y] = [
    [[1], [-2], [0.5], [3]],
    [[0], [1], [1], [0]],
  ];
  const losses = async (options: FitOptions): Promise<readonly (number | undefined)[]> => {
    const { history } = await model.fit(x, y, { verbose: 0, validationSplit: 0.5, ...options });
    return [history["loss"]?.[0], history["valLoss"]?.[0]];
  };
  const lossOf = async (from: number, more: object = {}): Promise<unknown> =>
    expect.closeTo(
      (await model.evaluate(x.slice(from, from + 2), y.slice(from, from + 2), more)).loss ?? 0,
      6,
    );
  expect(await losses({})).toEqual([await lossOf(0), await lossOf(2)]);
  const classWeight = { 0: 10, 1: 5 };
  expect(await losses({ classWeight })).toEqual([await lossOf(0, { classWeight }), await lossOf(2)]);
  const weighed = [await lossOf(0, { sampleWeight: [1, 2] }), await lossOf(2, { sampleWeight: [3, 4] })];
  expect(await losses({ sampleWeight: [1, 2, 3, 4] })).toEqual(weighed);
});
