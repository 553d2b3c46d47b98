/** What evaluate and the validation of fit measure, and what they leave as it is. */
import { beforeEach, describe, expect, test } from "vitest";
import { setDevice } from "../../src/nn/device.ts";
import { convLstm2d } from "../../src/nn/layers/convLstm2d.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { flatten } from "../../src/nn/layers/flatten.ts";
import { input } from "../../src/nn/layers/input.ts";
import { lstm } from "../../src/nn/layers/recurrent.ts";
import { timeDistributed } from "../../src/nn/layers/timeDistributed.ts";
import type { Tensor } from "../../src/nn/model/tensor.ts";
import { functional, sequential } from "../../src/nn/models.ts";
import type { Model } from "../../src/nn/modelTypes.ts";
import { setSeed } from "../../src/nn/seed.ts";
import type { FitOptions } from "../../src/nn/train/fitOptions.ts";
import { sparseCategoricalCrossentropy } from "../../src/nn/train/losses.ts";
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

describe.each([
  ["an image a row", false],
  ["an image a step", true],
])("%s: the loss is the mean over its pixels, as if they stood side by side", (_, everyStep) => {
  const frames = (steps: number, channels: number, seed: number) =>
    Array.from({ length: steps }, (__, t) =>
      [0, 1].map((i) =>
        [0, 1, 2].map((j) =>
          Array.from({ length: channels }, (___, c) => Math.sin(seed + 7 * t + 3 * i + 2 * j + c)),
        ),
      ),
    );
  const videos = [frames(3, 1, 0), frames(1, 1, 5)];
  const y = videos.map(({ length }, row) => {
    const all = frames(length, 2, 9 + row);
    return everyStep ? all : all[0];
  }) as never;
  const made = (side: boolean) => {
    setSeed(4);
    const x = input({ shape: [null, 2, 3, 1] });
    const seen = convLstm2d({ filters: 2, kernelSize: 2, padding: "same", returnSequences: everyStep })(x);
    const flat = everyStep ? timeDistributed(flatten()) : flatten();
    const outputs = side ? flat(seen as never) : seen;
    return functional({ inputs: x, outputs }) as unknown as Model;
  };
  const flatY = (y as unknown as unknown[]).map((row) =>
    everyStep ? (row as never[]).map((image: never[]) => image.flat(2)) : (row as never[]).flat(2),
  ) as never;

  test.each(["wasm", "reference"] as const)("on %s", async (device) => {
    setDevice(device, { threads: 1 });
    const [image, side] = [made(false), made(true)];
    for (const model of [image, side])
      model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["mae"] });
    const [found, wanted] = [await image.evaluate(videos, y), await side.evaluate(videos, flatY)];
    for (const name of ["loss", "mae"]) expect(found[name]).toBeCloseTo(wanted[name] ?? 0, 6);
    const [a, b] = [await image.gradients(videos, y), await side.gradients(videos, flatY)];
    a.gradients.forEach(({ data }, k) =>
      data.forEach((g, j) => expect(g).toBeCloseTo(b.gradients[k]?.data[j] ?? 0, 6)),
    );
  });

  test("classes of pixels count alike: none is ignored or weighed", async () => {
    const model = made(false);
    const loss = sparseCategoricalCrossentropy({ ignoreClass: 0 });
    expect(() => model.compile({ optimizer: "sgd", loss })).toThrow(/ignoreClass: expected none .* image/);
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    await expect(model.evaluate(videos, y, { classWeight: { 0: 2 } })).rejects.toThrow(/classWeight.* image/);
  });
});
