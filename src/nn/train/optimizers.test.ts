import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parameter } from "../../core/graph/build.ts";
import { reshape, sumLeading } from "../../core/graph/operators.ts";
import type { Computation } from "../../core/run/device.ts";
import { referenceDevice } from "../../core/run/referenceDevice.ts";
import type { Regularizer } from "../layers/layer.ts";
import type { Optimizer } from "./optimizers.ts";
import { l1l2, l2 } from "./regularizers.ts";
import { scheduleNamed } from "./schedules.ts";
import { checkOptimizer, optimizerNamed, scalarsOf, updateOf } from "./update.ts";

interface Case {
  readonly name: string;
  readonly optimizer: string;
  readonly options: Record<string, unknown>;
  readonly schedule: (Record<string, unknown> & { readonly name: string }) | null;
  readonly learningRates?: readonly number[];
  readonly weights: readonly Pair[];
}
type Pair = readonly [readonly (readonly number[])[], readonly number[]];
interface Fixture {
  readonly defaults: Record<string, Record<string, unknown>>;
  readonly weights: Pair;
  readonly gradients: readonly Pair[];
  readonly cases: readonly Case[];
}
const file = new URL("../../../test/parity/optimizers.json", import.meta.url);
const fixture = JSON.parse(readFileSync(file, "utf8")) as Fixture;

/** Half a unit in the last place of float32 at the size of the weights, which stay below 8. */
const tolerance = 2 ** -22;

describe("twenty steps as in Keras 3", () => {
  test.each(fixture.cases.map((one) => [one.name, one] as const))("%s", async (_, { weights, ...one }) => {
    const after = await trajectory(optimizerOf(one));
    weights.forEach(([kernel, bias], step) => {
      const wanted = [...kernel.flat(), ...bias];
      after[step]?.forEach((w, k) => {
        expect(Math.abs(w - (wanted[k] ?? Number.NaN)), `step ${step}, element ${k}`).toBeLessThanOrEqual(
          tolerance,
        );
      });
      expect(after[step]).toHaveLength(wanted.length);
    });
  });
});

test.each(Object.entries(fixture.defaults))("the defaults of %s are Keras's", (name, defaults) => {
  expect(optimizerNamed(name).options).toMatchObject(defaults);
});

test.each(fixture.cases.flatMap((one) => (one.schedule === null ? [] : [[one.name, one] as const])))(
  "the learning rates of %s",
  (_, { schedule, learningRates = [] }) => {
    const { name, ...options } = schedule ?? { name: "" };
    learningRates.forEach((rate, step) => {
      // Keras computes the cosine in float32.
      const relative = name === "cosineDecay" ? 2e-7 : 1e-8;
      expect(Math.abs(scheduleNamed(name, options).at(step) - rate)).toBeLessThanOrEqual(
        relative * rate + 1e-9,
      );
    });
  },
);

test.each<[string, Record<string, unknown>, Regularizer | null, number]>([
  ["adagrad", { initialAccumulatorValue: 0, epsilon: 16 }, null, 2 - 3 / 5], // the epsilon stands inside the root
  ["sgd", {}, l2(0.5), 2 - (3 + 2)],
  ["sgd", { clipNorm: 1 }, l2(0.5), 2 - (3 + 2) / 3], // measured without the regularizer, scaled with it
  ["sgd", { globalClipNorm: 1 }, l1l2({ l1: 6, l2: 0.5 }), 2 - (3 + 2 + 6) / 3],
  ["sgd", { clipValue: 4 }, l2(0.5), 2 - 4], // together
  ["sgd", { clipValue: 4, weightDecay: 0.25 }, l2(0.5), 2 - 4 - 0.5], // behind clipping
])("one step of %s, %j, %j from 2 with the gradient 3", async (name, options, regularizer, wanted) => {
  const optimizer = optimizerNamed(name, { learningRate: 1, ...options });
  const from = parameter("gradient", ["rows", 1]);
  const weights = [parameter("weight", [1])];
  const gradients = [sumLeading(from, 1)];
  const computation: Computation = { inputs: [from], lengths: {}, weights, outputs: [], gradients };
  const trainer = referenceDevice().train(computation, [updateOf(optimizer, regularizer)]);
  trainer.write(
    [Float32Array.of(2)],
    [Object.values(optimizer.slots).map((first) => Float32Array.of(first))],
  );
  const batch = { rows: 1, times: {}, inputs: [Float32Array.of(3)] };
  await trainer.step(batch, (norms) => scalarsOf(optimizer, 0, norms, [true]));
  expect(trainer.read().weights[0]?.[0]).toBeCloseTo(wanted, 6);
});

test("a wrong name is answered with the one that was meant", () => {
  expect(() => optimizerNamed("adamax")).toThrow(/one of sgd, .*adam/);
  expect(() => optimizerNamed("rmsProp")).toThrow(/rmsprop/);
  expect(() => checkOptimizer(optimizerNamed("adam", { clipNorm: 1, clipValue: 1 }))).toThrow(/clipNorm/);
  expect(() => optimizerNamed("adam", { beta1: Number.NaN })).toThrow(/beta1/);
  expect(() => optimizerNamed("adam", { epsilon: 1e-320 })).toThrow(/epsilon.*which is 0 in float32/);
  expect(() => optimizerNamed("sgd", { learningRate: 1e39 })).toThrow(/learningRate.*which is Infinity/);
  expect(() => optimizerNamed("adam", { learningrate: 1 })).toThrow(/Did you mean "learningRate"/);
});

function optimizerOf({ optimizer, options, schedule }: Omit<Case, "weights">): Optimizer {
  const { name, ...settings } = schedule ?? { name: "" };
  return optimizerNamed(
    optimizer,
    schedule ? { ...options, learningRate: scheduleNamed(name, settings) } : options,
  );
}

/** All weights after each step. */
async function trajectory(optimizer: Optimizer): Promise<readonly (readonly number[])[]> {
  const inputs = [parameter("kernelGradient", ["rows", 6]), parameter("biasGradient", ["rows", 2])] as const;
  const computation: Computation = {
    inputs,
    lengths: {},
    weights: [parameter("kernel", [3, 2]), parameter("bias", [2])],
    outputs: [],
    gradients: [reshape(sumLeading(inputs[0], 1), [3, 2]), sumLeading(inputs[1], 1)],
  };
  const update = updateOf(optimizer, null);
  const trainer = referenceDevice().train(computation, [update, update]);
  const [kernel, bias] = fixture.weights;
  const slots = (size: number): Float32Array[] =>
    Object.values(optimizer.slots).map((first) => new Float32Array(size).fill(first));
  trainer.write([Float32Array.from(kernel.flat()), Float32Array.from(bias)], [slots(6), slots(2)]);

  const after: number[][] = [];
  for (const [step, [first, second]] of fixture.gradients.entries()) {
    const batch = {
      rows: 1,
      times: {},
      inputs: [Float32Array.from(first.flat()), Float32Array.from(second)],
    };
    await trainer.step(batch, (squaredNorms) => scalarsOf(optimizer, step, squaredNorms, [true, true]));
    after.push(trainer.read().weights.flatMap((weight) => [...weight]));
  }
  return after;
}
