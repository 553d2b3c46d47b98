/** Conditional random fields against every path there is: likelihood, gradients, best paths. */
import { beforeEach, describe, expect, test } from "vitest";
import { type Chain, everyPath, likelihood, type Matrix, scoreOf } from "../../../test/everyPath.ts";
import { setDevice } from "../device.ts";
import type { Ragged } from "../model/ragged.ts";
import { ragged } from "../model/ragged.ts";
import type { Tensor } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import { add } from "../operators.ts";
import { setSeed } from "../seed.ts";
import type { Signal } from "../signals.ts";
import { adam } from "../train/optimizers.ts";
import { crf } from "./crf.ts";
import { dense } from "./dense.ts";
import { input } from "./input.ts";
import { masking } from "./masking.ts";
import { lstm } from "./recurrent.ts";
import { repeatVector } from "./repeatVector.ts";
import { timeDistributed } from "./timeDistributed.ts";

const [features, units] = [2, 3];
beforeEach(() => {
  setDevice("reference");
  setSeed(3);
});

const tagger = () =>
  sequential(
    input({ shape: [null, features] }),
    crf({ units, transitionsInitializer: "glorotUniform", biasInitializer: "glorotUniform" }),
  );
const weightsOf = (model: { getWeights(): readonly Tensor[] }): Chain => {
  const [kernel, bias, transitions] = model.getWeights().map((tensor) => tensor.toArray());
  return { kernel, bias, transitions } as unknown as Chain;
};
const x = [
  [
    [1, 2],
    [0.5, -1],
    [2, 0],
    [-1, 1],
  ],
  [[1, 0]],
  [
    [3, 1],
    [0, 1],
  ],
];
const y = [[0, 1, 2, 2], [1], [2, 0]];

function expectNear(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(got.length).toBe(wanted.length);
  for (let k = 0; k < wanted.length; k++) expect(got[k]).toBeCloseTo(wanted[k] ?? Number.NaN, 5);
}

describe.each(["reference", "wasm"] as const)("on %s", (device) => {
  test("loss and gradients are those of all paths, the mean over the batch", async () => {
    setDevice(device, device === "wasm" ? { threads: 1 } : {});
    const model = tagger();
    model.compile({ optimizer: "sgd" });
    const { loss, gradients } = await model.gradients(x, y);
    const each = x.map((rows, k) => likelihood(weightsOf(model), rows, y[k] ?? []));
    expect(loss).toBeCloseTo(each.reduce((sum, one) => sum + one.loss, 0) / x.length, 5);
    const wanted = each[0]?.gradient.map(
      (_, k) => each.reduce((sum, { gradient }) => sum + gradient[k]!, 0) / 3,
    );
    expectNear(
      gradients.flatMap(({ data }) => [...data]),
      wanted ?? [],
    );
  });

  test("predict says the best of all paths, ragged in and ragged out", async () => {
    setDevice(device, device === "wasm" ? { threads: 1 } : {});
    const model = tagger();
    const weights = weightsOf(model);
    const best = x.map((rows) =>
      everyPath(rows.length, units).reduce((a, b) =>
        scoreOf(weights, rows, b) > scoreOf(weights, rows, a) ? b : a,
      ),
    );
    const found = (await model.predict(ragged(x))) as Ragged;
    expect(found.toArray()).toEqual(best);
    const even = (await model.predict([x[0], x[0]] as Matrix[])) as Tensor;
    expect(even.shape).toEqual([2, 4]);
    expect(even.toArray()).toEqual([best[0], best[0]]);
  });

  test("a long sequence of large scores stays exact", async () => {
    setDevice(device, device === "wasm" ? { threads: 1 } : {});
    const model = sequential(input({ shape: [null, 2] }), crf({ units: 2 }));
    model.setWeights([
      [
        [200, 0],
        [0, 200],
      ],
      [0, 0],
      [
        [0, -100],
        [-100, 0],
      ],
    ]);
    model.compile({ optimizer: "sgd" });
    const sure = Array.from({ length: 500 }, () => [1, 0]);
    expect((await model.evaluate([sure], [sure.map(() => 0)])).loss).toBe(0);
    const wrong = sure.map((_, t) => (t === 250 ? 1 : 0));
    expect((await model.evaluate([sure], [wrong])).loss).toBe(400); // 200 of the emission, twice 100 of the transitions
  });
});

describe("what counts", () => {
  test("a masked step is passed over: loss and labels are those of the steps left", async () => {
    const masked = sequential(input({ shape: [null, features] }), masking(), crf({ units }));
    const plain = tagger();
    masked.setWeights(plain.getWeights());
    for (const model of [masked, plain]) model.compile({ optimizer: "sgd" });
    const [a, b, c] = [
      [1, 2],
      [0.5, -1],
      [2, 0],
    ] as const;
    const [hidden, shown] = [
      [[0, 0], a, b, [0, 0], c, [0, 0]],
      [a, b, c],
    ];
    const loss = await masked.evaluate([hidden], [[1, 2, 0, 2, 1, 0]]);
    expect(loss).toEqual(await plain.evaluate([shown], [[2, 0, 1]]));
    const [labels = []] = ((await plain.predict([shown])) as Tensor).toArray() as number[][];
    const [i = 0, j = 0, k = 0] = labels;
    expect(((await masked.predict([hidden])) as Tensor).toArray()).toEqual([[0, i, j, j, k, k]]);
  });

  test("a batch whose every step is masked has the loss 0, the labels 0 and no gradient", async () => {
    const model = sequential(input({ shape: [null, features] }), masking(), crf({ units }));
    model.compile({ optimizer: "sgd" });
    const nothing = [
      [
        [0, 0],
        [0, 0],
      ],
    ];
    const { loss, gradients } = await model.gradients(nothing, [[1, 2]]);
    expect(loss).toBe(0);
    expect(gradients.every(({ data }) => data.every((slope) => slope === 0))).toBe(true);
    expect(((await model.predict(nothing)) as Tensor).toArray()).toEqual([[0, 0]]);
  });

  test("a row of no steps has the loss 0 and no labels", async () => {
    const model = tagger();
    model.compile({ optimizer: "sgd" });
    const one = await model.evaluate(ragged([x[1] ?? []]), ragged([[1]]));
    const both = await model.evaluate(ragged([x[1] ?? [], []]), ragged([[1], []]));
    expect(both.loss).toBeCloseTo(one.loss / 2, 12);
    expect(((await model.predict(ragged([x[1] ?? [], []]))) as Ragged).lengths).toEqual([1, 0]);
  });

  test("sampleWeight weighs rows", async () => {
    const model = tagger();
    model.compile({ optimizer: "sgd", timeReduction: "sum" });
    const each = x.map((rows, k) => likelihood(weightsOf(model), rows, y[k] ?? []).loss);
    const { loss } = await model.evaluate(x, y, { sampleWeight: [2, 0, 1] });
    expect(loss).toBeCloseTo((2 * (each[0] ?? 0) + (each[2] ?? 0)) / 3, 6);
  });

  test("batches, batch sizes and the rows beside it change no label and no loss", async () => {
    const model = tagger();
    model.compile({ optimizer: "sgd" });
    const whole = (await model.predict(ragged(x))) as Ragged;
    const single = (await model.predict(ragged(x), { batchSize: 1 })) as Ragged;
    expect(single.toArray()).toEqual(whole.toArray());
    const alone = await Promise.all(x.map((rows, k) => model.evaluate([rows], [y[k] ?? []])));
    const { loss } = await model.evaluate(x, y);
    expect(loss).toBeCloseTo(alone.reduce((sum, one) => sum + one.loss, 0) / 3, 6);
  });
});

describe("in a model", () => {
  test("learns which label may follow which, where a step alone says nothing", async () => {
    setDevice("wasm", { threads: 1 });
    // The first step tells where a cycle of three begins; all others look the same.
    const rows = Array.from({ length: 12 }, (_, k) => Array.from({ length: 9 }, (_, t) => (k + t) % 3));
    const seen = rows.map((labels) =>
      labels.map((label, t) => [0, 1, 2].map((l) => Number(t === 0 && l === label))),
    );
    const model = sequential(input({ shape: [null, 3] }), crf({ units: 3 }));
    model.compile({ optimizer: "adam" });
    await model.fit(seen, rows, { epochs: 600, verbose: 0 });
    expect(((await model.predict(seen)) as Tensor).toArray()).toEqual(rows);
  });

  test("ten sequences of any labels are learned by heart", async () => {
    setDevice("wasm", { threads: 1 });
    const rows = Array.from({ length: 10 }, (_, k) =>
      Array.from({ length: 1 + ((k * 3) % 7) }, (_, t) => [Math.sin(k * 5 + t * 7), Math.cos(k * 3 + t * t)]),
    );
    const labels = rows.map((steps, k) => steps.map((_, t) => (k * t + k + t * t) % 4));
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 24, returnSequences: true }),
      crf({ units: 4 }),
    );
    model.compile({ optimizer: adam({ learningRate: 0.03 }) });
    const { history } = await model.fit(ragged(rows), ragged(labels, "int32"), { epochs: 300, verbose: 0 });
    expect(history.loss.at(-1)).toBeLessThan(0.01);
    expect(((await model.predict(ragged(rows))) as Ragged).toArray()).toEqual(labels);
  });

  test("beside another output, which has a loss of its own", async () => {
    const begin = input({ shape: [null, features] });
    const code = lstm({ units: 3, returnSequences: true })(begin);
    const outputs = { labels: crf({ units })(code), next: dense({ units: 1 })(code) };
    const model = functional({ inputs: begin, outputs });
    model.compile({ optimizer: "sgd", loss: { next: "meanSquaredError" } });
    const found = (await model.predict(x)) as unknown as { labels: Ragged; next: Ragged };
    expect([found.labels.lengths, found.next.lengths]).toEqual([
      [4, 1, 2],
      [4, 1, 2],
    ]);
    const targets = { labels: y, next: y.map((labels) => labels.map((label) => [label])) };
    const figures = await model.evaluate(x, targets as never);
    expect(figures["labelsLoss"]! + figures["nextLoss"]!).toBeCloseTo(figures.loss, 10);
  });

  test("the code before it can be taken out", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 5, returnSequences: true }),
      crf({ units }),
    );
    expect(((await model.encode([x[0]] as Matrix[])) as Tensor).shape).toEqual([1, 4, 5]);
  });

  test("sequences of a known length, also those that a vector is repeated to", async () => {
    const fixed = sequential(input({ shape: [4, features] }), crf({ units }));
    fixed.setWeights(tagger().getWeights());
    const free = sequential(input({ shape: [null, features] }), crf({ units }));
    free.setWeights(fixed.getWeights());
    for (const model of [fixed, free]) model.compile({ optimizer: "sgd" });
    const [rows, labels] = [[x[0], x[0]] as Matrix[], [y[0], y[0]] as Matrix];
    expect(await fixed.evaluate(rows, labels)).toEqual(await free.evaluate(rows, labels));
    expect(await fixed.predict(rows)).toEqual(await free.predict(rows));
    const repeated = sequential(input({ shape: [features] }), repeatVector({ n: 3 }), crf({ units }));
    repeated.compile({ optimizer: "sgd" });
    expect(((await repeated.predict([[1, 2]])) as Tensor).shape).toEqual([1, 3]);
    expect((await repeated.evaluate([[1, 2]], [[0, 1, 2]])).loss).toBeGreaterThan(0);
  });

  test("weights are kernel, bias and transitions", () => {
    expect(tagger().weights.map(({ name, shape }) => [name, shape])).toEqual([
      ["crf_1/kernel", [2, 3]],
      ["crf_1/bias", [3]],
      ["crf_1/transitions", [3, 3]],
    ]);
  });
});

describe("misuse", () => {
  const begin = (): Signal => input({ shape: [null, 2] }) as Signal;
  const compiled = (options: object) => () => tagger().compile({ optimizer: "sgd", ...options } as never);
  test.each([
    ["no units", () => crf({} as never), /units/],
    ["a misspelt option", () => crf({ units: 2, transitionInitializer: "zeros" } as never), /Did you mean/],
    ["a vector", () => crf({ units: 2 })(input({ shape: [2] }) as never), /a sequence/],
    ["a layer behind it", () => sequential(begin(), crf({ units: 2 }), dense({ units: 2 })), /a last layer/],
    ["an operator behind it", () => functional(summed()), /a last layer/],
    ["inside timeDistributed", () => timeDistributed(crf({ units: 2 })), /timeDistributed/],
    ["another loss", compiled({ loss: "meanSquaredError" }), /brings its own/],
    ["metrics of steps", compiled({ metrics: ["accuracy"] }), /no metrics/],
  ])("%s", (_, work, message) => {
    expect(work).toThrow(message);
  });
  const summed = (): { readonly inputs: Signal; readonly outputs: Signal } => {
    const inputs = begin();
    return { inputs, outputs: add(crf({ units: 2 })(inputs as never) as Signal, inputs) };
  };
  test("its loss without it", () => {
    const model = sequential(begin(), dense({ units: 2 }));
    expect(() => model.compile({ optimizer: "sgd", loss: "crf" })).toThrow(/no crf makes/);
    expect(() => model.compile({ optimizer: "sgd" })).toThrow(/a loss/);
  });
  test.each([
    ["a label that there is not", [[0, 1, 2, 3], [1], [2, 0]], {}, /row 0.*from 0 to 2.*for every class\.$/s],
    [
      "labels as distributions",
      y.map((row) => row.map(() => [1, 0, 0])),
      {},
      /y: .*got 3 numbers for each.*\. Give the numbers/,
    ],
    ["fewer labels than steps", [[0, 1, 2], [1], [2, 0]], {}, /row 0/],
    ["weights of steps", y, { sampleWeight: y }, /sampleWeight/],
    ["weights of classes", y, { classWeight: { 1: 2 } }, /none with a loss that sequences have/],
  ])("%s", async (_, labels, options, message) => {
    const model = tagger();
    model.compile({ optimizer: "sgd" });
    await expect(model.fit(x, labels, { verbose: 0, ...options } as never)).rejects.toThrow(message);
  });
  test("no sessions, no pieces: the best path needs the whole sequence", async () => {
    const model = tagger();
    model.compile({ optimizer: "sgd" });
    expect(() => (model as unknown as { session(): unknown }).session()).toThrow(/looks ahead/);
    await expect(model.fit(x, y, { tbptt: { steps: 2 }, verbose: 0 })).rejects.toThrow(
      /"crf", which a sequence has as a whole/,
    );
  });
});
