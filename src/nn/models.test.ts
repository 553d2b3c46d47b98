import { beforeEach, describe, expect, test } from "vitest";
import { setDevice } from "./device.ts";
import { bidirectional } from "./layers/bidirectional.ts";
import { dense } from "./layers/dense.ts";
import { embedding } from "./layers/embedding.ts";
import { flatten } from "./layers/flatten.ts";
import { input } from "./layers/input.ts";
import { gru, lstm, simpleRNN } from "./layers/recurrent.ts";
import { repeatVector } from "./layers/repeatVector.ts";
import { timeDistributed } from "./layers/timeDistributed.ts";
import { isRagged, type Ragged, ragged } from "./model/ragged.ts";
import { type Tensor, tensor } from "./model/tensor.ts";
import { functional, sequential } from "./models.ts";
import { add, concat, split, sub } from "./operators.ts";
import { setSeed } from "./seed.ts";
import type { Signal } from "./signals.ts";

beforeEach(() => {
  setDevice("reference");
  setSeed(0);
});
const series = [
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  [
    [0, 1],
    [1, 0],
    [1, 1],
  ],
];
const uneven = [
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  [[0, 1]],
  [
    [1, 0],
    [1, 1],
  ],
];

/** What went through float32 in between may differ in its last bit. */
function expectNear({ data }: Tensor, wanted: readonly number[]): void {
  expect(data.length).toBe(wanted.length);
  data.forEach((x, k) => {
    expect(x).toBeCloseTo(wanted[k] ?? Number.NaN, 6);
  });
}

describe("predict", () => {
  const model = () =>
    sequential(input({ shape: [null, 2] }), lstm({ units: 3, returnSequences: true }), dense({ units: 2 }));
  test("gives a tensor for arrays of one length", async () => {
    const y = (await model().predict(series)) as Tensor;
    expect(y.shape).toEqual([2, 3, 2]);
  });
  test("gives ragged for ragged, each row as if it were alone", async () => {
    const own = model();
    const y = (await own.predict(uneven)) as Ragged;
    expect(y.lengths).toEqual([3, 1, 2]);
    for (const [k, row] of uneven.entries()) {
      const alone = (await own.predict([row])) as Tensor;
      expect(y.toArray()[k]).toEqual((alone.toArray() as number[][][])[0]);
    }
    expect(isRagged(await own.predict(ragged(uneven)))).toBe(true);
  });
  test("does not depend on the size of batches", async () => {
    const own = model();
    const many = Array.from({ length: 7 }, (_, k) => uneven[k % 3] ?? []);
    const whole = (await own.predict(many)) as Ragged;
    const parts = (await own.predict(many, { batchSize: 3 })) as Ragged;
    expect(parts.toArray()).toEqual(whole.toArray());
    const even = Array.from({ length: 5 }, (_, k) => series[k % 2] ?? []);
    const tensors = [await own.predict(even, { batchSize: 2 }), await own.predict(even)] as Tensor[];
    expect(tensors[0]?.toArray()).toEqual(tensors[1]?.toArray());
  });
  test("takes tensors and given states", async () => {
    const own = sequential(input({ shape: [null, 2] }), gru({ units: 3 }));
    const zero = await own.predict(tensor(series), {
      initialState: {
        h: [
          [0, 0, 0],
          [0, 0, 0],
        ],
      },
    });
    expect(zero.toArray()).toEqual((await own.predict(series)).toArray());
    const given = await own.predict(series, {
      initialState: {
        gru_1: {
          h: [
            [1, 0, 0],
            [0, 1, 0],
          ],
        },
      },
    });
    expect(given.toArray()).not.toEqual(zero.toArray());
    await expect(own.predict(series, { initialState: { c: [[0]] } })).rejects.toThrow(
      /the states of "gru_1": h, got "c"/,
    );
    await expect(own.predict(series, { initialState: { gru1: { h: [[0]] } } })).rejects.toThrow(
      /the recurrent layer gru_1, got "gru1". Did you mean "gru_1"/,
    );
    await expect(own.predict(series, { initialState: { gru_1: { hh: [[0]] } } })).rejects.toThrow(/got "hh"/);
    await expect(own.predict(series, { initialState: 3 as never })).rejects.toThrow(
      /initialState: expected a plain object/,
    );
    const none = sequential(input({ shape: [2] }), dense({ units: 1 }));
    await expect(none.predict([[1, 2]], { initialState: { h: [[0]] } })).rejects.toThrow(/no layer has any/);
    await expect(own.predict(series, { initialState: { h: [[0, 0, 0]] } })).rejects.toThrow(/2 rows/);
  });
  test("goes on from the last states of stateful layers until they are reset", async () => {
    const make = (stateful: boolean) =>
      sequential(input({ shape: [null, 2] }), lstm({ units: 2, returnSequences: true, stateful }));
    const [whole, pieces] = [make(false), make(true)];
    pieces.setWeights(whole.getWeights());
    const all = ((await whole.predict(series)) as Tensor).toArray() as number[][][];
    const first = (
      (await pieces.predict(series.map((row) => row.slice(0, 1)))) as Tensor
    ).toArray() as number[][][];
    const rest = (
      (await pieces.predict(series.map((row) => row.slice(1)))) as Tensor
    ).toArray() as number[][][];
    all.forEach((row, k) => {
      [...(first[k] ?? []), ...(rest[k] ?? [])].forEach((step, t) => {
        step.forEach((value, j) => {
          expect(value).toBeCloseTo(row[t]?.[j] ?? Number.NaN, 6);
        });
      });
    });
    await expect(pieces.predict(series.slice(0, 1))).rejects.toThrow(/2 rows/);
    pieces.resetStates();
    expect(((await pieces.predict(series)) as Tensor).toArray()).toEqual(all);
  });
});

describe("sequential", () => {
  test("counts names and keeps Keras's order of weights", () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      bidirectional(lstm({ units: 3 })),
      dense({ units: 1 }),
      dense({ units: 2, name: "end" }),
    );
    expect(model.weights.map(({ name, shape }) => [name, shape])).toEqual([
      ["bidirectional_1/forward/kernel", [2, 12]],
      ["bidirectional_1/forward/recurrentKernel", [3, 12]],
      ["bidirectional_1/forward/bias", [12]],
      ["bidirectional_1/backward/kernel", [2, 12]],
      ["bidirectional_1/backward/recurrentKernel", [3, 12]],
      ["bidirectional_1/backward/bias", [12]],
      ["dense_1/kernel", [6, 1]],
      ["dense_1/bias", [1]],
      ["end/kernel", [1, 2]],
      ["end/bias", [2]],
    ]);
  });
  test("without an input is built by its first data", async () => {
    const model = sequential(lstm({ units: 3 }), dense({ units: 1 }));
    expect(() => model.summary()).toThrow(/input\(\{ shape/);
    expect((await model.predict(series)).shape).toEqual([2, 1]);
    expect(model.summary()).toContain("lstm_1");
    expect((await sequential(dense({ units: 3 })).predict([[1, 2]])).toArray()).toHaveLength(1);
  });
  test("begins with weights that follow from the seed", () => {
    const make = () =>
      sequential(input({ shape: [null, 2] }), lstm({ units: 3 }))
        .getWeights()
        .map((x) => x.toArray());
    const first = make();
    expect(make()).toEqual(first);
    setSeed(1);
    expect(make()).not.toEqual(first);
  });
  test("names both layers and the way out when they do not fit", () => {
    expect(() =>
      // @ts-expect-error a sequence is wanted, a vector comes
      sequential(embedding({ inputDim: 9, outputDim: 4 }), lstm({ units: 32 }), lstm({ units: 2 })),
    ).toThrow(
      'layer 3 "lstm_2": expected a sequence [batch, time, features], got a vector [batch, 32] from layer 2 "lstm_1". Set returnSequences: true on "lstm_1".',
    );
    // @ts-expect-error tokens
    expect(() => sequential(input({ shape: [null], dtype: "int32" }), dense({ units: 1 }))).toThrow(
      /embedding/,
    );
    // @ts-expect-error not a layer
    expect(() => sequential(input({ shape: [2] }), "dense")).toThrow(/part 2/);
    // @ts-expect-error several outputs
    expect(() => sequential(input({ shape: [null, 2] }), lstm({ units: 2, returnState: true }))).toThrow(
      /returnState/,
    );
    expect(() =>
      sequential(input({ shape: [null, 2] }), lstm({ units: 2, name: "a" }), dense({ units: 1, name: "a" })),
    ).toThrow(/"a"/);
    expect(() => sequential(input({ shape: [null, 2] }), flatten())).toThrow(/fixed length/);
  });
  test("flattens, repeats and distributes", async () => {
    const frames = sequential(
      input({ shape: [3, 2] }),
      flatten(),
      repeatVector({ n: 2 }),
      timeDistributed(dense({ units: 4 })),
    );
    expect(((await frames.predict(series)) as Tensor).shape).toEqual([2, 2, 4]);
    const flat = sequential(input({ shape: [3, 2] }), flatten());
    expect((await flat.predict(series)).toArray()).toEqual([
      [1, 2, 3, 4, 5, 6],
      [0, 1, 1, 0, 1, 1],
    ]);
    const images = sequential(
      input({ shape: [null, 2, 2] }),
      timeDistributed(flatten()),
      simpleRNN({ units: 1 }),
    );
    expect(
      (
        await images.predict([
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ])
      ).shape,
    ).toEqual([1, 1]);
  });
  test("gives the code before the last dense layer", async () => {
    const model = sequential(input({ shape: [null, 2] }), lstm({ units: 3 }), dense({ units: 1 }));
    const code = (await model.encode(series)) as Tensor;
    expect(code.shape).toEqual([2, 3]);
    const [kernel, bias] = model.getWeights().slice(3) as [Tensor, Tensor];
    const y = code.toArray() as number[][];
    const wanted = (await model.predict(series)).toArray() as number[][];
    y.forEach((row, k) => {
      const value = row.reduce((total, x, j) => total + x * (kernel.data[j] ?? 0), bias.data[0] ?? 0);
      expect(value).toBeCloseTo(wanted[k]?.[0] ?? Number.NaN, 5);
    });
  });
});

describe("functional", () => {
  test("shares layers, and takes and gives records and arrays", async () => {
    const [left, right] = [input({ shape: [null, 2] }), input({ shape: [null, 2] })];
    const shared = lstm({ units: 3 });
    const [a, b] = [shared(left), shared(right)];
    const model = functional({ inputs: { left, right }, outputs: { a, b, difference: sub(a, b) } });
    expect(model.weights.map(({ name }) => name)).toEqual([
      "lstm_1/kernel",
      "lstm_1/recurrentKernel",
      "lstm_1/bias",
    ]);
    const y = await model.predict({ left: series, right: uneven.slice(0, 2) });
    expect(y.a.shape).toEqual([2, 3]);
    const alone = await functional({ inputs: left, outputs: a }).predict(series);
    expect(y.a.toArray()).toEqual(alone.toArray());
    expectNear(
      y.difference,
      [...y.a.data].map((x, k) => x - (y.b.data[k] ?? 0)),
    );
    await expect(model.predict({ left: series, wrong: series } as never)).rejects.toThrow(/"wrong"|"right"/);
    await expect(model.predict({ left: series, right: series.slice(0, 1) })).rejects.toThrow(/2 rows/);
  });
  test("lets inputs meet step by step: residuals, concat, split", async () => {
    const [x, z] = [input({ shape: [null, 2] }), input({ shape: [null, 2] })];
    const h = gru({ units: 2, returnSequences: true })(x);
    const [one] = split(concat(add(h, z), x), 2);
    const model = functional({ inputs: [x, z], outputs: one });
    const y = (await model.predict([series, series])) as Tensor;
    const alone = ((await functional({ inputs: x, outputs: h }).predict(series)) as Tensor).data;
    const given = series.flat(2);
    expectNear(
      y,
      [...alone].map((v, k) => v + (given[k] ?? 0)),
    );
    await expect(model.predict([series, series.map((row) => row.slice(1))])).rejects.toThrow(/same lengths/);
  });
  test("gives states and takes first states by symbols", async () => {
    const source = input({ shape: [null, 2] });
    const target = input({ shape: [null, 2] });
    const { h, c } = lstm({ units: 3, returnState: true })(source);
    const y = lstm({ units: 3, returnSequences: true })(target, { initialState: { h, c } });
    const model = functional({ inputs: { source, target }, outputs: { y, h } });
    const longer = series.map((row) => [...row, ...row]);
    const result = await model.predict({ source: longer, target: series });
    expect((result.y as Tensor).shape).toEqual([2, 3, 3]);
    const other = await model.predict({ source: longer.map((row) => [...row].reverse()), target: series });
    expect((other.y as Tensor).toArray()).not.toEqual((result.y as Tensor).toArray());
    expect(() => lstm({ units: 3 })(target, { initialState: { g: h } as never })).toThrow(
      /got "g". Did you mean "h"/,
    );
  });
  test("says what is wrong with its ends", () => {
    const [x, other] = [input({ shape: [null, 2] }), input({ shape: [null, 2] })];
    const y = lstm({ units: 2 })(x);
    expect(() => functional({ inputs: other, outputs: y })).toThrow(/also need an input/);
    expect(() => functional({ inputs: [x, other], outputs: y })).toThrow(/no output needs/);
    expect(() => functional({ inputs: y, outputs: y })).toThrow(/input\(\{ shape/);
    expect(() => functional({ inputs: x } as never)).toThrow(/outputs/);
    expect(() => lstm({ units: 2 })(series as never)).toThrow(/symbol/);
    expect(() => add(x, y as unknown as Signal<"sequence", 2>)).toThrow(/a sequence/);
    const shared = dense({ units: 2 });
    const pair = [shared(x), shared(concat(x, x))] as Signal[];
    expect(() => functional({ inputs: x, outputs: pair })).toThrow(/shared layer/);
  });
});

describe("the first data of a sequential model without an input", () => {
  const first = (x: unknown) => sequential(lstm({ units: 2 })).predict(x as never);
  test("that are one sequence want one more pair of brackets", async () => {
    await expect(first([[1], [2]])).rejects.toThrow(
      /batch of sequences.*got \[batch, 1\].*one more pair of brackets/,
    );
    await expect(first([[[1], [2]]])).resolves.toMatchObject({ shape: [1, 2] });
  });
  test.each([[3], [null], ["ab"], [[]], [[[]]], [[[[]]]], [[1, 2]], [tensor([1, 2])]])(
    "%j are none",
    async (x) => {
      await expect(first(x)).rejects.toThrow(/the first data.*expected a batch of vectors or sequences/);
    },
  );
});
test("functional says what it got in place of symbols", () => {
  expect(() => functional({ inputs: 1, outputs: 2 } as never)).toThrow(/a record of symbols, got 1\./);
  expect(() => functional({ inputs: () => 1 } as never)).toThrow(/got a function/);
});

describe.each(["reference", "wasm"] as const)("on %s", (name) => {
  beforeEach(() => setDevice(name, name === "wasm" ? { threads: 1 } : {}));
  test("a fixed number of steps is a length as good as any", async () => {
    const layers = [gru({ units: 2, returnSequences: true }), dense({ units: 1 })] as const;
    const fixed = sequential(input({ shape: [3, 2] }), ...layers);
    const open = sequential(input({ shape: [null, 2] }), ...layers);
    expect((await fixed.predict(series)).toArray()).toEqual((await open.predict(series)).toArray());
    const repeated = sequential(input({ shape: [2] }), repeatVector({ n: 3 }), ...layers);
    const same = await open.predict([
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    ]);
    expect((await repeated.predict([[1, 2]])).toArray()).toEqual(same.toArray());
    repeated.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const { history } = await repeated.fit([[1, 2]], [[[1], [1], [1]]], { epochs: 2 });
    expect(history.loss[1]).toBeLessThan(history.loss[0] as number);
  });
  test("backwards behind an embedding is forwards over the tokens turned", async () => {
    const words = embedding({ inputDim: 5, outputDim: 2, maskZero: true });
    const back = lstm({ units: 2, goBackwards: true });
    const y = await sequential(words, back).predict([
      [1, 2, 3],
      [4, 1],
    ]);
    const there = sequential(words, lstm({ units: 2 }));
    await there.predict([[1]]);
    there.setWeights(sequential(words, back).getWeights());
    expectNear(
      await there.predict([
        [3, 2, 1],
        [1, 4],
      ]),
      [...y.data],
    );
  });
});
