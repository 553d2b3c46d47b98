import { describe, expect, test } from "vitest";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { input } from "../../src/nn/layers/input.ts";
import { lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { functionalNetwork } from "../../src/nn/model/functional.ts";
import type { Network } from "../../src/nn/model/network.ts";
import type { Symbolic } from "../../src/nn/symbols.ts";
import {
  type Callback,
  earlyStopping,
  modelCheckpoint,
  type TrainingMoment,
} from "../../src/nn/train/callbacks.ts";
import type { FitOptions } from "../../src/nn/train/fitOptions.ts";
import {
  compileNetwork,
  evaluateNetwork,
  learnerIn,
  networkGradients,
  networkStep,
  trainNetworkOnce,
} from "../../src/nn/train/learning.ts";
import { adam, sgd } from "../../src/nn/train/optimizers.ts";
import {
  device,
  lengths,
  modelOf,
  networkOf,
  numbers,
  ragged,
  sequences,
  tagger,
  train,
  weightsOf,
} from "./harness.ts";

describe("learning", () => {
  test("xor", async () => {
    const network = networkOf(input({ shape: [2] }), (s) =>
      dense({ units: 1, activation: "sigmoid" })(dense({ units: 8, activation: "tanh" })(s)),
    );
    compileNetwork(network, {
      optimizer: adam({ learningRate: 0.1 }),
      loss: "binaryCrossentropy",
      metrics: ["accuracy"],
    });
    const data = {
      x: [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      y: [[0], [1], [1], [0]],
    };
    const before = await evaluateNetwork(network, device, data);
    const { history, epoch } = await train(network, data, { epochs: 60, batchSize: 4 });
    expect(epoch).toHaveLength(60);
    expect(history["loss"]?.[0]).toBeCloseTo(before["loss"] ?? 0, 6);
    expect(history["accuracy"]?.at(-1)).toBe(1);
    expect(history["loss"]?.at(-1)).toBeLessThan(0.1);
  });

  test("the sum of a sequence", async () => {
    const network = networkOf(input({ shape: [null, 1] }), (s) => dense({ units: 1 })(lstm({ units: 6 })(s)));
    compileNetwork(network, { optimizer: adam({ learningRate: 0.03 }), loss: "meanSquaredError" });
    const x = sequences(new Array<number>(64).fill(6), 1, 3);
    const y = x.map((row) => row.flat().reduce((sum, one) => sum + one));
    const { history } = await train(network, { x, y }, { epochs: 25, validationSplit: 0.25 });
    expect(history["valLoss"]).toHaveLength(25);
    expect(history["valLoss"]?.at(-1)).toBeLessThan(0.15 * (history["valLoss"]?.[0] ?? 0));
  });

  test("the lecture's program: embedded reviews of different lengths, SimpleRNN, a sigmoid", async () => {
    const network = networkOf(input({ shape: [null], dtype: "int32" }), (s) =>
      dense({ units: 1, activation: "sigmoid" })(
        simpleRNN({ units: 8 })(embedding({ inputDim: 20, outputDim: 8 })(s)),
      ),
    );
    compileNetwork(network, { optimizer: "rmsprop", loss: "binaryCrossentropy", metrics: ["accuracy"] });
    // A review is good when it ends with a word below 10.
    const words = numbers(160 * 6, 5).map((one) => Math.floor((one + 1) * 10));
    const x = Array.from({ length: 160 }, (_, k) => words.slice(k * 6, k * 6 + 3 + (k % 4)));
    const y = x.map((review) => ((review.at(-1) ?? 0) < 10 ? 1 : 0));
    const { history } = await train(network, { x, y }, { epochs: 30, batchSize: 16, validationSplit: 0.2 });
    expect(history["valAccuracy"]?.at(-1)).toBeGreaterThan(0.9);
  });
});

describe("truncated back-propagation", () => {
  const data = { x: sequences([6, 6, 6], 3, 1), y: sequences([6, 6, 6], 2, 2) };
  const build = (): Network => {
    const network = networkOf(input({ shape: [null, 3] }), (s) =>
      dense({ units: 2 })(lstm({ units: 4, returnSequences: true })(s)),
    );
    compileNetwork(network, { optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    return network;
  };
  test("a window as long as the sequences is back-propagation through all of time", async () => {
    const [full, cut] = [build(), build()];
    const one = await train(full, data, { epochs: 2 });
    const two = await train(cut, data, { epochs: 2, tbptt: { steps: 6 } });
    expect(weightsOf(cut)).toEqual(weightsOf(full));
    expect(two.history).toEqual(one.history);
  });
  test("states are handed from piece to piece, and back-propagation stops between them", async () => {
    const [full, cut] = [build(), build()];
    for (const network of [full, cut]) {
      compileNetwork(network, { optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    }
    const one = await train(full, data, {});
    const two = await train(cut, data, { tbptt: { steps: 4 } });
    expect(two.history["loss"]?.[0]).toBeCloseTo(one.history["loss"]?.[0] ?? 0, 6);
    expect(learnerIn(cut)?.state.step).toBe(2);
  });
  test("the figures of pieces and of batches of any size are those of all sequences together", async () => {
    const steps = lengths.reduce((total, length) => total + length, 0);
    const firstLoss = async (timeReduction: "mean" | "sum", cut: object): Promise<readonly number[]> => {
      const network = networkOf(input({ shape: [null, 3] }), (s) =>
        lstm({ units: 2, returnSequences: true, kernelRegularizer: "l2" })(s),
      );
      const optimizer = sgd({ learningRate: 0 });
      compileNetwork(network, {
        optimizer,
        loss: "meanSquaredError",
        metrics: ["mae", "mse"],
        timeReduction,
      });
      const { history } = await train(network, ragged, { shuffle: false, ...cut });
      const [loss = 0, mae = 0, mse = 0] = ["loss", "mae", "mse"].map((name) => history[name]?.[0] ?? 0);
      const ofData = timeReduction === "mean" ? mse : (mse * steps) / lengths.length;
      return [loss - ofData, mae, mse]; // the penalty first
    };
    const wanted = await firstLoss("mean", { batchSize: 10 });
    for (const timeReduction of ["mean", "sum"] as const)
      for (const cut of [{}, { batchSize: 4 }, { batchSize: 4, tbptt: { steps: 2 } }])
        for (const [k, figure] of (await firstLoss(timeReduction, cut)).entries())
          expect(figure).toBeCloseTo(wanted[k] ?? Number.NaN, 5);
  });

  test("is refused where an output has no time", async () => {
    const network = networkOf(input({ shape: [null, 3] }), (s) => dense({ units: 2 })(lstm({ units: 4 })(s)));
    compileNetwork(network, { optimizer: "sgd", loss: "meanSquaredError" });
    const vectors = {
      x: data.x,
      y: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    };
    await expect(train(network, vectors, { tbptt: { steps: 2 } })).rejects.toThrow(/returnSequences/);
  });
});

describe("stateful layers", () => {
  test("go on with the states of the batch before", async () => {
    const build = (stateful: boolean): Network => {
      const network = networkOf(input({ shape: [null, 3] }), (s) =>
        dense({ units: 2 })(lstm({ units: 4, returnSequences: true, stateful })(s)),
      );
      compileNetwork(network, { optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
      return network;
    };
    const x = sequences([4, 4], 3, 1);
    const y = sequences([4, 4], 2, 2);
    const long = { x: [x.flat()], y: [y.flat()] };
    const whole = await train(build(false), long, {});
    const parts = await train(build(true), { x, y }, { batchSize: 1, shuffle: false });
    expect(parts.history["loss"]?.[0]).toBeCloseTo(whole.history["loss"]?.[0] ?? 0, 6);
    const none = await train(build(false), { x, y }, { batchSize: 1, shuffle: false });
    expect(none.history["loss"]?.[0]).not.toBeCloseTo(whole.history["loss"]?.[0] ?? 0, 4);
  });
});

describe("callbacks", () => {
  test("early stopping goes back to the best weights", async () => {
    const network = tagger();
    const best: { loss: number; weights: unknown } = { loss: Number.POSITIVE_INFINITY, weights: null };
    const watch: Callback = {
      onEpochEnd: ({ logs, model }) => {
        if ((logs["valLoss"] ?? 0) >= best.loss) return;
        best.loss = logs["valLoss"] ?? 0;
        best.weights = model.getWeights().map(({ data }) => [...data]);
      },
    };
    // Targets of the validation that nothing can learn: it gets worse.
    const validationData = [ragged.x, sequences(lengths, 2, 77)] as const;
    const callbacks = [watch, earlyStopping({ patience: 2, restoreBestWeights: true })];
    const { epoch, history } = await train(network, ragged, {
      epochs: 60,
      batchSize: 4,
      validationData,
      callbacks,
    });
    expect(epoch.length).toBeLessThan(60);
    const figures = history["valLoss"] ?? [];
    expect(figures.indexOf(Math.min(...figures))).toBe(figures.length - 3);
    expect(weightsOf(network)).toEqual(best.weights);
  });

  test("hooks are called in order, with the figures", async () => {
    const calls: string[] = [];
    const note =
      (name: string) =>
      ({ epoch, step, logs }: TrainingMoment) => {
        calls.push([name, epoch, step, ...Object.keys(logs)].join(" "));
      };
    const callback: Callback = {
      onTrainBegin: note("begin"),
      onEpochBegin: note("epoch"),
      onStepEnd: note("step"),
      onEpochEnd: note("end"),
      onTrainEnd: note("done"),
    };
    await train(tagger(), ragged, { epochs: 2, batchSize: 8, validationSplit: 0.1, callbacks: [callback] });
    expect(calls).toEqual([
      "begin 0 0",
      "epoch 0 0",
      "step 0 1 loss mae",
      "step 0 2 loss mae",
      "end 0 2 loss mae valLoss valMae",
      "epoch 1 2",
      "step 1 3 loss mae",
      "step 1 4 loss mae",
      "end 1 4 loss mae valLoss valMae",
      "done 2 4 loss mae valLoss valMae",
    ]);
  });

  test("checkpoints are written at steps, at the ends of epochs, and when training is interrupted", async () => {
    const saves: string[] = [];
    const run = async (options: FitOptions): Promise<readonly string[]> => {
      saves.length = 0;
      const network = tagger();
      const model = modelOf(network, (path) => saves.push(`${path} ${learnerIn(network)?.state.step}`));
      await train(network, ragged, { epochs: 2, batchSize: 4, ...options }, model);
      return [...saves];
    };
    expect(await run({ checkpoint: { path: "a" } })).toEqual(["a 3", "a 6"]);
    expect(await run({ checkpoint: { path: "a", everySteps: 2 } })).toEqual([
      "a 2",
      "a 3",
      "a 4",
      "a 6",
      "a 6",
    ]);
    expect(await run({ callbacks: [modelCheckpoint({ path: "m{step}", everySteps: 4 })] })).toEqual(["m4 4"]);
    const abort = new AbortController();
    const watch: Callback = { onStepEnd: ({ step }) => (step === 2 ? abort.abort() : undefined) };
    expect(await run({ checkpoint: { path: "a" }, callbacks: [watch], signal: abort.signal })).toEqual([
      "a 2",
    ]);
  });

  test("a figure that there is not is named", async () => {
    await expect(train(tagger(), ragged, { callbacks: [earlyStopping()] })).rejects.toThrow(
      /valLoss.*validationSplit/,
    );
  });
});

test("a timer gets its turn while training runs, and can stop it", async () => {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), 20);
  const network = tagger();
  await train(network, ragged, { epochs: 100_000, batchSize: 10, signal: abort.signal });
  clearTimeout(timer);
  expect(learnerIn(network)?.state.step).toBeLessThan(10_000);
});

test("one training at a time", async () => {
  const network = tagger();
  const first = train(network, ragged, { epochs: 2, seed: 3 });
  await expect(train(network, ragged, { seed: 4 })).rejects.toThrow(/one training of a model at a time/);
  await expect(trainNetworkOnce(network, device, ragged)).rejects.toThrow(/Await the first/);
  expect((await first).epoch).toEqual([0, 1]);
  const other = tagger();
  await train(other, ragged, { epochs: 2, seed: 3 });
  expect(weightsOf(network)).toEqual(weightsOf(other));
});

test("options that there are not are named", () => {
  const options = { epoch: 3 } as FitOptions;
  return expect(train(tagger(), ragged, options)).rejects.toThrow(/Did you mean "epochs"/);
});

describe("single steps", () => {
  test("trainOnBatch is a batch of fit", async () => {
    const [a, b] = [tagger(), tagger()];
    const { history } = await train(a, ragged, { batchSize: 10, shuffle: false });
    const figures = await trainNetworkOnce(b, device, ragged);
    expect(weightsOf(b)).toEqual(weightsOf(a));
    expect(figures["loss"]).toBe(history["loss"]?.[0]);
  });

  test("the pure step is trainOnBatch, and leaves the model alone", async () => {
    const [a, b] = [tagger(), tagger()];
    const before = weightsOf(b);
    let state: Parameters<typeof networkStep>[2] = {
      weights: b.variables.map(({ value }) => value),
      optimizerState: null,
    };
    for (let k = 0; k < 3; k++) {
      const figures = await trainNetworkOnce(a, device, ragged);
      const next = await networkStep(b, device, state, ragged);
      expect(next.loss).toBe(figures["loss"]);
      state = next;
    }
    expect(state.weights.map((weight) => [...weight])).toEqual(weightsOf(a));
    expect(weightsOf(b)).toEqual(before);
    expect(learnerIn(b)?.state.step).toBe(0);
  });

  test("gradients have no dropout unless asked for", async () => {
    const network = tagger();
    const plain = await networkGradients(network, device, ragged);
    expect(await networkGradients(network, device, ragged)).toEqual(plain);
    expect((await networkGradients(network, device, { ...ragged, training: true })).loss).not.toBe(
      plain.loss,
    );
  });
});

test("weights that somebody sets during training are trained on", async () => {
  const network = tagger();
  const zero: Callback = {
    onStepEnd: ({ step, model }) => {
      if (step !== 1) return;
      const weights = model.getWeights();
      for (const { data } of weights) data.fill(0);
      model.setWeights(weights);
    },
  };
  compileNetwork(network, { optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
  await train(network, ragged, { batchSize: 4, callbacks: [zero] });
  expect(
    weightsOf(network)
      .flat()
      .every((value) => value === 0),
  ).toBe(true);
});

test("several outputs: each with its loss and metrics, and the sum of the losses", async () => {
  const x = input({ shape: [null, 3] }) as Symbolic;
  const h = lstm({ units: 4, returnSequences: true })(x);
  const outputs = { tags: dense({ units: 2, activation: "softmax" })(h), size: dense({ units: 1 })(h) };
  const network = functionalNetwork({ inputs: x, outputs }, 1);
  compileNetwork(network, {
    optimizer: "sgd",
    loss: { tags: "sparseCategoricalCrossentropy", size: "meanSquaredError" },
    metrics: { tags: ["accuracy"], size: ["mae"] },
  });
  const y = {
    tags: lengths.map((length) => Array.from({ length }, (_, t) => t % 2)),
    size: sequences(lengths, 1, 4),
  };
  const figures = await evaluateNetwork(network, device, { x: ragged.x, y });
  expect(Object.keys(figures)).toEqual(["loss", "tagsLoss", "tagsAccuracy", "sizeLoss", "sizeMae"]);
  expect(figures["loss"]).toBeCloseTo((figures["tagsLoss"] ?? 0) + (figures["sizeLoss"] ?? 0), 10);
  const { history } = await train(network, { x: ragged.x, y }, { epochs: 10, batchSize: 5 });
  expect(history["loss"]?.at(-1)).toBeLessThan(history["loss"]?.[0] ?? 0);
});
