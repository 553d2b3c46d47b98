/**
 * Store: which values go through memory, and how much of time each buffer holds.
 *
 *   full        every step         what another loop, or the caller, reads
 *   segment     the same, or where memory is short a ring of steps: what can be computed again for its reader
 *   chunk       a ring of steps    what another stage of the same loop reads
 *   pair        two steps          a state that only the next step reads
 *   single      one step           what another stage of the same step reads, and what has no time
 *   checkpoint  a step a segment   copies of the states with which segments begin, where there are segments
 *
 * Values that one stage makes for the same readers lie side by side in one record, so that one pointer reaches them.
 */
import { type Dim, type Node, rows } from "../graph/nodes.ts";
import { sitesOf, sizeOf, widthOf } from "../graph/shapes.ts";
import type { Stage } from "./fuse.ts";
import { inRegister } from "./fuse.ts";
import { kindOf, readsOtherSteps } from "./kinds.ts";
import type { Phase, Placement, Section } from "./place.ts";
import { type Carry, hasRows } from "./values.ts";

export type Storage = "full" | "segment" | "chunk" | "pair" | "single" | "checkpoint";
export interface Buffer {
  readonly name: string;
  readonly storage: Storage;
  /** The dimension of time of its steps, or null. */
  readonly time: Dim | null;
  readonly rows: "rows" | number;
  /** Floats from row to row. */
  stride: number;
  /** One step more than the loop has: a state before the first and after the last step. */
  readonly states: boolean;
  /** Holds int32, one a row: an input. */
  readonly integers?: boolean;
}
export interface Slot {
  readonly buffer: Buffer;
  /** Floats from the beginning of the row. */
  readonly column: number;
  readonly width: number;
  /** Sites of a row, and floats from one to the next. */
  readonly sites: number;
  readonly siteStride: number;
  /** Added to the step: where a state stands that the step reads, or makes. */
  readonly shift: 0 | 1;
}
/** Sites and features of what lies in one piece; a row without axes is one number. */
export function sitesWithin(node: Node): Pick<Slot, "width" | "sites" | "siteStride"> {
  const width = node.shape.at(-1) === rows ? 1 : widthOf(node);
  return { width, sites: sitesOf(node), siteStride: width };
}

/** Stages of one section, phase by phase. */
export interface StagedSection {
  readonly section: Section;
  readonly phases: Readonly<Record<Phase, readonly Stage[]>>;
}
export interface Stores {
  readonly buffers: readonly Buffer[];
  /** Where to read a computed value, or a state at the begin of a step. */
  readonly slotOf: ReadonlyMap<Node, Slot>;
  /** Where a stage puts a value it made, besides `slotOf`: the states whose next value it is. */
  readonly carrySlot: ReadonlyMap<Carry, Slot>;
}

const order: readonly Storage[] = ["single", "pair", "chunk", "segment", "full"];
const larger = (a: Storage | undefined, b: Storage): Storage =>
  a !== undefined && order.indexOf(a) >= order.indexOf(b) ? a : b;

/** `readers` are the loops that have what they read computed again: see checkpoint.ts. */
export function store(
  placement: Placement,
  staged: readonly StagedSection[],
  readers: ReadonlyMap<Section, Section>,
  lanes: number,
): Stores {
  const { values } = placement;
  const homes = homesOf(staged);
  const needs = needsOf(placement, homes, readers);
  const buffers: Buffer[] = [];
  const open = new Map<string, Buffer>();
  const slotOf = new Map<Node, Slot>();
  const carrySlot = new Map<Carry, Slot>();
  const reserve = (key: string, node: Node, buffer: Omit<Buffer, "stride" | "name">): Slot => {
    const width = widthOf(node);
    const sites = sitesOf(node);
    const all = `${key} ${buffer.storage} ${width === 1}`;
    const found = open.get(all) ?? { ...buffer, stride: 0, name: `buffer_${buffers.length}` };
    if (!open.has(all)) buffers.push(found);
    open.set(all, found);
    const column = found.stride;
    const siteStride = width === 1 ? 1 : Math.ceil(width / lanes) * lanes + overhang(node, lanes);
    found.stride += sites * siteStride;
    return { buffer: found, column, width, sites, siteStride, shift: 0 };
  };
  for (const carry of values.carries) {
    const { time, reverse } = carry.scan.attributes;
    const storage = larger(larger(needs.get(carry.state), "pair"), needs.get(carry.next) ?? "pair");
    const key = `states ${homes.get(carry.next)?.stage ?? -1} ${values.scans.indexOf(carry.scan)}`;
    const slot = reserve(key, carry.state, { storage, time, rows: "rows", states: true });
    slotOf.set(carry.state, { ...slot, shift: reverse ? 1 : 0 });
    carrySlot.set(carry, { ...slot, shift: reverse ? 0 : 1 });
    slotOf.set(carry.next, { ...slot, shift: reverse ? 0 : 1 });
  }
  for (const [node, { section, stage }] of homes) {
    const storage = needs.get(node);
    if (storage === undefined || slotOf.has(node) || kindOf[node.op] === "accumulate") continue;
    const time = section.kind === "loop" && storage !== "single" ? section.time : null;
    const rowCount = section.kind === "loop" || hasRows(node.shape) ? "rows" : staticRows(node);
    slotOf.set(
      node,
      reserve(`stage ${stage} ${rowCount}`, node, { storage, time, rows: rowCount, states: false }),
    );
  }
  for (const buffer of buffers) if (buffer.stride % conflicting === 0) buffer.stride += apart;
  return { buffers, slotOf, carrySlot };
}

/**
 * Rows a power of two apart fall into the same few sets of a cache, so that a pass down a column misses at every row
 * (the weight gradients of 128 units: twice the time). Such rows are moved apart by a line.
 */
const conflicting = 128;
const apart = 16;

/** Parts are written by whole vectors: one that begins within a vector may end in the next, not in the next row. */
function overhang(node: Node, lanes: number): number {
  if (node.op === "patches")
    return (widthOf(node) / sizeOf(node.attributes.window)) % lanes === 0 ? 0 : lanes;
  const parts = node.op === "concat" || node.op === "pad" || node.op === "joinSites" ? node.inputs : [];
  const start = node.op === "pad" ? node.attributes.start : 0;
  return [start, ...parts.map(widthOf)].every((width) => width % lanes === 0) ? 0 : lanes;
}

function staticRows(node: Node): number {
  return node.shape
    .slice(0, -1)
    .reduce<number>((count, dim) => count * (typeof dim === "number" ? dim : 1), 1);
}

interface Home {
  readonly section: Section;
  readonly phase: Phase;
  /** Numbered through all sections. */
  readonly stage: number;
}

function homesOf(staged: readonly StagedSection[]): ReadonlyMap<Node, Home> {
  const homes = new Map<Node, Home>();
  let stage = 0;
  for (const { section, phases } of staged) {
    for (const phase of ["before", "step", "after"] as const) {
      for (const { members } of phases[phase]) {
        for (const node of members) homes.set(node, { section, phase, stage });
        stage++;
      }
    }
  }
  return homes;
}

/** The storage that the readers of each value ask for; none for values that never leave their registers. */
function needsOf(
  { values, roots }: Placement,
  homes: ReadonlyMap<Node, Home>,
  readers: ReadonlyMap<Section, Section>,
): ReadonlyMap<Node, Storage> {
  const needs = new Map<Node, Storage>();
  const homeOf = (node: Node): Home | undefined => homes.get(values.carryOf(node)?.next ?? node);
  const need = (node: Node, storage: Storage | null): void => {
    if (storage !== null) needs.set(node, larger(needs.get(node), storage));
  };
  for (const [user, at] of homes) {
    for (const read of values.reads(user)) {
      const from = homeOf(read);
      if (from !== undefined) need(read, storageFor(read, user, from, at));
    }
  }
  for (const carry of values.carries) for (const read of values.sources(carry.initial)) need(read, "single");
  for (const root of roots) {
    const node = values.behind(root);
    const home = homeOf(node);
    if (home !== undefined) need(node, home.section.kind === "loop" ? "full" : "single");
  }
  return needs;

  function storageFor(read: Node, user: Node, from: Home, at: Home): Storage | null {
    const state = values.carryOf(read) !== undefined;
    const ofLoop = from.section.kind === "loop";
    if (readsAll.has(user.op)) return ofLoop ? "full" : "single";
    if (from.section !== at.section)
      return !ofLoop ? "single" : readers.get(from.section) === at.section ? "segment" : "full";
    if (!state && from.stage === at.stage && inRegister(read, user, values)) return null;
    if (from.phase === "step" && at.phase === "step") return state ? "pair" : "single";
    return ofLoop ? "chunk" : "single";
  }
}

/** Operators that need every step to be there. */
export const readsAll: ReadonlySet<Node["op"]> = new Set<Node["op"]>([...readsOtherSteps, "timeToSites"]);
