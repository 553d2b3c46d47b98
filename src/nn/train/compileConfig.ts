/**
 * What a model was compiled with, read from a file: every name is one there is, every option one that its function
 * has, with a value of the kind of its default.
 */
import { inPlace } from "../../errors.ts";
import { type Fields, fault, fieldsAt, listAt, numberAt, textAt } from "../model/fields.ts";
import { spelt } from "../options.ts";
import { metricNames } from "./metrics.ts";
import type { CompileConfig } from "./saved.ts";
import { scheduleNamed } from "./schedules.ts";
import { anyLossNamed, anyLossNames, anyLossOptions } from "./sequenceLosses.ts";
import { checkOptimizer, optimizerNamed } from "./update.ts";

type Named = CompileConfig["optimizer"];

/** Options that are something else than a number. */
const nullable: readonly string[] = [
  "weightDecay",
  "clipNorm",
  "globalClipNorm",
  "clipValue",
  "ignoreClass",
  "warmupTarget",
];
const flags: readonly string[] = ["nesterov", "centered", "amsgrad", "fromLogits", "staircase"];
const lists: readonly string[] = ["boundaries", "values", "probabilities"];
/** The options of each schedule, those that may be left out with "?". */
const schedules: Readonly<Record<string, readonly string[]>> = {
  exponentialDecay: ["initialLearningRate", "decaySteps", "decayRate", "staircase?"],
  cosineDecay: ["initialLearningRate", "decaySteps", "alpha?", "warmupTarget?", "warmupSteps?"],
  piecewiseConstantDecay: ["boundaries", "values"],
  warmup: ["steps", "learningRate", "from?"],
};

/** `outputs`: how many the model has. Throws an UnrollError that names the field. */
export function compileConfigFrom(config: unknown, outputs: number, where: string): CompileConfig {
  const fields = fieldsAt(config, where, ["optimizer", "outputs", "timeReduction"]);
  const goals = listAt(fields["outputs"], `${where}.outputs`, outputs);
  if (goals.length !== outputs)
    throw fault(`${where}.outputs`, `one for each of ${outputs} outputs`, spelt(goals));
  return {
    optimizer: optimizerFrom(fields["optimizer"], `${where}.optimizer`),
    outputs: goals.map((goal, k) => goalFrom(goal, `${where}.outputs[${k}]`)),
    timeReduction: textAt(fields["timeReduction"], `${where}.timeReduction`, ["mean", "sum"]) as
      | "mean"
      | "sum", // so checked
  };
}

function optimizerFrom(config: unknown, where: string): Named {
  const { name, options } = fieldsAt(config, where, ["name", "options"]);
  const known = inPlace(where, () => optimizerNamed(textAt(name, `${where}.name`)));
  const place = `${where}.options`;
  const { learningRate, ...rest } = fieldsAt(options, place, optional(known.options));
  const checked = optionsFrom(rest, place);
  inPlace(place, () => checkOptimizer(optimizerNamed(known.optimizer, checked)));
  return {
    name: known.optimizer,
    options: { ...checked, learningRate: rateFrom(learningRate, `${place}.learningRate`) },
  };
}

/** A number, or a schedule, which may hold another. */
function rateFrom(config: unknown, where: string): unknown {
  if (typeof config === "number") return numberAt(config, where);
  const { schedule, options } = fieldsAt(config, where, ["schedule", "options"]);
  const name = textAt(schedule, `${where}.schedule`, Object.keys(schedules));
  const place = `${where}.options`;
  const { learningRate, ...rest } = fieldsAt(options, place, schedules[name] ?? []);
  const checked = optionsFrom(rest, place);
  const whole =
    name === "warmup"
      ? { ...checked, learningRate: rateFrom(learningRate, `${place}.learningRate`) }
      : checked;
  if (name !== "warmup") inPlace(place, () => scheduleNamed(name, whole));
  return { schedule: name, options: whole };
}

function goalFrom(config: unknown, where: string): CompileConfig["outputs"][number] {
  const { loss, metrics } = fieldsAt(config, where, ["loss", "metrics"]);
  const known = namedFrom(loss, `${where}.loss`, anyLossNames, anyLossOptions);
  inPlace(`${where}.loss.options`, () => anyLossNamed(known.name, known.options));
  return {
    loss: known,
    metrics: listAt(metrics, `${where}.metrics`, 1000).map((metric, k) =>
      namedFrom(metric, `${where}.metrics[${k}]`, metricNames, () => ["threshold?"]),
    ),
  };
}

function namedFrom(
  config: unknown,
  where: string,
  names: readonly string[],
  optionsOf: (name: string) => readonly string[],
): Named {
  const fields = fieldsAt(config, where, ["name", "options"]);
  const name = textAt(fields["name"], `${where}.name`, names);
  const place = `${where}.options`;
  return { name, options: optionsFrom(fieldsAt(fields["options"], place, optionsOf(name)), place) };
}

/** What may be left out has its default. */
const optional = (options: object = {}): readonly string[] => Object.keys(options).map((name) => `${name}?`);

/** Numbers but for the names that stand above. */
function optionsFrom(options: Fields, where: string): Fields {
  for (const [name, value] of Object.entries(options)) {
    const place = `${where}.${name}`;
    if (value === null && nullable.includes(name)) continue;
    if (flags.includes(name) && typeof value === "boolean") continue;
    if (flags.includes(name)) throw fault(place, "true or false", spelt(value));
    if (lists.includes(name)) for (const one of listAt(value, place)) numberAt(one, place);
    else numberAt(value, place);
  }
  return options;
}
