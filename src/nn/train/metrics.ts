/**
 * Metrics: (prediction, target) of one step to one number, averaged over all steps that count. Names and rules are
 * those of Keras; `perplexity` and `bitsPerToken` are functions of the mean cross-entropy.
 *
 * As in Keras, sample and class weights weigh the loss and not the metrics. Masked steps, steps beyond the length of a
 * row and steps of the loss's `ignoreClass` count in neither.
 */
import type { Node } from "../../core/graph/nodes.ts";
import { equal, greater, iota, max, mean, neg, reshape, toFloat, where } from "../../core/graph/operators.ts";
import { widthOf } from "../../core/graph/shapes.ts";
import { exp } from "../../core/run/math.ts";
import { UnrollError } from "../../errors.ts";
import { nearest } from "../../spelling.ts";
import { checkOptions, number } from "../options.ts";
import {
  categoricalCrossentropy,
  type Loss,
  type LossName,
  likelihoodNames,
  lossNamed,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./losses.ts";
import { refuseUnless } from "./refuse.ts";
import { type AnyLoss, isOfSequences, type SequenceLoss } from "./sequenceLosses.ts";

/** A metric. One of your own needs a name and `perStep`. */
export interface Metric {
  /** The key in History. */
  readonly metric: string;
  /** What makes the same metric again. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The number of a step, `[..., 1]`; the target is int32 without features where the loss takes classes. */
  readonly perStep: (prediction: Node, target: Node) => Node;
  /** From the mean over all steps to the figure that is shown. Default: the mean itself. */
  readonly figure?: (mean: number) => number;
}
export type MetricName =
  | "accuracy"
  | "acc"
  | "binaryAccuracy"
  | "categoricalAccuracy"
  | "sparseCategoricalAccuracy"
  | "mse"
  | "mae"
  | "perplexity"
  | "bitsPerToken"
  | LossName;

/** The fraction of features on the right side of `threshold` (default 0.5). */
export function binaryAccuracy(options: { readonly threshold?: number } = {}): Metric {
  checkOptions("binaryAccuracy", options, { threshold: number });
  const { threshold = 0.5 } = options;
  const perStep = (prediction: Node, target: Node): Node =>
    mean(equal(target, greater(prediction, threshold)));
  return { metric: "binaryAccuracy", options: { threshold }, perStep };
}

/** Whether the largest prediction is at the largest target; of equal ones the first counts. */
export function categoricalAccuracy(): Metric {
  const perStep = (prediction: Node, target: Node): Node => equal(place(prediction), place(target));
  return { metric: "categoricalAccuracy", perStep };
}

/** Whether the largest prediction is that of the class which the target names. */
export function sparseCategoricalAccuracy(): Metric {
  const perStep = (prediction: Node, target: Node): Node =>
    equal(place(prediction), toFloat(reshape(target, [...target.shape, 1])));
  return { metric: "sparseCategoricalAccuracy", perStep };
}

/** The power of e of the mean cross-entropy: from how many tokens the model seems to choose. */
export function perplexity(): Metric {
  return { ...crossentropyOf(), metric: "perplexity", figure: (nats) => exp(nats) };
}

/** The mean cross-entropy in bits. */
export function bitsPerToken(): Metric {
  return { ...crossentropyOf(), metric: "bitsPerToken", figure: (nats) => nats / Math.LN2 };
}

/** A metric as `compile` is told. Throws an UnrollError where the loss is one of whole sequences. */
export function metricFor(asked: MetricName | Metric, loss: AnyLoss, width: number): Metric {
  if (isOfSequences(loss)) throw ofSteps(typeof asked === "string" ? asked : asked.metric, loss);
  return typeof asked === "string" ? metricNamed(asked, loss, width) : asked;
}

function ofSteps(metric: string, { loss }: SequenceLoss): UnrollError {
  return new UnrollError({
    where: "model.compile({ metrics })",
    expected: `no metrics for an output with the loss "${loss}", which sequences have as a whole`,
    got: `"${metric}"`,
    fix: "Leave it out, or give a record of lists by output; count mistakes in what predict says.",
  });
}

/** A metric by name, for an output of `width` features that is trained by `loss`. */
export function metricNamed(name: string, loss: Loss, width: number): Metric {
  const kind = loss.target === "class" ? "classes" : "values";
  refuseUnless(goesWith(loss, name), {
    where: "model.compile({ metrics })",
    expected: `metrics that go with the loss "${loss.loss}", whose targets are ${kind}`,
    got: JSON.stringify(name),
    fix: 'Use "accuracy", the name of that loss, or a metric of such targets; a record gives each output its own.',
  });
  const metric = known(name, loss, width);
  refuseUnless(metric !== null, {
    where: "model.compile({ metrics })",
    expected: `some of ${metricNames.join(", ")}, or the name of the loss`,
    got: JSON.stringify(name),
    fix:
      nearest(name, metricNames) === undefined
        ? "Use one of these names."
        : `Did you mean "${nearest(name, metricNames)}"?`,
  });
  return { ...ofMean(metric, name === loss.loss ? undefined : loss.distribution), metric: name };
}

/** Classes are no values; other distributions have other predictions. */
function goesWith({ loss, target }: Loss, name: string): boolean {
  if (!metricNames.includes(name) || [loss, "accuracy", "acc", "perplexity", "bitsPerToken"].includes(name))
    return true;
  return !likelihoodNames.includes(name) && name.startsWith("sparse") === (target === "class");
}

/** A metric of numbers where the prediction is a distribution: it sees the mean. */
function ofMean(metric: Metric, distribution: Loss["distribution"]): Metric {
  if (distribution === undefined) return metric;
  const meanOf = (prediction: Node): Node => distribution(widthOf(prediction)).mean(prediction);
  return { ...metric, perStep: (prediction, target) => metric.perStep(meanOf(prediction), target) };
}

/** All names that `compile` knows. */
export const metricNames: readonly string[] = [
  "accuracy",
  "acc",
  "binaryAccuracy",
  "categoricalAccuracy",
  "sparseCategoricalAccuracy",
  "mse",
  "mae",
  "perplexity",
  "bitsPerToken",
  "meanSquaredError",
  "meanAbsoluteError",
  "huber",
  "binaryCrossentropy",
  "categoricalCrossentropy",
  "sparseCategoricalCrossentropy",
  ...likelihoodNames,
];

function known(name: string, loss: Loss, width: number): Metric | null {
  if (name === "accuracy" || name === "acc") return accuracy(loss, width);
  if (name === "binaryAccuracy") return binaryAccuracy();
  if (name === "categoricalAccuracy") return categoricalAccuracy();
  if (name === "sparseCategoricalAccuracy") return sparseCategoricalAccuracy();
  if (name === "mse") return lossMetric(meanSquaredError());
  if (name === "mae") return lossMetric(meanAbsoluteError());
  if (name === "perplexity") return { ...perplexity(), ...crossentropyOf(loss) };
  if (name === "bitsPerToken") return { ...bitsPerToken(), ...crossentropyOf(loss) };
  if (name === loss.loss) return lossMetric(loss);
  return metricNames.includes(name) ? lossMetric(lossNamed(name)) : null;
}

/** Keras's choice: one feature is a yes or no, a class as target is compared with the largest prediction. */
function accuracy(loss: Loss, width: number): Metric {
  if (width === 1) return binaryAccuracy();
  return loss.target === "class" ? sparseCategoricalAccuracy() : categoricalAccuracy();
}

const lossMetric = ({ loss, perStep }: Loss): Metric => ({ metric: loss, perStep });

/** The cross-entropy that `loss` is, or without one, or another, that of classes. */
function crossentropyOf(loss?: Loss): Omit<Metric, "metric"> {
  if (loss?.loss.endsWith("Crossentropy")) return { perStep: loss.perStep };
  const ofClasses = loss === undefined || loss.target === "class";
  return { perStep: (ofClasses ? sparseCategoricalCrossentropy() : categoricalCrossentropy()).perStep };
}

/** The first place of the largest value on the last axis. */
function place(x: Node): Node {
  const n = widthOf(x);
  return neg(max(where(equal(x, max(x)), neg(iota(n)), -n)));
}
