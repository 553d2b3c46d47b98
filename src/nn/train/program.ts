/**
 * A network traced for one purpose with what is minimised, and the arrays that a batch gives to it.
 *
 * One program serves every batch of a purpose: whether it trains, which layers get their first states from outside,
 * and which numbers come in with each step.
 */
import { zeros } from "../../core/graph/build.ts";
import type { Batch, Device, Executable, HostArray } from "../../core/run/device.ts";
import { keyOf } from "../../core/run/random.ts";
import { breathe, inTurns } from "../breath.ts";
import type { Bounds } from "../model/bounds.ts";
import { givenStates, type States, stateName } from "../model/carried.ts";
import { endsOf, firstLengths } from "../model/ends.ts";
import type { Network } from "../model/network.ts";
import { computationOf, type Key, type Traced, type TraceOptions, trace } from "../model/trace.ts";
import { firstWeights } from "../model/weights.ts";
import { withFollowing } from "../times.ts";
import type { Feed } from "./batches.ts";
import type { Compiled } from "./compile.ts";
import { type Counted, counted } from "./counts.ts";
import { fedOf, targetsOf } from "./fed.ts";
import { refuseMasked } from "./labels.ts";
import { type Given, type Objective, objectiveOf } from "./objective.ts";
import { isOfSequences } from "./sequenceLosses.ts";

export interface Purpose {
  /** Whether dropout and the like are on. */
  readonly training: boolean;
  readonly gradients: boolean;
  /** The layers whose first states are given from outside, or all. */
  readonly states: "given" | readonly string[];
  readonly given: readonly Given[];
  /** As many steps as sequences may have, for layers that ask. */
  readonly bounds: Bounds;
}
/** A traced network that batches are made for. */
export interface Fed {
  readonly network: Network;
  readonly compiled: Pick<Compiled, "goals" | "timeReduction">;
  readonly purpose: Pick<Purpose, "given">;
  readonly traced: Traced;
  /** What computes the masks of the outputs, by device. */
  readonly masks: WeakMap<Device, Executable>;
}
export interface Program extends Fed {
  readonly compiled: Compiled;
  readonly purpose: Purpose;
  /** How it was traced. */
  readonly options: TraceOptions;
  readonly objective: Objective;
  /** Which weights get a gradient. */
  readonly trained: readonly boolean[];
}
/** What a run needs besides the batch. */
export interface Moment {
  readonly device: Device;
  readonly seed: number;
  readonly step: number;
  /** First states `[rows, ...]` by "layer/state"; zeros where there is none. */
  readonly states: States;
}

/** In pieces, between which others get a turn: a page shall not stand still while a network is first trained. */
export async function programOf(network: Network, compiled: Compiled, purpose: Purpose): Promise<Program> {
  const { training, states, bounds } = purpose;
  const targets = purpose.gradients ? targetsOf(network, compiled.goals) : [];
  const options = { training, states, bounds, targets };
  await breathe();
  await inTurns(firstWeights(network));
  const traced = trace(network, options);
  await breathe();
  const trainable = network.variables.map((variable) => variable.trainable);
  const asked = objectiveOf(traced, compiled.goals, purpose.given, purpose.gradients ? trainable : null);
  const objective = withPunished(network, traced, asked);
  await breathe();
  const trained = trainable.map((_, k) => (objective.computation.gradients[k] ?? null) !== null);
  return { network, compiled, purpose, options, traced, objective, trained, masks: new WeakMap() };
}

/** The gradient of a weight that a regularizer reaches and the loss does not: zeros, to add that of the penalty to. */
function withPunished(
  { variables }: Network,
  { weights }: Traced,
  { computation, goals }: Objective,
): Objective {
  const gradients = computation.gradients.map((gradient, k) => {
    const [variable, weight] = [variables[k], weights[k]];
    return gradient ?? (variable?.trainable && variable.regularizer && weight ? zeros(weight.shape) : null);
  });
  return { computation: { ...computation, gradients }, goals };
}

export const purposeKey = ({ training, gradients, states, given, bounds }: Purpose): string =>
  JSON.stringify([
    training,
    gradients,
    states,
    given.map(({ counts, weights, labels }) => [counts, weights, labels]),
    bounds,
  ]);

/** The arrays of a batch in the order of the program's inputs, and what counts in it. */
export function batchOf(
  program: Fed,
  feed: Feed,
  moment: Moment,
): { readonly batch: Batch; readonly counts: readonly Counted[] } {
  const { traced, compiled, purpose } = program;
  const whole = withFollowing(program.network.times, feed);
  const { rows, times } = whole;
  const states = statesOf(traced, rows, moment.states);
  const given = [...feed.inputs, ...endsOf(traced, whole), ...keysOf(program, moment), ...states];
  const numbers = traced.numbers.map(({ value }) => Float32Array.of(value(moment.step)));
  const masks = masksOf(program, whole, [...given, ...fedOf(traced, feed, []), ...numbers], moment.device);
  const own = [...given, ...fedOf(traced, feed, masks), ...numbers];
  const counts = compiled.goals.map(({ loss }, k) => {
    if (loss.target === "labels") refuseMaskedFrames(program, whole, masks[k] ?? null, k);
    const time = isOfSequences(loss) ? null : (feed.targetTimes[k] ?? null);
    const steps = {
      rows,
      time: time === null ? null : typeof time === "number" ? time : (times[time] ?? 0),
      lengths: typeof time === "string" ? (whole.lengths[time] ?? null) : null,
      mask: time === null ? null : (masks[k] ?? null),
      target: feed.targets[k] as HostArray,
      sampleWeight: feed.sampleWeight,
      classWeight: feed.classWeight,
    };
    return counted(
      steps,
      loss,
      purpose.given[k] ?? { counts: false, weights: false },
      compiled.timeReduction,
    );
  });
  const ends = counts.flatMap((steps, k): readonly HostArray[] => {
    const perStep = [steps.counts, steps.weights].filter((array) => array !== null);
    return [
      feed.targets[k] as HostArray,
      ...perStep,
      Float32Array.of(steps.divisor === 0 ? 0 : 1 / steps.divisor),
    ];
  });
  return { batch: { rows, times, lengths: firstLengths(whole), inputs: [...own, ...ends] }, counts };
}

/** A mask is known only now, and may leave too few frames for the labels. */
function refuseMaskedFrames({ network }: Fed, feed: Feed, mask: Float32Array | null, k: number): void {
  if (mask === null) return;
  const lengths = feed.lengths[network.outputs[k]?.time ?? ""] ?? null;
  refuseMasked(feed.targets[k] as HostArray, mask, { rows: feed.rows, lengths });
}

/** Those of dropout change with every step; those of first states belong to the model. */
function keysOf({ network, traced }: Fed, { seed, step }: Moment): readonly Int32Array[] {
  return traced.keys.map(({ salt, perStep }: Key) =>
    Int32Array.from(perStep ? keyOf(seed, salt, step) : keyOf(network.seed, salt, 0)),
  );
}

function statesOf(traced: Traced, rows: number, states: Moment["states"]): readonly Float32Array[] {
  return givenStates(traced).map((state) => {
    const size = state.shape.reduce((count, x) => count * x, rows);
    return states.get(stateName(state)) ?? new Float32Array(size);
  });
}

/** `[rows, time]` for each output with a mask, made by the part of the network that makes it. */
function masksOf(
  program: Fed,
  feed: Feed,
  inputs: readonly HostArray[],
  device: Device,
): readonly (Float32Array | null)[] {
  const { network, traced, compiled, masks } = program;
  if (compiled.goals.length === 0) return [];
  const nodes = traced.outputs.flatMap(({ mask }) => mask ?? []);
  if (nodes.length === 0) return [];
  const executable = masks.get(device) ?? device.compile(computationOf(traced, nodes));
  masks.set(device, executable);
  const weights = network.variables.map(({ value }) => value);
  const { rows, times } = feed;
  const made = executable.runNow({ rows, times, lengths: firstLengths(feed), inputs }, weights).values();
  return traced.outputs.map(({ mask }) => (mask === null ? null : (made.next().value ?? null)));
}
