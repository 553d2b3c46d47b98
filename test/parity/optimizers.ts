/** The optimizers of Keras: twenty steps of each case, element by element, in float64. */
import { readFileSync } from "node:fs";
import type { Update } from "../../src/core/graph/computation.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { evaluate, type HostValue } from "../../src/core/run/reference.ts";
import type { Optimizer } from "../../src/nn/train/optimizers.ts";
import { optimizerNamed, scalarsOf, updateOf } from "../../src/nn/train/update.ts";
import { expectClose } from "./close.ts";

type Pair = readonly [readonly (readonly number[])[], readonly number[]];
export interface OptimizerCase {
  readonly name: string;
  readonly optimizer: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly schedule: object | null;
  /** After each step. */
  readonly weights: readonly Pair[];
}
const fixture = JSON.parse(readFileSync(new URL("optimizers.json", import.meta.url), "utf8")) as {
  readonly weights: Pair;
  readonly gradients: readonly Pair[];
  readonly cases: readonly OptimizerCase[];
};
/** Those with a constant learning rate. */
export const optimizerCases: readonly OptimizerCase[] = fixture.cases.filter(
  ({ schedule }) => schedule === null,
);

/** Faults: in the equation, in the numbers and slots of the optimizer. */
export interface OptimizerFaults {
  readonly graph?: (roots: readonly Node[]) => readonly Node[];
  readonly optimizer?: (optimizer: Optimizer) => Optimizer;
}

/** Throws unless the weights are Keras's after every step. Keras computes in float32: see optimizers.test.ts. */
export function expectOptimizer(one: OptimizerCase, faults: OptimizerFaults = {}): void {
  const { graph = (roots) => roots, optimizer: change = (same) => same } = faults;
  const optimizer = change(optimizerNamed(one.optimizer, one.options));
  const update = updateOf(optimizer, null);
  const roots = graph([update.nextWeight, ...update.nextSlots]);
  const first = Object.values(optimizer.slots);
  let weights = fixture.weights.map((values) => values.flat().map((x) => [x, ...first]));
  fixture.gradients.forEach((pair, step) => {
    const gradients = pair.map((values) => values.flat());
    const norms = Float64Array.from(gradients, (own) => own.reduce((total, g) => total + g * g, 0));
    const scalars = scalarsOf(optimizer, step, norms, [true, true]);
    weights = weights.map((own, k) =>
      own.map((state, i) => stepped(update, roots, [...state, gradients[k]?.[i] ?? 0], scalars[k] ?? [])),
    );
    const wanted = one.weights[step]?.flatMap((values) => values.flat()) ?? [];
    const got = weights.flatMap((own) => own.map(([w]) => w ?? Number.NaN));
    expectClose(got, wanted, `step ${step}`, { tolerance: 2 ** -22, smallest: 1 });
  });
}

/** The weight and its slots, then its gradient: one step on. */
function stepped(
  { weight, slots, gradient, scalars }: Update,
  roots: readonly Node[],
  state: readonly number[],
  numbers: readonly number[],
): number[] {
  const scalar = (x: number | undefined): HostValue => ({
    shape: [],
    data: Float64Array.of(x ?? Number.NaN),
  });
  const given = new Map<Node, HostValue>();
  [weight, ...slots, gradient].forEach((node, k) => given.set(node, scalar(state[k])));
  scalars.forEach((node, k) => given.set(node, scalar(numbers[k])));
  return evaluate(roots, given, {}).map(({ data }) => data[0] ?? Number.NaN);
}
