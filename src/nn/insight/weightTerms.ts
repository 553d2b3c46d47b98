/**
 * What each step adds to the gradient of each weight.
 *
 *   in a scan       the step's own derivative (stepsBack.ts), led on to the weights that its captured nodes are made of
 *   outside         where a weight first meets data: there the delta of one step at a time is led on to the weight
 *
 *   o_t = h_t V     meets at the product     dV = the sum over t of h_t' delta o_t
 */
import { differentiate } from "../../core/grad/gradients.ts";
import { parameter } from "../../core/graph/build.ts";
import { type Node, rows } from "../../core/graph/nodes.ts";
import { topological } from "../../core/graph/walk.ts";
import type { HostValue } from "../../core/run/reference.ts";
import type { Example } from "./float64.ts";
import { formOf } from "./run.ts";
import { capturedOf, type Scan, type StepBack, stepAt, zerosOf } from "./stepsBack.ts";

/** What is added at step `t`, from 0 on; where there is no time, before all steps of the way back or behind them. */
export interface WeightTerm {
  /** The place of the weight in the order of `getWeights`. */
  readonly weight: number;
  readonly at: number | "before" | "behind";
  readonly values: Float64Array;
}

/** Nodes without rows that are made of weights and constants alone. */
export function madeOfWeights(order: readonly Node[], weights: readonly Node[]): ReadonlySet<Node> {
  const found = new Set<Node>(weights);
  const isMade = ({ inputs, shape }: Node): boolean =>
    !shape.includes(rows) &&
    inputs.some((input) => found.has(input)) &&
    inputs.every((input) => found.has(input) || input.op === "constant");
  for (const node of order) if (isMade(node)) found.add(node);
  return found;
}

/** Nodes outside the scans in which a weight, or what is made of weights alone, first meets data or rows. */
export function meetingsOf(order: readonly Node[], ofWeights: ReadonlySet<Node>): readonly Node[] {
  const meets = (node: Node): boolean =>
    node.op !== "scan" && node.op !== "output" && node.inputs.some((input) => ofWeights.has(input));
  return order.filter((node) => !ofWeights.has(node) && meets(node));
}

type Leading = (example: Example, grads: readonly HostValue[]) => readonly (Float64Array | null)[];

/** From gradients of `nodes` to those of the weights, by way of `own` nodes. */
function leading(nodes: readonly Node[], weights: readonly Node[], own: ReadonlySet<Node>): Leading {
  const seeds = nodes.map((node, k) => parameter(`seed.${k}`, node.shape));
  const { gradients } = differentiate({ roots: nodes, seeds, wrt: weights, own });
  const asked = gradients.filter((gradient) => gradient !== null);
  return (example, grads) => {
    const found = example
      .evaluate(asked, new Map(seeds.map((seed, k) => [seed, grads[k] as HostValue])))
      .values();
    return gradients.map((gradient) => gradient && (found.next().value?.data as Float64Array));
  };
}

const termsAt = (found: readonly (Float64Array | null)[], at: WeightTerm["at"]): readonly WeightTerm[] =>
  found.flatMap((values, weight) => (values === null ? [] : [{ weight, at, values }]));

/** What the steps of a scan add. */
export function termsOfScan(
  example: Example,
  scan: Scan,
  steps: readonly StepBack[],
  weights: readonly Node[],
): readonly WeightTerm[] {
  const captured = capturedOf(scan);
  const own = madeOfWeights(topological(captured), weights);
  const used = captured.flatMap((node, k) => (own.has(node) ? [{ node, k }] : []));
  if (used.length === 0) return [];
  const lead = leading(
    used.map(({ node }) => node),
    weights,
    own,
  );
  return steps.flatMap(({ captured: grads }, t) => {
    const values = used.map(({ node, k }) => ({ ...zerosOf(node), data: grads[k] as Float64Array }));
    return termsAt(lead(example, values), t);
  });
}

/** What a meeting of weights and data adds, given its delta. `behindScan`: whether the data come from a scan. */
export function termsOfMeeting(
  example: Example,
  node: Node,
  delta: HostValue,
  { weights, ofWeights }: { readonly weights: readonly Node[]; readonly ofWeights: ReadonlySet<Node> },
): readonly WeightTerm[] {
  const lead = leading([node], weights, new Set([...ofWeights, node]));
  if (formOf(node).time === null) {
    const behindScan = topological([node]).some(({ op }) => op === "scan");
    return termsAt(lead(example, [delta]), behindScan ? "before" : "behind");
  }
  const [steps = 0] = delta.shape;
  return Array.from({ length: steps }, (_, t) => {
    const { data } = stepAt(delta, t);
    const alone = new Float64Array(delta.data.length);
    alone.set(data, t * data.length);
    return termsAt(lead(example, [{ ...delta, data: alone }]), t);
  }).flat();
}
