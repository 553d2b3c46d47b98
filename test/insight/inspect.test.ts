/** What `inspect` gives: the bits of `predict`, shapes, losses, first states; and sensitivities. */

import {
  backpropagationSteps,
  dense,
  gru,
  input,
  inspect,
  lstm,
  type Model,
  masking,
  type Ragged,
  type Signal,
  sequential,
  setDevice,
  simpleRNN,
  type Tensor,
  tensor,
  type Values,
} from "unroll-rnn";
import { describe, expect, test } from "vitest";
import { sequences } from "../training/harness.ts";
import { lookedInto, names } from "./models.ts";

/** As `inspect` sees a model of unknown inputs and outputs. */
type Any = Model<Signal, Signal>;
const nested = (values: Values | null | undefined): number[][][] =>
  (values ? values.toArray() : []) as number[][][];
const numbersOf = (values: Values | null | undefined): number[] => nested(values).flat(Infinity) as number[];
const close = (got: readonly number[], expected: readonly number[], digits = 5): void => {
  expect(got.length).toBe(expected.length);
  got.forEach((x, k) => void expect(x).toBeCloseTo(expected[k] as number, digits));
};

describe.each([1, 2])("on wasm with %i threads", (threads) => {
  test.each(names)("outputs are those of predict, bit for bit: %s", async (name) => {
    setDevice("wasm", { threads });
    const { model, x, y } = lookedInto(name);
    const expected = await (model as Any).predict(x as number[][][]);
    const plain = await inspect(model as Any, x as number[][][]);
    const withTargets = await inspect(model as Any, x as number[][][], { y: y as number[][][] });
    expect(plain.outputs).toEqual(expected);
    expect(withTargets.outputs).toEqual(expected);
    for (const [layer, { states, values }] of Object.entries(plain.layers)) {
      expect(withTargets.layers[layer]?.states).toEqual(states);
      expect(withTargets.layers[layer]?.values).toEqual(values);
    }
    setDevice("auto");
  });
});

test.each(names)("deltas on wasm are those of the reference: %s", async (name) => {
  const deltasOn = async (device: "wasm" | "reference"): Promise<[string, number[]][]> => {
    setDevice(device);
    const { model, x, y } = lookedInto(name, "sum");
    const { layers } = await inspect(model as Any, x as number[][][], { y: y as number[][][] });
    setDevice("auto");
    return Object.entries(layers).flatMap(([layer, { deltas }]) =>
      Object.entries(deltas).map(([value, all]): [string, number[]] => [`${layer}.${value}`, numbersOf(all)]),
    );
  };
  const expected = await deltasOn("reference");
  for (const [k, [value, found]] of (await deltasOn("wasm")).entries()) {
    expect(value).toBe(expected[k]?.[0]);
    close(found, expected[k]?.[1] ?? [], 5);
  }
});

describe("what there is", () => {
  const x = sequences([4, 2, 5], 2, 1);
  const y = sequences([4, 2, 5], 1, 2);

  test("built-in cells name their values; a ragged batch gives ragged values, each row as long as it is", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 3, returnSequences: true }),
      gru({ units: 2, returnSequences: true }),
      simpleRNN({ units: 2, returnSequences: true }),
      dense({ units: 1, activation: "tanh" }),
    );
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const { layers, loss } = await inspect(model, x, { y });
    const found = Object.entries(layers).map(([layer, { states, values, deltas }]) => [
      layer,
      Object.keys(states).join(" "),
      Object.keys(values).join(" "),
      Object.keys(deltas).join(" "),
    ]);
    expect(found).toEqual([
      ["lstm_1", "h c", "ai af ag ao i f g o", "h c ai af ag ao i f g o"],
      ["gru_1", "h", "az ar an z r n", "h az ar an z r n"],
      ["simpleRNN_1", "h", "a", "h a"],
      ["dense_1", "", "a output", "a output"],
    ]);
    const h = layers["lstm_1"]?.states["h"] as Ragged;
    expect(h.lengths).toEqual([4, 2, 5]);
    expect(h.rows.map(({ shape }) => shape)).toEqual([
      [4, 3],
      [2, 3],
      [5, 3],
    ]);
    expect((loss as Ragged).rows.map(({ shape }) => shape)).toEqual([[4], [2], [5]]);
  });

  test("a batch of one length gives tensors [batch, time, units], and the loss [batch, time]", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 3, returnSequences: true }),
      dense({ units: 1 }),
    );
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const even = tensor(sequences([4, 4], 2, 1));
    const seen = await inspect(model, even, { y: sequences([4, 4], 1, 2) });
    const { states, values, deltas } = seen.layers["lstm_1"] as (typeof seen.layers)[string];
    for (const one of [...Object.values(states), ...Object.values(values), ...Object.values(deltas)])
      expect((one as Tensor).shape).toEqual([2, 4, 3]);
    expect(seen.loss?.shape).toEqual([2, 4]);
    expect(seen.outputs.shape).toEqual([2, 4, 1]);
  });

  test("h, c and the gates fit together", async () => {
    const model = sequential(input({ shape: [null, 2] }), lstm({ units: 3 }));
    const { layers } = await inspect(model, x);
    const { states, values } = layers["lstm_1"] as (typeof layers)[string];
    const [o, c] = [numbersOf(values["o"]), numbersOf(states["c"])];
    close(
      numbersOf(states["h"]),
      c.map((value, k) => Math.tanh(value) * (o[k] as number)),
    );
    close(numbersOf(values["g"]), numbersOf(values["ag"]).map(Math.tanh));
  });

  test.each(["mean", "sum"] as const)(
    "the losses of the steps make up that of evaluate: %s",
    async (reduction) => {
      const { model, x, y } = lookedInto("simpleRNN", reduction);
      const { loss } = await inspect(model as Any, x as number[][][], { y: y as number[][][] });
      const all = numbersOf(loss);
      const total = all.reduce((sum, value) => sum + value, 0);
      const expected = await (model as Any).evaluate(x as number[][][], y as number[][][]);
      expect(total / (reduction === "mean" ? all.length : 3)).toBeCloseTo(expected.loss, 5);
    },
  );

  test("a masked step has no loss, and keeps the state", async () => {
    const model = sequential(
      input({ shape: [null, 1] }),
      masking(),
      simpleRNN({ units: 2, returnSequences: true }),
      dense({ units: 1 }),
    );
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const seen = await inspect(model, [[[1], [0], [2]]], { y: [[[1], [1], [1]]] });
    const [first, masked, last] = numbersOf(seen.loss);
    expect([first !== 0, masked, last !== 0]).toEqual([true, 0, true]);
    const h = seen.layers["simpleRNN_1"]?.states["h"]?.toArray() as number[][][];
    expect(h[0]?.[1]).toEqual(h[0]?.[0]);
    expect(seen.layers["simpleRNN_1"]?.deltas["a"]?.toArray()).toHaveProperty("0.1", [0, 0]);
  });

  test("a loss and its deltas are those of the last compile", async () => {
    const model = sequential(input({ shape: [null, 2] }), simpleRNN({ units: 2 }), dense({ units: 1 }));
    const losses: unknown[] = [];
    for (const loss of ["meanSquaredError", "meanAbsoluteError", "meanSquaredError"] as const) {
      model.compile({ optimizer: "sgd", loss });
      const { loss: found, outputs } = await inspect(model, x, { y: [[5], [6], [7]] });
      const errors = numbersOf(outputs).map((value, k) => 5 + k - value);
      close(
        numbersOf(found),
        errors.map((error) => (loss === "meanSquaredError" ? error ** 2 : error)),
        3,
      );
      losses.push(found);
    }
    expect(losses[2]).toEqual(losses[0]);
  });

  test("first states may be given, and the states of stateful layers stay as they were", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      gru({ units: 2, stateful: true }),
      dense({ units: 1 }),
    );
    const even = sequences([3, 3], 2, 1);
    const initialState = {
      h: [
        [0.5, -0.5],
        [1, 0],
      ],
    };
    expect((await inspect(model, even, { initialState })).outputs).toEqual(
      await model.predict(even, { initialState }),
    );
    const second = await inspect(model, even);
    expect(await inspect(model, even)).toHaveProperty("outputs", second.outputs);
    expect(await model.predict(even)).toEqual(second.outputs);
  });

  test("rows without a step, and a batch of such rows", async () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      gru({ units: 2, returnSequences: true }),
      dense({ units: 1 }),
    );
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const some = await inspect(model, [[], [[1, 2]]], { y: [[], [[1]]] });
    expect((some.layers["gru_1"]?.deltas["h"] as Ragged | undefined)?.rows.map(({ shape }) => shape)).toEqual(
      [
        [0, 2],
        [1, 2],
      ],
    );
    const none = await inspect(model, [[], []], { y: [[], []] });
    expect(none.layers["gru_1"]?.states["h"]?.toArray()).toEqual([[], []]);
    expect(none.loss?.toArray()).toEqual([[], []]);
    const steps = await backpropagationSteps(model, [[]], [[]]);
    expect(steps.gradients.every(({ data }) => data.every((value) => value === 0))).toBe(true);
  });

  test("what cannot be is refused", async () => {
    const model = sequential(input({ shape: [null, 2] }), gru({ units: 2 }), dense({ units: 1 }));
    await expect(inspect(model, x, { y: [[1], [2], [3]] })).rejects.toThrow(/compile/);
    await expect(inspect(model, x, { z: 1 } as object)).rejects.toThrow(/"z"/);
    await expect(inspect({} as Any, x)).rejects.toThrow(/expected a model/);
    await expect(inspect(model, [[[1]]])).rejects.toThrow(/\[time, 2\]/);
    await expect(inspect(model, x, { initialState: { c: [[1, 2]] } })).rejects.toThrow(/"c"/);
  });

  test("a model without an input is built for the data", async () => {
    const model = sequential(gru({ units: 2 }), dense({ units: 1 }));
    expect((await inspect(model as Any, [[[1, 2, 3]]] as never)).layers["gru_1"]?.states["h"]).toHaveProperty(
      "shape",
      [1, 1, 2],
    );
  });
});

describe("sensitivity", () => {
  const reference = async <T>(work: () => Promise<T>): Promise<T> => {
    setDevice("reference");
    try {
      return await work();
    } finally {
      setDevice("auto");
    }
  };

  test("of a plain network is the product of the Jacobians of its steps", async () => {
    const { model, x } = lookedInto("backwards");
    const forward = sequential(input({ shape: [null, 2] }), simpleRNN({ units: 3 }));
    forward.setWeights(model.getWeights().slice(0, 3));
    const seen = await inspect(forward, x as number[][][]);
    const found = await seen
      .sensitivity({
        from: { layer: "simpleRNN_1", state: "h", step: -3 },
        to: { layer: "simpleRNN_1", state: "h", step: -1 },
      })
      .catch((error: Error) => error.message);
    expect(found).toMatch(/row 1, which has 2/);
    const one = await inspect(forward, [(x as number[][][])[2] as number[][]]);
    const jacobian = await one.sensitivity({
      from: { layer: "simpleRNN_1", state: "h", step: 2 },
      to: { layer: "simpleRNN_1", state: "h", step: -1 },
    });
    const h = nested(one.layers["simpleRNN_1"]?.states["h"])[0] as number[][];
    const R = forward.getWeights()[1]?.toArray() as number[][];
    const stepBack = (t: number): number[][] =>
      (h[t] as number[]).map((value, i) => R.map((row) => (1 - value ** 2) * (row[i] as number)));
    const product = stepBack(4).map((row) =>
      [0, 1, 2].map((j) => row.reduce((sum, value, k) => sum + value * (stepBack(3)[k]?.[j] as number), 0)),
    );
    expect(jacobian.shape).toEqual([1, 3, 3]);
    close(numbersOf(jacobian), product.flat());
  });

  test.each(names.filter((name) => !/tokens|several/.test(name)))(
    "agrees with differences of predict: %s",
    async (name) => {
      await reference(async () => {
        const { model, x } = lookedInto(name);
        const data = x as number[][][];
        const seen = await inspect(model as Any, data);
        const isSequence = numbersOf(seen.outputs).length > 2 * data.length;
        const to = { output: 0, ...(isSequence ? { step: -1 } : {}) };
        const found = await seen.sensitivity({ from: { input: 0, step: 1 }, to });
        const moved = async (by: number): Promise<number[][]> => {
          const other = data.map((row) =>
            row.map((step, t) => (t === 1 ? [step[0] as number, (step[1] as number) + by] : step)),
          );
          const outputs = (await (model as Any).predict(other)).toArray() as (number | number[])[][];
          return outputs.map((row) => (isSequence ? row.at(-1) : row) as number[]);
        };
        const [up, down] = [await moved(0.01), await moved(-0.01)];
        const slopes = up.map((row, k) => row.map((value, i) => (value - (down[k]?.[i] as number)) / 0.02));
        const second = (found.toArray() as number[][][]).map((row) => row.map((pair) => pair[1] as number));
        // A step that was masked is not any more when it is moved.
        const rows = name === "masked" ? [1, 2] : data.map((_, k) => k);
        for (const k of rows) close(second[k] as number[], slopes[k] as number[], 3);
      });
    },
  );

  test("of a state to itself is the identity, to later ones nothing; deltas are sensitivities times the first delta", async () => {
    const { model, x, y } = lookedInto("lstm, one output");
    const seen = await inspect(model as Any, x as number[][][], { y: y as number[][][] });
    const state = (name: string, step: number) => ({ layer: "lstm_1", state: name, step });
    const same = await seen.sensitivity({ from: state("c", 1), to: state("c", 1) });
    expect((same.toArray() as number[][][])[0]).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(
      numbersOf(await seen.sensitivity({ from: state("h", 1), to: state("c", 0) })).every(
        (value) => value === 0,
      ),
    ).toBe(true);
    const jacobian = (
      await seen.sensitivity({ from: state("c", 0), to: { output: 0 } })
    ).toArray() as number[][][];
    const above = seen.layers["dense_1"]?.deltas["output"]?.toArray() as number[][];
    const expected = jacobian.map((rows, k) =>
      [0, 1, 2].map((j) =>
        rows.reduce((sum, row, i) => sum + (above[k]?.[i] as number) * (row[j] as number), 0),
      ),
    );
    const deltas = nested(seen.layers["lstm_1"]?.deltas["c"]).map(([first]) => first as number[]);
    close(deltas.flat(), expected.flat());
  });

  test("at every step where `from` names none; bidirectional states stand at the step they read", async () => {
    const { model, x } = lookedInto("bidirectional");
    const seen = await inspect(model as Any, x as number[][][]);
    const all = (await seen.sensitivity({
      from: { input: 0 },
      to: { layer: "bidirectional_1", state: "backwardH", step: -2 },
    })) as Ragged;
    expect(all.rows.map(({ shape }) => shape)).toEqual([
      [4, 2, 2],
      [2, 2, 2],
      [5, 2, 2],
    ]);
    for (const row of all.rows) {
      const reads = (row.toArray() as number[][][]).map((step) => step.flat().some((value) => value !== 0));
      expect(reads).toEqual(reads.map((_, t) => t >= reads.length - 2));
    }
  });

  test("refuses what is not there", async () => {
    const { model, x } = lookedInto("tokens and classes");
    const seen = await inspect(model as Any, x as number[][][]);
    const to = { layer: "lstm_1", state: "h", step: -1 };
    const refused = async (from: object, target: object = to): Promise<string> =>
      seen.sensitivity({ from, to: target } as never).then(String, (error: Error) => error.message);
    expect(await refused({ input: 0, step: 0 })).toMatch(/embedding_1/);
    expect(await refused({ input: 3, step: 0 })).toMatch(/0 "input"|one of/);
    expect(await refused({ layer: "lstm_2", state: "h", step: 0 })).toMatch(/Did you mean "lstm_1"/);
    expect(await refused({ layer: "lstm_1", state: "k", step: 0 })).toMatch(/one of h, c/);
    expect(await refused({ layer: "lstm_1", state: "h", step: 0.5 })).toMatch(/whole number/);
    expect(await refused({ layer: "lstm_1", state: "h", step: 0 }, { layer: "lstm_1", state: "h" })).toMatch(
      /to.step/,
    );
    expect(await refused({})).toMatch(/\{ input, step \}/);
    const vectors = { layer: "embedding_1", value: "output", step: -1 };
    expect((await seen.sensitivity({ from: vectors, to })).shape).toEqual([3, 3, 2]);
  });
});

describe("values are made when they are read", () => {
  const x = sequences([4, 4, 4], 2, 1);
  const y = sequences([4, 4, 4], 1, 2);
  const made = () => {
    const model = sequential(
      input({ shape: [null, 2] }),
      lstm({ units: 3, returnSequences: true }),
      dense({ units: 1 }),
    );
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    return model;
  };

  test("and are those of the model as it was: after training, other weights and other data", async () => {
    const model = made();
    const numbers = async () => structuredClone((await inspect(model, x, { y })).layers);
    const expected = await numbers();
    const [read, unread] = [await inspect(model, x, { y }), await inspect(model, x, { y })];
    const c = read.layers["lstm_1"]?.states["c"];
    await inspect(
      model,
      y.map((row) => row.map(([value]) => [value as number, 1])),
      { y },
    );
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    const trained = await numbers();
    model.setWeights(
      model.getWeights().map(({ shape, data }) =>
        tensor(
          data.map(() => 0.5),
          shape,
        ),
      ),
    );
    await numbers();
    expect(structuredClone(unread.layers)).toEqual(expected);
    expect(structuredClone(read.layers)).toEqual(expected);
    expect(read.layers["lstm_1"]?.states["c"]).toBe(c);
    expect(trained).not.toEqual(expected);
  });

  test("data that change afterwards change nothing", async () => {
    const model = made();
    const data = tensor(x);
    const expected = structuredClone((await inspect(model, data)).layers);
    const seen = await inspect(model, data);
    data.data.fill(0);
    await inspect(model, data);
    expect(structuredClone(seen.layers)).toEqual(expected);
  });
});
