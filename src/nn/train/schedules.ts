/**
 * Learning rates that change from step to step: functions of the number of steps done, computed with our own `pow`
 * and `cos`, so that they are the same on every machine. Rules and options are those of Keras 3; `warmup` is ours.
 */
import { cos, pow } from "../../core/run/math.ts";
import { above0, type Check, checkOptions, flag, from0, number, orNull, record } from "../options.ts";
import { refuseUnless } from "./refuse.ts";

/** A learning rate as a function of the number of steps done, with what is needed to make it again. */
export interface Schedule {
  readonly schedule: ScheduleName;
  readonly options: Readonly<Record<string, unknown>>;
  readonly at: (step: number) => number;
}
export type ScheduleName = "exponentialDecay" | "cosineDecay" | "piecewiseConstantDecay" | "warmup";
/** A number, a schedule, or a function of the number of steps done (0 before the first). */
export type LearningRate = number | Schedule | ((step: number) => number);

const listOfRates: Check = {
  expected: "a list of numbers of 0 or more, as float32 holds them",
  holds: (x) => Array.isArray(x) && [...x].every(from0.holds),
};
const ascending: Check = {
  expected: "a list of ascending numbers",
  holds: (x) =>
    Array.isArray(x) && [...x].every((one, k) => number.holds(one) && (k === 0 || one > x[k - 1])),
};
/** What a learning rate has to be. */
export const learningRateCheck: Check = {
  expected: "a number of 0 or more, a schedule, or a function of the step",
  holds: (x) => from0.holds(x) || typeof x === "function" || isSchedule(x),
};
const isSchedule = (x: unknown): boolean =>
  record.holds(x) && typeof (x as Partial<Schedule>).at === "function";

export interface ExponentialDecayOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  readonly decayRate: number;
  /** Only whole multiples of `decaySteps` count. Default: false. */
  readonly staircase?: boolean;
}
/** initialLearningRate * decayRate^(step / decaySteps). */
export function exponentialDecay(options: ExponentialDecayOptions): Schedule {
  const checks = { initialLearningRate: from0, decaySteps: above0, decayRate: from0, staircase: flag };
  checkOptions("exponentialDecay", options, checks, ["initialLearningRate", "decaySteps", "decayRate"]);
  const { initialLearningRate, decaySteps, decayRate, staircase = false } = options;
  const at = (step: number): number => {
    const passed = step / decaySteps;
    return initialLearningRate * pow(decayRate, staircase ? Math.floor(passed) : passed);
  };
  return { schedule: "exponentialDecay", options: { ...options }, at };
}

export interface CosineDecayOptions {
  readonly initialLearningRate: number;
  readonly decaySteps: number;
  /** The fraction of the rate that remains at the end. Default: 0. */
  readonly alpha?: number;
  /** Where a linear rise ends, before the decay begins. Default: no rise. */
  readonly warmupTarget?: number | null;
  readonly warmupSteps?: number;
}
/** Half a period of a cosine from the initial rate down to `alpha` times it (Loshchilov and Hutter 2016). */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const rise = { warmupTarget: orNull(from0), warmupSteps: from0 };
  const checks = { initialLearningRate: from0, decaySteps: above0, alpha: from0, ...rise };
  checkOptions("cosineDecay", options, checks, ["initialLearningRate", "decaySteps"]);
  return { schedule: "cosineDecay", options: { ...options }, at: cosineAt(options) };
}

function cosineAt(options: CosineDecayOptions): (step: number) => number {
  const { initialLearningRate: start, decaySteps, alpha = 0, warmupTarget = null, warmupSteps = 0 } = options;
  const rise = warmupTarget === null ? 0 : warmupSteps;
  const top = warmupTarget ?? start;
  return (step) => {
    if (step < rise) return start + (top - start) * (step / rise);
    const passed = Math.min(step - rise, decaySteps) / decaySteps;
    return top * ((1 - alpha) * 0.5 * (1 + cos(Math.PI * passed)) + alpha);
  };
}

export interface PiecewiseConstantDecayOptions {
  /** Ascending numbers of steps; a value holds up to its boundary, included. */
  readonly boundaries: readonly number[];
  /** One more than there are boundaries. */
  readonly values: readonly number[];
}
/** One of `values`, chosen by how many boundaries the step has passed. */
export function piecewiseConstantDecay(options: PiecewiseConstantDecayOptions): Schedule {
  const checks = { boundaries: ascending, values: listOfRates };
  checkOptions("piecewiseConstantDecay", options, checks, ["boundaries", "values"]);
  const { boundaries, values } = options;
  refuseUnless(values.length === boundaries.length + 1, {
    where: "piecewiseConstantDecay",
    expected: `${boundaries.length + 1} values for ${boundaries.length} boundaries`,
    got: `${values.length}`,
    fix: "Give one value more than there are boundaries.",
  });
  const at = (step: number): number => values[boundaries.filter((boundary) => step > boundary).length] ?? 0;
  return { schedule: "piecewiseConstantDecay", options: { ...options }, at };
}

export interface WarmupOptions {
  /** Steps of the rise. */
  readonly steps: number;
  /** The rate after the rise; a schedule counts its steps from the end of the rise. */
  readonly learningRate: LearningRate;
  /** The rate of the first step. Default: 0. */
  readonly from?: number;
}
/** A linear rise to a learning rate, and then that learning rate. */
export function warmup(options: WarmupOptions): Schedule {
  const checks = { steps: above0, learningRate: learningRateCheck, from: from0 };
  checkOptions("warmup", options, checks, ["steps", "learningRate"]);
  const { steps, learningRate, from = 0 } = options;
  const target = rateAt(learningRate, 0);
  const at = (step: number): number =>
    step < steps ? from + (target - from) * (step / steps) : rateAt(learningRate, step - steps);
  return { schedule: "warmup", options: { ...options }, at };
}

/** The learning rate after `step` steps. */
export function rateAt(rate: LearningRate, step: number): number {
  if (typeof rate === "number") return rate;
  return typeof rate === "function" ? rate(step) : rate.at(step);
}

const schedules = { exponentialDecay, cosineDecay, piecewiseConstantDecay, warmup } as const satisfies {
  readonly [K in ScheduleName]: unknown;
};

export const isScheduleName = (name: string): boolean => Object.hasOwn(schedules, name);

/** The schedule of that name with those options, from a file. */
export function scheduleNamed(name: string, options: Readonly<Record<string, unknown>>): Schedule {
  refuseUnless(isScheduleName(name), {
    where: "learningRate",
    expected: `a schedule: ${Object.keys(schedules).join(", ")}`,
    got: JSON.stringify(name),
    fix: "Use one of these names.",
  });
  // What stands in a file was written from options of the same schedule; each checks its own.
  return schedules[name as ScheduleName](options as never);
}
