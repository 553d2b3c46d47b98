/** Networks without a model object around them, trained on the reference device. */
import type { Device } from "../../src/core/run/device.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { keptInFloat32 } from "../../src/nn/device.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { input } from "../../src/nn/layers/input.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import { buildNetwork } from "../../src/nn/model/build.ts";
import type { Network } from "../../src/nn/model/network.ts";
import type { Symbolic } from "../../src/nn/symbols.ts";
import type { TrainedModel } from "../../src/nn/train/callbacks.ts";
import type { FitOptions } from "../../src/nn/train/fitOptions.ts";
import { compileNetwork, fitNetwork, settle } from "../../src/nn/train/learning.ts";
import { nadam } from "../../src/nn/train/optimizers.ts";
import { cosineDecay } from "../../src/nn/train/schedules.ts";
import type { History } from "../../src/nn/train/state.ts";
import { draws } from "../draws.ts";

/** What is saved is all there is, as on all devices. */
export const device: Device = keptInFloat32(referenceDevice());

/** A network of one input and one output. The seed is always the same. */
export function networkOf<I>(x: I, layers: (x: I) => unknown): Network {
  const [from, to] = [x as unknown as Symbolic, layers(x) as Symbolic];
  return buildNetwork({
    name: "test",
    inputs: [from],
    outputs: [to],
    inputsAs: { as: "one", names: ["x"] },
    outputsAs: { as: "one", names: ["y"] },
    seed: 1,
  });
}

export const weightsOf = (network: Network): readonly (readonly number[])[] => {
  settle(network);
  return network.variables.map(({ value }) => [...value]);
};

export function modelOf(network: Network, save: (path: string) => void = () => undefined): TrainedModel {
  return {
    getWeights: () => {
      settle(network);
      return network.variables.map(({ value, shape }) => ({ shape, data: Float32Array.from(value) }));
    },
    setWeights: (weights) => {
      network.variables.forEach((variable, k) => {
        variable.value = Float32Array.from(weights[k]?.data ?? []);
      });
      network.version++;
    },
    save: async (path) => save(path),
  };
}

export interface Data {
  readonly x: unknown;
  readonly y: unknown;
}
export function train(
  network: Network,
  data: Data,
  options: FitOptions,
  model: TrainedModel = modelOf(network),
): Promise<History> {
  return fitNetwork(network, device, model, { ...data, options });
}

/** Numbers in [-1, 1), the same in every run. */
export function numbers(count: number, start = 1): readonly number[] {
  return Array.from({ length: count }, draws(start));
}

/** Sequences of these lengths with `features` numbers a step. */
export function sequences(
  lengths: readonly number[],
  features: number,
  start = 1,
): readonly (readonly number[])[][] {
  const all = numbers(
    lengths.reduce((sum, length) => sum + length * features, 0),
    start,
  );
  let at = 0;
  return lengths.map((length) =>
    Array.from({ length }, () => {
      at += features;
      return all.slice(at - features, at);
    }),
  );
}

export const lengths: readonly number[] = [5, 2, 7, 1, 4, 6, 3, 3, 5, 2];
export const ragged: Data = { x: sequences(lengths, 3, 1), y: sequences(lengths, 2, 2) };

/** Dropout and a schedule: every step depends on its number. */
export function tagger(): Network {
  const network = networkOf(input({ shape: [null, 3] }), (s) =>
    dense({ units: 2 })(
      dropout({ rate: 0.3 })(gru({ units: 4, returnSequences: true, recurrentDropout: 0.2 })(s)),
    ),
  );
  const learningRate = cosineDecay({ initialLearningRate: 0.05, decaySteps: 20 });
  compileNetwork(network, {
    optimizer: nadam({ learningRate, globalClipNorm: 1 }),
    loss: "meanSquaredError",
    metrics: ["mae"],
  });
  return network;
}
