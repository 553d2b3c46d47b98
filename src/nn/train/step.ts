/** One optimizer step, and one batch of an evaluation. */
import type { Executable } from "../../core/run/device.ts";
import { givenStates, type States, stateName } from "../model/carried.ts";
import { heldWeights } from "../model/weights.ts";
import type { Feed } from "./batches.ts";
import { faultOf } from "./fault.ts";
import { type Sums, sumsOf } from "./figures.ts";
import { type Learner, type Live, pull, push } from "./learner.ts";
import { batchOf, type Moment, type Program } from "./program.ts";
import { penaltyOf } from "./regularizers.ts";
import { scalarsOf } from "./update.ts";

export interface Made {
  readonly sums: Sums;
  /** The last values of the states whose first values were given. */
  readonly states: States;
}

/**
 * One step on a batch. Throws an UnrollError when the loss or a gradient is not finite; the weights are then those
 * before the step.
 */
export async function trainOn(learner: Learner, live: Live, feed: Feed, states: States): Promise<Made> {
  const { state, compiled } = learner;
  const { program, device, trainer } = live;
  push(learner, live);
  const penalty = penaltyIn(learner);
  const moment: Moment = { device, seed: state.seed, step: state.step, states };
  const { batch, counts } = batchOf(program, feed, moment);
  const fault: { norms: Float64Array | null } = { norms: null };
  const outputs = await trainer.step(batch, (norms, sums) => {
    const finite =
      lossIsFinite(program, sums) && norms.every((norm, k) => !program.trained[k] || Number.isFinite(norm));
    if (finite) return scalarsOf(compiled.optimizer, state.step, norms, program.trained);
    fault.norms = norms.slice();
    return null;
  });
  if (fault.norms !== null) {
    pull(learner);
    const lossIsGood = lossIsFinite(program, outputs);
    throw faultOf({ program, device, batch, norms: fault.norms, lossIsGood, step: state.step });
  }
  state.step++;
  live.ahead = true;
  const sums = sumsOf(compiled.goals, outputs, { counted: counts, penalty, rows: feed.rows });
  return { sums, states: lastStates(program, outputs) };
}

/** The sums of a batch without a step. */
export async function evaluateOn(
  learner: Learner,
  executable: Executable,
  program: Program,
  { feed, moment }: { readonly feed: Feed; readonly moment: Moment },
): Promise<Made & { readonly gradients: readonly Float32Array[] }> {
  const { network, compiled } = learner;
  const { batch, counts } = batchOf(program, feed, moment);
  const results = await executable.run({ ...batch, version: network.version }, heldWeights(network));
  const count = program.objective.computation.outputs.length;
  const outputs = results.slice(0, count);
  const sums = sumsOf(compiled.goals, outputs, {
    counted: counts,
    penalty: penaltyIn(learner),
    rows: feed.rows,
  });
  return { sums, states: lastStates(program, outputs), gradients: results.slice(count) };
}

/** The penalty of all regularizers at the present weights. */
function penaltyIn(learner: Learner): number {
  const punished = learner.network.variables.filter(
    ({ trainable, regularizer }) => trainable && regularizer !== null,
  );
  if (punished.length === 0) return 0;
  pull(learner);
  return punished.reduce(
    (sum, { value, regularizer }) => sum + (regularizer ? penaltyOf(value, regularizer) : 0),
    0,
  );
}

function lossIsFinite({ compiled }: Program, outputs: readonly Float32Array[]): boolean {
  let at = 0;
  return compiled.goals.every(({ metrics }) => {
    const sum = outputs[at]?.[0];
    at += 1 + metrics.length;
    return Number.isFinite(sum);
  });
}

/** The states come after the sums. */
function lastStates(program: Program, outputs: readonly Float32Array[]): States {
  const given = givenStates(program.traced);
  const from = outputs.length - given.length;
  const states = new Map(given.map((state, k) => [stateName(state), outputs[from + k] as Float32Array]));
  return states;
}
