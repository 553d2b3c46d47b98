/**
 * A plan as text: loops, phases and stages as they will run, one value a line. `docs/how-it-works.md` explains the plan
 * of an LSTM line by line; the plans of the built-in layers are committed under test/plans/.
 */
import type { Node } from "../graph/nodes.ts";
import type { Plan } from "./described.ts";
import type { Stage } from "./fuse.ts";
import { kindOf } from "./kinds.ts";
import type { Phase, Section } from "./place.ts";
import type { StagedSection } from "./store.ts";

const phaseNames: Readonly<Record<Phase, string>> = {
  before: "for all steps of the chunk",
  step: "for each step",
  after: "for all steps of the chunk",
};

export function printPlan(plan: Plan): string {
  const names = new Names(plan);
  const lines: string[] = [];
  for (const staged of plan.staged) lines.push(...sectionLines(plan, staged, names));
  return `${lines.join("\n")}\n`;
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
  return [title(section), ...states, ...stages];
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
      return `  state ${names.of(carry.state)} ${begins}, becomes ${names.of(carry.next)} (${buffer?.storage})`;
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
        : `  -> ${slot.buffer.storage}`;
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

  constructor(plan: Plan) {
    this.plan = plan;
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
