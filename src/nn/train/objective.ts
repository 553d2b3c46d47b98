/**
 * What is minimised, as a computation: from the outputs of a traced network and their targets, the sums of losses and
 * metrics over all steps that count, and the gradient of the loss with respect to every weight that is trained.
 *
 *   loss = scale * sum over steps of weight * loss of the step      scale = 1 / (steps that count), from the host
 *
 * What counts is known to the host before the run (counts.ts) and comes in as numbers, one a step: 0 beyond the length
 * of a row, 0 where a mask or an ignored class says so, else 1, or the weight of the sample.
 */

import { differentiate } from "../../core/grad/gradients.ts";
import { parameter } from "../../core/graph/build.ts";
import { type Dim, type Node, rows } from "../../core/graph/nodes.ts";
import { add, joinSites, mean, mul, sumLeading } from "../../core/graph/operators.ts";
import { simplify } from "../../core/plan/simplify.ts";
import type { Computation, Parameter } from "../../core/run/device.ts";
import { inPlace, invariant } from "../../errors.ts";
import type { Value } from "../layers/layer.ts";
import { inputsOf, type Traced } from "../model/trace.ts";
import { nodeMade } from "../operands.ts";
import { targetWidth } from "./loss.ts";
import type { Metric } from "./metrics.ts";
import { type AnyLoss, isOfSequences } from "./sequenceLosses.ts";

/** What one output is trained for. */
export interface Goal {
  /** The name of the output. */
  readonly name: string;
  readonly loss: AnyLoss;
  readonly metrics: readonly Metric[];
}
/** Which numbers come in with each step of an output. */
export interface Given {
  /** 0 or 1: whether the step counts. */
  readonly counts: boolean;
  /** The weight of the step in the loss; 0 where it does not count. */
  readonly weights: boolean;
  /** For a loss whose targets are labels: how many a row has room for. */
  readonly labels?: number;
}
/** A goal as parts of a computation. */
export interface GoalParts {
  readonly target: Parameter;
  readonly counts: Parameter | null;
  readonly weights: Parameter | null;
  /** `[1]`: one over the divisor of the loss. */
  readonly scale: Parameter;
  /** `[time, rows, 1]` or `[rows, 1]`: the loss of each step times its weight; 0 where it does not count. */
  readonly losses: Node;
  /** The sum of the losses, then of each metric. */
  readonly sums: readonly Node[];
}
export interface Objective {
  /** Inputs: the network's, random keys, first states that are given, and for each goal its parameters. */
  readonly computation: Computation;
  readonly goals: readonly GoalParts[];
}

/**
 * `trained[k]` says whether weight k gets a gradient; null: none does, the computation only evaluates. Outputs: the
 * sums of each goal, then the last values of the states whose first values are given.
 */
export function objectiveOf(
  traced: Traced,
  goals: readonly Goal[],
  given: readonly Given[],
  trained: readonly boolean[] | null,
): Objective {
  const parts = goalParts(traced, goals, given);
  const states = traced.states.flatMap(({ initial, final }) => (initial === null ? [] : [final]));
  const outputs = [...parts.flatMap(({ sums }) => sums), ...states];
  const shared = { inputs: endsOf(traced, parts), lengths: traced.lengths, weights: traced.weights };
  if (trained === null) return { computation: { ...shared, outputs, gradients: [] }, goals: parts };

  const wrt = traced.weights.filter((_, k) => trained[k]);
  const answer = differentiate({ roots: simplify([lossOf(parts), ...outputs]), wrt });
  const found = answer.gradients.values();
  const gradients = traced.weights.map((_, k) => (trained[k] ? (found.next().value ?? null) : null));
  return { computation: { ...shared, outputs: answer.roots.slice(1), gradients }, goals: parts };
}

export function goalParts(
  traced: Traced,
  goals: readonly Goal[],
  given: readonly Given[],
): readonly GoalParts[] {
  return goals.map((goal, k) =>
    partsOf(goal, traced.outputs[k], given[k] ?? { counts: false, weights: false }),
  );
}

/** What is minimised, `[1]`. */
export function lossOf(parts: readonly GoalParts[]): Node {
  const [first = scaleless(), ...rest] = parts.map(({ sums: [sum], scale }) => mul(sum as Node, scale));
  return add(first, ...rest);
}

/** The arrays that go with these come in the same order. */
export function endsOf(traced: Traced, parts: readonly GoalParts[]): readonly Parameter[] {
  const own = parts.flatMap(({ target, counts, weights, scale }) => [target, counts, weights, scale]);
  return [...inputsOf(traced), ...own.filter((input) => input !== null)];
}

function partsOf({ name, loss, metrics }: Goal, output: Value | undefined, given: Given): GoalParts {
  invariant(output !== undefined, "objective: a goal for an output that the network does not have");
  const { node, time } = output;
  const leading: readonly Dim[] = time === null || isOfSequences(loss) ? [rows] : [time, rows];
  const target = targetOf(name, loss, node, given);
  const perStep = (what: string): Parameter => parameter(`${name}/${what}`, [...leading, 1]);
  const counts = given.counts ? perStep("counts") : null;
  const weights = given.weights ? perStep("weights") : null;

  const figure = (where: string, of: Metric["perStep"]): Node => {
    const made = inPlace(where, () => nodeMade(where, [...node.shape.slice(0, -1), 1], of(node, target)));
    return overPixels(made, leading.length);
  };
  const losses = isOfSequences(loss)
    ? loss.perSequence(output, target)
    : figure(`the loss "${loss.loss}"`, loss.perStep);
  const weighted = (values: Node, factor: Node | null): Node =>
    factor === null ? values : mul(values, factor);
  const total = (values: Node): Node => sumLeading(values, leading.length);
  const ofSteps = isOfSequences(loss) ? null : loss.perStep;
  const sums = metrics.map(({ metric, perStep: of }) =>
    total(weighted(of === ofSteps ? losses : figure(`the metric "${metric}"`, of), counts)),
  );
  const counted = weighted(losses, weights ?? counts);
  return {
    target,
    counts,
    weights,
    scale: parameter(`${name}/scale`, [1]),
    losses: counted,
    sums: [total(counted), ...sums],
  };
}

/** Of an image the mean of its pixels: `[..., height, width, 1]` to `[..., 1]`. */
const overPixels = (values: Node, leading: number): Node =>
  values.shape.length > leading + 1 ? mean(joinSites(values)) : values;

function targetOf(name: string, loss: AnyLoss, { shape }: Node, { labels = 1 }: Given): Parameter {
  if (loss.target === "labels") return parameter(`${name}/target`, [rows, labels]);
  if (loss.target === "class" || isOfSequences(loss))
    return parameter(`${name}/target`, shape.slice(0, -1), "int32");
  return parameter(`${name}/target`, [...shape.slice(0, -1), targetWidth(loss, Number(shape.at(-1)))]);
}

function scaleless(): never {
  invariant(false, "objective: nothing to minimise");
}
