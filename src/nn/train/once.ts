/** Single steps: on a batch of one's own, as a pure function, or only the gradients. */
import type { Device } from "../../core/run/device.ts";
import { breathe } from "../breath.ts";
import { boundsOf } from "../model/bounds.ts";
import { statefulLayers, statesAfter, statesBefore } from "../model/carried.ts";
import type { Network } from "../model/network.ts";
import { type Dataset, type Feed, feedOf, orderOf } from "./batches.ts";
import { figuresOf } from "./figures.ts";
import { exclusively, executableFor, type Learner, learnerOf, liveFor, programFor, pull } from "./learner.ts";
import type { Purpose } from "./program.ts";
import { givenFor } from "./purpose.ts";
import { addPenaltyGradient } from "./regularizers.ts";
import { freshState } from "./state.ts";
import { evaluateOn, trainOn } from "./step.ts";

/** One optimizer step on all rows of `data`; the figures of the batch before the step. */
export async function trainOnce(
  learner: Learner,
  device: Device,
  data: Dataset,
): Promise<Record<string, number>> {
  const { network } = learner;
  return exclusively(learner, "model.trainOnBatch(x, y)", async () => {
    const live = await liveFor(learner, device, trainingPurpose(learner, data));
    const feed = whole(data);
    const made = await trainOn(learner, live, feed, statesBefore(network, feed.rows, {}));
    statesAfter(network, feed.rows, made.states);
    await breathe();
    return figuresOf(learner.compiled.goals, made.sums);
  });
}

/** What training on such data asks of a program. */
export function trainingPurpose(learner: Learner, data: Dataset): Purpose {
  return {
    training: true,
    gradients: true,
    states: statefulLayers(learner.network),
    given: givenFor(learner, data),
    bounds: boundsOf(learner.network, data.inputs),
  };
}

/** Loss and gradients in the order of the weights, zeros for those that are not trained; dropout with `training`. */
export async function gradientsOn(
  learner: Learner,
  device: Device,
  data: Dataset,
  { training }: { readonly training: boolean },
): Promise<{ readonly loss: number; readonly gradients: readonly Float32Array[] }> {
  const { network, compiled, state } = learner;
  const program = await programFor(learner, { ...trainingPurpose(learner, data), training });
  pull(learner);
  const feed = whole(data);
  const moment = { device, seed: state.seed, step: state.step, states: statesBefore(network, feed.rows, {}) };
  const made = await evaluateOn(learner, executableFor(learner, program, device), program, { feed, moment });
  await breathe();
  const gradients = network.variables.map(({ value, trainable, regularizer }, k) => {
    const gradient = made.gradients[k] ?? new Float32Array(value.length);
    if (trainable && regularizer !== null) addPenaltyGradient(gradient, value, regularizer);
    return gradient;
  });
  return { loss: figuresOf(compiled.goals, made.sums)["loss"] ?? 0, gradients };
}

/** Optimizer steps so far and, for each weight, the optimizer's slots. */
export interface OptimizerState {
  readonly step: number;
  readonly slots: readonly (readonly Float32Array[])[];
}
export interface PureStep {
  readonly weights: readonly Float32Array[];
  readonly optimizerState: OptimizerState;
  readonly loss: number;
}

/** The twin of a learner that pure steps are made with, so that the model itself stays as it is. */
export function twinOf({ network, compiled }: Learner): Learner {
  const layers = network.layers.map((layer) => ({
    ...layer,
    variables: layer.variables.map((variable) => ({ ...variable, value: Float32Array.from(variable.value) })),
  }));
  const variables = layers.flatMap((layer) => layer.variables);
  const twin: Network = { ...network, layers, variables, version: 0, carried: new Map(), made: new Map() };
  return learnerOf(twin, compiled);
}

/** One step from given weights and optimizer state (null: at the beginning) to the next ones. */
export async function pureStep(
  twin: Learner,
  device: Device,
  from: { readonly weights: readonly Float32Array[]; readonly optimizerState: OptimizerState | null },
  data: Dataset,
): Promise<PureStep> {
  const { network, compiled } = twin;
  network.variables.forEach((variable, k) => {
    variable.value = Float32Array.from(from.weights[k] ?? variable.value);
  });
  network.version++;
  network.carried.clear();
  const fresh = freshState(network, compiled.optimizer);
  const { step, slots } = from.optimizerState ?? fresh;
  twin.state = { ...fresh, step, slots };
  const figures = await trainOnce(twin, device, data);
  pull(twin);
  return {
    weights: network.variables.map(({ value }) => Float32Array.from(value)),
    optimizerState: { step: twin.state.step, slots: twin.state.slots },
    loss: figures["loss"] ?? 0,
  };
}

const whole = (data: Dataset): Feed => feedOf(data, orderOf(data.rows, null));
