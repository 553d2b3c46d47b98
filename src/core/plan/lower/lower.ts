/** Lower: stages become functions, and the memory they ask for is described. */
import { invariant } from "../../../errors.ts";
import type { Computation, Parameter } from "../../graph/computation.ts";
import type { Node } from "../../graph/nodes.ts";
import type { Replay } from "../checkpoint.ts";
import { type Plan, type RowsPlan, weightKeyOf } from "../described.ts";
import { kindOf } from "../kinds.ts";
import type { GradientRoot } from "../leaves.ts";
import { livesOf } from "../lives.ts";
import type { Placement } from "../place.ts";
import type { ProgramFunction } from "../program.ts";
import type { Buffer, Slot, StagedSection, Stores } from "../store.ts";
import type { Table } from "../tabulate.ts";
import type { Target } from "../target.ts";
import { timeOf } from "../values.ts";
import { lowerSections } from "./driver.ts";
import { Frame } from "./frame.ts";
import { inputBuffer, inputSlots, widthOfRow } from "./inputs.ts";
import type { Kernels, SumSlot } from "./kernels.ts";
import { lowerPack } from "./pack.ts";
import { sumPlan } from "./sums.ts";
import { lowerTable } from "./table.ts";
import { weightView } from "./weights.ts";

export interface Lowering {
  readonly computation: Computation;
  readonly target: Target;
  readonly placement: Placement;
  readonly staged: readonly StagedSection[];
  readonly stores: Stores;
  readonly replays: readonly Replay[];
  /** Outputs, then the gradients that there are. */
  readonly roots: readonly Node[];
  readonly tables: readonly Table[];
  /** For each root without rows, its leaves. */
  readonly leaves: readonly (GradientRoot | null)[];
  /** A root as it was, and as it was placed. */
  readonly at: ReadonlyMap<Node, Node>;
}

export function lower(lowering: Lowering): Plan {
  const { computation, target, placement, staged, stores, replays, tables } = lowering;
  const inputs = computation.inputs.map((parameter, k) => ({
    parameter,
    buffer: inputBuffer(parameter, `input_${k}`),
  }));
  const copies = replays.flatMap(({ saved }) => saved.map((state) => state.copies));
  const kernels = kernelsOf(lowering, inputSlots(computation, inputs));
  const functions: ProgramFunction[] = [...lowerSections(kernels, staged, stores, replays)];
  for (const panel of kernels.panels) functions.push(lowerPack(kernels, panel));
  for (const table of tables) functions.push(lowerTable(kernels, table));
  const { outputs, gradients } = resultsOf(lowering, kernels, functions);
  return {
    program: { lanes: target.lanes, functions },
    frame: kernels.frame.keys,
    buffers: [...stores.buffers, ...copies, ...inputs.map(({ buffer }) => buffer)],
    inputs,
    panels: [...kernels.panels, ...tables],
    sums: kernels.sums,
    outputs,
    gradients,
    staged,
    stores,
    lives: livesOf(placement, staged, stores),
    replays,
    segmentLives: livesOf(placement, staged, stores, replays),
    carries: placement.values.carries,
    behind: placement.values.behind,
    target,
  };
}

function kernelsOf(
  { computation, target, placement, stores, tables }: Lowering,
  inputs: ReadonlyMap<Node, Slot>,
): Kernels {
  const { values } = placement;
  const sumSlots = new Map<Node, SumSlot>();
  const keys = new Map<Node, string>(computation.weights.map((weight, k) => [weight, weightKeyOf(k)]));
  for (const { parameter, key } of tables) keys.set(parameter, key);
  const source = (node: Node): Node => {
    const behind = values.behind(node);
    return kindOf[behind.op] === "view" ? source(behind.inputs[0] as Node) : behind;
  };
  return {
    lanes: target.lanes,
    tiles: target.tiles,
    looksAhead: target.looksAhead,
    frame: new Frame(),
    values,
    slotOf: (node) => stores.slotOf.get(node) ?? inputs.get(node) ?? summedSlot(sumSlots.get(node)),
    source,
    weight: (node) => weightView(node, (parameter) => keys.has(parameter)),
    weightKey: (weight: Parameter) => keys.get(weight) ?? weightKeyOf(-1),
    finalOf: (node) => finalSlot(node, placement, stores),
    panels: [],
    sums: [],
    sumSlots,
  };
}

function resultsOf(
  { computation, roots, leaves, at }: Lowering,
  kernels: Kernels,
  functions: ProgramFunction[],
): Pick<Plan, "outputs" | "gradients"> {
  const rowsPlan = (root: Node): RowsPlan => ({
    slot: kernels.slotOf(kernels.values.behind(at.get(root) ?? root)) as Slot,
    time: timeOf(root.shape),
    width: widthOfRow(root.shape),
  });
  const made = roots.map((root, k) => {
    const own = leaves[k] ?? null;
    return own === null ? rowsPlan(root) : sumPlan(own, root.shape, { kernels, functions, at });
  });
  const outputs = made.slice(0, computation.outputs.length);
  const sums = made.slice(outputs.length).values();
  const gradients = computation.gradients.map((gradient) => {
    if (gradient === null) return null;
    const { value } = sums.next();
    invariant(value !== undefined && !("slot" in value), "lower: a gradient is a sum over rows");
    return value;
  });
  return { outputs, gradients };
}

function summedSlot(slot: SumSlot | undefined): Slot | null {
  if (slot === undefined) return null;
  const { key, rows: count, stride } = slot.sums;
  const buffer: Buffer = { name: key, storage: "single", time: null, rows: count, stride, states: false };
  return { buffer, column: slot.column, width: slot.width, sites: 1, siteStride: stride, shift: 0 };
}

function finalSlot(node: Node, { values }: Placement, stores: Stores): ReturnType<Kernels["finalOf"]> {
  invariant(node.op === "output", "plan: a final state is the output of a scan");
  const carry = values.carries.find(
    ({ scan, index }) => scan === node.inputs[0] && index === node.attributes.result.index,
  );
  invariant(carry !== undefined, "plan: every final state belongs to a state");
  return { slot: stores.carrySlot.get(carry) as Slot, reverse: carry.scan.attributes.reverse };
}
