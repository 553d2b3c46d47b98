/**
 * The plan: a computation becomes a program and a description of the memory it works on. The order of the passes is
 * the list below; each is a pure function of its own file.
 */

import type { Computation } from "../graph/computation.ts";
import type { Node } from "../graph/nodes.ts";
import { joinSites } from "../graph/operators.ts";
import { rewrite } from "../graph/rewrite.ts";
import { sitesOf } from "../graph/shapes.ts";
import { readersOf, replaysOf } from "./checkpoint.ts";
import { inMemory } from "./copied.ts";
import { checked } from "./debug.ts";
import type { Plan } from "./described.ts";
import { fuse } from "./fuse.ts";
import { ground } from "./ground.ts";
import { leavesOf } from "./leaves.ts";
import { checkLimits } from "./limits.ts";
import { lower } from "./lower/lower.ts";
import { type Placement, place } from "./place.ts";
import { prune } from "./prune.ts";
import { rotate } from "./rotate.ts";
import { simplify } from "./simplify.ts";
import { splitSums } from "./splitSums.ts";
import { type StagedSection, store } from "./store.ts";
import { sumTime } from "./sumTime.ts";
import { tabulate } from "./tabulate.ts";
import type { Target } from "./target.ts";
import { hasRows } from "./values.ts";
import { vanish } from "./vanish.ts";

/** Graph to graph, in this order. */
const passes = [
  withoutStops,
  sumTime,
  simplify,
  rotate,
  simplify,
  vanish,
  simplify,
  splitSums,
  prune,
  ground,
] as const;

export function plan(computation: Computation, target: Target): Plan {
  const { outputs, gradients } = computation;
  const known = gradients.filter((gradient) => gradient !== null);
  const given = [...outputs.map((output) => asComputed(output)), ...known];
  const normal = passes.reduce<readonly Node[]>(
    (now, pass) => checked(pass.name, pass(now)),
    checked("given", given),
  );
  checkLimits(normal, computation);
  const { roots, tables } = tabulate(normal, computation.weights);
  checked(tabulate.name, roots);
  const leaves = roots.map((root) => (hasRows(root.shape) ? null : leavesOf(root)));
  const needed = roots.flatMap((root, k) => leaves[k]?.flatMap(({ needs }) => needs) ?? [root]);
  const placement = place(needed);
  const at = new Map<Node, Node>(needed.map((node, k) => [node, placement.roots[k] as Node]));
  const staged = placement.sections.map((section) => ({ section, phases: phasesOf(section, placement) }));
  const readers = readersOf(placement);
  const stores = store(placement, staged, readers, target.lanes);
  const replays = replaysOf(placement, staged, stores, readers);
  return lower({ computation, target, placement, staged, stores, replays, roots, tables, leaves, at });
}

/** Where gradients stop matters to differentiation alone. */
function withoutStops(roots: readonly Node[]): readonly Node[] {
  return rewrite(roots, (node) => (node.op === "stopGradient" ? node.inputs[0] : node));
}

/** An output that is only a view or an input gets memory of its own; its sites lie one after the other. */
function asComputed(output: Node): Node {
  if (sitesOf(output) > 1) return joinSites(output);
  if (output.op === "reshape" && hasRows(output.shape) && hasRows(output.inputs[0].shape))
    return asComputed(output.inputs[0]);
  return inMemory(output);
}

function phasesOf(section: Placement["sections"][number], { values }: Placement): StagedSection["phases"] {
  if (section.kind === "once") return { before: fuse(section.nodes, values), step: [], after: [] };
  return {
    before: fuse(section.before, values),
    step: fuse(section.step, values),
    after: fuse(section.after, values),
  };
}
