/** The figures of a model on data, without training. */
import type { Device } from "../../core/run/device.ts";
import { breathe } from "../breath.ts";
import { statesAfter, statesBefore } from "../model/carried.ts";
import { type Dataset, feedOf, orderOf } from "./batches.ts";
import { figuresOf, plus, type Sums } from "./figures.ts";
import { executableFor, type Learner, programFor, pull } from "./learner.ts";
import { trainingPurpose } from "./once.ts";
import { evaluateOn } from "./step.ts";

/** Loss and metrics. Stateful layers begin at zero and leave the states of the model as they were. */
export async function evaluateAll(
  learner: Learner,
  device: Device,
  data: Dataset,
  batchSize: number,
): Promise<Record<string, number>> {
  const { network, compiled, state } = learner;
  pull(learner);
  const purpose = { ...trainingPurpose(learner, data), training: false, gradients: false };
  const program = await programFor(learner, purpose);
  const executable = executableFor(learner, program, device);
  const own = { layers: network.layers, carried: new Map() };
  const order = orderOf(data.rows, null);
  let sums: Sums | null = null;
  for (let from = 0; from < data.rows; from += batchSize) {
    const feed = feedOf(data, order.subarray(from, from + batchSize));
    const states = statesBefore(own, feed.rows, {});
    const moment = { device, seed: state.seed, step: state.step, states };
    const made = await evaluateOn(learner, executable, program, { feed, moment });
    statesAfter(own, feed.rows, made.states);
    sums = plus(sums, made.sums);
    await breathe();
  }
  return sums === null ? { loss: 0 } : figuresOf(compiled.goals, sums);
}
