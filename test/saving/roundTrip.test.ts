import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { setDevice } from "../../src/nn/device.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { input } from "../../src/nn/layers/input.ts";
import { lstm, recurrent } from "../../src/nn/layers/recurrent.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { decodeSafetensors } from "../../src/nn/model/safetensors.ts";
import { tensor } from "../../src/nn/model/tensor.ts";
import { loadModel, sequential } from "../../src/nn/models.ts";
import type { Model } from "../../src/nn/modelTypes.ts";
import { tanh } from "../../src/nn/operators.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { filesOf } from "../../src/nn/train/checkpoint.ts";
import { learnerIn } from "../../src/nn/train/learning.ts";
import { adam, type Optimizer, sgd } from "../../src/nn/train/optimizers.ts";
import { savedTraining } from "../../src/nn/train/saved.ts";
import { warmup } from "../../src/nn/train/schedules.ts";
import { type Example, examples, leaky, numbers } from "./models.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-save-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  setDevice("reference");
  setSeed(7);
});
const cells = [leaky];
const trained = async ({ make, x, y }: Example): Promise<Model> => {
  const model = make();
  await model.fit(x as never, y as never, { epochs: 2, batchSize: 3, verbose: 0 });
  return model;
};
const options = { epochs: 2, batchSize: 3, verbose: 0 } as const;
const weightsOf = (model: Model): unknown =>
  model.weights.map(({ name, shape, data }) => ({ name, shape, data }));

describe.each(examples)("$name", (example) => {
  const { x, y } = example as Example & { readonly x: never; readonly y: never };

  test("comes back with weights, optimizer, summary and predictions, bit for bit", async () => {
    const model = await trained(example);
    const path = join(folder, "whole", example.name);
    await model.save(path);
    const back = await loadModel(path, { cells });
    expect(weightsOf(back)).toEqual(weightsOf(model));
    expect(back.summary()).toBe(model.summary());
    expect(learnerIn(networkOf(back))?.state).toEqual(learnerIn(networkOf(model))?.state);
    expect(savedTraining(networkOf(back))?.config).toEqual(savedTraining(networkOf(model))?.config);
    expect(filesOf(networkOf(back))).toEqual(filesOf(networkOf(model)));
    expect(await back.predict(x, { batchSize: 3 })).toEqual(await model.predict(x, { batchSize: 3 }));
    expect(await back.evaluate(x, y, { batchSize: 3 })).toEqual(await model.evaluate(x, y, { batchSize: 3 }));
  });

  test("fit after loadModel goes on as fit after fit", async () => {
    const model = await trained(example);
    const path = join(folder, "on", example.name);
    await model.save(path);
    const back = await loadModel(path, { cells });
    expect(await back.fit(x, y, options)).toEqual(await model.fit(x, y, options));
    expect(weightsOf(back)).toEqual(weightsOf(model));
  });
});

describe("a saved model", () => {
  const small = (): Model => sequential(input({ shape: [null, 2] }), lstm({ units: 2 }), dense({ units: 1 }));

  test("is a folder of two files that others can read", async () => {
    const model = await trained(examples[0] as Example);
    const path = join(folder, "files");
    await model.save(path);
    expect((await readdir(path)).sort()).toEqual(["config.json", "model.safetensors"]);
    const { tensors } = decodeSafetensors(await readFile(join(path, "model.safetensors")), "file");
    expect(tensors.get("lstm_1/recurrentKernel")?.shape).toEqual([4, 16]);
    expect(tensors.has("training.slots/velocity/lstm_1/kernel")).toBe(true);
    const config = JSON.parse(await readFile(join(path, "config.json"), "utf8")) as Record<string, unknown>;
    expect(config["device"]).toMatchObject({ name: "reference", shardRows: null });
  });

  test("need not be compiled", async () => {
    const model = small();
    await model.save(join(folder, "plain"));
    const back = await loadModel(join(folder, "plain"));
    const x = numbers([2, 3, 2]);
    expect(await back.predict(x as never)).toEqual(await model.predict(x as never));
    await expect(back.fit(x as never, [1, 2])).rejects.toThrow(/compiled/);
  });

  test("is not disturbed by a change while it is written", async () => {
    const model = small();
    const before = weightsOf(model);
    const saving = model.save(join(folder, "quick"));
    model.setWeights(
      model.getWeights().map(({ data, shape }) =>
        tensor(
          data.map(() => 5),
          shape,
        ),
      ),
    );
    await saving;
    expect(weightsOf(await loadModel(join(folder, "quick")))).toEqual(before);
  });

  test("names a path without a model", async () => {
    await expect(loadModel(join(folder, "nowhere"))).rejects.toThrow(
      /nowhere.*expected a folder written by model\.save/,
    );
  });

  test("asks for cells of one's own", async () => {
    const model = await trained(examples.at(-1) as Example);
    await model.save(join(folder, "cells"));
    await expect(loadModel(join(folder, "cells"))).rejects.toThrow(/"leaky".*loadModel\(path, \{ cells: \[/);
  });

  test("cannot hold an activation of one's own", async () => {
    const own = (x: Parameters<typeof tanh>[0]): Parameters<typeof tanh>[0] => tanh(tanh(x));
    const model: Model = sequential(
      input({ shape: [null, 2] }),
      recurrent(leaky, { units: 2, activation: own }),
    );
    await expect(model.save(join(folder, "own"))).rejects.toThrow(/activation.*a function of your own/);
  });

  test("of a training with a loss of one's own is loaded without it, and says so in fit", async () => {
    const model = small();
    const x = numbers([4, 3, 2]) as never;
    const y = [1, 2, 3, 4] as never;
    model.compile({ optimizer: "adam", loss: { loss: "mine", perStep: (p) => p } });
    await model.fit(x, y, options);
    await model.save(join(folder, "loss"));
    const back = await loadModel(join(folder, "loss"));
    expect(await back.predict(x)).toEqual(await model.predict(x));
    await expect(back.fit(x, y)).rejects.toThrow(/compile/);
  });

  test.each<[string, Optimizer]>([
    ["a schedule", sgd({ learningRate: { at: () => 0.1 } as never })],
    [
      "a schedule with a name",
      sgd({ learningRate: { schedule: "mine", options: {}, at: () => 0.1 } as never }),
    ],
    [
      "a schedule inside a warm-up",
      sgd({ learningRate: warmup({ steps: 1, learningRate: { at: () => 1 } as never }) }),
    ],
    ["an optimizer", { ...adam(), optimizer: "mine" as never }],
  ])("of a training with %s of one's own is loaded without it", async (name, optimizer) => {
    const path = join(folder, name);
    const model = sequential(input({ shape: [2] }), dense({ units: 1 }));
    model.compile({ optimizer, loss: "meanSquaredError" });
    await model.fit([[1, 2]], [[3]], { verbose: 0, checkpoint: { path } });
    const loaded = (await loadModel(path)) as typeof model;
    expect(weightsOf(loaded as never)).toEqual(weightsOf(model as never));
    await expect(loaded.fit([[1, 2]], [[3]], { verbose: 0 })).rejects.toThrow(/not compiled/);
  });

  test.each<[string, unknown]>([
    ["a name that no file has", { constructor: 1 }],
    ["more levels than a file has", Array.from({ length: 61 }).reduce<unknown>((inner) => [inner], 1)],
  ])("is refused where a callback keeps %s: it could not be loaded", async (_, state) => {
    const model = sequential(input({ shape: [2] }), dense({ units: 1 }));
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const callbacks = [{ getState: () => state }];
    const options = { verbose: 0, callbacks, checkpoint: { path: join(folder, "kept") } } as const;
    await expect(model.fit([[1, 2]], [[3]], options)).rejects.toThrow(/expected plain data/);
  });

  test("has what a callback keeps, in as many levels as are taken", async () => {
    const state = Array.from({ length: 57 }).reduce<unknown>((inner) => [inner], 1);
    const model = sequential(input({ shape: [2] }), dense({ units: 1 }));
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const path = join(folder, "levels");
    await model.fit([[1, 2]], [[3]], {
      verbose: 0,
      callbacks: [{ getState: () => state }],
      checkpoint: { path },
    });
    expect(learnerIn(networkOf(await loadModel(path)))?.state.run?.callbacks).toEqual([state]);
  });
});
