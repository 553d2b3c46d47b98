/** The options of `fit`, checked and completed. */

import { UnrollError } from "../../errors.ts";
import { breathe, inTurns } from "../breath.ts";
import { isRecurrence } from "../layers/recurrence.ts";
import { type Check, type Checks, checkOptions, flag, fraction, record, whole } from "../options.ts";
import { type Dataset, part } from "./batches.ts";
import { type Callback, pathCheck, type TrainedModel } from "./callbacks.ts";
import { checkCallbacks } from "./checkCallbacks.ts";
import { datasetOf, hashOf } from "./dataset.ts";
import type { Plan } from "./fit.ts";
import type { Learner } from "./learner.ts";
import { inTerminal, progress } from "./progress.ts";
import { refuseUnless } from "./refuse.ts";
import { isOfSequences } from "./sequenceLosses.ts";

export interface FitOptions {
  /** Default: 1. With `resume` those of the interrupted run count too. */
  readonly epochs?: number;
  /** Default: 32. */
  readonly batchSize?: number;
  /** The fraction at the end of the data that is not trained on but evaluated after each epoch. Default: 0. */
  readonly validationSplit?: number;
  /** `[x, y]` or `[x, y, sampleWeight]`; goes before `validationSplit`. */
  readonly validationData?: readonly [x: unknown, y: unknown, sampleWeight?: unknown];
  /** Default: true. */
  readonly shuffle?: boolean;
  /** Of the order of epochs and of dropout. Default: that of the model. */
  readonly seed?: number;
  readonly callbacks?: readonly Callback[];
  /** One number a row, or one a step. */
  readonly sampleWeight?: unknown;
  readonly classWeight?: Readonly<Record<number, number>>;
  /** Stops the training between two steps; fit then returns what there is so far. */
  readonly signal?: AbortSignal;
  /** Truncated back-propagation: pieces of so many steps, the states handed on, an optimizer step a piece. */
  readonly tbptt?: { readonly steps: number };
  /** 1: a line an epoch; 0: nothing, not even that a training resumes on another device. Default: 1 in a terminal. */
  readonly verbose?: 0 | 1;
  /** The number of the first epoch. Default: 0. */
  readonly initialEpoch?: number;
  /** Saves the model there after each epoch and when training is interrupted, and every so many steps. */
  readonly checkpoint?: { readonly path: string; readonly everySteps?: number };
  /** Goes on with a run that was interrupted, or begins one. Default: false. */
  readonly resume?: boolean;
}

const list: Check = { expected: "an array", holds: Array.isArray };
const weighing: Checks = {
  sampleWeight: {
    expected: "an array or a tensor: a number a row, or one a step",
    holds: (x) => typeof x === "object" && x !== null,
  },
  classWeight: { ...record, expected: "an object with the weight of each class: { 0: 1, 1: 5 }" },
};
const checks: Checks = {
  epochs: whole(0),
  batchSize: whole(1),
  validationSplit: fraction,
  validationData: {
    expected: "[x, y] or [x, y, sampleWeight]",
    holds: (x) => Array.isArray(x) && (x.length === 2 || x.length === 3),
  },
  shuffle: flag,
  seed: whole(0),
  callbacks: list,
  ...weighing,
  signal: {
    expected: "an AbortSignal: new AbortController().signal",
    holds: (x) => typeof x === "object" && x !== null && "aborted" in x && typeof x.aborted === "boolean",
  },
  tbptt: { ...record, expected: "an object, { steps: 50 } say" },
  verbose: { expected: "0 or 1", holds: (x) => x === 0 || x === 1 },
  initialEpoch: whole(0),
  checkpoint: { ...record, expected: 'an object, { path: "folder", everySteps: 100 } say' },
  resume: flag,
};

/** Throws an UnrollError for an option of `fit` that there is not, or for a value that cannot be. */
export function checkFitOptions(options: FitOptions): void {
  checkOptions("model.fit", options, checks);
  const { callbacks = [], checkpoint, tbptt } = options;
  checkCallbacks(callbacks);
  const places = { path: pathCheck, everySteps: whole(1) };
  if (checkpoint !== undefined) checkOptions("model.fit, checkpoint", checkpoint, places, ["path"]);
  if (tbptt !== undefined) checkOptions("model.fit, tbptt", tbptt, { steps: whole(1) }, ["steps"]);
}

type Method = "evaluate" | "predict" | "trainOnBatch" | "gradients";
const others: Readonly<Record<Method, Checks>> = {
  evaluate: { ...weighing, batchSize: whole(1) },
  predict: {
    initialState: record,
    batchSize: whole(1),
    device: { expected: "the name of a device", holds: (x) => typeof x === "string" },
  },
  trainOnBatch: weighing,
  gradients: { ...weighing, training: flag },
};

/** The same for the other methods of a model. */
export function checkMethodOptions(method: Method, options: unknown): void {
  checkOptions(`model.${method}`, options, others[method]);
}

/** In pieces, as a program is made (program.ts): the model was built just now, and data may be many. */
export async function planOf(
  learner: Learner,
  model: TrainedModel,
  data: { readonly x: unknown; readonly y: unknown },
  options: FitOptions,
): Promise<Plan> {
  checkFitOptions(options);
  await breathe();
  const { epochs = 1, batchSize = 32, initialEpoch = 0, validationSplit = 0 } = options;
  const { sampleWeight, classWeight, validationData, tbptt, signal, checkpoint } = options;
  const { network, compiled } = learner;
  const all = await inTurns(datasetOf(network, compiled, { ...data, sampleWeight, classWeight }));
  const count = validationData === undefined ? Math.floor(all.rows * (1 - validationSplit)) : all.rows;
  refuseUnless(count > 0, {
    where: "model.fit({ validationSplit })",
    expected: "a split that leaves rows to train on",
    got: `${validationSplit} of ${all.rows} rows`,
    fix: "Choose a smaller fraction, or give more data.",
  });
  const own = count === all.rows ? all : part(all, 0, count);
  const hash = await inTurns(hashOf(own));
  const validation = await validationOf(learner, all, { count, given: validationData });
  return {
    model,
    data: own,
    dataHash: [hash, batchSize, tbptt?.steps ?? "whole", options.shuffle ?? true].join(" "),
    validation,
    epochs,
    initialEpoch,
    batchSize,
    shuffle: options.shuffle ?? true,
    pieces: tbptt === undefined ? null : piecesOf(learner, tbptt.steps),
    callbacks: callbacksOf(options, epochs),
    signal: signal ?? null,
    checkpoint: checkpoint ? { path: checkpoint.path, everySteps: checkpoint.everySteps ?? null } : null,
    resume: options.resume ?? false,
    seed: options.seed ?? null,
  };
}

/** Those that save the model come after those that do not; the display is last, so that places do not depend on it. */
function callbacksOf({ callbacks = [], verbose }: FitOptions, epochs: number): readonly Callback[] {
  const shown =
    (verbose ?? (inTerminal() ? 1 : 0)) === 0 ? [] : [progress(epochs, (line) => console.log(line))];
  const saves = ({ saves = false }: Callback): boolean => saves;
  return [...callbacks.filter((callback) => !saves(callback)), ...callbacks.filter(saves), ...shown];
}

async function validationOf(
  { network, compiled }: Learner,
  all: Dataset,
  { count, given }: { readonly count: number; readonly given: FitOptions["validationData"] },
): Promise<Dataset | null> {
  if (given === undefined)
    return count === all.rows ? null : { ...part(all, count, all.rows), classWeight: null };
  const [x, y, sampleWeight] = given;
  try {
    return await inTurns(datasetOf(network, compiled, { x, y, sampleWeight }));
  } catch (error) {
    throw error instanceof UnrollError ? error.within("validationData") : error;
  }
}

/** Truncated back-propagation needs one time that inputs and outputs share, and states that begin at zero. */
function piecesOf({ network, compiled }: Learner, steps: number): NonNullable<Plan["pieces"]> {
  const where = "model.fit({ tbptt })";
  const fix = "Train without tbptt.";
  const ofSequences = compiled.goals.find(({ loss }) => isOfSequences(loss));
  refuseUnless(ofSequences === undefined, {
    where,
    expected: "losses of single steps",
    got: `"${ofSequences?.loss.loss}", which a sequence has as a whole`,
    fix,
  });
  const { times, outputs, layers } = network;
  const [time] = times;
  refuseUnless(time !== undefined && times.length === 1, {
    where,
    expected: "a model with one time of any length",
    got: `${times.length} of them`,
    fix,
  });
  const other = outputs.find((output) => output.time !== time);
  refuseUnless(other === undefined, {
    where,
    expected: "an output at every step",
    got: `the output "${other?.name}" without time`,
    fix: "Set returnSequences: true on the last recurrent layer, or train without tbptt.",
  });
  const ahead = outputs.find(({ symbol }) => symbol.time !== "causal");
  refuseUnless(ahead === undefined, {
    where,
    expected: "outputs that do not look ahead in time",
    got: `the output "${ahead?.name}", which does`,
    fix: "Leave out goBackwards and bidirectional, or train without tbptt.",
  });
  const begun = layers.find(
    ({ definition }) => isRecurrence(definition) && definition.settings.initialState !== "zeros",
  );
  refuseUnless(begun === undefined, {
    where,
    expected: "recurrent layers that begin with zeros",
    got: `${begun?.label} with another initialState`,
    fix: 'Set initialState: "zeros", or train without tbptt.',
  });
  const looking = layers.find(({ definition }) => definition.looksAtSteps === true);
  refuseUnless(looking === undefined, {
    where,
    expected: "layers that hand on what they have seen from piece to piece",
    got: `${looking?.label}, which looks at all steps at once`,
    fix,
  });
  return { time, steps };
}
