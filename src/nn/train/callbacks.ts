/**
 * What may happen between the steps of a training: objects with any of five hooks, each given the same facts.
 *
 * A callback that keeps something from epoch to epoch tells it by `getState` and takes it back by `setState`, so that
 * a training that was interrupted goes on as if it had not been.
 */
import { UnrollError } from "../../errors.ts";
import { nearest } from "../../spelling.ts";
import { type Check, type Checks, checkOptions, flag, number, oneOf, orNull, whole } from "../options.ts";

/** The part of a tensor that callbacks need. */
interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}
/** What callbacks use of the model that is trained. `getWeights` returns copies. */
export interface TrainedModel {
  getWeights(): readonly Weight[];
  setWeights(weights: readonly Weight[]): void;
  save(path: string): Promise<void>;
}
/** The facts at a hook. */
export interface TrainingMoment {
  /** From `initialEpoch` on. */
  readonly epoch: number;
  /** Optimizer steps of this model so far. */
  readonly step: number;
  /** The figures of the epoch so far; at its end with those of the validation. */
  readonly logs: Readonly<Record<string, number>>;
  readonly model: TrainedModel;
  /** Ends the training after this step, or before the first of an epoch. */
  stop(): void;
}
/** Where a model was saved, and after which step. */
export interface Saved {
  readonly path: string;
  readonly step: number;
}
type Hook = (moment: TrainingMoment) => void | Promise<void>;
export interface Callback {
  onTrainBegin?: Hook;
  onEpochBegin?: Hook;
  onStepEnd?: Hook;
  onEpochEnd?: Hook;
  /** Not when training was interrupted by its signal. */
  onTrainEnd?: Hook;
  /** Whether it saves the model: it is then called after those that do not, so that what it saves is complete. */
  readonly saves?: boolean;
  /** A folder that it saves to and that nobody else may write to while the training goes on. */
  readonly savesTo?: string;
  /** What nobody else of the training may write: a file, or with `saves` the folder of a model. */
  readonly writes?: string;
  /** What it saved last, for the error of a step that goes wrong. */
  lastSaved?: () => Saved | null;
  /** What has to be saved with a checkpoint. */
  getState?: () => unknown;
  /** Takes back what `getState` gave. */
  setState?: (state: unknown) => void;
}

export interface MonitorOptions {
  /** A key of History. Default: "valLoss". */
  readonly monitor?: string;
  /** Whether less or more is better. Default: "max" for accuracies, "min" for all else. */
  readonly mode?: "auto" | "min" | "max";
}
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement after which training stops. Default: 0. */
  readonly patience?: number;
  /** The least change that is an improvement. Default: 0. */
  readonly minDelta?: number;
  /** A figure that has to be beaten for patience to begin anew. Default: none. */
  readonly baseline?: number | null;
  /** The first epoch that is looked at. Default: 0. */
  readonly startFromEpoch?: number;
  /** Go back to the weights of the best epoch at the end. Default: false. */
  readonly restoreBestWeights?: boolean;
}
/** Of a folder or file, as an option. */
export const pathCheck: Check = { expected: "a path", holds: (x) => typeof x === "string" && x !== "" };
const monitorChecks: Checks = {
  monitor: { ...pathCheck, expected: 'a key of History, such as "valLoss"' },
  mode: oneOf("auto", "min", "max"),
};
const stoppingChecks: Checks = {
  ...monitorChecks,
  patience: whole(0),
  minDelta: number,
  baseline: orNull(number),
  startFromEpoch: whole(0),
  restoreBestWeights: flag,
};

/** Plain data, so that it can be saved. */
interface Patience {
  readonly best: number | null;
  readonly wait: number;
  readonly weights: readonly Float32Array[] | null;
  /** Whether the last epoch ended the training: one that is resumed ends there as well. */
  readonly over?: boolean;
}

/** Stops when a figure has not improved for `patience` epochs; rules and defaults are Keras's. */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkOptions("earlyStopping", options, stoppingChecks);
  const { patience = 0, minDelta = 0, baseline = null } = options;
  const { startFromEpoch = 0, restoreBestWeights = false } = options;
  const better = comparison(options, minDelta);
  let state: Patience = { best: null, wait: 0, weights: null };
  const improve = (figure: number, model: TrainedModel): void => {
    const beats = baseline === null || better(figure, baseline);
    const weights = restoreBestWeights ? model.getWeights().map(({ data }) => Float32Array.from(data)) : null;
    state = { best: figure, wait: beats ? 0 : state.wait + 1, weights };
  };
  const isOver = (): boolean => state.over === true && state.wait >= patience;
  return {
    onTrainBegin: () => {
      state = { best: null, wait: 0, weights: null };
    },
    onEpochBegin: ({ stop }) => {
      if (isOver()) stop();
    },
    onEpochEnd: ({ epoch, logs, model, stop }) => {
      const figure = figureOf(logs, options, "earlyStopping");
      if (epoch < startFromEpoch) return;
      if (better(figure, state.best)) {
        improve(figure, model);
        return;
      }
      state = { ...state, wait: state.wait + 1, over: epoch > 0 };
      if (isOver()) stop();
    },
    onTrainEnd: ({ model }) => {
      if (state.weights !== null) restore(model, state.weights);
    },
    getState: () => state,
    setState: (saved) => {
      if (!isPatience(saved)) throw otherState("earlyStopping");
      state = saved;
    },
  };
}

export interface ModelCheckpointOptions extends MonitorOptions {
  /** The folder; "{epoch}" and "{step}" stand for their numbers. */
  readonly path: string;
  /** Save after so many optimizer steps. Default: at the end of every epoch, or of every best one with `monitor`. */
  readonly everySteps?: number;
}

const placeholders = /\{(epoch|step)\}/g;
/** Keras also takes formats and figures there: such a path would stay as it is, and each model replace the last. */
const placeCheck: Check = {
  expected: "a path, in which {epoch} and {step} alone stand for numbers",
  holds: (x) =>
    pathCheck.holds(x) && !/\{(epoch|step|batch|loss|val)/.test(String(x).replaceAll(placeholders, "")),
};

/** Saves the model while it is trained. */
export function modelCheckpoint(options: ModelCheckpointOptions): Callback {
  const checks = { ...monitorChecks, path: placeCheck, everySteps: whole(1) };
  checkOptions("modelCheckpoint", options, checks, ["path"]);
  const { path, everySteps, monitor } = options;
  const better = comparison(options, 0);
  let best: number | null = null;
  let last: Saved | null = null;
  const save = async ({ epoch, step, model }: TrainingMoment): Promise<void> => {
    const place = path.replaceAll(placeholders, (_, name) => String(name === "epoch" ? epoch : step));
    await model.save(place);
    last = { path: place, step };
  };
  return {
    saves: true,
    writes: path,
    ...(path.search(placeholders) < 0 ? { savesTo: path } : {}),
    lastSaved: () => last,
    onTrainBegin: () => {
      best = null;
    },
    onStepEnd: async (moment) => {
      if (everySteps !== undefined && moment.step % everySteps === 0) await save(moment);
    },
    onEpochEnd: async (moment) => {
      if (everySteps !== undefined) return;
      if (monitor !== undefined) {
        const figure = figureOf(moment.logs, options, "modelCheckpoint");
        if (!better(figure, best)) return;
        best = figure;
      }
      await save(moment);
    },
    getState: () => best,
    setState: (saved) => {
      if (typeof saved !== "number") throw otherState("modelCheckpoint");
      best = saved;
    },
  };
}

/** What comes from a file may be anything. */
function isPatience(state: unknown): state is Patience {
  if (typeof state !== "object" || state === null) return false;
  const { best, wait, weights, over = false } = state as Readonly<Record<string, unknown>>;
  const figure = best === null || typeof best === "number";
  const arrays =
    weights === null || (Array.isArray(weights) && weights.every((one) => one instanceof Float32Array));
  return figure && typeof wait === "number" && arrays && typeof over === "boolean";
}

export function otherState(where: string): UnrollError {
  return new UnrollError({
    where: `${where}, resumed`,
    expected: "the state of the same callback",
    got: "that of another",
    fix: "Resume with the callbacks of the training that was interrupted, in the same order.",
  });
}

function restore(model: TrainedModel, saved: readonly Float32Array[]): void {
  const weights = model.getWeights();
  weights.forEach(({ data }, k) => {
    if (saved[k]?.length === data.length) data.set(saved[k]);
  });
  model.setWeights(weights);
}

function comparison(
  options: MonitorOptions,
  minDelta: number,
): (figure: number, best: number | null) => boolean {
  const { monitor = "valLoss", mode = "auto" } = options;
  const more = mode === "max" || (mode === "auto" && /acc(uracy)?$/i.test(monitor));
  return (figure, best) => best === null || (more ? figure - minDelta > best : figure + minDelta < best);
}

function figureOf(logs: Readonly<Record<string, number>>, options: MonitorOptions, where: string): number {
  const { monitor = "valLoss" } = options;
  const figure = logs[monitor];
  if (figure !== undefined) return figure;
  const names = Object.keys(logs);
  const near = nearest(monitor, names);
  const validated = names.includes("valLoss") || !monitor.startsWith("val");
  const choice = near === undefined ? "Use one of these figures." : `Did you mean "${near}"?`;
  throw new UnrollError({
    where: `${where}({ monitor: "${monitor}" })`,
    expected: `one of ${names.join(", ")}`,
    got: `"${monitor}"`,
    fix: validated ? choice : "Give fit validationData or a validationSplit.",
  });
}
