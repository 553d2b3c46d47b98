/** CTC in models: targets of another length than the output, what counts, what is refused. */
import { beforeEach, describe, expect, test } from "vitest";
import { setDevice } from "../device.ts";
import { dense } from "../layers/dense.ts";
import { input } from "../layers/input.ts";
import { masking } from "../layers/masking.ts";
import { gru, lstm } from "../layers/recurrent.ts";
import { ctcDecode } from "../model/ctcDecode.ts";
import { type Ragged, ragged } from "../model/ragged.ts";
import { tensor } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import { setSeed } from "../seed.ts";
import { adam } from "./optimizers.ts";
import { type CtcOptions, ctc } from "./sequenceLosses.ts";

const classes = 3;
type Frames = readonly (readonly number[])[];

beforeEach(() => {
  setDevice("reference");
  setSeed(5);
});

const frames = (steps: number, seed: number): Frames =>
  Array.from({ length: steps }, (_, t) => [Math.sin(seed + t * 1.3), Math.cos(seed * 2 + t)]);
const x = [frames(5, 1), frames(3, 2), frames(4, 3)];
const y = [[1, 1], [2], [2, 1, 2]];

/** Logits `[batch, time, 3]` of two features. */
const linear = (options: CtcOptions = {}) => {
  const model = sequential(input({ shape: [null, 2] }), dense({ units: classes }));
  model.compile({ optimizer: "sgd", loss: ctc(options) });
  return model;
};

/** -log of the sum over every path that stands for the labels. */
function brute(logits: Frames, labels: readonly number[], blank: number): number {
  let sum = 0;
  const visit = (t: number, said: readonly number[], last: number, probability: number): void => {
    const frame = logits[t];
    if (frame === undefined) {
      if (said.join() === labels.join()) sum += probability;
      return;
    }
    const total = frame.reduce((all, score) => all + Math.exp(score), 0);
    frame.forEach((score, k) => {
      const says = k !== blank && k !== last;
      visit(t + 1, says ? [...said, k] : said, k, (probability * Math.exp(score)) / total);
    });
  };
  visit(0, [], -1, 1);
  return -Math.log(sum);
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("the loss", () => {
  test.each([
    [0, y],
    [2, [[1, 1], [0], [0, 1, 0]]],
    [1, [[], [2], [2, 2]]],
  ])("blank %i: the mean over the batch of -log p, every path counted", async (blank, labels) => {
    const model = linear({ blank });
    const logits = ((await model.predict(ragged(x as never))) as Ragged).toArray() as unknown as Frames[];
    const each = logits.map((rows, k) => brute(rows, labels[k] ?? [], blank));
    const { loss } = await model.evaluate(x as never, ragged(labels, "int32"));
    expect(loss).toBeCloseTo(mean(each), 6);
  });

  test("by its name, blank 0", async () => {
    const model = linear();
    const { loss } = await model.evaluate(x as never, y);
    model.compile({ optimizer: "sgd", loss: "ctc" });
    expect((await model.evaluate(x as never, y)).loss).toBe(loss);
  });

  test("neither the width of the batch's labels nor the rows beside it count", async () => {
    const model = linear();
    const long = frames(40, 4);
    const labels = [[1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]];
    const alone = await model.evaluate([x[0]] as never, [y[0] ?? []]);
    const other = await model.evaluate([long] as never, labels);
    const both = await model.evaluate([x[0], long] as never, [y[0] ?? [], ...labels]);
    expect(both.loss).toBeCloseTo((alone.loss + other.loss) / 2, 6);
  });

  test("what a softmax gives is taken for what went into it", async () => {
    const model = linear();
    const soft = sequential(input({ shape: [null, 2] }), dense({ units: classes, activation: "softmax" }));
    soft.setWeights(model.getWeights());
    soft.compile({ optimizer: "sgd", loss: "ctc" });
    const { loss } = await model.evaluate(x as never, y);
    expect((await soft.evaluate(x as never, y)).loss).toBeCloseTo(loss, 12);
  });

  test("frames of a known number", async () => {
    const model = linear();
    const fixed = sequential(input({ shape: [5, 2] }), dense({ units: classes }));
    fixed.setWeights(model.getWeights());
    fixed.compile({ optimizer: "sgd", loss: "ctc" });
    const { loss } = await model.evaluate([x[0]] as never, [[1, 1]]);
    expect((await fixed.evaluate([x[0]] as never, [[1, 1]])).loss).toBe(loss);
    await expect(fixed.evaluate([x[0]] as never, [[1, 1, 1, 1]])).rejects.toThrow(/5 frames/);
  });

  test("sampleWeight weighs rows; timeReduction changes nothing", async () => {
    const model = linear();
    const each = await Promise.all(x.map((rows, k) => model.evaluate([rows] as never, [y[k] ?? []])));
    model.compile({ optimizer: "sgd", loss: "ctc", timeReduction: "sum" });
    const { loss } = await model.evaluate(x as never, y, { sampleWeight: [2, 0, 1] });
    expect(loss).toBeCloseTo((2 * (each[0]?.loss ?? 0) + (each[2]?.loss ?? 0)) / 3, 6);
  });

  test("a masked frame is passed over", async () => {
    const masked = sequential(input({ shape: [null, 2] }), masking(), dense({ units: classes }));
    const plain = linear();
    masked.setWeights(plain.getWeights());
    masked.compile({ optimizer: "sgd", loss: "ctc" });
    const [a, b, c] = frames(3, 7) as [number[], number[], number[]];
    const { loss } = await masked.evaluate([[[0, 0], a, [0, 0], b, c, [0, 0]]], [[1, 2]]);
    expect(loss).toBe((await plain.evaluate([[a, b, c]], [[1, 2]])).loss);
  });

  test("a row whose every frame is masked says nothing: without labels its loss is 0", async () => {
    const model = sequential(input({ shape: [null, 2] }), masking(), dense({ units: classes }));
    model.compile({ optimizer: "sgd", loss: "ctc" });
    const { loss, gradients } = await model.gradients(
      [
        [
          [0, 0],
          [0, 0],
        ],
      ],
      [[]],
    );
    expect(loss).toBe(0);
    expect(gradients.every(({ data }) => data.every((slope) => slope === 0))).toBe(true);
  });

  test("a row without frames and without labels has the loss 0", async () => {
    const model = linear();
    const one = await model.evaluate([x[0]] as never, [[1]]);
    const both = await model.evaluate(ragged([x[0], []] as never), ragged([[1], []], "int32"));
    expect(both.loss).toBeCloseTo(one.loss / 2, 6);
  });
});

describe("training", () => {
  test("ten sequences of any labels are learned by heart", async () => {
    setDevice("wasm", { threads: 1 });
    const rows = Array.from({ length: 10 }, (_, k) => frames(4 + ((k * 3) % 9), k));
    const labels = rows.map((steps, k) =>
      Array.from({ length: Math.floor(steps.length / 2) }, (_, t) => 1 + ((k * t + t * t + k) % 2)),
    );
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 24, returnSequences: true }),
      dense({ units: classes }),
    );
    model.compile({ optimizer: adam({ learningRate: 0.03 }), loss: "ctc" });
    const data = ragged(rows as never);
    const { history } = await model.fit(data, labels, { epochs: 600, verbose: 0 });
    expect(history.loss.at(-1)).toBeLessThan(0.01);
    expect(ctcDecode(await model.predict(data))).toEqual(labels);
  });

  test("overfits, and what is decoded is what was said", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 8, returnSequences: true }),
      dense({ units: classes }),
    );
    model.compile({ optimizer: adam({ learningRate: 0.03 }), loss: "ctc" });
    const data = ragged(x as never);
    const { history } = await model.fit(data, y, { epochs: 100, verbose: 0 });
    expect(history.loss.at(-1)).toBeLessThan(0.2);
    const logits = (await model.predict(data)) as Ragged;
    expect(ctcDecode(logits)).toEqual(y);
    expect(ctcDecode(logits, { beam: 8 })).toEqual(y);
  });

  test("batches, validation data of longer labels, tensors as labels", async () => {
    const model = linear();
    const more = [frames(30, 4), frames(25, 5)];
    const { history } = await model.fit(x as never, y, {
      epochs: 2,
      batchSize: 2,
      validationData: [
        more,
        tensor([
          [1, 2, 1, 2, 1, 2, 1, 2, 1, 2],
          [2, 1, 2, 1, 2, 1, 2, 1, 2, 1],
        ]),
      ],
      verbose: 0,
    });
    expect(history["valLoss"]).toHaveLength(2);
    expect(history["valLoss"]?.every((loss) => loss > 0 && Number.isFinite(loss))).toBe(true);
  });

  test("one batch after the other, of labels of other widths", async () => {
    const model = linear();
    for (const length of [1, 9, 17, 1]) {
      const labels = [Array.from({ length }, (_, k) => 1 + (k % 2))];
      const { loss } = await model.trainOnBatch([frames(20, length)] as never, labels);
      expect(loss).toBeGreaterThan(0);
      expect(loss).toBeLessThan(1000);
    }
  });
});

describe("misuse", () => {
  test.each([
    ["labels longer than the frames", [[1, 1], [2, 1, 2, 1], [1]], /row 1.*3 frames.*4 labels/s],
    ["repeats that need a blank", [[1, 1], [2, 2, 1], [1]], /row 1.*3 frames.*3 labels, 1 of them repeats/s],
    ["the blank as a label", [[1, 1], [2], [0]], /row 2.*but for the blank, 0.*got 0/s],
    ["a class that there is not", [[1], [3], [1]], /row 1.*labels from 0 to 2/s],
    ["fractions", [[1], [0.5], [1]], /row 1.*whole numbers/s],
    ["one-hot labels", [[[0, 1, 0]], [[0, 1, 0]], [[0, 1, 0]]], /row 0/],
    ["fewer rows", [[1], [2]], /3 rows/],
  ])("%s", async (_, labels, message) => {
    await expect(linear().fit(x as never, labels as never, { verbose: 0 })).rejects.toThrow(message);
    await expect(linear().evaluate(x as never, labels as never)).rejects.toThrow(message);
  });

  test("frames that a mask takes out do not suffice either", async () => {
    const model = sequential(input({ shape: [null, 2] }), masking(), dense({ units: classes }));
    model.compile({ optimizer: "sgd", loss: "ctc" });
    const data = [
      frames(3, 1),
      [
        [1, 1],
        [0, 0],
        [0, 0],
      ],
    ];
    await expect(model.fit(data as never, [[1], [1, 2]], { shuffle: false, verbose: 0 })).rejects.toThrow(
      /row 1 of a batch.*leaves 1 of 3 frames/s,
    );
  });

  test("a blank beyond the classes, options, outputs without time, metrics", async () => {
    await expect(linear({ blank: 3 }).evaluate(x as never, y)).rejects.toThrow(/0 to 2/);
    expect(() => ctc({ blanks: 1 } as never)).toThrow(/Did you mean "blank"/);
    const vector = sequential(input({ shape: [null, 2] }), gru({ units: 3 }));
    expect(() => vector.compile({ optimizer: "sgd", loss: "ctc" })).toThrow(/returnSequences/);
    const model = linear();
    expect(() => model.compile({ optimizer: "sgd", loss: "ctc", metrics: ["accuracy"] })).toThrow(
      /no metrics/,
    );
    expect(() => model.compile({ optimizer: "sgd", loss: "ctcc" as never })).toThrow(/Did you mean "ctc"/);
  });

  test("weights of steps or classes", async () => {
    const model = linear();
    await expect(model.fit(x as never, y, { sampleWeight: y, verbose: 0 })).rejects.toThrow(/sampleWeight/);
    await expect(model.fit(x as never, y, { classWeight: { 1: 2 }, verbose: 0 })).rejects.toThrow(
      /classWeight/,
    );
  });

  test("pieces in time", async () => {
    const fit = linear().fit(x as never, y, { tbptt: { steps: 2 }, verbose: 0 });
    await expect(fit).rejects.toThrow(/"ctc", which a sequence has as a whole/);
  });
});

test("beside another output", async () => {
  const begin = input({ shape: [null, 2] });
  const code = lstm({ units: 3, returnSequences: true })(begin);
  const outputs = { said: dense({ units: classes })(code), next: dense({ units: 2 })(code) };
  const model = functional({ inputs: begin, outputs });
  model.compile({ optimizer: "sgd", loss: { said: "ctc", next: "meanSquaredError" } });
  const figures = await model.evaluate(x as never, { said: y, next: x } as never);
  expect(figures["saidLoss"]! + figures["nextLoss"]!).toBeCloseTo(figures.loss, 10);
});
