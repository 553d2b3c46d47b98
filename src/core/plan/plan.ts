/**
 * The plan: a computation becomes a program and a description of the memory it works on. The order of the passes is
 * the list below; each is a pure function of its own file.
 */
import { invariant } from "../../errors.ts";
import type { Computation, Parameter } from "../graph/computation.ts";
import { constant, make } from "../graph/build.ts";
import { type Dim, type Node, rows, type Shape } from "../graph/nodes.ts";
import { rewrite } from "../graph/rewrite.ts";
import { widthOf } from "../graph/shapes.ts";
import { checked } from "./debug.ts";
import { fuse } from "./fuse.ts";
import { kindOf } from "./kinds.ts";
import { lowerSections } from "./lower/driver.ts";
import { Frame, lengthsKey } from "./lower/frame.ts";
import type { Kernels, Panel, Sums, SumSlot } from "./lower/kernels.ts";
import { lowerPack } from "./lower/pack.ts";
import { lowerReduce, lowerScatter } from "./lower/update.ts";
import { weightView } from "./lower/weights.ts";
import { type Placement, place } from "./place.ts";
import type { Program, ProgramFunction } from "./program.ts";
import { rotate } from "./rotate.ts";
import { simplify } from "./simplify.ts";
import { type Buffer, type Slot, type StagedSection, type Stores, store } from "./store.ts";
import { type Carry, hasRows, timeOf } from "./values.ts";
import { vanish } from "./vanish.ts";
import { type GradientRoot, type Leaf, leavesOf } from "./leaves.ts";

/** Graph to graph, in this order. */
const passes = [withoutStops, simplify, rotate, simplify, vanish, simplify] as const;

/** A piece of a sum: where a shard holds it, and where it belongs in the whole. */
export interface SumPiece {
  /** Frame entry of its memory in a shard. */
  readonly key: string;
  /** The function that adds it up over the shards. */
  readonly reduce: string;
  readonly rows: number;
}
/** Values to be added to the rows of an embedding's gradient, behind the shards. */
export interface ScatterPiece {
  readonly index: Slot;
  readonly values: Slot;
  readonly scatter: string;
  readonly time: Dim | null;
  readonly width: number;
}
/** What has no rows: a sum over all shards. */
export interface SumPlan {
  readonly size: number;
  readonly pieces: readonly SumPiece[];
  readonly scatters: readonly ScatterPiece[];
}
export interface RowsPlan {
  readonly slot: Slot;
  readonly time: Dim | null;
  /** Features of a row, or of a step. */
  readonly width: number;
}
export interface Plan {
  readonly program: Program;
  /** Entries of a shard's frame, in order. */
  readonly frame: readonly string[];
  /** Buffers a shard needs, inputs among them. */
  readonly buffers: readonly Buffer[];
  readonly inputs: readonly { readonly parameter: Parameter; readonly buffer: Buffer }[];
  readonly panels: readonly Panel[];
  readonly sums: readonly Sums[];
  /** In the order of the computation's outputs. */
  readonly outputs: readonly (RowsPlan | SumPlan)[];
  readonly gradients: readonly (SumPlan | null)[];
  readonly staged: readonly StagedSection[];
  readonly stores: Stores;
  readonly carries: readonly Carry[];
  /** What a scan's slice or output stands for. */
  readonly behind: (node: Node) => Node;
  readonly lanes: number;
}

export const weightKeyOf = (index: number): string => `weight_${index}`;

export function plan(computation: Computation, lanes: number): Plan {
  const { outputs, gradients } = computation;
  const known = gradients.filter((gradient) => gradient !== null);
  const given = [...outputs.map((output) => asComputed(output)), ...known];
  const simple = passes.reduce<readonly Node[]>((roots, pass) => checked(pass.name, pass(roots)), checked("given", given));
  const sumsOf = simple.map((root) => (hasRows(root.shape) ? null : leavesOf(root)));
  const leaves = sumsOf.flatMap((root) => root ?? []);
  const rowRoots = simple.filter((root) => hasRows(root.shape));
  const placement = place([...rowRoots, ...leaves.flatMap(({ needs }) => needs)]);
  const at = new Map<Node, Node>([...rowRoots, ...leaves.flatMap(({ needs }) => needs)].map((root, k) => [root, placement.roots[k] as Node]));
  const staged = placement.sections.map((section) => ({ section, phases: phasesOf(section, placement) }));
  const stores = store(placement, staged, lanes);
  return assemble({ computation, lanes, placement, staged, stores, simple, sumsOf, at });
}

/** Where gradients stop matters to differentiation alone. */
function withoutStops(roots: readonly Node[]): readonly Node[] {
  return rewrite(roots, (node) => (node.op === "stopGradient" ? node.inputs[0] : node));
}

/** An output that is only a view or an input gets memory of its own. */
function asComputed(output: Node): Node {
  return kindOf[output.op] === "leaf" || kindOf[output.op] === "view" ? make("where", [constant(1), output, output], {}) : output;
}

function phasesOf(section: Placement["sections"][number], { values }: Placement): StagedSection["phases"] {
  if (section.kind === "once") return { before: fuse(section.nodes, values), step: [], after: [] };
  return { before: fuse(section.before, values), step: fuse(section.step, values), after: fuse(section.after, values) };
}

interface Parts {
  readonly computation: Computation;
  readonly lanes: number;
  readonly placement: Placement;
  readonly staged: readonly StagedSection[];
  readonly stores: Stores;
  readonly simple: readonly Node[];
  readonly sumsOf: readonly (GradientRoot | null)[];
  readonly at: ReadonlyMap<Node, Node>;
}

function assemble({ computation, lanes, placement, staged, stores, simple, sumsOf, at }: Parts): Plan {
  const { values } = placement;
  const inputs = computation.inputs.map((parameter, k) => ({ parameter, buffer: inputBuffer(parameter, `input_${k}`) }));
  const slots = inputSlots(computation, inputs);
  const sumSlots = new Map<Node, SumSlot>();
  const slotOf = (node: Node): Slot | null => stores.slotOf.get(node) ?? slots.get(node) ?? summedSlot(sumSlots.get(node));
  const source = (node: Node): Node => (kindOf[values.behind(node).op] === "view" ? source(values.behind(node).inputs[0] as Node) : values.behind(node));
  const indexOf = new Map<Node, number>(computation.weights.map((weight, k) => [weight, k]));
  const weightKey = (weight: Parameter): string => weightKeyOf(indexOf.get(weight) ?? -1);
  const kernels: Kernels = {
    lanes,
    frame: new Frame(),
    values,
    slotOf,
    source,
    weight: (node) => weightView(node, (parameter) => indexOf.has(parameter)),
    weightKey,
    finalOf: (node) => finalSlot(node, placement, stores),
    panels: [],
    sums: [],
    sumSlots,
  };
  const functions: ProgramFunction[] = [...lowerSections(kernels, staged, stores)];
  for (const panel of kernels.panels) functions.push(lowerPack(kernels.frame, panel, (view) => weightKey(view.weight), lanes));
  const sum = (leaves: GradientRoot, shape: Shape): SumPlan => sumPlan(leaves, shape, { kernels, functions, at, source, slotOf, lanes });
  const rowsPlan = (root: Node): RowsPlan => ({ slot: slotOf(values.behind(at.get(root) ?? root)) as Slot, time: timeOf(root.shape), width: widthOfRow(root.shape) });
  const count = computation.outputs.length;
  const outputs = simple.slice(0, count).map((root, k) => (sumsOf[k] ? sum(sumsOf[k], root.shape) : rowsPlan(root)));
  const known = simple.slice(count).map((root, k) => sum(sumsOf[count + k] ?? [], root.shape));
  let next = 0;
  const gradients = computation.gradients.map((gradient) => (gradient === null ? null : (known[next++] as SumPlan)));
  const buffers = [...stores.buffers, ...inputs.map(({ buffer }) => buffer)];
  return {
    program: { lanes, functions },
    frame: kernels.frame.keys,
    buffers, inputs, outputs, gradients, staged, stores, lanes,
    carries: values.carries,
    behind: values.behind,
    panels: kernels.panels,
    sums: kernels.sums,
  };
}

const widthOfRow = (shape: Shape): number =>
  shape.slice(shape.indexOf(rows) + 1).reduce<number>((count, dim) => count * (typeof dim === "number" ? dim : 1), 1);

function inputBuffer({ shape, dtype }: Parameter, name: string): Buffer {
  const time = timeOf(shape);
  const perRow = hasRows(shape);
  return {
    name,
    storage: time === null ? "single" : "full",
    time,
    rows: perRow ? "rows" : 1,
    stride: perRow ? widthOfRow(shape) : shape.reduce<number>((count, dim) => count * Number(dim), 1),
    states: false,
    integers: dtype === "int32",
  };
}

function inputSlots(computation: Computation, inputs: Plan["inputs"]): ReadonlyMap<Node, Slot> {
  const slots = new Map<Node, Slot>();
  for (const { parameter, buffer } of inputs) slots.set(parameter, { buffer, column: 0, width: hasRows(parameter.shape) ? buffer.stride : widthOf(parameter), shift: 0 });
  for (const [time, parameter] of Object.entries(computation.lengths)) {
    const buffer: Buffer = { name: lengthsKey(time), storage: "single", time: null, rows: "rows", stride: 1, states: false, integers: true };
    slots.set(parameter, { buffer, column: 0, width: 1, shift: 0 });
  }
  return slots;
}

function summedSlot(slot: SumSlot | undefined): Slot | null {
  if (slot === undefined) return null;
  const { key, rows: count, stride } = slot.sums;
  const buffer: Buffer = { name: key, storage: "single", time: null, rows: count, stride, states: false };
  return { buffer, column: slot.column, width: slot.width, shift: 0 };
}

function finalSlot(node: Node, { values }: Placement, stores: Stores): ReturnType<Kernels["finalOf"]> {
  invariant(node.op === "output", "plan: a final state is the output of a scan");
  const carry = values.carries.find(({ scan, index }) => scan === node.inputs[0] && index === node.attributes.result.index);
  invariant(carry !== undefined, "plan: every final state belongs to a state");
  return { slot: stores.carrySlot.get(carry) as Slot, reverse: carry.scan.attributes.reverse };
}

interface Lowering {
  readonly kernels: Kernels;
  readonly functions: ProgramFunction[];
  readonly at: ReadonlyMap<Node, Node>;
  readonly source: (node: Node) => Node;
  readonly slotOf: (node: Node) => Slot | null;
  readonly lanes: number;
}

function sumPlan(leaves: GradientRoot, shape: Shape, { kernels, functions, at, source, slotOf, lanes }: Lowering): SumPlan {
  const size = shape.reduce<number>((count, dim) => count * Number(dim), 1);
  const targetStride = widthOf({ shape });
  const slotFor = (node: Node): Slot => {
    const slot = slotOf(kernels.values.behind(at.get(node) ?? node)) ?? slotOf(source(at.get(node) ?? node));
    invariant(slot !== null, `plan: "${node.op}" has no memory`);
    return slot;
  };
  const pieces: SumPiece[] = [];
  const scatters: ScatterPiece[] = [];
  for (const leaf of leaves) {
    if (leaf.index !== null) scatters.push(scatterPiece(leaf, leaf.index));
    else pieces.push(sumPiece(leaf));
  }
  return { size, pieces, scatters };

  function sumPiece({ node, row, column }: Leaf): SumPiece {
    const slot = slotFor(node);
    const rowCount = node.shape.slice(0, -1).reduce<number>((count, dim) => count * Number(dim), 1);
    const piece = {
      rows: rowCount, columns: widthOf(node), stride: slot.buffer.stride, column: slot.column,
      target: row * targetStride + column, targetStride,
    };
    const reduce = `reduce_${functions.length}`;
    functions.push(lowerReduce(piece, reduce, lanes));
    return { key: slot.buffer.name, reduce, rows: rowCount };
  }

  function scatterPiece({ node }: Leaf, index: Node): ScatterPiece {
    const scatter = `scatter_${functions.length}`;
    const time = timeOf(node.shape);
    functions.push(lowerScatter(targetStride, time !== null, scatter, lanes));
    return { index: slotOf(source(index)) as Slot, values: slotFor(node), scatter, time, width: targetStride };
  }
}
