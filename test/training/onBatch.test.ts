/** Steps on batches of one's own: between two of them the weights stay on the device, until somebody looks. */
import { describe, expect, test } from "vitest";
import type { Device } from "../../src/core/run/device.ts";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { input } from "../../src/nn/layers/input.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import type { Network } from "../../src/nn/model/network.ts";
import { predict } from "../../src/nn/model/predict.ts";
import type { Tensor } from "../../src/nn/model/tensor.ts";
import { compileNetwork, networkStep, settle, trainNetworkOnce } from "../../src/nn/train/learning.ts";
import { type Data, device, networkOf, sequences, tagger, train, weightsOf } from "./harness.ts";

const even: Data = { x: sequences([4, 4], 3, 1), y: sequences([4, 4], 2, 2) };
const once = (network: Network, on: Device = device): Promise<Record<string, number>> =>
  trainNetworkOnce(network, on, even);

/** Two networks with one layer, the second of which can see what it learns. */
function pair(): readonly [Network, Network] {
  const x = input({ shape: [null, 3] });
  const shared = gru({ units: 2, returnSequences: true });
  const networks = [
    networkOf(x, (s) => dense({ units: 2 })(shared(s))),
    networkOf(x, (s) => shared(s)),
  ] as const;
  for (const network of networks) compileNetwork(network, { optimizer: "adam", loss: "meanSquaredError" });
  return networks;
}

/** What a device's trainers are asked for. */
function counting(inner: Device): {
  readonly device: Device;
  readonly asked: { reads: number; writes: number };
} {
  const asked = { reads: 0, writes: 0 };
  const train: Device["train"] = (computation, updates) => {
    const trainer = inner.train(computation, updates);
    return {
      ...trainer,
      read: () => {
        asked.reads++;
        return trainer.read();
      },
      write: (weights, slots) => {
        asked.writes++;
        trainer.write(weights, slots);
      },
    };
  };
  return { device: { ...inner, train }, asked };
}

describe("steps on batches of one's own", () => {
  test("are those of fit, whether or not somebody looks in between", async () => {
    const [fitted, alone, watched] = [tagger(), tagger(), tagger()];
    await train(fitted, even, { epochs: 4, batchSize: 2, shuffle: false });
    for (let k = 0; k < 4; k++) await once(alone);
    for (let k = 0; k < 4; k++) {
      await once(watched);
      weightsOf(watched);
    }
    expect(weightsOf(alone)).toEqual(weightsOf(fitted));
    expect(weightsOf(watched)).toEqual(weightsOf(fitted));
  });

  test("neither read nor write weights until somebody looks or gives others", async () => {
    const network = tagger();
    const { device: counted, asked } = counting(device);
    for (let k = 0; k < 3; k++) await once(network, counted);
    expect(asked).toEqual({ reads: 0, writes: 1 });
    const [variable] = network.variables;
    settle(network);
    if (variable) variable.value = Float32Array.from(variable.value, () => 0.5);
    network.version++;
    expect(asked).toEqual({ reads: 1, writes: 1 });
    await once(network, counted);
    expect(asked).toEqual({ reads: 1, writes: 2 });
    expect(weightsOf(network)[0]?.every((x) => Math.abs(x - 0.5) < 0.1)).toBe(true);
  });

  test("show in a network that shares a layer", async () => {
    const [first, second] = pair();
    const before = (await predict(second, even.x, {}, device)) as Tensor;
    await Promise.all([once(first), once(tagger())]);
    settle(second); // as a model does before each look
    const after = (await predict(second, even.x, {}, device)) as Tensor;
    expect(after.data).not.toEqual(before.data);
    expect(weightsOf(second)).toEqual(weightsOf(first).slice(0, 3));
  });

  test("of two networks that share a layer go on from each other", async () => {
    const [first, second] = pair();
    const [watchedFirst, watchedSecond] = pair();
    for (let k = 0; k < 3; k++) {
      for (const network of [first, second]) await once(network);
      for (const network of [watchedFirst, watchedSecond]) {
        await once(network);
        weightsOf(network);
      }
    }
    expect(weightsOf(second)).toEqual(weightsOf(watchedSecond));
    expect(weightsOf(first)).toEqual(weightsOf(watchedFirst));
  });

  test("go on where they were after a pure step", async () => {
    const [network, other] = [tagger(), tagger()];
    for (let k = 0; k < 2; k++) {
      await once(network);
      await once(other);
      settle(network);
      const weights = network.variables.map(({ value }) => Float32Array.from(value));
      const { weights: next } = await networkStep(network, device, { weights, optimizerState: null }, even);
      expect(next[0]).not.toEqual(weights[0]);
    }
    expect(weightsOf(network)).toEqual(weightsOf(other));
  });

  test("wake no thread for a single small shard", async () => {
    const told: string[] = [];
    const startThread = () => ({
      post: (message: object) => {
        if ("serve" in message) throw new Error("a thread is woken");
        told.push(...Object.keys(message));
      },
      terminate: () => undefined,
    });
    const [network, alone] = [tagger(), tagger()];
    const two = wasmDevice({ threads: 2 }, { shared: true, startThread });
    for (let k = 0; k < 2; k++) await once(network, two);
    for (let k = 0; k < 2; k++) await once(alone, wasmDevice({ threads: 1 }));
    expect(told).toContain("code");
    expect(weightsOf(network)).toEqual(weightsOf(alone));
  });
});
