/** A training as plain data, for files: what the network was compiled with, and its training state. */
import { UnrollError } from "../../errors.ts";
import type { Network } from "../model/network.ts";
import type { Compiled } from "./compile.ts";
import type { TimeReduction } from "./counts.ts";
import { begin, learnerIn, settle } from "./learning.ts";
import { lossFor } from "./lossFor.ts";
import { binaryAccuracy, type Metric, type MetricName, metricFor, metricNames } from "./metrics.ts";
import type { Optimizer } from "./optimizers.ts";
import { isScheduleName, type LearningRate, scheduleNamed } from "./schedules.ts";
import { type AnyLoss, anyLossNamed, anyLossNames } from "./sequenceLosses.ts";
import type { TrainingState } from "./state.ts";
import { isOptimizerName, optimizerNamed } from "./update.ts";

type Options = Readonly<Record<string, unknown>>;
/** JSON. */
export interface CompileConfig {
  readonly optimizer: { readonly name: string; readonly options: Options };
  /** One for each output. */
  readonly outputs: readonly {
    readonly loss: { readonly name: string; readonly options: Options };
    readonly metrics: readonly { readonly name: string; readonly options: Options }[];
  }[];
  readonly timeReduction: TimeReduction;
}
export interface SavedTraining {
  /** Null where a part of it is a function of the user's own, which no file can hold. */
  readonly config: CompileConfig | null;
  readonly state: TrainingState;
  /** Last states of stateful layers. */
  readonly carried: Readonly<Record<string, { readonly rows: number; readonly values: Float32Array }>>;
}

/** The training of a network as it is now, or null of one that is not compiled. Typed arrays are those in use. */
export function savedTraining(network: Network): SavedTraining | null {
  settle(network);
  const learner = learnerIn(network);
  if (learner === null) return null;
  learner.capture?.();
  const { compiled, state } = learner;
  return { config: configOf(compiled), state, carried: Object.fromEntries(network.carried) };
}

/** Compiles a network as it was when it was saved, and puts its training where it was. */
export function restoreTraining(network: Network, { config, state, carried }: SavedTraining): void {
  for (const [name, values] of Object.entries(carried)) network.carried.set(name, values);
  if (config === null) return;
  const learner = begin(network, compiledFrom(config, network));
  learner.state = state;
}

export function configOf({ optimizer, goals, timeReduction }: Compiled): CompileConfig | null {
  const rate = rateConfig(optimizer.options.learningRate);
  const outputs = goals.map(({ loss, metrics }) => ({
    loss: lossConfig(loss),
    metrics: metrics.map(metricConfig),
  }));
  const { optimizer: name, options } = optimizer;
  const whole =
    isOptimizerName(name) &&
    outputs.every(({ loss, metrics }) => loss !== null && metrics.every((metric) => metric !== null));
  if (rate === null || !whole) return null;
  return {
    optimizer: { name, options: { ...options, learningRate: rate } },
    outputs: outputs as CompileConfig["outputs"], // none is null
    timeReduction,
  };
}

/** A number, or a schedule by name; null of a function, and of a schedule of the user's own. */
function rateConfig(rate: LearningRate): unknown {
  if (typeof rate === "number") return rate;
  if (typeof rate === "function" || !isScheduleName(rate.schedule)) return null;
  const { schedule, options } = rate;
  if (schedule !== "warmup") return { schedule, options };
  const inner = rateConfig(options["learningRate"] as LearningRate);
  return inner === null ? null : { schedule, options: { ...options, learningRate: inner } };
}

function rateFrom(config: unknown): LearningRate {
  if (typeof config === "number") return config;
  const { schedule, options } = (config ?? {}) as { readonly schedule?: string; readonly options?: Options };
  const given = options ?? {};
  return scheduleNamed(
    schedule ?? "",
    schedule === "warmup" ? { ...given, learningRate: rateFrom(given["learningRate"]) } : given,
  );
}

const lossConfig = ({ loss, options }: AnyLoss): { name: string; options: Options } | null =>
  anyLossNames.includes(loss) ? { name: loss, options: options ?? {} } : null;

function metricConfig({ metric, options }: Metric): { name: string; options: Options } | null {
  return metricNames.includes(metric) ? { name: metric, options: options ?? {} } : null;
}

export function compiledFrom(
  { optimizer, outputs, timeReduction }: CompileConfig,
  network: Network,
): Compiled {
  const options = { ...optimizer.options, learningRate: rateFrom(optimizer.options["learningRate"]) };
  const made: Optimizer = optimizerNamed(optimizer.name, options);
  const goals = network.outputs.map((end, k) => {
    const { name, symbol } = end;
    const saved = outputs[k];
    if (saved === undefined) throw missing(name);
    const loss = lossFor(end, anyLossNamed(saved.loss.name, saved.loss.options));
    const width = symbol.axes.at(-1) ?? 1;
    const metrics = saved.metrics.map(({ name: metric, options: own }) =>
      metricFor(metric === "binaryAccuracy" ? binaryAccuracy(own) : (metric as MetricName), loss, width),
    );
    return { name, loss, metrics };
  });
  return { optimizer: made, goals, timeReduction };
}

function missing(output: string): UnrollError {
  return new UnrollError({
    where: "the saved training",
    expected: `a loss for the output "${output}"`,
    got: "none",
    fix: "The file is not of this model, or it is damaged; compile the model anew.",
  });
}
