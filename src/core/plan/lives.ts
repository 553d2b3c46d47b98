/** From which section to which a buffer is needed: buffers that are never needed together may share their memory. */
import type { Replay } from "./checkpoint.ts";
import type { Placement } from "./place.ts";
import type { Buffer, StagedSection, Stores } from "./store.ts";
import { type Carry, isFinal } from "./values.ts";

/** Numbers of sections, both included. */
export interface Life {
  readonly first: number;
  readonly last: number;
}

export function livesOf(
  { values, roots }: Placement,
  staged: readonly StagedSection[],
  { slotOf, carrySlot }: Stores,
  replays: readonly Replay[] = [],
): ReadonlyMap<Buffer, Life> {
  const lives = new Map<Buffer, Life>();
  const need = (buffer: Buffer | undefined, section: number): void => {
    if (buffer === undefined) return;
    const { first, last } = lives.get(buffer) ?? { first: section, last: section };
    lives.set(buffer, { first: Math.min(first, section), last: Math.max(last, section) });
  };
  const carryBehind = (scan: unknown, index: number): Carry | undefined =>
    values.carries.find((carry) => carry.scan === scan && carry.index === index);
  staged.forEach(({ section, phases }, number) => {
    const again = replays.filter(({ reader }) => reader === section);
    const stages = [phases, ...again.map((replay) => replay.phases)];
    for (const { members } of stages.flatMap(({ before, step, after }) => [...before, ...step, ...after])) {
      for (const node of members) {
        need(slotOf.get(node)?.buffer, number);
        for (const read of values.reads(node)) need(slotOf.get(read)?.buffer, number);
        if (node.op !== "output" || !isFinal(node)) continue;
        const carry = carryBehind(node.inputs[0], node.attributes.result.index);
        if (carry !== undefined) need(carrySlot.get(carry)?.buffer, number);
      }
    }
    for (const carry of values.carries) {
      if (section.kind !== "loop" || carry.scan !== section.scan) continue;
      need(carrySlot.get(carry)?.buffer, number);
      for (const read of values.sources(carry.initial)) need(slotOf.get(read)?.buffer, number);
    }
  });
  replays.forEach(({ loop, reader, saved }) => {
    const sections = staged.map(({ section }) => section);
    for (const { state, copies } of saved)
      for (const section of [loop, reader])
        for (const buffer of [state, copies]) need(buffer, sections.indexOf(section));
  });
  for (const root of roots) need(slotOf.get(values.behind(root))?.buffer, staged.length);
  return lives;
}
