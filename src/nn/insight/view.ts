/**
 * A view of a network: it is traced once more, with everything that its layers show among the outputs, and, where there
 * are targets, the loss of every step and the derivative of the loss with respect to everything shown.
 *
 *   predict   x, weights -> outputs
 *   view      x, weights -> outputs, states, values          the same scans with more of their results kept
 *   deltas    x, y, weights -> the same, losses, deltas      one reverse scan for each scan, without weight gradients
 *
 * The forward part is the graph of `predict`: what is added reads it and changes no element of it. The derivative with
 * respect to a state or value of a step comes from the reverse scan (core/grad/scan.ts, `inside`), so nothing is added
 * to the equation.
 */
import { differentiate } from "../../core/grad/gradients.ts";
import type { Node, NodeOf } from "../../core/graph/nodes.ts";
import { reverse } from "../../core/graph/operators.ts";
import { dependents } from "../../core/graph/walk.ts";
import type { Computation, Device, Executable } from "../../core/run/device.ts";
import { masksToDecode } from "../model/decoded.ts";
import type { Network } from "../model/network.ts";
import { computationOf, type Named, type Traced, trace } from "../model/trace.ts";
import type { Compiled } from "../train/compile.ts";
import { targetsOf } from "../train/fed.ts";
import { endsOf, type GoalParts, goalParts, lossOf } from "../train/objective.ts";
import type { Fed, Purpose } from "../train/program.ts";

/** A node of one layer, by the name that the layer gives it. */
export interface Shown {
  readonly layer: string;
  readonly group: keyof Named;
  readonly name: string;
  readonly node: Node;
}
export interface Delta extends Omit<Shown, "node"> {
  /** What the derivative is taken of. */
  readonly of: Node;
  /** Null: zero everywhere. */
  readonly node: Node | null;
}
export interface View extends Fed {
  readonly computation: Computation;
  /** What the outputs are compared with; none without targets. */
  readonly parts: readonly GoalParts[];
  readonly outputs: readonly Node[];
  readonly shown: readonly Shown[];
  /** `[time, rows, 1]` or `[rows, 1]`, one for each output; none without targets. */
  readonly losses: readonly Node[];
  readonly deltas: readonly Delta[];
  readonly executables: WeakMap<Device, Executable>;
}
export interface Wanted extends Pick<Purpose, "given" | "bounds"> {
  /** The layers whose first states come from outside. */
  readonly states: readonly string[];
  /** What the network was compiled with, where losses and deltas are wanted. */
  readonly compiled: Compiled | null;
  /** Whether layers are fed the targets, as in training. Default: false, as in `predict`. */
  readonly forced?: boolean;
}

const noGoals: Fed["compiled"] = { goals: [], timeReduction: "mean" };

export function viewOf(network: Network, { states, given, bounds, compiled, forced = false }: Wanted): View {
  const targets = forced && compiled ? targetsOf(network, compiled.goals) : [];
  const traced = trace(network, { training: false, states, bounds, inspect: true, targets });
  const seen = { outputs: traced.outputs.map(({ node }) => node), shown: shownIn(traced) };
  const found =
    compiled === null
      ? { ...seen, parts: [], losses: [], deltas: [] }
      : withDeltas(seen, goalParts(traced, compiled.goals, given), traced);
  const ends = [...found.outputs, ...found.shown.map(({ node }) => node), ...found.losses];
  const deltas = found.deltas.flatMap(({ node }) => node ?? []);
  return {
    network,
    traced,
    compiled: compiled ?? noGoals,
    purpose: { given },
    masks: new WeakMap(),
    computation: {
      ...computationOf(traced, [...new Set([...ends, ...deltas, ...masksToDecode(network, traced)])]),
      inputs: endsOf(traced, found.parts),
    },
    ...found,
    executables: new WeakMap(),
  };
}

/** Everything that the layers show, layers in the order of their calls. */
export function shownIn({ named }: Traced): readonly Shown[] {
  const groups = ["states", "values", "outputs"] as const;
  return Object.entries(named).flatMap(([layer, record]) =>
    groups.flatMap((group) =>
      Object.entries(record[group]).map(([name, node]): Shown => ({ layer, group, name, node })),
    ),
  );
}

type Seen = Pick<View, "outputs" | "shown">;

function withDeltas(
  { outputs, shown }: Seen,
  parts: readonly GoalParts[],
  { outputs: predictions }: Traced,
): Pick<View, "parts" | "outputs" | "shown" | "losses" | "deltas"> {
  const wanted = shown.filter(
    ({ node }) => !predictions.some((one, k) => one.node === node && passedOver(parts, k, node)),
  );
  const places = wanted.map(({ group, node }) => placeOf(group, node));
  const losses = parts.map((part) => part.losses);
  const nodes = shown.map(({ node }) => node);
  const { roots, gradientAt } = gradientsAt([lossOf(parts), ...outputs, ...nodes, ...losses], places);
  const [, ...rest] = roots;
  return {
    parts,
    outputs: rest.slice(0, outputs.length),
    shown: shown.map((one, k) => ({ ...one, node: rest[outputs.length + k] as Node })),
    losses: rest.slice(outputs.length + shown.length),
    deltas: wanted.map((one, k) => ({ ...one, of: one.node, node: gradientAt[k] ?? null })),
  };
}

/** Softmax and sigmoid: their cross-entropies are computed from what goes into them, and not from the prediction. */
function passedOver(parts: readonly GoalParts[], k: number, prediction: Node): boolean {
  const losses = parts[k]?.losses;
  return losses !== undefined && !dependents([losses], [prediction]).has(losses);
}

/** Where a derivative is taken: at a node, or inside the scan that makes it step by step. */
export interface Place {
  readonly node: Node;
  readonly inside: NodeOf<"output"> | null;
  /** Lengths by which the node is turned, where it is. */
  readonly turned: Node | null;
}

/** States and values of a recurrent layer are those of its steps: what later steps make of them counts. */
export function placeOf(group: keyof Named, node: Node): Place {
  if (group === "outputs") return { node, inside: null, turned: null };
  const [made, turned] = node.op === "reverse" ? node.inputs : [node, null];
  const stacked = made.op === "output" && made.attributes.result.kind === "stacked";
  return stacked ? { node, inside: made, turned } : { node, inside: null, turned: null };
}

/** The derivatives of the first root (or of all, with `seeds`) at some places, null where it does not depend on one. */
export function gradientsAt(
  roots: readonly Node[],
  places: readonly Place[],
  seeds?: readonly (Node | null)[],
): { readonly roots: readonly Node[]; readonly gradientAt: readonly (Node | null)[] } {
  const answer = differentiate({
    roots,
    ...(seeds ? { seeds } : {}),
    wrt: places.flatMap(({ node, inside }) => (inside === null ? node : [])),
    within: places.flatMap(({ inside }) => inside ?? []),
  });
  const [outside, inside] = [answer.gradients.values(), answer.within.values()];
  const gradientAt = places.map((place) => {
    const found = (place.inside === null ? outside : inside).next().value ?? null;
    return found && place.turned ? reverse(found, place.turned) : found;
  });
  return { roots: answer.roots, gradientAt };
}
