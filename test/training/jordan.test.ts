/** The network whose output recurs: trained from targets all at once, run on what it gives itself. */
import { describe, expect, test } from "vitest";
import { topological } from "../../src/core/graph/walk.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { printPlan } from "../../src/core/plan/print.ts";
import { wasmTarget } from "../../src/core/plan/target.ts";
import { setDevice } from "../../src/nn/device.ts";
import { activation } from "../../src/nn/layers/activation.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { input } from "../../src/nn/layers/input.ts";
import { jordanRNN } from "../../src/nn/layers/jordanRNN.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import type { Tensor } from "../../src/nn/model/tensor.ts";
import { functional, sequential } from "../../src/nn/models.ts";
import { setSeed } from "../../src/nn/seed.ts";
import { compiled } from "../../src/nn/train/compile.ts";
import { sparseCategoricalCrossentropy } from "../../src/nn/train/losses.ts";
import { adam, sgd } from "../../src/nn/train/optimizers.ts";
import { programOf } from "../../src/nn/train/program.ts";
import { jordan, type Vector, type Weight } from "../parity/equations.ts";
import { roughened, sessionDevices } from "../sessions.ts";
import { sequences } from "./harness.ts";

const series = input({ shape: [null, 3] });
const lengths = [5, 2, 7, 1, 4, 6];
const x = sequences(lengths, 3, 1);
const y = sequences(lengths, 2, 2);
const meanSquares = { optimizer: "adam", loss: "meanSquaredError" } as const;
type Options = Parameters<typeof jordanRNN<2, true>>[0];
function modelWith(options: Partial<Options> = {}) {
  setSeed(3);
  const model = sequential(series, jordanRNN({ units: 6, outputUnits: 2, bias: "double", ...options }));
  model.compile(meanSquares);
  return roughened(model);
}

/** The mean over the steps that count, each fed by `fedAt`: the target before, or the output before. */
function lossOf(model: ReturnType<typeof modelWith>, isForced: boolean): number {
  const weights = model.getWeights().map((weight) => weight.toArray() as Weight);
  const { step } = jordan(weights, { units: 6, outputUnits: 2, bias: "double", g: (v) => v });
  let [total, count] = [0, 0];
  x.forEach((row, r) => {
    let before: Vector = [0, 0];
    row.forEach((features, t) => {
      const [output = []] = step(features.map(Math.fround), [before]);
      const target = (y[r]?.[t] ?? []).map(Math.fround);
      total += output.reduce((sum, value, j) => sum + (value - (target[j] ?? 0)) ** 2, 0) / 2;
      count++;
      before = isForced ? target : output;
    });
  });
  return total / count;
}

describe.each(sessionDevices)("on %s", (_, device) => {
  test("the plan of a training step has no scan: all steps are run at once", async () => {
    const network = networkOf(modelWith());
    const given = [{ counts: true, weights: false }];
    const purpose = { training: true, gradients: true, states: [], given, bounds: {} };
    const { objective } = await programOf(network, compiled(meanSquares, network), purpose);
    const { computation } = objective;
    const roots = [...computation.outputs, ...computation.gradients.filter((node) => node !== null)];
    expect(topological(roots).some(({ op }) => op === "scan")).toBe(false);
    expect(printPlan(plan(computation, wasmTarget))).not.toMatch(/for each step|state/);
    device.compile(computation);
    const free = await programOf(network, compiled(meanSquares, network), { ...purpose, gradients: false });
    expect(printPlan(plan(free.objective.computation, wasmTarget))).toMatch(/for each step/);
  });
});

test.each(["reference", "wasm"] as const)(
  "fit is fed targets, evaluate its own outputs, on %s",
  async (device) => {
    setDevice(device, { threads: 1 });
    const model = modelWith();
    const forced = lossOf(model, true);
    const free = lossOf(model, false);
    expect(Math.abs(forced - free)).toBeGreaterThan(0.01);
    expect((await model.evaluate(x, y))["loss"]).toBeCloseTo(free, 5);
    expect((await model.gradients(x, y)).loss).toBeCloseTo(forced, 5);
    expect((await model.trainOnBatch(x, y))["loss"]).toBeCloseTo(forced, 5);
  },
);

test.each(["reference", "wasm"] as const)(
  "classes are fed as what a softmax should have given, on %s",
  async (device) => {
    setDevice(device, { threads: 1 });
    const options = { units: 6, outputUnits: 3, outputActivation: "softmax" } as const;
    const classes = lengths.map((length, r) => Array.from({ length }, (_, t) => (r + t * t) % 3));
    const oneHot = classes.map((row) => row.map((k) => [0, 1, 2].map((j) => (j === k ? 1 : 0))));
    setSeed(5);
    const sparse = sequential(series, jordanRNN(options));
    sparse.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    setSeed(5);
    const whole = sequential(series, jordanRNN(options));
    whole.compile({ optimizer: "sgd", loss: "categoricalCrossentropy" });
    const [a, b] = [await sparse.gradients(x, classes), await whole.gradients(x, oneHot)];
    expect(a.loss).toBeCloseTo(b.loss, 6);
    a.gradients.forEach((gradient, k) => {
      gradient.data.forEach((value, j) => {
        expect(value).toBeCloseTo(b.gradients[k]?.data[j] ?? Number.NaN, 6);
      });
    });
  },
);

test("a masked step counts for nothing: the step behind it is fed what stood before", async () => {
  setDevice("reference");
  const options = { units: 6, outputUnits: 2 } as const;
  setSeed(3);
  const masked = sequential(series, masking({ maskValue: 9 }), jordanRNN(options));
  setSeed(3);
  const plain = sequential(series, jordanRNN(options));
  masked.compile(meanSquares);
  plain.compile(meanSquares);
  const nine = [9, 9, 9];
  const holed = x.map((row) => [nine, ...row.slice(0, 1), nine, nine, ...row.slice(1), nine]);
  const filled = y.map((row) => [[7, 7], ...row.slice(0, 1), [5, 5], [6, 6], ...row.slice(1), [8, 8]]);
  const [a, b] = [await masked.gradients(holed, filled), await plain.gradients(x, y)];
  expect(a.loss).toBeCloseTo(b.loss, 6);
  expect([...(a.gradients[1]?.data ?? [])]).toEqual(
    [...(b.gradients[1]?.data ?? [])].map((v) => expect.closeTo(v, 6)),
  );
});

test("pieces of a sequence in time are fed the last target of the piece before", async () => {
  setDevice("reference");
  const run = async (options: object): Promise<number | undefined> => {
    const model = modelWith();
    model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" });
    const { history } = await model.fit(x, y, { batchSize: 6, shuffle: false, ...options });
    return history["loss"]?.[0];
  };
  expect(await run({ tbptt: { steps: 3 } })).toBeCloseTo(lossOf(modelWith(), true), 5);
});

describe("scheduled sampling", () => {
  test("of all steps is training on its own outputs", async () => {
    setDevice("wasm", { threads: 1 });
    const sampled = await modelWith({ scheduledSampling: 1 }).gradients(x, y, { training: true });
    const own = await modelWith({ teacherForcing: false }).gradients(x, y, { training: true });
    expect(sampled.loss).toBeCloseTo(own.loss, 6);
    expect(sampled.loss).toBeCloseTo(lossOf(modelWith(), false), 5);
    sampled.gradients.forEach((gradient, k) => {
      gradient.data.forEach((value, j) => {
        expect(value).toBeCloseTo(own.gradients[k]?.data[j] ?? Number.NaN, 5);
      });
    });
  });
  test("of no step is teacher forcing, and so is any outside of training", async () => {
    setDevice("wasm", { threads: 1 });
    const forced = lossOf(modelWith(), true);
    expect((await modelWith({ scheduledSampling: 0 }).gradients(x, y, { training: true })).loss).toBeCloseTo(
      forced,
      5,
    );
    expect((await modelWith({ scheduledSampling: 0.5 }).gradients(x, y)).loss).toBeCloseTo(forced, 5);
  });
  test("of some steps lies between, is drawn anew at each step, and is the same on every device", async () => {
    const losses = [];
    for (const device of ["reference", "wasm"] as const) {
      setDevice(device, { threads: 1 });
      const model = modelWith({ scheduledSampling: 0.5 });
      model.compile({ ...meanSquares, optimizer: "sgd" });
      const first = (await model.gradients(x, y, { training: true })).loss;
      losses.push(first);
      expect((await model.gradients(x, y, { training: true })).loss).toBe(first);
      await model.trainOnBatch(x, y);
      expect((await model.gradients(x, y, { training: true })).loss).not.toBe(first);
    }
    expect(losses[1]).toBeCloseTo(losses[0] ?? Number.NaN, 5);
    expect(losses[0]).not.toBeCloseTo(lossOf(modelWith(), true), 4);
    expect(losses[0]).not.toBeCloseTo(lossOf(modelWith(), false), 4);
  });
});

test("scheduled sampling grows with the optimizer steps", async () => {
  for (const device of ["reference", "wasm"] as const) {
    setDevice(device, { threads: 1 });
    const model = modelWith({ scheduledSampling: { steps: 2 } });
    const still = { optimizer: sgd({ learningRate: 0 }), loss: "meanSquaredError" } as const;
    model.compile(still);
    const losses = [];
    for (let step = 0; step < 4; step++) losses.push((await model.trainOnBatch(x, y))["loss"]);
    expect(losses[0]).toBeCloseTo(lossOf(model, true), 5);
    expect(losses[1]).not.toBeCloseTo(losses[0] ?? Number.NaN, 4);
    expect(losses[2]).toBeCloseTo(lossOf(model, false), 5);
    expect(losses[3]).toBe(losses[2]);
    const half = modelWith({ scheduledSampling: { from: 0.5, to: 0.5, steps: 9 } });
    const fixed = modelWith({ scheduledSampling: 0.5 });
    const [a, b] = [
      await half.gradients(x, y, { training: true }),
      await fixed.gradients(x, y, { training: true }),
    ];
    expect(a.loss).toBe(b.loss);
  }
});

test("ten examples are learned, run on its own outputs, by each way of training", async () => {
  setDevice("wasm", { threads: 1 });
  // y_t = 0.6 y_{t-1} + 0.4 x_t: only the output before tells the sum so far.
  const xs = sequences([6, 8, 5, 7, 6, 9, 8, 5, 7, 6], 1, 4);
  const ys = xs.map((row) => {
    let sum = 0;
    return row.map(([v = 0]) => {
      sum = 0.6 * sum + 0.4 * v;
      return [sum];
    });
  });
  for (const options of [{}, { scheduledSampling: 0.5 }, { teacherForcing: false }]) {
    setSeed(1);
    const model = sequential(
      input({ shape: [null, 1] }),
      jordanRNN({ units: 12, outputUnits: 1, ...options }),
    );
    model.compile({
      optimizer: adam({ learningRate: 0.02 }),
      loss: "meanSquaredError",
    });
    const { loss: before = 0 } = await model.evaluate(xs, ys);
    await model.fit(xs, ys, { epochs: 400, batchSize: 10 });
    const { loss: after = 1 } = await model.evaluate(xs, ys);
    expect(after).toBeLessThan(before / 1000);
  }
});

describe("what it cannot be trained for is told when the model is compiled", () => {
  const layer = jordanRNN({ units: 4, outputUnits: 2 });
  test("a layer behind it", () => {
    const model = sequential(series, layer, activation("tanh"));
    expect(() => model.compile(meanSquares)).toThrow(
      /layer 1 "jordanRNN_1": expected the last layer of its model/,
    );
    const free = sequential(
      series,
      jordanRNN({ units: 4, outputUnits: 2, teacherForcing: false }),
      dense({ units: 1 }),
    );
    free.compile(meanSquares);
  });
  test("its last output alone", () => {
    const model = sequential(series, jordanRNN({ units: 4, outputUnits: 2, returnSequences: false }));
    expect(() => model.compile(meanSquares)).toThrow(/a target for every step.*returnSequences: false/);
  });
  test("targets that are no outputs", () => {
    const model = sequential(series, layer);
    const loss = sparseCategoricalCrossentropy({ fromLogits: true });
    expect(() => model.compile({ optimizer: "sgd", loss })).toThrow(/outputActivation: "softmax"/);
    // Its targets are narrower than what it gives.
    expect(() => model.compile({ optimizer: "sgd", loss: "gaussianNll" })).toThrow(
      /"gaussianNll", whose outputs/,
    );
  });
  test("a first state", () => {
    const begin = input({ shape: [2] });
    const outputs = (layer as unknown as (x: unknown, o: unknown) => typeof series)(series, {
      initialState: { y: begin },
    });
    const model = functional({ inputs: [series, begin], outputs });
    expect(() => model.compile(meanSquares)).toThrow(/begins with zeros/);
  });
  test("both directions, and options it has not", () => {
    expect(() => bidirectional(layer as never)).toThrow(/a recurrent layer/);
    expect(() => jordanRNN({ units: 4 } as never)).toThrow(/the option outputUnits/);
    expect(() => jordanRNN({ units: 4, outputUnits: 2, goBackwards: true } as never)).toThrow(
      /an option that it knows/,
    );
    expect(() => jordanRNN({ units: 4, outputUnits: 2, scheduledSampling: 1.5 })).toThrow(/from 0 to 1/);
    const ramp = { from: 0, till: 1, steps: 3 } as never;
    expect(() => jordanRNN({ units: 4, outputUnits: 2, scheduledSampling: ramp })).toThrow(
      /\{ from, to, steps \}/,
    );
    expect(() =>
      jordanRNN({ units: 4, outputUnits: 2, scheduledSampling: 0.5, teacherForcing: false }),
    ).toThrow(/scheduledSampling: expected teacherForcing beside it/);
    expect(() => jordanRNN(4 as never)).toThrow(/a plain object/);
  });
});

test("one among several outputs is fed its own targets", async () => {
  setDevice("reference");
  const alone = modelWith();
  const outputs = {
    tag: dense({ units: 2 })(series),
    next: jordanRNN({ units: 6, outputUnits: 2, bias: "double" })(series),
  };
  const model = functional({ inputs: series, outputs });
  model.compile(meanSquares);
  model.setWeights([...model.getWeights().slice(0, 2), ...alone.getWeights()]);
  const { nextLoss: loss } = await model.trainOnBatch(x, {
    tag: x.map((row) => row.map(() => [3, 4])),
    next: y,
  });
  expect(loss).toBeCloseTo(lossOf(alone, true), 5);
});

test("a step that fails names the layer", async () => {
  setDevice("wasm", { threads: 1 });
  const model = sequential(series, dense({ units: 2 }), jordanRNN({ units: 6, outputUnits: 2 }));
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const far = y.map((row) => row.map(() => [1e38, 1e38]));
  await expect(model.trainOnBatch(x, far)).rejects.toThrow(/training step 1: .*not finite/);
  networkOf(model).variables[5]?.value.fill(3e38);
  networkOf(model).version++;
  await expect(model.trainOnBatch(x, y)).rejects.toThrow(/first of layer 2 "jordanRNN_1"/);
});

test("a stream is fed what it gave, as predict does", async () => {
  setDevice("wasm", { threads: 1 });
  const model = modelWith();
  const whole = ((await model.predict(x.slice(2, 3))) as Tensor).toArray() as number[][][];
  const session = model.session();
  const pushed = (x[2] ?? []).map((step) => [...(session.push(step as never) as Float32Array)]);
  expect(pushed).toEqual(whole[0]);
});
