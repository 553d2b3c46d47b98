import { beforeEach, describe, expect, test } from "vitest";
import { normal, uniform } from "../../core/run/random.ts";
import { setDevice } from "../device.ts";
import { dense } from "../layers/dense.ts";
import { gaussian, gaussianMixture, quantiles } from "../layers/heads.ts";
import { input } from "../layers/input.ts";
import { gru } from "../layers/recurrent.ts";
import { distributionOf } from "../model/distributionOf.ts";
import type { Ragged } from "../model/ragged.ts";
import { type Tensor, tensor } from "../model/tensor.ts";
import { functional, sequential } from "../models.ts";
import { gaussianNll, mixtureNll, pinball } from "./likelihoods.ts";
import { lossNamed } from "./losses.ts";
import { adam } from "./optimizers.ts";

beforeEach(() => setDevice("wasm", { threads: 1 }));

const vectors = () => input({ shape: [1] });
const training = { epochs: 150, batchSize: 64, verbose: 0, seed: 1 } as const;
const count = 512;
const key = [3, 4] as const;
const x = Array.from({ length: count }, (_, k) => [uniform(key, k) * 2 - 1]);

describe("what a distribution learns", () => {
  test("gaussian: noise that grows with x", async () => {
    const y = x.map(([a = 0], k) => [2 * a + (a > 0 ? 0.8 : 0.1) * normal(key, count + k)]);
    const model = sequential(vectors(), dense({ units: 16, activation: "tanh" }), gaussian({ units: 1 }));
    model.compile({ optimizer: adam({ learningRate: 0.02 }), loss: "gaussianNll", metrics: ["mae"] });
    const { history } = await model.fit(x, y, training);
    const seen = await model.predict([[-0.7], [0.7]]);
    const { mean, standardDeviation } = distributionOf(model);
    const [low, high] = [...mean(seen).data];
    expect(Math.abs((low ?? 0) + 1.4)).toBeLessThan(0.15);
    expect(Math.abs((high ?? 0) - 1.4)).toBeLessThan(0.3);
    const [narrow = 0, wide = 0] = [...standardDeviation(seen).data];
    expect(narrow).toBeGreaterThan(0.05);
    expect(narrow).toBeLessThan(0.2);
    expect(wide).toBeGreaterThan(0.6);
    expect(wide).toBeLessThan(1);
    // the mean absolute value of the noise is sqrt(2 / pi) of its deviation
    expect(history.mae?.at(-1)).toBeCloseTo(Math.sqrt(2 / Math.PI) * 0.45, 1);
  });

  test("gaussianMixture: two values that are both right, whose mean is not", async () => {
    const y = x.map((_, k) => [(k % 2 === 0 ? 1 : -1) + 0.1 * normal(key, count + k)]);
    const model = sequential(vectors(), gaussianMixture({ units: 1, components: 2 }));
    model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: mixtureNll({ components: 2 }) });
    await model.fit(x, y, training);
    const many = Array.from({ length: 200 }, () => [0.3]);
    const { mean, sample } = distributionOf(model);
    const seen = await model.predict(many);
    expect(Math.abs(mean(seen).data[0] ?? 1)).toBeLessThan(0.2);
    const drawn = [...sample(seen, { seed: 2 }).data];
    expect(drawn.every((value) => Math.abs(Math.abs(value) - 1) < 0.6)).toBe(true);
    const above = drawn.filter((value) => value > 0).length;
    expect(above).toBeGreaterThan(70);
    expect(above).toBeLessThan(130);
  });

  test("quantiles: so many targets lie below each", async () => {
    const y = x.map((_, k) => [uniform(key, count + k) ** 2]);
    const model = sequential(vectors(), quantiles({ units: 1 }));
    model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "pinball" });
    await model.fit(x, y, training);
    const { data } = (await model.predict(x)) as Tensor;
    for (const [k, p] of [0.1, 0.5, 0.9].entries()) {
      const below = y.filter(([value = 0], row) => value < (data[3 * row + k] ?? 0)).length;
      expect(Math.abs(below / count - p)).toBeLessThan(0.05);
    }
  });
});

describe("a prediction is read", () => {
  const model = sequential(
    input({ shape: [null, 2] }),
    gru({ units: 3, returnSequences: true }),
    gaussian({ units: 2 }),
  );
  const { mean, standardDeviation, sample } = distributionOf(model);

  test("as tensors and as ragged ones, with as many features as units", async () => {
    const sequences = [
      [
        [1, 2],
        [0.5, 1],
      ],
      [[1, -1]],
    ];
    const uneven = (await model.predict(sequences)) as Ragged;
    const even = (await model.predict([sequences[1] ?? []])) as Tensor;
    expect(mean(even).shape).toEqual([1, 1, 2]);
    expect(mean(uneven).lengths).toEqual([2, 1]);
    expect([...(mean(uneven).rows[1]?.data ?? [])]).toEqual([...mean(even).data]);
    const [, , logOfFirst = 0] = even.data;
    expect(standardDeviation(even).data[0]).toBeCloseTo(Math.exp(logOfFirst), 6);
    expect(sample(uneven, { seed: 3 }).toArray()).toEqual(sample(uneven, { seed: 3 }).toArray());
    expect(sample(uneven, { seed: 3 }).toArray()).not.toEqual(sample(uneven).toArray());
  });

  test("not where it is none", () => {
    const plain = sequential(input({ shape: [null, 2] }), dense({ units: 2 }));
    expect(() => distributionOf(plain)).toThrow(/"output" that tells a distribution, got numbers.*gaussian/);
    expect(() => distributionOf({})).toThrow(/expected a model, got an object/);
    expect(() => mean(tensor([[1, 2, 3]]))).toThrow(/expected a tensor \[\.\.\., 4\].*got \[1, 3\]/);
    expect(() => mean([1, 2, 3, 4] as never)).toThrow(/got an array/);
    expect(() => sample(tensor([[1, 2, 3, 4]]), { seed: -1 })).toThrow(/seed/);
  });

  test("of one of several outputs, by name", () => {
    const a = input({ shape: [2] });
    const two = functional({
      inputs: a,
      outputs: { one: dense({ units: 1 })(a), other: gaussian({ units: 1 })(a) },
    });
    expect(
      distributionOf(two, "other")
        .mean(tensor([[3, 0]]))
        .toArray(),
    ).toEqual([[3]]);
    expect(() => distributionOf(two)).toThrow(/one of the outputs "one", "other", got none/);
    expect(() => distributionOf(two, "one")).toThrow(/got numbers/);
  });
});

describe("are refused", () => {
  const two = (): object[] => [vectors(), gaussianMixture({ units: 1, components: 2 })];
  const compiling = (layers: readonly unknown[], loss: unknown) => () =>
    sequential(...(layers as never[])).compile({ optimizer: "adam", loss: loss as never });

  test("a loss of another distribution than the last layer's", () => {
    expect(compiling(two(), mixtureNll({ components: 2 }))).not.toThrow();
    expect(compiling(two(), "gaussianNll")).toThrow(
      /the loss of gaussianMixture\(\{"units":1,"components":2\}\)|expected predictions of 2 numbers/,
    );
    expect(compiling(two(), "meanSquaredError")).toThrow(
      /got "meanSquaredError".*Set loss: mixtureNll\(\{"components":2\}\)/,
    );
    expect(
      compiling([vectors(), quantiles({ units: 1 })], pinball({ probabilities: [0.1, 0.4, 0.9] })),
    ).toThrow(/Set loss: pinball\(\{"probabilities":\[0\.1,0\.5,0\.9\]\}\)/);
    expect(compiling([vectors(), dense({ units: 3 })], "gaussianNll")).toThrow(
      /the loss "gaussianNll".*predictions of 2 numbers for a target of 1, 4 for one of 2.*got 3.*gaussian/,
    );
    expect(compiling([vectors(), dense({ units: 4 })], "gaussianNll")).not.toThrow();
  });

  test("targets as wide as the prediction", async () => {
    const model = sequential(vectors(), gaussian({ units: 1 }));
    model.compile({ optimizer: "adam", loss: gaussianNll() });
    await expect(model.fit([[1]], [[1, 2]], { verbose: 0 })).rejects.toThrow(/expected \[1\], got \[2\]/);
  });

  test("metrics of other distributions", () => {
    const model = sequential(vectors(), gaussian({ units: 1 }));
    const metrics = ["pinball"] as const;
    expect(() => model.compile({ optimizer: "adam", loss: "gaussianNll", metrics })).toThrow(/got "pinball"/);
  });

  test("options that are wrong", () => {
    expect(() => mixtureNll({} as never)).toThrow(/the option components/);
    expect(() => lossNamed("mixtureNll")).toThrow(/the option components/);
    expect(() => mixtureNll({ components: 0 })).toThrow(/components/);
    expect(() => pinball({ probabilities: [0.5, 0.1] })).toThrow(/rising numbers above 0 and below 1/);
    expect(() => pinball({ probabilities: [0, 0.1] })).toThrow(/rising/);
    expect(() => quantiles({ units: 1, probabilities: [] })).toThrow(/rising/);
    expect(() => gaussianNll({ units: 1 } as never)).toThrow(/"units"/);
    expect(() => gaussian({ units: 0 })).toThrow(/units/);
    expect(() => gaussianMixture({ units: 1 } as never)).toThrow(/components/);
  });
});
