/** What `compile` is told, checked and completed: an optimizer, and for each output a loss and its metrics. */
import { nearest } from "../../spelling.ts";
import { endingOf } from "../layers/layer.ts";
import { isRecurrence } from "../layers/recurrence.ts";
import type { Network } from "../model/network.ts";
import { listed } from "../model/structure.ts";
import { type Check, checkOptions, isPlain, oneOf, spelt } from "../options.ts";
import type { TimeReduction } from "./counts.ts";
import { refuseOtherTeachers } from "./fed.ts";
import { isLoss, lossFor } from "./lossFor.ts";
import { type Metric, type MetricName, metricFor } from "./metrics.ts";
import type { Goal } from "./objective.ts";
import type { Optimizer, OptimizerName } from "./optimizers.ts";
import { refuseUnless } from "./refuse.ts";
import { type AnyLoss, type AnyLossName, anyLossNamed } from "./sequenceLosses.ts";
import { checkOptimizer, optimizerNamed } from "./update.ts";

type Each<T> = T | readonly T[] | { readonly [output: string]: T };
export interface CompileOptions {
  readonly optimizer: OptimizerName | Optimizer;
  /**
   * One for every output, or an array or a record of them as the outputs were given. Outputs of a layer that brings its
   * own (crf) have none.
   */
  readonly loss?: Each<AnyLossName | AnyLoss>;
  /** For every output, or a record of lists by output. Default: none. */
  readonly metrics?:
    | readonly (MetricName | Metric)[]
    | { readonly [output: string]: readonly (MetricName | Metric)[] };
  /** Over time: the mean over all steps that count, or the sum over time and the mean over rows. Default: "mean". */
  readonly timeReduction?: TimeReduction;
}
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly goals: readonly Goal[];
  readonly timeReduction: TimeReduction;
}

/** Throws an UnrollError for options that no network could be compiled with. */
export function checkCompileOptions(options: CompileOptions): void {
  const some = (expected: string): Check => ({ expected, holds: (x) => x !== null });
  const checks = {
    optimizer: some('an optimizer: adam({ learningRate: 0.01 }) or "adam"'),
    loss: some('a loss: huber({ delta: 2 }) or "huber"'),
    metrics: {
      expected: 'a list of metrics, such as ["accuracy"], or a record of lists by output',
      holds: (x: unknown) => Array.isArray(x) || (isPlain(x) && !isMetric(x)),
    },
    timeReduction: oneOf("mean", "sum"),
  };
  checkOptions("model.compile", options, checks, ["optimizer"]);
  optimizerOf(options.optimizer);
  if (typeof options.loss === "string") anyLossNamed(options.loss);
}

function optimizerOf(given: CompileOptions["optimizer"]): Optimizer {
  const made: unknown = typeof given === "string" ? optimizerNamed(given) : given;
  refuseUnless(isOptimizer(made), {
    where: "model.compile({ optimizer })",
    expected: 'an optimizer: adam({ learningRate: 0.01 }) or "adam"',
    got: typeof made,
    fix: "Call the optimizer, or give its name.",
  });
  checkOptimizer(made);
  return made;
}

function isOptimizer(x: unknown): x is Optimizer {
  if (typeof x !== "object" || x === null) return false;
  const { equation, numbers, options, slots } = x as Readonly<Record<string, unknown>>;
  return (
    typeof equation === "function" && typeof numbers === "function" && isPlain(options) && isPlain(slots)
  );
}

export function compiled(options: CompileOptions, network: Network): Compiled {
  checkCompileOptions(options);
  const { timeReduction = "mean" } = options;
  refuseOtherStates(network);
  const losses = each(network, options.loss);
  refuseOtherOutputs(network, options.metrics);
  const goals = network.outputs.map((end, k): Goal => {
    const { name, symbol } = end;
    const loss = lossFor(end, losses[k]);
    const metrics = metricsOf(options.metrics, name).map((metric) =>
      metricFor(metric, loss, symbol.axes.at(-1) ?? 1),
    );
    return { name, loss, metrics };
  });
  refuseOtherTeachers(network, goals);
  return { optimizer: optimizerOf(options.optimizer), goals, timeReduction };
}

/** Between batches a stateful layer hands on numbers: nothing is learned through its first states. */
function refuseOtherStates({ layers }: Network): void {
  const layer = layers.find(
    ({ definition }) =>
      definition.stateful && isRecurrence(definition) && definition.settings.initialState !== "zeros",
  );
  refuseUnless(layer === undefined, {
    where: layer?.label ?? "",
    expected: "a stateful layer that begins with zeros",
    got: "another initialState",
    fix: 'Leave out stateful, or set initialState: "zeros".',
  });
}

/** What is given for each output; a record may leave out those whose layer brings its own. */
function each({ outputs, outputsAs }: Network, loss: CompileOptions["loss"]): readonly unknown[] {
  const own = outputs.map(({ symbol }) => endingOf(symbol) !== null);
  if (typeof loss === "string" || isLoss(loss) || loss === undefined)
    return own.map((brings) => (brings && own.includes(false) ? undefined : loss));
  const left = outputs.filter((_, k) => own[k]).map(({ name }) => [name, undefined]);
  const given = outputsAs.as === "record" ? { ...Object.fromEntries(left), ...loss } : loss;
  return listed(outputsAs, given, "model.compile({ loss })");
}

function metricsOf(metrics: CompileOptions["metrics"], output: string): readonly (MetricName | Metric)[] {
  if (metrics === undefined) return [];
  const own: unknown = Array.isArray(metrics)
    ? metrics
    : ((metrics as Readonly<Record<string, unknown>>)[output] ?? []);
  const list = Array.isArray(own) ? own : [own];
  const at = list.findIndex((one) => typeof one !== "string" && !isMetric(one));
  const wrong: unknown = list[at];
  refuseUnless(Array.isArray(own) && at < 0, {
    where: `model.compile({ metrics }), output "${output}"`,
    expected: 'a list of metrics: ["accuracy", perplexity()]',
    got: Array.isArray(own) ? `${spelt(wrong)} at [${at}]` : spelt(own),
    fix: Array.isArray(own)
      ? 'Call the metric, or give its name. One of your own has perStep and a name, which is not "loss".'
      : "Put brackets around the names.",
  });
  return list;
}

/** Its name is a key of History: not one that is taken, nor one that objects have from elsewhere. */
function isMetric(x: unknown): x is Metric {
  if (typeof x !== "object" || x === null) return false;
  const { metric, perStep } = x as Readonly<Record<string, unknown>>;
  return (
    typeof perStep === "function" && typeof metric === "string" && !(metric in { loss: 0, prototype: 0 })
  );
}

function refuseOtherOutputs({ outputs }: Network, metrics: CompileOptions["metrics"]): void {
  if (metrics === undefined || Array.isArray(metrics)) return;
  const names = outputs.map(({ name }) => name);
  const other = Object.keys(metrics).find((name) => !names.includes(name));
  const near = nearest(other ?? "", names);
  refuseUnless(other === undefined, {
    where: "model.compile({ metrics })",
    expected: `outputs of the model: ${names.join(", ")}`,
    got: `"${other}"`,
    fix:
      near === undefined ? "Use these names, or give one list for all outputs." : `Did you mean "${near}"?`,
  });
}
