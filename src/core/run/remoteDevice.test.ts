/** The device of a page, its worker being one of Node's; and the WebAssembly device on memory that is not shared. */
import { describe, expect, test } from "vitest";
import { hashOf, lstmBatch, lstmLoss, lstmWeights, momentum, trainLstm } from "../../../test/browser/lstm.ts";
import { UnrollError } from "../../errors.ts";
import type { Decision, Device, Trainer } from "./device.ts";
import { remoteDevice } from "./remoteDevice.ts";
import { startThread } from "./startThread.ts";
import { wasmDevice } from "./wasmDevice.ts";

const options = { strict: true, threads: 2 };
const alone = (): Device => wasmDevice({ strict: true }, { shared: false, startThread });

describe("20 steps in strict mode", () => {
  test("give the same bits here, in a worker, and on memory that is not shared", async () => {
    const here = await trainLstm(wasmDevice(options));
    expect(here.losses.at(-1)).toBeLessThan(0.9 * (here.losses[0] ?? 0));
    const others = [await trainLstm(remoteDevice(options)), await trainLstm(alone())];
    for (const { weights, losses, run, runNow } of others) {
      expect(await hashOf(weights)).toBe(await hashOf(here.weights));
      expect(losses).toEqual(here.losses);
      expect(await hashOf(run)).toBe(await hashOf(here.run));
      expect(await hashOf(runNow())).toBe(await hashOf(here.run));
    }
  });
});

test("memory that is not shared has one thread, whatever was asked for", () => {
  const device = wasmDevice({ threads: 4 }, { shared: false, startThread });
  expect(device.description).toMatch(/ 1 thread$/);
});

describe("in a worker", () => {
  const computation = lstmLoss();
  const batch = lstmBatch();
  const weights = lstmWeights(computation);
  const slots = weights.map((weight) => [new Float32Array(weight.length)]);
  const made = (): Trainer => {
    const trainer = remoteDevice(options).train(computation, computation.weights.map(momentum));
    trainer.write(weights, slots);
    return trainer;
  };
  const rates: Decision = weights.map(() => [1e-3]);

  test("weights are those of the last finished step while one is under way", async () => {
    const trainer = made();
    await trainer.step(batch, () => rates);
    const before = trainer.read();
    expect(before.weights[0]).not.toEqual(weights[0]);
    const under = trainer.step(batch, () => {
      expect(trainer.read()).toEqual(before);
      return rates;
    });
    expect(trainer.read()).toEqual(before);
    await under;
    expect(trainer.read().weights[0]).not.toEqual(before.weights[0]);
  });

  test("what is written while a step is under way holds", async () => {
    const trainer = made();
    const under = trainer.step(batch, () => rates);
    const zero = weights.map((weight) => new Float32Array(weight.length));
    trainer.write(zero, slots);
    await under;
    expect(trainer.read().weights).toEqual(zero);
    const [loss] = await trainer.step(batch, () => null);
    expect(loss?.[0]).toBeCloseTo(batch.rows * 30 * Math.log(4), 1);
  });

  test("a decision that throws changes nothing, and its caller hears of it", async () => {
    const trainer = made();
    const step = trainer.step(batch, () => {
      throw new Error("no decision");
    });
    await expect(step).rejects.toThrow("no decision");
    expect(trainer.read().weights).toEqual(weights);
    await trainer.step(batch, () => rates);
    expect(trainer.read().weights[0]).not.toEqual(weights[0]);
  });

  test("weights are sent again when their version changes, and only then", async () => {
    const executable = remoteDevice(options).compile(computation);
    const own = weights.map((weight) => weight.slice());
    const lossOf = async (version: number): Promise<number | undefined> =>
      (await executable.run({ ...batch, version }, own))[0]?.[0];
    const first = await lossOf(1);
    own[3]?.fill(0);
    expect(await lossOf(1)).toBe(first);
    expect(await lossOf(2)).not.toBe(first);
  });

  test("a part of a larger array is all that is sent", async () => {
    const [x, labels] = batch.inputs as readonly [Float32Array, Int32Array];
    const large = new Float32Array(x.length + 100);
    large.set(x, 50);
    const executable = remoteDevice(options).compile(computation);
    const whole = await executable.run(batch, weights);
    const part = await executable.run(
      { ...batch, inputs: [large.subarray(50, 50 + x.length), labels] },
      weights,
    );
    expect(part).toEqual(whole);
  });

  test("too little memory is an UnrollError, and the worker goes on", async () => {
    const executable = remoteDevice({ ...options, memoryLimit: 2 ** 20 }).compile(computation);
    const error = await executable.run(batch, weights).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(UnrollError);
    expect((error as UnrollError).where).toBe("device memory");
    const small = { rows: 1, times: { time: 1 }, inputs: [new Float32Array(8), new Int32Array(1)] };
    expect(await executable.run(small, weights)).toHaveLength(5);
  });
});
