/**
 * Teacher forcing (Williams and Zipser 1989), for a cell whose output is its only state: trained from targets, a step
 * is fed the target of the step before in place of the output. No step waits for another then, and all are run at once.
 *
 *   forced    y_t = step(x_t, target_{t-1})                            for all t together, without a scan
 *   sampled   y_t = step(x_t, drawn_t < p ? y_{t-1} : target_{t-1})    Bengio et al. 2015
 */
import { parameter } from "../../core/graph/build.ts";
import { type Dim, type Node, type NodeOf, rows } from "../../core/graph/nodes.ts";
import { greater, type Operand, random, where } from "../../core/graph/operators.ts";
import { substitute } from "../../core/graph/rewrite.ts";
import { invariant } from "../../errors.ts";
import { type Check, isPlain, whole } from "../options.ts";
import type { Context } from "./layer.ts";
import type { Equipped, Step } from "./step.ts";

/**
 * The fraction of steps that are fed their own output in training: one for all, or one that grows from `from` (default
 * 0) to `to` (default 1) over so many optimizer steps.
 */
export type Sampling = number | { readonly from?: number; readonly to?: number; readonly steps: number };
export interface Teacher {
  readonly sampling: Sampling;
}

const isShare = (x: unknown): boolean => typeof x === "number" && x >= 0 && x <= 1;
export const samplingCheck: Check = {
  expected: "a number from 0 to 1, or { from, to, steps }: two such numbers and a whole number of 1 or more",
  holds: (x) => isShare(x) || (isPlain(x) && "steps" in x && Object.entries(x).every(isOfRamp)),
};
const isOfRamp = ([name, value]: readonly [string, unknown]): boolean =>
  name === "steps" ? whole(1).holds(value) : (name === "from" || name === "to") && isShare(value);

/** The output of every step, `[time, rows, ...]`: the equation of one example holds for all of them as it stands. */
export function forced({ cell, sizes, weights }: Equipped, x: Node, fed: Node): Node {
  // Inside a step a signal is a node: Signal is its public face.
  const made = cell.equation.step(x as never, { [cell.output]: fed }, weights, sizes);
  const output = made[cell.output] as unknown as Node | undefined;
  invariant(output, "teacher: a cell gives its output");
  return output;
}

/** What some steps are fed: a sequence with its slice in the step, and the draws that tell which. */
export interface Sampled {
  readonly rate: Operand;
  readonly fed: Sequence;
  /** `[time, rows, 1]` */
  readonly drawn: Sequence;
}
interface Sequence {
  readonly sequence: Node;
  readonly slice: NodeOf<"parameter">;
}

export function sampledFeed(sampling: Sampling, fed: Node, time: Dim, context: Context): Sampled {
  const drawn = random(context.key("scheduledSampling", true), [time, rows, 1]);
  const sliced = (sequence: Node, name: string): Sequence => ({
    sequence,
    slice: parameter(name, sequence.shape.slice(1)),
  });
  return { rate: rateOf(sampling, context), fed: sliced(fed, "fed"), drawn: sliced(drawn, "drawn") };
}

function rateOf(sampling: Sampling, context: Context): Operand {
  if (typeof sampling === "number") return sampling;
  const { from = 0, to = 1, steps } = sampling;
  return context.atStep((step) => from + (to - from) * Math.min(1, step / steps));
}

/** The step, lifted to all rows, with the target of the step before in the place of the state where so drawn. */
export function sampledStep(step: Step, state: string, { rate, fed, drawn }: Sampled): Step {
  const own = step.states[state];
  invariant(own, "teacher: the output is a state");
  const names = Object.keys(step.results);
  const seen = where(greater(rate, drawn.slice), own, fed.slice);
  const results = substitute(Object.values(step.results), new Map<Node, Node>([[own, seen]]));
  return { ...step, results: Object.fromEntries(names.map((name, k) => [name, results[k] as Node])) };
}
