import { beforeEach, describe, expect, test } from "vitest";
import { draws } from "../../../test/draws.ts";
import { setDevice } from "../device.ts";
import { networkOf } from "../model/network.ts";
import { type Ragged, ragged } from "../model/ragged.ts";
import type { Tensor } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import type { Model } from "../modelTypes.ts";
import { add } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { adam, sgd } from "../train/optimizers.ts";
import { attention } from "./attention.ts";
import { conv1d } from "./conv1d.ts";
import { delayTaps } from "./delayTaps.ts";
import { dense } from "./dense.ts";
import { globalAveragePooling1d, globalMaxPooling1d } from "./globalPooling1d.ts";
import { input } from "./input.ts";
import { masking } from "./masking.ts";
import { averagePooling1d, maxPooling1d } from "./pooling1d.ts";
import { lstm, simpleRNN } from "./recurrent.ts";
import type { Padding } from "./slidingWindow.ts";

beforeEach(() => {
  setDevice("wasm", { threads: 1 });
});

type Sequence = readonly (readonly number[])[];
const drawn = draws(3);
const sequence = (steps: number, features = 2): Sequence =>
  Array.from({ length: steps }, () => Array.from({ length: features }, drawn));
const uneven: readonly Sequence[] = [5, 0, 1, 7, 2, 6, 3, 4].map((steps) => sequence(steps));
const paddings = ["valid", "same", "causal"] as const;

const rowsOf = async (model: object, x: unknown): Promise<number[][][]> => {
  const y: unknown = await (model as Model).predict(x as never);
  return (y as Ragged | Tensor).toArray() as number[][][];
};
const reals = (): Signal<"sequence", 2, "causal"> => input({ shape: [null, 2] });
const modelOf = (...layers: readonly unknown[]): Model => modelFrom(reals(), layers);
/** The same, of one feature. */
const numbersTo = (...layers: readonly unknown[]): Model => modelFrom(input({ shape: [null, 1] }), layers);
/** Layers one behind the other; what they take is checked as they are called. */
const modelFrom = (x: Signal, layers: readonly unknown[]): Model => {
  const y = layers.reduce<unknown>((symbol, layer) => (layer as (x: unknown) => unknown)(symbol), x);
  return functional({ inputs: x, outputs: y as Signal }) as unknown as Model;
};

interface Convolved {
  readonly kernelSize: number;
  readonly strides: number;
  readonly dilationRate: number;
  readonly padding: Padding;
}

/** The windows of a sequence, as places that may lie outside of it: written from the definition of Keras. */
function windowsOf(steps: number, { kernelSize, strides, dilationRate, padding }: Convolved): number[][] {
  const reach = (kernelSize - 1) * dilationRate + 1;
  const stops = padding === "valid" ? Math.floor((steps - reach) / strides) + 1 : Math.ceil(steps / strides);
  const zeros = padding === "valid" ? 0 : Math.max(0, (stops - 1) * strides + reach - steps);
  const before = padding === "causal" ? reach - 1 : Math.floor(zeros / 2);
  return Array.from({ length: Math.max(0, stops) }, (_, t) =>
    Array.from({ length: kernelSize }, (__, k) => t * strides - before + k * dilationRate),
  );
}

/** One step of the result: the sum over places and features, in float64. */
function convolved(
  x: Sequence,
  places: readonly number[],
  kernel: ArrayLike<number>,
  filters: number,
): number[] {
  return Array.from({ length: filters }, (_, j) => {
    let total = 0;
    places.forEach((place, k) => {
      (x[place] ?? []).forEach((value, f) => {
        total += value * (kernel[(k * 2 + f) * filters + j] ?? 0);
      });
    });
    return total;
  });
}

const all: readonly Convolved[] = paddings.flatMap((padding) =>
  [1, 2, 3].flatMap((strides) =>
    [1, 2].flatMap((dilationRate) =>
      [1, 2, 3, 4].map((kernelSize) => ({ padding, strides, dilationRate, kernelSize })),
    ),
  ),
);

describe("conv1d", () => {
  test.each(paddings)(
    "%s: every sequence has its own ends, for all strides and dilations",
    async (padding) => {
      for (const one of all.filter((some) => some.padding === padding)) {
        const model = modelOf(conv1d({ filters: 3, bias: false, ...one }));
        const [kernel] = model.getWeights();
        const y = await rowsOf(model, ragged(uneven));
        uneven.forEach((x, row) => {
          const wanted = windowsOf(x.length, one).map((places) =>
            convolved(x, places, kernel?.data ?? [], 3),
          );
          expect(y[row]?.length, JSON.stringify(one)).toBe(wanted.length);
          wanted.flat().forEach((value, k) => {
            expect(y[row]?.flat()[k]).toBeCloseTo(value, 5);
          });
        });
      }
    },
  );

  test("has the weights of Keras", () => {
    const model = modelOf(conv1d({ filters: 4, kernelSize: 3, padding: "causal" }));
    expect(model.getWeights().map(({ shape }) => shape)).toEqual([[3, 2, 4], [4]]);
    expect(networkOf(model).variables.map(({ name }) => name)).toEqual(["conv1d_1/kernel", "conv1d_1/bias"]);
  });

  test("padding with steps that do not count is no padding", async () => {
    const padded = uneven.map((x) => [...x, ...Array.from({ length: 7 - x.length }, () => [0, 0])]);
    for (const padding of paddings) {
      const model = modelOf(masking(), conv1d({ filters: 2, kernelSize: 3, padding }), lstm({ units: 3 }));
      expect(await rowsOf(model, padded)).toEqual(await rowsOf(model, ragged(uneven)));
    }
  });
});

const layers: Readonly<Record<string, () => unknown>> = {
  ...Object.fromEntries(
    paddings.map((padding) => [`conv1d ${padding}`, () => conv1d({ filters: 5, kernelSize: 3, padding })]),
  ),
  "conv1d same, strides 3": () => conv1d({ filters: 5, kernelSize: 4, padding: "same", strides: 3 }),
  maxPooling1d: () => maxPooling1d(),
  "averagePooling1d same": () => averagePooling1d({ poolSize: 3, strides: 2, padding: "same" }),
  globalAveragePooling1d: () => globalAveragePooling1d(),
  globalMaxPooling1d: () => globalMaxPooling1d(),
  delayTaps: () => delayTaps({ taps: 3, dilationRate: 2 }),
};

describe("a row does not depend on the others, to the bit", () => {
  test.each(Object.entries(layers))("%s", async (_, layer) => {
    const model = modelOf(layer());
    const y = await rowsOf(model, ragged(uneven));
    for (const [row, x] of uneven.entries()) expect((await rowsOf(model, ragged([x])))[0]).toEqual(y[row]);
  });
});

test("attention above windows sees all of them, however many there are", async () => {
  const long = [sequence(40), sequence(25)];
  const lower = conv1d({ filters: 3, kernelSize: 4, strides: 2 });
  const attend = (x: Signal): Signal => attention()([x, x] as never) as Signal;
  const between = await modelOf(lower).predict(ragged(long) as never);
  const above = modelFrom(input({ shape: [null, 3] }), [attend]);
  expect(await rowsOf(modelOf(lower, attend), ragged(long))).toEqual(await rowsOf(above, between));
});

describe("pooling over time", () => {
  const x = [[[1], [5], [2], [-3], [-4]], [[-1], [-2]], []];
  test("takes the largest or the mean of each window", async () => {
    const of = (layer: unknown): Promise<unknown> => rowsOf(numbersTo(layer), ragged(x));
    expect(await of(maxPooling1d())).toEqual([[[5], [2]], [[-1]], []]);
    expect(await of(maxPooling1d({ padding: "same" }))).toEqual([[[5], [2], [-4]], [[-1]], []]);
    expect(await of(averagePooling1d())).toEqual([[[3], [-0.5]], [[-1.5]], []]);
    expect(await of(averagePooling1d({ padding: "same" }))).toEqual([[[3], [-0.5], [-4]], [[-1.5]], []]);
    expect(await of(globalMaxPooling1d())).toEqual([[5], [-1], [0]]);
    expect(await of(globalAveragePooling1d())).toEqual([[Math.fround(0.2)], [-1.5], [0]]);
  });
  test("passes over steps that do not count", async () => {
    const holes = [[[0], [5], [0], [-3], [-4], [0]]];
    const of = (layer: unknown): Promise<unknown> => rowsOf(numbersTo(masking(), layer), holes);
    expect(await of(globalMaxPooling1d())).toEqual([[5]]);
    expect(await of(globalAveragePooling1d())).toEqual([[Math.fround(-2 / 3)]]);
    expect(await of(maxPooling1d({ padding: "same" }))).toEqual([[[5], [-3], [-4]]]);
    expect(await of(averagePooling1d({ padding: "same" }))).toEqual([[[5], [-3], [-4]]]);
  });
});

describe("delayTaps", () => {
  test("the steps before, the oldest first, zeros before the beginning", async () => {
    const taps = sequential(input({ shape: [null, 1] }), delayTaps({ taps: 3 }));
    expect(await rowsOf(taps, [[[1], [2], [3], [4]]])).toEqual([
      [
        [0, 0, 1],
        [0, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
      ],
    ]);
    const apart = sequential(input({ shape: [null, 1] }), delayTaps({ taps: 2, dilationRate: 3 }));
    expect(await rowsOf(apart, [[[1], [2], [3], [4]]])).toEqual([
      [
        [0, 1],
        [0, 2],
        [0, 3],
        [1, 4],
      ],
    ]);
  });
});

describe("training", () => {
  const valid = (): Model => {
    const model = sequential(
      reals(),
      conv1d({ filters: 6, kernelSize: 2, activation: "tanh" }),
      maxPooling1d({ poolSize: 2, strides: 2 }),
      simpleRNN({ units: 5, returnSequences: true }),
      dense({ units: 1 }),
    );
    model.compile({ optimizer: adam({ learningRate: 0.03 }), loss: "meanSquaredError" });
    return model as never;
  };
  const x = [6, 3, 5, 4, 8, 7, 6, 5, 3, 9].map((steps) => sequence(steps));
  const y = x.map(({ length }) => sequence(Math.floor((length - 3) / 2) + 1, 1));

  test("targets have as many steps as the model gives", async () => {
    const model = valid();
    const { history } = await model.fit(ragged(x) as never, ragged(y), { epochs: 400, batchSize: 4 });
    expect(history["loss"]?.at(-1)).toBeLessThan(1e-3);
    const { loss } = await model.evaluate(ragged(x) as never, ragged(y));
    const got = await rowsOf(model, ragged(x));
    const squares = got.flatMap((row, k) => row.map(([v], t) => ((v ?? 0) - (y[k]?.[t]?.[0] ?? 0)) ** 2));
    expect(loss).toBeCloseTo(squares.reduce((a, b) => a + b, 0) / squares.length, 6);
    await expect(
      model.fit(ragged(x) as never, ragged(x.map(({ length }) => sequence(length, 1)))),
    ).rejects.toThrow(/2 steps, as many as the model gives/);
  });

  test("rows too short for a window count for nothing", async () => {
    const model = valid();
    const short = [...x, sequence(1), sequence(2)];
    const { loss } = await model.evaluate(ragged(short) as never, ragged([...y, [], []]));
    expect(loss).toBe((await model.evaluate(ragged(x) as never, ragged(y)))["loss"]);
    expect(await model.evaluate(ragged([sequence(2)]) as never, ragged([[]]))).toEqual({ loss: 0 });
    expect(await rowsOf(model, [sequence(2), sequence(2)])).toEqual([[], []]);
  });

  test("first states of the recurrent layer need no name beside a convolution's", async () => {
    const model = modelOf(conv1d({ filters: 3, kernelSize: 2, padding: "causal" }), simpleRNN({ units: 2 }));
    const given = { h: [[0.5, -1]] };
    const x = [sequence(3)] as never;
    const y = await model.predict(x, { initialState: given });
    expect(y).toEqual(await model.predict(x, { initialState: { simpleRNN_1: given } }));
    expect(y).not.toEqual(await model.predict(x));
  });

  test("what came before the first step can be given", async () => {
    const model = modelOf(conv1d({ filters: 3, kernelSize: 3, padding: "causal" }));
    const x = sequence(5);
    const [whole = []] = await rowsOf(model, [x]);
    const line = [x.slice(1, 3).flat()];
    const late: unknown = await model.predict([x.slice(3)] as never, { initialState: { line } });
    expect((late as Tensor).toArray()).toEqual([whole.slice(3)]);
  });

  test("in pieces of time a causal convolution sees what came before the piece", async () => {
    const model = sequential(
      reals(),
      conv1d({ filters: 3, kernelSize: 3, dilationRate: 2, padding: "causal", activation: "tanh" }),
      delayTaps({ taps: 2 }),
      dense({ units: 1 }),
    );
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    const long = [sequence(9), sequence(9)];
    const targets = long.map(() => sequence(9, 1));
    const { history } = await model.fit(long, targets, { epochs: 1, tbptt: { steps: 3 }, shuffle: false });
    expect(history["loss"]?.[0]).toBeCloseTo((await model.evaluate(long, targets))["loss"] ?? 0, 6);
  });
});

describe("what cannot be is refused", () => {
  test("fewer steps than a window has", () => {
    expect(() => conv1d({ filters: 1, kernelSize: 3, dilationRate: 2 })(input({ shape: [4, 2] }))).toThrow(
      /a sequence of 5 steps or more/,
    );
  });
  test("sequences that meet with other steps", () => {
    const x = reals();
    const y = conv1d({ filters: 2, kernelSize: 3 })(x);
    expect(() => functional({ inputs: x, outputs: add(x, y) })).toThrow(
      /operator "add".*every step and a step for every window of 3, one every 1/,
    );
  });
  test("options that are none", () => {
    expect(() => conv1d({ filters: 1, kernelSize: 0 })).toThrow(/kernelSize.*from 1 to 2048/);
    expect(() => conv1d({ filters: 1, kernelSize: 2, padding: "casual" as never })).toThrow(
      /Did you mean "causal"/,
    );
    expect(() => maxPooling1d({ padding: "causal" as never })).toThrow(/"valid", "same"/);
    expect(() => delayTaps({} as never)).toThrow(/taps/);
  });
  test.each([
    ["valid", conv1d({ filters: 1, kernelSize: 2 })],
    ["same", conv1d({ filters: 1, kernelSize: 2, padding: "same" })],
    ["causal, strides 2", conv1d({ filters: 1, kernelSize: 2, padding: "causal", strides: 2 })],
    ["pooling", maxPooling1d()],
    ["global pooling", globalMaxPooling1d()],
  ] as const)("a session: %s", (_, layer) => {
    const model = modelOf(layer) as unknown as { session(): unknown };
    expect(() => model.session()).toThrow(/looks ahead/);
  });
  test("a causal convolution may be pushed step by step", () => {
    const model = sequential(reals(), conv1d({ filters: 1, kernelSize: 2, padding: "causal" }));
    const [first] = model.session().push([1, 2]);
    expect(first).toBeTypeOf("number");
  });
});
