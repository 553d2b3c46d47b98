/**
 * Checkpoint: where memory is short, a loop keeps its values for one segment of steps only. The loop in the other
 * direction that reads them has them computed again, a segment at a time, from states that were kept.
 *
 *   all kept      F: every step                     R: from the last step to the first
 *   in segments   F: the states, every k steps      R: for each segment, from the last to the first:
 *                                                        the steps of F once more, from the state kept; then those of R
 *
 * Here is decided for which values this can be done; whether it is, and the length of a segment, when a batch is placed
 * (allocate.ts). Neither changes a bit: what sums is not done twice, and every sum keeps its order.
 *
 * Gruslys, Munos, Danihelka, Lanctot, Graves 2016, arXiv:1606.03401.
 */
import { invariant } from "../../errors.ts";
import type { Node } from "../graph/nodes.ts";
import type { Stage } from "./fuse.ts";
import type { Loop, Placement, Section } from "./place.ts";
import type { Buffer, StagedSection, Stores } from "./store.ts";
import type { Values } from "./values.ts";

/** A state that a segment begins with: where the loop has it, and the copies, one a segment. */
export interface Saved {
  readonly state: Buffer;
  readonly copies: Buffer;
}
/** What is computed again, for whom. */
export interface Replay {
  readonly loop: Loop;
  readonly reader: Loop;
  /** The stages of the loop that make what the reader reads. */
  readonly phases: StagedSection["phases"];
  readonly saved: readonly Saved[];
}

/** For each loop that may be run again the one loop that alone reads some of its values. */
export function readersOf({ sections, values }: Placement): ReadonlyMap<Section, Section> {
  const homes = new Map<Node, Section>(
    sections.flatMap((section) => nodesOf(section).map((node) => [node, section] as const)),
  );
  const readers = new Map<Node, Set<Section>>();
  for (const [user, section] of homes)
    for (const read of values.reads(user).map((node) => madeBy(node, values)))
      if (homes.get(read) !== section) readers.set(read, (readers.get(read) ?? new Set()).add(section));
  const found = new Map<Section, Section>();
  for (const section of sections) {
    if (section.kind !== "loop" || section.reverse) continue;
    const alone = nodesOf(section).flatMap((node) => onlyOf(readers.get(node)) ?? []);
    const [reader] = [...new Set(alone)]
      .filter((other) => other.kind === "loop" && other.reverse && other.time === section.time)
      .sort((a, b) => times(alone, b) - times(alone, a));
    if (reader !== undefined) found.set(section, reader);
  }
  return found;
}

const nodesOf = (section: Section): readonly Node[] =>
  section.kind === "once" ? section.nodes : [...section.before, ...section.step, ...section.after];
/** A state is made as the next state of the step before. */
const madeBy = (node: Node, values: Values): Node => values.carryOf(node)?.next ?? node;
const onlyOf = <T>(all: ReadonlySet<T> | undefined): T | undefined =>
  all?.size === 1 ? [...all][0] : undefined;
const times = <T>(all: readonly T[], one: T): number => all.filter((other) => other === one).length;

/** What runs again where values are kept in segments, which the stores know by now. */
export function replaysOf(
  { values }: Placement,
  staged: readonly StagedSection[],
  stores: Stores,
  readers: ReadonlyMap<Section, Section>,
): readonly Replay[] {
  let count = 0;
  return staged.flatMap(({ section: loop, phases }) => {
    const reader = readers.get(loop);
    if (reader?.kind !== "loop" || loop.kind !== "loop") return [];
    const needed = neededIn(loop, values, stores);
    if (needed.size === 0) return [];
    const again = (stages: readonly Stage[]): readonly Stage[] =>
      stages.filter(({ members }) => members.some((node) => needed.has(node)));
    const replayed = {
      before: again(phases.before),
      step: again(phases.step),
      after: again(phases.after),
    };
    const sums = Object.values(replayed).some((stages) => stages.some(({ kind }) => kind === "accumulate"));
    invariant(!sums, "checkpoint: what sums is not done twice");
    const states = new Set<Buffer>();
    for (const carry of values.carries) {
      const buffer = stores.carrySlot.get(carry)?.buffer;
      if (carry.scan === loop.scan && buffer !== undefined && buffer.storage !== "full") states.add(buffer);
    }
    const saved = [...states].map((state) => ({ state, copies: copiesOf(state, `saved_${count++}`) }));
    return [{ loop, reader, phases: replayed, saved }];
  });
}

/** What is kept in segments, and what of the same loop it is made from. */
function neededIn(loop: Loop, values: Values, { slotOf }: Stores): ReadonlySet<Node> {
  const own = new Set<Node>(nodesOf(loop));
  const needed = new Set<Node>();
  const visit = (node: Node): void => {
    if (needed.has(node) || !own.has(node)) return;
    needed.add(node);
    for (const read of values.reads(node)) visit(madeBy(read, values));
  };
  for (const node of own) if (slotOf.get(node)?.buffer.storage === "segment") visit(node);
  return needed;
}

const copiesOf = ({ time, rows, stride }: Buffer, name: string): Buffer => ({
  name,
  storage: "checkpoint",
  time,
  rows,
  stride,
  states: false,
});
