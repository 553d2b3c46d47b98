/**
 * Training: epochs of batches of pieces, one optimizer step each, until the epochs are done or somebody stops.
 *
 * Everything that the next step depends on stands in the training state, so that a training which stopped between two
 * steps, for whatever reason, goes on to the same bits as one that never stopped.
 */
import type { Device } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import { breathe } from "../breath.ts";
import { statesAfter, statesBefore } from "../model/carried.ts";
import type { Network } from "../model/network.ts";
import { type Dataset, type Feed, feedOf, orderOf, piece, type Span } from "./batches.ts";
import type { Callback, Saved, TrainedModel, TrainingMoment } from "./callbacks.ts";
import { evaluateAll } from "./evaluate.ts";
import { refuseInfinite } from "./fault.ts";
import { figuresOf, ofLaterPiece, plus, prefixed } from "./figures.ts";
import { type Learner, type Live, liveFor, pull } from "./learner.ts";
import type { Purpose } from "./program.ts";
import { refuseUnless } from "./refuse.ts";
import { freshRun, type History, type Run, record } from "./state.ts";
import { trainOn } from "./step.ts";
import { stateSizes } from "./trainingConfig.ts";

/** A call of fit with its options completed. */
export interface Plan {
  readonly model: TrainedModel;
  readonly data: Dataset;
  readonly dataHash: string;
  readonly validation: Dataset | null;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** The dimension of time that is cut, and the steps of a piece. */
  readonly pieces: { readonly time: string; readonly steps: number } | null;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | null;
  readonly checkpoint: { readonly path: string; readonly everySteps: number | null } | null;
  readonly resume: boolean;
  /** Null: as it was. */
  readonly seed: number | null;
}
interface Fitting extends Plan {
  readonly learner: Learner;
  readonly device: Device;
  readonly live: Live;
  readonly run: Run;
  stopped: boolean;
  /** The last checkpoint of this call. */
  saved: Saved | null;
}

/** The caller has the learner to itself. */
export async function fitOn(
  learner: Learner,
  device: Device,
  plan: Plan,
  purpose: Purpose,
): Promise<History> {
  const { state } = learner;
  state.seed = plan.seed ?? state.seed;
  const run = runOf(learner, plan);
  state.run = run;
  const live = await liveFor(learner, device, purpose);
  const fitting: Fitting = { ...plan, learner, device, live, run, stopped: false, saved: null };
  learner.capture = () => remember(fitting);
  try {
    await train(fitting);
    pull(learner);
    refuseInfinite(learner.network, state.step);
  } catch (error) {
    throw withCheckpoint(error, fitting);
  } finally {
    remember(fitting);
    pull(learner);
    learner.capture = null;
  }
  return run.history;
}

/** A step that went wrong also names the last checkpoint. */
function withCheckpoint(error: unknown, { saved, callbacks }: Fitting): unknown {
  if (!(error instanceof UnrollError)) return error;
  const all = [saved, ...callbacks.map((callback) => callback.lastSaved?.() ?? null)].filter(
    (one) => one !== null,
  );
  const last = all.sort((a, b) => a.step - b.step).at(-1);
  if (last === undefined) return error;
  const { where, expected, got, fix } = error;
  const told = `${fix} The last checkpoint is ${last.path}, after step ${last.step}.`;
  return new UnrollError({ where, expected, got, fix: told }, { cause: error });
}

/** Where the last call was interrupted, with `resume`, or a new beginning. */
function runOf({ state, network }: Learner, plan: Plan): Run {
  const { resume, dataHash, initialEpoch } = plan;
  if (!resume || state.run === null) return freshRun(initialEpoch, dataHash);
  refuseUnless(state.run.data === dataHash, {
    where: "model.fit(x, y, { resume: true })",
    expected: "the data, their weights, batchSize, tbptt and shuffle of the training that was interrupted",
    got: "other data, or data cut another way",
    fix: "Give the same data, cut the same way, or leave out resume to begin anew with these weights.",
  });
  refuseOtherBatch(state.run, network, plan);
  return state.run;
}

/** What is carried from piece to piece is of the rows of the batch that the run is in. */
function refuseOtherBatch({ batch, carried }: Run, network: Network, { data, batchSize }: Plan): void {
  const states = Object.entries(carried);
  if (states.length === 0) return;
  const rows = Math.min(batchSize, data.rows - batch * batchSize);
  const sizes = stateSizes(network);
  const other = states.find(([name, { length }]) => length !== rows * (sizes.get(name) ?? 0));
  refuseUnless(other === undefined, {
    where: "model.fit(x, y, { resume: true })",
    expected: `a checkpoint with states of ${rows} rows, as its batch has`,
    got: `others of "${other?.[0]}"`,
    fix: damaged,
  });
}
const damaged = "The checkpoint is damaged: resume from a copy, or leave out resume.";

async function train(fitting: Fitting): Promise<void> {
  const { run, epochs, callbacks, learner } = fitting;
  const saved = run.callbacks;
  await tell(fitting, "onTrainBegin", {});
  callbacks.forEach((callback, k) => {
    if (saved[k] !== undefined && saved[k] !== null) callback.setState?.(saved[k]);
  });
  while (run.epoch < epochs && !fitting.stopped && !aborted(fitting)) {
    if (run.batch === 0 && run.piece === 0) await tell(fitting, "onEpochBegin", {});
    if (fitting.stopped || !(await trainEpoch(fitting))) break;
    await endEpoch(fitting);
  }
  if (fitting.saved?.step !== learner.state.step) await save(fitting);
  if (!aborted(fitting)) await tell(fitting, "onTrainEnd", lastFigures(run.history));
}

/** False when it was stopped before its end. */
async function trainEpoch(fitting: Fitting): Promise<boolean> {
  const { data, batchSize, run, learner, shuffle } = fitting;
  const { seed, epochs: epoch } = learner.state;
  const order = orderOf(data.rows, shuffle ? { seed, epoch } : null);
  while (run.batch * batchSize < data.rows) {
    const from = run.batch * batchSize;
    const feed = feedOf(data, order.subarray(from, from + batchSize));
    if (!(await trainBatch(fitting, feed))) return false;
  }
  return true;
}

/** The pieces of a batch, or the batch as one. False when it was stopped before the end of the epoch. */
async function trainBatch(fitting: Fitting, feed: Feed): Promise<boolean> {
  const { run, data, live, learner, pieces, batchSize } = fitting;
  const { goals, timeReduction } = learner.compiled;
  const all = pieces === null ? 1 : Math.ceil((feed.times[pieces.time] ?? 1) / pieces.steps);
  refuseUnless(run.piece < all, {
    where: "model.fit(x, y, { resume: true })",
    expected: `a checkpoint inside a batch of ${all} ${all === 1 ? "piece" : "pieces"}`,
    got: `one after piece ${run.piece}`,
    fix: damaged,
  });
  for (let k = run.piece; k < all; k++) {
    if (aborted(fitting)) return false;
    const part = pieces === null ? feed : piece(feed, data, spanOf(pieces, k));
    const states = statesBefore(learner.network, feed.rows, run.carried);
    const made = await trainOn(learner, live, part, states);
    statesAfter(learner.network, feed.rows, made.states);
    const isLater = k > 0 && timeReduction === "sum";
    run.sums = plus(run.sums, isLater ? ofLaterPiece(goals, made.sums) : made.sums);
    const last = k + 1 === all;
    run.batch += last ? 1 : 0;
    run.piece = last ? 0 : k + 1;
    run.carried = last ? {} : Object.fromEntries(made.states);
    await afterStep(fitting);
    const epochIsDone = last && run.batch * batchSize >= data.rows;
    if (fitting.stopped && !epochIsDone) return false;
  }
  return true;
}

const spanOf = ({ time, steps }: { readonly time: string; readonly steps: number }, k: number): Span => ({
  time,
  from: k * steps,
  to: (k + 1) * steps,
});

async function afterStep(fitting: Fitting): Promise<void> {
  const { run, learner, checkpoint, callbacks } = fitting;
  if (callbacks.length > 0)
    await tell(fitting, "onStepEnd", run.sums === null ? {} : figuresOf(learner.compiled.goals, run.sums));
  await breathe();
  const every = checkpoint?.everySteps ?? null;
  if (every !== null && learner.state.step % every === 0) await save(fitting);
}

async function endEpoch(fitting: Fitting): Promise<void> {
  const { run, learner, validation, device, batchSize, checkpoint } = fitting;
  const { goals } = learner.compiled;
  const figures = run.sums === null ? { loss: 0 } : figuresOf(goals, run.sums);
  const others = validation === null ? {} : await evaluateAll(learner, device, validation, batchSize);
  for (const [name, figure] of Object.entries(others)) figures[prefixed("val", name)] = figure;
  record(run.history, run.epoch, figures);
  learner.state.epochs++;
  run.epoch++;
  run.sums = null;
  run.batch = 0;
  await tell(fitting, "onEpochEnd", figures, run.epoch - 1);
  if (checkpoint !== null) await save(fitting);
}

async function save(fitting: Fitting): Promise<void> {
  const { checkpoint, model, learner } = fitting;
  if (checkpoint === null) return;
  await model.save(checkpoint.path);
  fitting.saved = { path: checkpoint.path, step: learner.state.step };
}

/** Puts into the state what only the callbacks know. */
function remember({ run, callbacks }: Fitting): void {
  run.callbacks = callbacks.map((callback) => callback.getState?.() ?? null);
}

type Figures = Readonly<Record<string, number>>;
type HookName = "onTrainBegin" | "onEpochBegin" | "onStepEnd" | "onEpochEnd" | "onTrainEnd";

async function tell(
  fitting: Fitting,
  hook: HookName,
  logs: Figures,
  epoch = fitting.run.epoch,
): Promise<void> {
  const { model, learner, callbacks } = fitting;
  if (callbacks.length === 0) return;
  const moment: TrainingMoment = {
    epoch,
    step: learner.state.step,
    logs,
    model,
    stop: () => {
      fitting.stopped = true;
    },
  };
  for (const callback of callbacks) await callback[hook]?.(moment);
}

const aborted = ({ signal }: Plan): boolean => signal?.aborted ?? false;

function lastFigures({ history }: History): Record<string, number> {
  return Object.fromEntries(Object.entries(history).map(([name, figures]) => [name, figures.at(-1) ?? 0]));
}
