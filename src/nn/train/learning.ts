/** The learner of a model object: what `compile` began and the other methods go on with. */
import type { Device } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import { inTurns } from "../breath.ts";
import type { Network } from "../model/network.ts";
import type { TrainedModel } from "./callbacks.ts";
import { type Compiled, type CompileOptions, compiled } from "./compile.ts";
import { datasetOf, type Weighing } from "./dataset.ts";
import { evaluateAll } from "./evaluate.ts";
import { fitOn } from "./fit.ts";
import { type FitOptions, planOf } from "./fitOptions.ts";
import { exclusively, type Learner, learnerOf, pull, pullLast } from "./learner.ts";
import {
  gradientsOn,
  type OptimizerState,
  type PureStep,
  pureStep,
  trainingPurpose,
  trainOnce,
  twinOf,
} from "./once.ts";
import { refuseUnless } from "./refuse.ts";
import type { History } from "./state.ts";
import { changeOfDevice, recordDevice, tellChange } from "./trainedOn.ts";

const learners = new WeakMap<Network, Learner>();
const twins = new WeakMap<Learner, Learner>();

/** Compiles a network. Its optimizer begins anew; its weights stay. */
export function compileNetwork(network: Network, options: CompileOptions): void {
  const before = learners.get(network);
  refuseUnless(!before?.busy, {
    where: "model.compile(options)",
    expected: "no training under way",
    got: "a call of fit that is not finished",
    fix: "Await fit first.",
  });
  if (before) pull(before);
  begin(network, compiled(options, network));
}

/** The learner of a network that is compiled with this, as after loading a model. */
export function begin(network: Network, compiled: Compiled): Learner {
  const learner = learnerOf(network, compiled);
  learners.set(network, learner);
  return learner;
}

/** The learner of a compiled network, or null. */
export const learnerIn = (network: Network): Learner | null => learners.get(network) ?? null;

/** Brings a network's weights up to date, whoever trained its layers. Called before each look at them. */
export function settle(network: Network): void {
  const learner = learnerIn(network);
  if (learner) pull(learner);
  pullLast(learner);
}

function compiledLearner(network: Network, method: string): Learner {
  const learner = learners.get(network);
  if (learner) return learner;
  throw new UnrollError({
    where: `model.${method}`,
    expected: "a compiled model",
    got: "one that was not compiled",
    fix: 'Call model.compile({ optimizer: "adam", loss: "meanSquaredError" }) first.',
  });
}

export interface Pairs {
  readonly x: unknown;
  readonly y: unknown;
}
export interface EvaluateOptions extends Weighing {
  /** Default: 32. */
  readonly batchSize?: number;
}

export async function fitNetwork(
  network: Network,
  device: Device,
  model: TrainedModel,
  data: Pairs & { readonly options: FitOptions },
): Promise<History> {
  const learner = compiledLearner(network, "fit(x, y)");
  const { options } = data;
  return exclusively(learner, "model.fit(x, y)", async () => {
    const plan = await planOf(learner, model, data, options);
    const purpose = trainingPurpose(learner, plan.data);
    const change = options.resume === true && options.verbose !== 0 && changeOfDevice(network, device);
    if (change) tellChange(change);
    recordDevice(network, device);
    return fitOn(learner, device, plan, plan.pieces === null ? purpose : { ...purpose, states: "given" });
  });
}

export async function evaluateNetwork(
  network: Network,
  device: Device,
  data: Pairs & EvaluateOptions,
): Promise<Record<string, number>> {
  const learner = compiledLearner(network, "evaluate(x, y)");
  const { batchSize = 32, ...rest } = data;
  return evaluateAll(learner, device, await inTurns(datasetOf(network, learner.compiled, rest)), batchSize);
}

export async function trainNetworkOnce(
  network: Network,
  device: Device,
  data: Pairs & Weighing,
): Promise<Record<string, number>> {
  const learner = compiledLearner(network, "trainOnBatch(x, y)");
  recordDevice(network, device);
  return trainOnce(learner, device, await inTurns(datasetOf(network, learner.compiled, data)));
}

export async function networkGradients(
  network: Network,
  device: Device,
  data: Pairs & Weighing & { readonly training?: boolean },
): Promise<{ readonly loss: number; readonly gradients: readonly Float32Array[] }> {
  const learner = compiledLearner(network, "gradients(x, y)");
  const { training = false, ...rest } = data;
  return gradientsOn(learner, device, await inTurns(datasetOf(network, learner.compiled, rest)), {
    training,
  });
}

/** From weights and optimizer state (null: none yet) to the next ones; the network stays as it is. */
export async function networkStep(
  network: Network,
  device: Device,
  from: { readonly weights: readonly Float32Array[]; readonly optimizerState: OptimizerState | null },
  batch: Pairs & Weighing,
): Promise<PureStep> {
  const learner = compiledLearner(network, "step(weights, optimizerState, batch)");
  const twin = twins.get(learner) ?? twinOf(learner);
  twins.set(learner, twin);
  return pureStep(twin, device, from, await inTurns(datasetOf(network, learner.compiled, batch)));
}
