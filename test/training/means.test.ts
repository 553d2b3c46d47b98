import { describe, expect, test } from "vitest";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { input } from "../../src/nn/layers/input.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import type { Network } from "../../src/nn/model/network.ts";
import { tensor } from "../../src/nn/model/tensor.ts";
import { compileNetwork, evaluateNetwork, networkGradients } from "../../src/nn/train/learning.ts";
import { sparseCategoricalCrossentropy } from "../../src/nn/train/losses.ts";
import { sgd } from "../../src/nn/train/optimizers.ts";
import { l1l2 } from "../../src/nn/train/regularizers.ts";
import { type Data, device, networkOf, sequences, train, weightsOf } from "./harness.ts";

const lengths = [5, 2, 7, 1, 4];
const x = sequences(lengths, 3, 1);
const y = sequences(lengths, 2, 2);
const close = 6;

const loss = async (
  network: Network,
  data: Data & { batchSize?: number; sampleWeight?: unknown },
): Promise<number> => (await evaluateNetwork(network, device, data))["loss"] ?? Number.NaN;
const alone = (network: Network, k: number): Promise<number> => loss(network, { x: [x[k]], y: [y[k]] });

function tagger(timeReduction: "mean" | "sum" = "mean"): Network {
  const network = networkOf(input({ shape: [null, 3] }), (s) =>
    dense({ units: 2 })(gru({ units: 4, returnSequences: true })(s)),
  );
  compileNetwork(network, { optimizer: "sgd", loss: "meanSquaredError", metrics: ["mae"], timeReduction });
  return network;
}

describe("the mean over real steps", () => {
  test("rows count by their steps, whatever the batches", async () => {
    const network = tagger();
    const each = await Promise.all(lengths.map((_, k) => alone(network, k)));
    const total = each.reduce((sum, one, k) => sum + one * (lengths[k] ?? 0), 0);
    const wanted = total / lengths.reduce((sum, length) => sum + length);
    for (const batchSize of [1, 2, 5])
      expect(await loss(network, { x, y, batchSize })).toBeCloseTo(wanted, close);
  });

  test("summed over time, rows count alike", async () => {
    const network = tagger("sum");
    const each = await Promise.all(lengths.map((_, k) => alone(network, k)));
    const wanted = each.reduce((sum, one) => sum + one) / lengths.length;
    expect(await loss(network, { x, y })).toBeCloseTo(wanted, close);
  });

  test("gradients are those of the mean", async () => {
    const network = tagger();
    const steps = lengths.reduce((sum, length) => sum + length);
    const each = await Promise.all(
      x.map((row, k) => networkGradients(network, device, { x: [row], y: [y[k]] })),
    );
    const { gradients } = await networkGradients(network, device, { x, y });
    gradients.forEach((gradient, weight) => {
      gradient.forEach((value, at) => {
        const sum = each.reduce(
          (total, one, k) => total + (one.gradients[weight]?.[at] ?? 0) * (lengths[k] ?? 0),
          0,
        );
        expect(value).toBeCloseTo(sum / steps, close);
      });
    });
  });

  test("no step at all is a loss of 0", async () => {
    const network = tagger();
    network.variables.at(-1)?.value.fill(1); // the bias of the output: steps that counted would not be right
    expect(await loss(network, { x: [[]], y: [[]] })).toBe(0);
    const { gradients } = await networkGradients(network, device, { x: [[]], y: [[]] });
    expect(gradients.flatMap((gradient) => [...gradient]).every((value) => value === 0)).toBe(true);
  });
});

describe("what does not count", () => {
  const tokens = [
    [3, 1, 2, 0, 0],
    [4, 4, 1, 2, 3],
    [1, 0, 0, 0, 0],
  ];
  const classes = [
    [1, 2, 0, 1, 1],
    [0, 0, 1, 2, 2],
    [2, 0, 0, 0, 0],
  ];
  const counting = (maskZero: boolean, ignoreClass: number | null): Network => {
    const network = networkOf(input({ shape: [null], dtype: "int32" }), (s) =>
      dense({ units: 3, activation: "softmax" })(
        lstm({ units: 4, returnSequences: true })(embedding({ inputDim: 5, outputDim: 3, maskZero })(s)),
      ),
    );
    const metrics = ["accuracy", "perplexity", "bitsPerToken"] as const;
    compileNetwork(network, {
      optimizer: "sgd",
      loss: sparseCategoricalCrossentropy({ ignoreClass }),
      metrics,
    });
    return network;
  };

  test("steps behind a mask on the right count as if they were not there", async () => {
    const cut = (rows: readonly (readonly number[])[]): unknown =>
      rows.map((row, k) => row.slice(0, [3, 5, 1][k]));
    const masked = await evaluateNetwork(counting(true, null), device, { x: tokens, y: classes });
    const short = await evaluateNetwork(counting(false, null), device, { x: cut(tokens), y: cut(classes) });
    expect(masked["loss"]).toBeCloseTo(short["loss"] ?? 0, close);
    expect(masked["accuracy"]).toBeCloseTo(short["accuracy"] ?? 0, close);
    expect(masked["perplexity"]).toBeCloseTo(Math.exp(masked["loss"] ?? 0), close);
    expect(masked["bitsPerToken"]).toBeCloseTo((masked["loss"] ?? 0) / Math.LN2, close);
    const all = await evaluateNetwork(counting(false, null), device, { x: tokens, y: classes });
    expect(all["loss"]).not.toBeCloseTo(masked["loss"] ?? 0, 3);
  });

  test("one number may stand in an array of its own: a class, the weight of a row", async () => {
    const network = counting(true, null);
    const figures = (y: unknown, sampleWeight: unknown): Promise<number> =>
      loss(network, { x: tokens, y, sampleWeight });
    const wanted = await figures(classes, [0.5, 2, 1]);
    const column = [[0.5], [2], [1]];
    const each = classes.map((row) => row.map((one) => [one]));
    for (const y of [each, tensor(each)])
      for (const weights of [column, tensor(column)]) expect(await figures(y, weights)).toBe(wanted);
    expect(await figures(classes, [1, 1, 1])).not.toBeCloseTo(wanted, 3);
  });

  test("steps of the ignored class are out of loss and gradient", async () => {
    const other = classes.map((row) => row.map((one) => (one === 2 ? -1 : one)));
    const weights = classes.map((row) => row.map((one) => (one === 2 ? 0 : 1)));
    const counted = weights.flat().reduce<number>((sum, one) => sum + one, 0);
    const ignoring = await networkGradients(counting(false, -1), device, { x: tokens, y: other });
    const weighing = await networkGradients(counting(false, null), device, {
      x: tokens,
      y: classes,
      sampleWeight: weights,
    });
    expect(ignoring.loss * counted).toBeCloseTo(weighing.loss * weights.flat().length, close);
    ignoring.gradients.forEach((gradient, k) => {
      gradient.forEach((value, at) => {
        expect(value * counted).toBeCloseTo((weighing.gradients[k]?.[at] ?? 0) * weights.flat().length, 5);
      });
    });
  });

  test("a class that the last layer does not have is refused", async () => {
    const wrong = { x: tokens, y: tokens };
    await expect(evaluateNetwork(counting(false, null), device, wrong)).rejects.toThrow(
      /classes from 0 to 2/,
    );
  });
});

describe("weights", () => {
  test("of rows: the sum of weighted losses over the count", async () => {
    const network = tagger();
    const weights = [0.5, 2, 0, 1, 3];
    const each = await Promise.all(lengths.map((_, k) => alone(network, k)));
    const total = each.reduce((sum, one, k) => sum + one * (lengths[k] ?? 0) * (weights[k] ?? 0), 0);
    const wanted = total / lengths.reduce((sum, length) => sum + length);
    expect(await loss(network, { x, y, sampleWeight: weights, batchSize: 2 })).toBeCloseTo(wanted, close);
  });

  test("of steps: equal ones are a factor, and metrics do not see them", async () => {
    const network = tagger();
    const weights = lengths.map((length) => new Array<number>(length).fill(3));
    const plain = await evaluateNetwork(network, device, { x, y });
    const weighed = await evaluateNetwork(network, device, { x, y, sampleWeight: weights });
    expect(weighed["loss"]).toBeCloseTo(3 * (plain["loss"] ?? 0), close);
    expect(weighed["mae"]).toBeCloseTo(plain["mae"] ?? 0, close);
  });

  test("of classes: those of the rows that have them", async () => {
    const network = networkOf(input({ shape: [null, 3] }), (s) =>
      dense({ units: 1, activation: "sigmoid" })(simpleRNN({ units: 4 })(s)),
    );
    compileNetwork(network, { optimizer: "sgd", loss: "binaryCrossentropy" });
    const labels = [0, 1, 1, 0, 1];
    const byClass = await networkGradients(network, device, { x, y: labels, classWeight: { 0: 0.25, 1: 4 } });
    const byRow = await networkGradients(network, device, {
      x,
      y: labels,
      sampleWeight: labels.map((one) => (one ? 4 : 0.25)),
    });
    expect(byClass).toEqual(byRow);
    expect(byClass.loss).not.toBeCloseTo((await networkGradients(network, device, { x, y: labels })).loss, 3);
  });
});

test("regularizers are in the loss and in the gradient", async () => {
  const build = (regularizer: { l1: number; l2: number } | null): Network => {
    const network = networkOf(input({ shape: [3] }), (s) =>
      dense({ units: 2, ...(regularizer ? { kernelRegularizer: regularizer } : {}) })(s),
    );
    compileNetwork(network, { optimizer: "sgd", loss: "meanSquaredError" });
    return network;
  };
  const data = {
    x: [
      [1, 2, 3],
      [0, 1, -1],
    ],
    y: [
      [1, 0],
      [0, 1],
    ],
  };
  const [plain, punished] = [build(null), build(l1l2({ l1: 0.1, l2: 0.5 }))];
  const [a, b] = [
    await networkGradients(plain, device, data),
    await networkGradients(punished, device, data),
  ];
  const kernel = [...(plain.variables[0]?.value ?? [])];
  const penalty = kernel.reduce((sum, w) => sum + 0.1 * Math.abs(w) + 0.5 * w * w, 0);
  expect(b.loss).toBeCloseTo(a.loss + penalty, close);
  kernel.forEach((w, k) => {
    const wanted = (a.gradients[0]?.[k] ?? 0) + 0.1 * Math.sign(w) + w;
    expect(b.gradients[0]?.[k]).toBeCloseTo(wanted, close);
  });
  expect(b.gradients[1]).toEqual(a.gradients[1]);
});

test("a penalty moves a weight that the loss does not reach, and weight decay with it", async () => {
  const network = networkOf(input({ shape: [null, 2] }), (s) => {
    const [, backward] = bidirectional(lstm({ units: 2, kernelRegularizer: "l2" }), { mergeMode: "none" })(s);
    return dense({ units: 1 })(backward);
  });
  compileNetwork(network, {
    optimizer: sgd({ learningRate: 0.5, weightDecay: 0.25 }),
    loss: "meanSquaredError",
  });
  const [kernel = [], recurrentKernel] = weightsOf(network);
  await train(network, { x: sequences([3, 2], 2, 1), y: [[1], [0]] }, { epochs: 1 });
  const [kernelAfter = [], recurrentAfter] = weightsOf(network);
  kernel.forEach((w, k) => {
    expect(kernelAfter[k]).toBeCloseTo(w * (1 - 0.5 * (0.02 + 0.25)), close);
  });
  expect(recurrentAfter).toEqual(recurrentKernel);
});

test("what l1l2 is not told is 0, as in Keras", () => {
  expect([l1l2(), l1l2({ l2: 0.5 })]).toEqual([
    { l1: 0, l2: 0 },
    { l1: 0, l2: 0.5 },
  ]);
});

test("frozen weights have a zero gradient", async () => {
  const network = networkOf(input({ shape: [3] }), (s) =>
    dense({ units: 2 })(dense({ units: 4, trainable: false })(s)),
  );
  compileNetwork(network, { optimizer: "sgd", loss: "meanSquaredError" });
  const { gradients } = await networkGradients(network, device, { x: [[1, 2, 3]], y: [[1, 0]] });
  expect(gradients.map((gradient) => gradient.every((value) => value === 0))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
