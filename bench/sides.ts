/** A network's training step and forward pass on a device, as sides of a timing. */
import type { Device, Trainer } from "../src/core/run/device.ts";
import { descentRate } from "../src/core/run/yardstick.ts";
import type { Network } from "./networks.ts";
import type { Side } from "./timing.ts";

export interface TrainingSide extends Side, Pick<Trainer, "release"> {
  /** The loss before a step of this learning rate. */
  readonly lossAt: (learningRate: number) => Promise<number>;
}

/** Forward, backward and the update of every weight, host copies and all. */
export function trainingSide(
  device: Device,
  { training, updates, weights, trainingBatch }: Network,
): TrainingSide {
  const trainer = device.train(training, updates);
  const rates = weights.map(() => [descentRate]);
  trainer.write(
    weights,
    weights.map(() => []),
  );
  return {
    name: "training",
    run: () => trainer.step(trainingBatch, () => rates),
    lossAt: async (rate) => (await trainer.step(trainingBatch, () => weights.map(() => [rate])))[0]?.[0] ?? 0,
    release: () => trainer.release(),
  };
}

/** The outputs of all steps, into the same arrays each time; the weights are packed once, as in `predict`. */
export interface ForwardSide extends Side {
  readonly run: () => readonly Float32Array[];
}

export function forwardSide(device: Device, { forward, weights, forwardBatch }: Network): ForwardSide {
  const executable = device.compile(forward);
  const batch = { ...forwardBatch, version: 1 };
  const into = executable.runNow(batch, weights);
  return { name: "forward", run: () => executable.runNow(batch, weights, into) };
}
