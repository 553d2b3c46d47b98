/**
 * Teacher forcing (Williams and Zipser 1989), for a cell whose output is its only state: trained from targets, a step is
 * fed the target of the step before in place of the output. No step waits for another then, and all are run at once.
 *
 *   forced    y_t = step(x_t, target_{t-1})                            for all t together, without a scan
 *   sampled   y_t = step(x_t, drawn_t < p ? y_{t-1} : target_{t-1})    Bengio et al. 2015
 */
import { parameter } from "../../core/graph/build.ts";
import { type Dim, type Node, type NodeOf, rows } from "../../core/graph/nodes.ts";
import { greater, random, where } from "../../core/graph/operators.ts";
import { substitute } from "../../core/graph/rewrite.ts";
import { invariant } from "../../errors.ts";
import type { Context } from "./layer.ts";
import type { Equipped, Step } from "./step.ts";

export interface Teacher {
  /** The fraction of steps that are fed their own output in training. */
  readonly sampling: number;
}

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
  readonly rate: number;
  readonly fed: Sequence;
  /** `[time, rows, 1]` */
  readonly drawn: Sequence;
}
interface Sequence {
  readonly sequence: Node;
  readonly slice: NodeOf<"parameter">;
}

export function sampledFeed(rate: number, fed: Node, time: Dim, context: Context): Sampled {
  const drawn = random(context.key("scheduledSampling", true), [time, rows, 1]);
  const sliced = (sequence: Node, name: string): Sequence => ({
    sequence,
    slice: parameter(name, sequence.shape.slice(1)),
  });
  return { rate, fed: sliced(fed, "fed"), drawn: sliced(drawn, "drawn") };
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
