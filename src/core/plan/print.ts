/**
 * A plan as text: loops, phases and stages as they will run, one value a line. `docs/how-it-works.md` explains the plan
 * of an LSTM line by line; the plans of the built-in layers are committed under test/plans/.
 */
import type { Node } from "../graph/nodes.ts";
import { widthOf } from "../graph/shapes.ts";
import type { Plan } from "./described.ts";
import type { Stage } from "./fuse.ts";
import { kindOf } from "./kinds.ts";
import type { Phase, Section } from "./place.ts";
import type { Buffer, StagedSection } from "./store.ts";
import type { Table } from "./tabulate.ts";

const phaseNames: Readonly<Record<Phase, string>> = {
  before: "for all steps of the chunk",
  step: "for each step",
  after: "for all steps of the chunk",
};

/** With `segments`, as it runs where values are kept in segments; else they are kept for every step. */
export function printPlan(plan: Plan, { segments = false }: { readonly segments?: boolean } = {}): string {
  const names = new Names(plan, segments);
  const lines = plan.panels.flatMap((packed) => ("products" in packed ? tableLines(packed, names) : []));
  for (const staged of plan.staged) lines.push(...sectionLines(plan, staged, names));
  return `${lines.join("\n")}\n`;
}

function tableLines({ parameter, products }: Table, names: Names): readonly string[] {
  const lines = products.map(({ column, inputs: [start, vectors, kernel] }) => {
    const part = rangeOf({ start: column, size: widthOf(kernel) });
    const begin = start.op === "add" ? names.text(start) : names.operand(start);
    const inputs = [begin, names.operand(vectors), names.operand(kernel)].join(", ");
    return `  ${names.of(parameter)}[:, ${part}] = affine(${inputs})`;
  });
  return ["for each version of the weights", ...lines];
}

function sectionLines(plan: Plan, { section, phases }: StagedSection, names: Names): readonly string[] {
  const all = (["before", "step", "after"] as const).filter((phase) => phases[phase].length > 0);
  if (all.length === 0) return [];
  const states = section.kind === "loop" ? stateLines(plan, section, names) : [];
  const stages = all.flatMap((phase) => {
    const lines = phases[phase].flatMap((stage) =>
      stageLines(plan, stage, names, section.kind === "loop" ? "    " : "  "),
    );
    return section.kind === "loop" ? [`  ${phaseNames[phase]}`, ...lines] : lines;
  });
  const kept = names.segments ? segmentLines(plan, section, names) : [];
  return [title(section), ...kept, ...states, ...stages];
}

/** What a loop keeps for another that has it run again, and what that one has computed again. */
function segmentLines({ replays, carries, stores }: Plan, section: Section, names: Names): readonly string[] {
  return replays.flatMap(({ loop, reader, phases, saved }) => {
    if (loop === section) {
      const buffers = saved.map(({ state }) => state);
      const kept = carries.filter((carry) =>
        buffers.some((buffer) => buffer === stores.carrySlot.get(carry)?.buffer),
      );
      return [`  kept where a segment begins: ${kept.map(({ state }) => names.of(state)).join(", ")}`];
    }
    if (reader !== section) return [];
    const stages = [...phases.before, ...phases.step, ...phases.after];
    const made = stages.flatMap(({ members }) => members.filter((node) => stores.slotOf.has(node)));
    return [`  for each segment, from what is kept, again: ${made.map((node) => names.of(node)).join(", ")}`];
  });
}

const title = (section: Section): string =>
  section.kind === "once"
    ? "once"
    : `for each chunk of ${section.time}${section.reverse ? ", from the last to the first" : ""}`;

function stateLines({ carries, stores }: Plan, section: Section, names: Names): readonly string[] {
  if (section.kind !== "loop") return [];
  return carries
    .filter(({ scan }) => scan === section.scan)
    .map((carry) => {
      const { buffer } = stores.carrySlot.get(carry) ?? { buffer: null };
      const begins = `begins as ${names.operand(carry.initial)}`;
      return `  state ${names.of(carry.state)} ${begins}, becomes ${names.of(carry.next)} (${names.storage(buffer)})`;
    });
}

function stageLines(
  plan: Plan,
  { kind, width, rows, members }: Stage,
  names: Names,
  indent: string,
): readonly string[] {
  const over = rows === "rows" ? "rows" : `${rows} rows`;
  const lines = members.map((node) => {
    const slot = plan.stores.slotOf.get(node);
    const kept =
      slot === undefined
        ? kindOf[node.op] === "accumulate"
          ? "  -> sum"
          : ""
        : `  -> ${names.storage(slot.buffer)}`;
    return `${indent}  ${names.of(node)} = ${names.text(node)}${kept}`;
  });
  return [`${indent}${kind} ${width} x ${over}`, ...lines];
}

/** Short names: a parameter's own, else a number in the order of first use. */
class Names {
  private readonly known = new Map<Node, string>();
  private readonly taken = new Set<string>();
  private readonly plan: Plan;
  private count = 0;
  readonly segments: boolean;

  constructor(plan: Plan, segments: boolean) {
    this.plan = plan;
    this.segments = segments;
  }

  storage(buffer: Buffer | null): string | undefined {
    return buffer?.storage === "segment" && !this.segments ? "full" : buffer?.storage;
  }

  of(node: Node): string {
    const known = this.known.get(node);
    if (known !== undefined) return known;
    const base = node.op === "parameter" ? node.attributes.name : `%${this.count++}`;
    let name = base;
    for (let k = 2; this.taken.has(name); k++) name = `${base}.${k}`;
    this.taken.add(name);
    this.known.set(node, name);
    return name;
  }

  text(node: Node): string {
    if (node.op === "output") return `${this.stateOf(node)} after the last step`;
    const attributes = Object.values(node.attributes).filter((value) => typeof value === "number");
    return `${node.op}(${[...node.inputs.map((input) => this.operand(input)), ...attributes].join(", ")})`;
  }

  operand(node: Node): string {
    const behind = this.plan.behind(node);
    switch (behind.op) {
      case "constant":
        return String(behind.attributes.value);
      case "iota":
        return "iota";
      case "slice":
        return `${this.operand(behind.inputs[0])}[:, ${rangeOf(behind.attributes)}]`;
      case "sliceRows":
        return `${this.operand(behind.inputs[0])}[${rangeOf(behind.attributes)}]`;
      case "transpose":
        return `${this.operand(behind.inputs[0])}^T`;
      case "broadcast":
      case "reshape":
      case "toFloat":
        return this.operand(behind.inputs[0]);
      case "reverse":
        return behind.dtype === "int32" ? this.text(behind) : this.of(behind);
      default:
        return this.of(behind);
    }
  }

  private stateOf(node: Node): string {
    const carry = this.plan.carries.find(
      ({ scan, index }) =>
        node.op === "output" && scan === node.inputs[0] && index === node.attributes.result.index,
    );
    return carry === undefined ? "state" : this.of(carry.state);
  }
}

const rangeOf = ({ start, size }: { readonly start: number; readonly size: number }): string =>
  `${start}:${start + size}`;
