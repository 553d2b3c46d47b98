import { expect, test } from "vitest";
import { make, outputOf, parameter, scan, zeros } from "../graph/build.ts";
import * as op from "../graph/operators.ts";
import type { Computation, Update } from "./device.ts";
import { referenceDevice } from "./referenceDevice.ts";

const device = referenceDevice();
const time = "time";

/** A running sum over the steps. */
function runningSum(): Computation {
  const x = parameter("x", [time, "rows", 1]);
  const lengths = parameter("lengths", ["rows"], "int32");
  const h = parameter("h", ["rows", 1]);
  const slot = parameter("x_t", ["rows", 1]);
  const next = op.add(h, slot);
  const node = scan({
    lengths,
    initial: [zeros(["rows", 1])],
    sequences: [x],
    body: { carried: [h], sequences: [slot], next: [next], stacked: [next], summed: [] },
    time,
    reverse: false,
  });
  const sums = outputOf(node, "stacked", 0);
  return {
    inputs: [x],
    lengths: { [time]: lengths },
    weights: [],
    outputs: [op.add(sums, 1), outputOf(node, "final", 0), op.sumLeading(x, 2)],
    gradients: [],
  };
}

test("host arrays are batch-major, and zero beyond each row's length on both ways", async () => {
  const inputs = [Float32Array.of(1, 2, 3, 10, 20, Number.NaN)];
  const batch = { rows: 2, times: { time: 3 }, lengths: { time: Int32Array.of(3, 2) }, inputs };
  const [steps, last, total] = await device.compile(runningSum()).run(batch, []);
  expect([...steps!]).toEqual([2, 4, 7, 11, 31, 0]);
  expect([...last!]).toEqual([6, 30]);
  expect([...total!]).toEqual([36]);
});

test("without lengths every row has every step", () => {
  const batch = { rows: 2, times: { time: 2 }, inputs: [Float32Array.of(1, 2, 10, 20)] };
  expect([...device.compile(runningSum()).runNow(batch, [])[0]!]).toEqual([2, 4, 11, 31]);
});

test("the first row of a part decides its random numbers", () => {
  const key = parameter("key", [2], "int32");
  const numbers = device.compile({
    inputs: [key],
    lengths: {},
    weights: [],
    outputs: [op.random(key, ["rows", 2])],
    gradients: [],
  });
  const batch = { times: {}, inputs: [Int32Array.of(1, 2)] };
  const [whole] = numbers.runNow({ ...batch, rows: 3 }, []);
  const [part] = numbers.runNow({ ...batch, rows: 1, firstRow: 2 }, []);
  expect([...part!]).toEqual([...whole!.subarray(4)]);
});

/** y = x w + b with squared error; the gradients written by hand. */
function linear(): Computation {
  const x = parameter("x", ["rows", 2]);
  const y = parameter("y", ["rows", 1]);
  const divisor = parameter("divisor", [1]);
  const w = parameter("w", [2, 1]);
  const b = parameter("b", [1]);
  const frozen = parameter("frozen", [1]);
  const error = op.sub(op.add(op.matmul(x, w), b, frozen), y);
  const delta = op.div(op.mul(error, 2), divisor);
  const loss = op.div(op.sumLeading(op.square(error), 1), divisor);
  return {
    inputs: [x, y, divisor],
    lengths: {},
    weights: [w, b, frozen],
    outputs: [loss],
    gradients: [make("contract", [x, delta], {}), op.sumLeading(delta, 1), null],
  };
}
/** Gradient descent with momentum: v' = m v - rate g, w' = w + v'. */
function descent(): Update {
  const names = ["weight", "gradient", "velocity", "rate", "momentum"];
  const [weight, gradient, velocity, rate, momentum] = names.map((name) => parameter(name, []));
  const next = op.sub(op.mul(momentum!, velocity!), op.mul(rate!, gradient!));
  return {
    weight: weight!,
    gradient: gradient!,
    slots: [velocity!],
    scalars: [rate!, momentum!],
    nextWeight: op.add(weight!, next),
    nextSlots: [next],
  };
}
/** y = 2 x - 2 x' + 1. */
const batch = {
  rows: 4,
  times: {},
  inputs: [Float32Array.of(0, 0, 1, 0, 0, 1, 1, 1), Float32Array.of(1, 3, -1, 1), Float32Array.of(4)],
};

test("a linear model is trained to its weights; what has no update stays", async () => {
  const trainer = device.train(linear(), [descent(), descent(), null]);
  trainer.write(
    [Float32Array.of(0.5, 0.5), Float32Array.of(0), Float32Array.of(0)],
    [[Float32Array.of(0, 0)], [Float32Array.of(0)], []],
  );
  const losses: number[] = [];
  for (let k = 0; k < 200; k++) {
    const [loss] = await trainer.step(batch, () => [[0.1, 0.9], [0.1, 0.9], []]);
    losses.push(loss![0]!);
  }
  expect(losses[0]).toBe((1 + 2.5 ** 2 + 1.5 ** 2 + 0) / 4);
  expect(losses.at(-1)).toBeLessThan(1e-6);
  const { weights, slots } = trainer.read();
  expect(weights[0]![0]).toBeCloseTo(2, 3);
  expect(weights[0]![1]).toBeCloseTo(-2, 3);
  expect(weights[1]![0]).toBeCloseTo(1, 3);
  expect([...weights[2]!]).toEqual([0]);
  expect(slots.map((own) => own.length)).toEqual([1, 1, 0]);
  trainer.release();
  expect(trainer.read().weights).toEqual([]);
});

test("one step by hand, the norms it is decided by, and a step that is refused", async () => {
  const trainer = device.train(linear(), [descent(), null, null]);
  trainer.write(
    [Float32Array.of(0, 0), Float32Array.of(0), Float32Array.of(0)],
    [[Float32Array.of(1, 2)], [], []],
  );
  // errors are -1 -3 1 -1: dL/dw = 2/4 (-3 - 1, 1 - 1), dL/db = 2/4 (-4)
  const norms: number[][] = [];
  await trainer.step(batch, (squares) => {
    norms.push([...squares]);
    return null;
  });
  expect(norms).toEqual([[4, 4, 0]]);
  expect([...trainer.read().weights[0]!]).toEqual([0, 0]);
  await trainer.step(batch, () => [[0.25, 0.5], [], []]);
  expect([...trainer.read().weights[0]!]).toEqual([1, 1]);
  expect([...trainer.read().slots[0]![0]!]).toEqual([1, 1]);
  expect([...trainer.read().weights[1]!]).toEqual([0]);
});

test("weights and slots are float64 inside", async () => {
  const trainer = device.train(linear(), [null, descent(), null]);
  const small = 2 ** -30; // lost at once when added to 1 in float32
  trainer.write(
    [Float32Array.of(2, -2), Float32Array.of(1), Float32Array.of(0)],
    [[], [Float32Array.of(small)], []],
  );
  for (let k = 0; k < 128; k++) await trainer.step(batch, () => [[], [0, 1], []]);
  expect(trainer.read().weights[1]![0]).toBe(1 + 2 ** -23);
});

test("a run of a training computation returns gradients after the outputs, zeros where there is none", () => {
  const results = device
    .compile(linear())
    .runNow(batch, [Float32Array.of(0, 0), Float32Array.of(0), Float32Array.of(0)]);
  expect(results.map((array) => [...array])).toEqual([[3], [-2, 0], [-2], [0]]);
});

test("a batch that does not fit is told", () => {
  const executable = device.compile(runningSum());
  const inputs = [new Float32Array(3)];
  expect(() => executable.runNow({ rows: 2, times: { time: 2 }, inputs }, [])).toThrow(
    /3 numbers for \[2, 2, 1\]/,
  );
  expect(() => executable.runNow({ rows: 1, times: {}, inputs }, [])).toThrow(
    /without a number of steps for "time"/,
  );
});
