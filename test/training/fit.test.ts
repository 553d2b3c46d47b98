import { describe, expect, test } from "vitest";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { input } from "../../src/nn/layers/input.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import type { Network } from "../../src/nn/model/network.ts";
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
import { adam, nadam, sgd } from "../../src/nn/train/optimizers.ts";
import { cosineDecay } from "../../src/nn/train/schedules.ts";
import type { TrainingState } from "../../src/nn/train/state.ts";
import { type Data, device, modelOf, networkOf, numbers, sequences, train, weightsOf } from "./harness.ts";

const lengths = [5, 2, 7, 1, 4, 6, 3, 3, 5, 2];
const ragged: Data = { x: sequences(lengths, 3, 1), y: sequences(lengths, 2, 2) };

/** Dropout and a schedule: every step depends on its number. */
function tagger(): Network {
  const network = networkOf(input({ shape: [null, 3] }), (s) =>
    dense({ units: 2 })(
      dropout({ rate: 0.3 })(gru({ units: 4, returnSequences: true, recurrentDropout: 0.2 })(s)),
    ),
  );
  const learningRate = cosineDecay({ initialLearningRate: 0.05, decaySteps: 20 });
  compileNetwork(network, {
    optimizer: nadam({ learningRate, globalClipNorm: 1 }),
    loss: "meanSquaredError",
    metrics: ["mae"],
  });
  return network;
}

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

describe("going on", () => {
  test("two calls of fit are one of both", async () => {
    const [whole, parts] = [tagger(), tagger()];
    const options = { epochs: 4, batchSize: 4 };
    const { history } = await train(whole, ragged, options);
    const first = await train(parts, ragged, { ...options, epochs: 1 });
    const second = await train(parts, ragged, { ...options, initialEpoch: 1 });
    expect(weightsOf(parts)).toEqual(weightsOf(whole));
    expect(second.epoch).toEqual([1, 2, 3]);
    expect([...(first.history["loss"] ?? []), ...(second.history["loss"] ?? [])]).toEqual(history["loss"]);
  });

  test.each([1, 2, 3, 4, 5, 6, 8])(
    "stopped after step %i and resumed elsewhere, the bits are those of never stopping",
    async (stop) => {
      const options = { epochs: 3, batchSize: 3, validationSplit: 0.2 };
      const whole = tagger();
      const stopping = { monitor: "loss", patience: 5, restoreBestWeights: true };
      const { history } = await train(whole, ragged, { ...options, callbacks: [earlyStopping(stopping)] });

      const first = tagger();
      const abort = new AbortController();
      const watch: Callback = { onStepEnd: ({ step }) => (step === stop ? abort.abort() : undefined) };
      await train(first, ragged, {
        ...options,
        callbacks: [earlyStopping(stopping), watch],
        signal: abort.signal,
      });
      expect(learnerIn(first)?.state.step).toBe(stop);

      const second = tagger();
      carryOver(first, second);
      const resumed = await train(second, ragged, {
        ...options,
        callbacks: [earlyStopping(stopping), { onTrainBegin: () => undefined }],
        resume: true,
      });
      expect(weightsOf(second)).toEqual(weightsOf(whole));
      expect(resumed.history).toEqual(history);
    },
  );

  test("the same for pieces of batches", async () => {
    const data = { x: sequences([9, 9, 9, 9], 3, 1), y: sequences([9, 9, 9, 9], 2, 2) };
    const options = { epochs: 2, batchSize: 2, tbptt: { steps: 4 } };
    const whole = tagger();
    await train(whole, data, options);
    expect(learnerIn(whole)?.state.step).toBe(12);
    const [first, second] = [tagger(), tagger()];
    const abort = new AbortController();
    const watch: Callback = { onStepEnd: ({ step }) => (step === 5 ? abort.abort() : undefined) };
    await train(first, data, { ...options, callbacks: [watch], signal: abort.signal });
    carryOver(first, second);
    await train(second, data, { ...options, resume: true });
    expect(weightsOf(second)).toEqual(weightsOf(whole));
  });

  test("other data are refused", async () => {
    const network = tagger();
    const abort = new AbortController();
    const watch: Callback = { onStepEnd: () => abort.abort() };
    await train(network, ragged, { batchSize: 4, callbacks: [watch], signal: abort.signal });
    const other = { ...ragged, x: sequences(lengths, 3, 9) };
    await expect(train(network, other, { batchSize: 4, resume: true })).rejects.toThrow(/other data/);
  });

  test("the order of an epoch follows from the seed", async () => {
    const weights = async (seed: number): Promise<unknown> => {
      const network = tagger();
      await train(network, ragged, { batchSize: 4, seed });
      return weightsOf(network);
    };
    expect(await weights(7)).toEqual(await weights(7));
    expect(await weights(7)).not.toEqual(await weights(8));
  });
});

/** What a file would carry from one process to another. */
function carryOver(from: Network, to: Network): void {
  from.variables.forEach(({ value }, k) => {
    (to.variables[k] as { value: Float32Array }).value = value.slice();
  });
  to.version++;
  const [source, target] = [learnerIn(from), learnerIn(to)];
  if (source && target) target.state = structuredClone<TrainingState>(source.state);
}

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

describe("a step that is not finite", () => {
  test("stops the training with the layer named and the weights good", async () => {
    const network = tagger();
    const poison: Callback = {
      onStepEnd: ({ step, model }) => {
        if (step !== 2) return;
        const weights = model.getWeights();
        weights[0]?.data.fill(Number.NaN);
        model.setWeights(weights);
      },
    };
    const checkpoint = { path: "kept", everySteps: 1 };
    const failing = train(network, ragged, { epochs: 3, batchSize: 4, callbacks: [poison], checkpoint });
    await expect(failing).rejects.toThrow(/training step 3.*gru_1\/kernel.*kept, after step 2/);
  });

  test("data that are not finite are refused, and nothing is learned from them", async () => {
    const network = tagger();
    const before = weightsOf(network);
    const x = sequences([3, 3], 3, 1).map((row) =>
      row.map((step) => step.map(() => Number.POSITIVE_INFINITY)),
    );
    await expect(train(network, { x, y: sequences([3, 3], 2, 2) }, {})).rejects.toThrow(
      /x, row 0.*finite numbers/,
    );
    expect(weightsOf(network)).toEqual(before);
    expect(learnerIn(network)?.state.step).toBe(0);
    expect(learnerIn(network)?.busy).toBe(false);
  });

  test("the layer in which it began is named", async () => {
    const network = networkOf(input({ shape: [2] }), (s) =>
      dense({ units: 1, name: "last" })(
        dense({ units: 2, name: "middle" })(dense({ units: 2, name: "first" })(s)),
      ),
    );
    compileNetwork(network, { optimizer: "sgd", loss: "meanSquaredError" });
    for (const { name, value } of network.variables) value.fill(name.startsWith("first") ? 1 : 3e38);
    await expect(train(network, { x: [[1, 1]], y: [1] }, {})).rejects.toThrow(/layer 2 "middle"/);
  });
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
