/**
 * Place: every node gets the section and phase in which it is computed. This is chunk, hoist and sink in one.
 *
 *   once                       what has no time
 *   for each chunk of steps    before:  products that do not touch the state (hoist: x_t W of all steps at once),
 *                                       and what treats every step alike (dense, softmax, loss)
 *     for each step            step:    what the next state needs
 *                              after:   what nothing in the loop waits for (sink: weight gradients, dx)
 *   once                       ...
 *
 * Chunks: `shared` measurements in docs/performance.md. Hoist: Appleyard, Kocisky, Blunsom 2016, arXiv:1604.01946.
 */
import { scan as makeScan, partsOf } from "../graph/build.ts";
import type { Dim, Node, NodeOf } from "../graph/nodes.ts";
import { rewrite } from "../graph/rewrite.ts";
import { bodyNodes, dependents, resultsOf, topological } from "../graph/walk.ts";
import { copied } from "./copied.ts";
import { expensive, kindOf, readsOtherSteps } from "./kinds.ts";
import { isComputed, timeOf, type Values, valuesOf } from "./values.ts";

export type Phase = "before" | "step" | "after";
export interface Once {
  readonly kind: "once";
  readonly nodes: Node[];
}
export interface Loop {
  readonly kind: "loop";
  readonly time: Dim;
  reverse: boolean;
  readonly scan: NodeOf<"scan"> | null;
  readonly before: Node[];
  readonly step: Node[];
  readonly after: Node[];
}
export type Section = Once | Loop;
export interface Placement {
  readonly sections: readonly Section[];
  readonly values: Values;
  /** The roots again; states that were handed on unchanged are copied by a node of their own. */
  readonly roots: readonly Node[];
}

export function place(given: readonly Node[]): Placement {
  const roots = rewrite(given, (node) => (node.op === "scan" ? withOwnNext(node) : node));
  const values = valuesOf(roots);
  const placing = new Placing(values);
  for (const scan of values.scans) placing.scan(scan);
  placing.rest(topological(roots).filter(isComputed));
  for (const section of placing.sections)
    if (section.kind === "loop" && section.scan === null) section.reverse = sums(section);
  return { sections: placing.sections, values, roots };
}

/** A map over time that sums anything runs backwards, as the reverse loops do. */
const sums = (loop: Loop): boolean => loop.before.some((node) => kindOf[node.op] === "accumulate");

/** A next state that the body does not compute itself, or computes for two states, is copied. */
function withOwnNext(node: NodeOf<"scan">): Node {
  const parts = partsOf(node);
  const own = bodyNodes(parts.body);
  const seen = new Set<Node>();
  const next = parts.body.next.map((value, k) => {
    const computed = own.has(value) && (kindOf[value.op] === "elementwise" || value.op === "affine");
    const copy = !computed || seen.has(value);
    seen.add(value);
    // The state, which is not chosen, makes the copy a node of the body even where the value is the same at every step.
    return copy ? copied(value, parts.body.carried[k] as Node) : value;
  });
  return next.every((value, k) => value === parts.body.next[k])
    ? node
    : makeScan({ ...parts, body: { ...parts.body, next } });
}

/** Sections in the making. A node goes where all it reads is there already. */
class Placing {
  readonly sections: Section[] = [{ kind: "once", nodes: [] }];
  private readonly home = new Map<Node, { readonly section: number; readonly phase: Phase }>();
  private readonly values: Values;

  constructor(values: Values) {
    this.values = values;
  }

  /** What the scan needs, as late as possible; then its own loop. */
  scan(scan: NodeOf<"scan">): void {
    const needed = topological(scan.inputs).filter((node) => isComputed(node) && !this.home.has(node));
    // A sequence can be turned, or read at other steps, only when all of it is there.
    const whole = needed.filter(({ op }) => readsOtherSteps.has(op)).flatMap(({ inputs }) => inputs);
    const early = new Set(topological([...needed.filter((node) => timeOf(node.shape) === null), ...whole]));
    const late = new Set<Node>();
    for (const node of needed) if (!early.has(node) && this.mayWait(node, scan, late)) late.add(node);
    for (const node of needed) if (!late.has(node)) this.put(node);
    const loop = this.newLoop(scan.attributes.time, scan);
    for (const node of late) this.into(loop, "before", node);
    this.body(scan, loop);
    this.sections.push({ kind: "once", nodes: [] });
  }

  rest(nodes: readonly Node[]): void {
    for (const node of nodes) if (!this.home.has(node)) this.put(node);
  }

  /**
   * A node waits for the loop that uses it when it reads what waits, or when that keeps no more values than are kept
   * anyway.
   */
  private mayWait(node: Node, scan: NodeOf<"scan">, late: ReadonlySet<Node>): boolean {
    if (timeOf(node.shape) !== scan.attributes.time) return false;
    const reads = this.values.reads(node);
    if (reads.some((read) => late.has(read))) return true;
    const kept = new Set(partsOf(scan).sequences.map((sequence) => this.values.behind(sequence)));
    const carried = new Set([...kept].flatMap((value) => this.values.carryOf(value)?.next ?? []));
    return reads.every((read) => {
      if (this.values.carryOf(read) !== undefined || kept.has(read) || carried.has(read)) return true;
      const home = this.home.get(read);
      return home !== undefined && this.sections[home.section]?.kind === "once";
    });
  }

  /** As early as what it reads allows. */
  private put(node: Node): void {
    const homes = this.values.reads(node).flatMap((read) => this.homeOf(read) ?? []);
    // A sequence can be turned only when all of it is there.
    const beyond = readsOtherSteps.has(node.op) ? 1 : 0;
    const last = Math.max(0, ...homes.map(({ section }) => section + beyond));
    const time = timeOf(node.shape) ?? this.summedTime(node);
    if (time === null) return this.putOnce(node, last);
    const found = this.sections.findIndex(
      (section, k) => k >= last && section.kind === "loop" && section.time === time,
    );
    const index = found < 0 || homes.length === 0 ? this.newLoop(time, null) : found;
    const phases = homes.filter(({ section }) => section === index).map(({ phase }) => phase);
    this.into(index, phases.includes("after") || phases.includes("step") ? "after" : "before", node);
    if (found < 0 || homes.length === 0) this.sections.push({ kind: "once", nodes: [] });
  }

  private homeOf(node: Node): { readonly section: number; readonly phase: Phase } | undefined {
    const carry = this.values.carryOf(node);
    return this.home.get(carry?.next ?? node);
  }

  private putOnce(node: Node, last: number): void {
    const scan =
      node.op === "output"
        ? this.sections.findIndex((section) => section.kind === "loop" && section.scan === node.inputs[0])
        : -1;
    const from = Math.max(last, scan + 1);
    const index = this.sections.findIndex((section, k) => k >= from && section.kind === "once");
    (this.sections[index] as Once).nodes.push(node);
    this.home.set(node, { section: index, phase: "before" });
  }

  /** The time over which an accumulation runs. */
  private summedTime(node: Node): Dim | null {
    return kindOf[node.op] === "accumulate" ? timeOf(node.inputs[node.inputs.length - 1]?.shape ?? []) : null;
  }

  private newLoop(time: Dim, scan: NodeOf<"scan"> | null): number {
    const reverse = scan?.attributes.reverse ?? false;
    return this.sections.push({ kind: "loop", time, reverse, scan, before: [], step: [], after: [] }) - 1;
  }

  private into(index: number, phase: Phase, node: Node): void {
    (this.sections[index] as Loop)[phase].push(node);
    this.home.set(node, { section: index, phase });
  }

  /** Hoist what does not depend on a state, keep what the next state needs, sink the rest. */
  private body(scan: NodeOf<"scan">, index: number): void {
    const { body } = scan.attributes;
    const own = bodyNodes(body);
    const stateful = dependents(resultsOf(body), body.carried);
    const hoisted = new Set(
      topological([...own].filter((node) => !stateful.has(node) && expensive(node) && !sunk(node))),
    );
    const needed = new Set(topological(body.next));
    const heavy = [...own].filter((node) => expensive(node) && !needed.has(node) && !hoisted.has(node));
    const after = dependents(resultsOf(body), heavy);
    for (const node of topological(resultsOf(body))) {
      if (!own.has(node) || !isComputed(node)) continue;
      this.into(
        index,
        hoisted.has(node) ? "before" : after.has(node) && !needed.has(node) ? "after" : "step",
        node,
      );
    }
  }
}

const sunk = (node: Node): boolean => kindOf[node.op] === "accumulate";
