/**
 * A step applied over time: `scan` with the lifted step as its body.
 *
 *   plain        state' = next                     output = the state that the cell says
 *   mask         state' = mask ? next : state      output' = mask ? output : the output before
 *   firstInput   the first step gives x itself     a carried flag tells whether it has been
 *   zoneout      state' = zoned(state, next)       zoneout.ts
 *   sampled      next = step(x, target or state)   teacher.ts
 *
 * An output that is no state is carried only where it is read again: under a mask, or as the last one. A cell that says
 * it is linear becomes an associative scan, as long as what is added here leaves it linear.
 */
import { constant, outputOf, parameter, scan, zeros } from "../../core/graph/build.ts";
import { nonlinearityOf } from "../../core/graph/linear.ts";
import { type Node, type NodeOf, rows, type ScanBody } from "../../core/graph/nodes.ts";
import { broadcast, maximum, reshape, where } from "../../core/graph/operators.ts";
import { invariant, UnrollError } from "../../errors.ts";
import type { Value } from "./layer.ts";
import { type Equipped, liftedStep, mapped, type Step, traceStep } from "./step.ts";
import { type Sampled, sampledStep } from "./teacher.ts";
import { type Zoned, zoned } from "./zoneout.ts";

export interface Unfolding extends Equipped {
  readonly x: Value;
  /** `[rows, ...]` for each state. */
  readonly initial: Readonly<Record<string, Node>>;
  /** Dropout of states, `[rows, ...]`. */
  readonly masks: Readonly<Record<string, Node>>;
  /** By the name of the state. Default: none. */
  readonly zoneout?: Readonly<Record<string, Zoned>>;
  /** Default: null. */
  readonly sampled?: Sampled | null;
  readonly firstInput: boolean;
  /** Whether the last output is wanted by itself. */
  readonly last: boolean;
  /** A step that does not count gives zeros instead of the output before it. */
  readonly zeroMasked: boolean;
  /** Whether every state and value is wanted at every step. */
  readonly inspect: boolean;
}
export interface Unfolded {
  /** `[time, rows, ...]` */
  readonly outputs: Node;
  /** `[rows, ...]`: the output of the last step; null where it was not wanted. */
  readonly last: Node | null;
  readonly finals: Readonly<Record<string, Node>>;
  /** `[time, rows, ...]`; empty unless asked for. */
  readonly states: Readonly<Record<string, Node>>;
  readonly values: Readonly<Record<string, Node>>;
}

/** What a scan carries from step to step. */
interface Carried {
  readonly name: string;
  readonly parameter: NodeOf<"parameter">;
  readonly initial: Node;
  readonly next: Node;
}

export function unfold(unfolding: Unfolding): Unfolded {
  const { cell, x, inspect, sampled = null } = unfolding;
  invariant(x.time !== null && x.lengths !== null, "unfold: a sequence");
  const traced = traceStep(unfolding);
  const linear = isLinear(unfolding, traced);
  const lifted = liftedStep(traced, unfolding.masks);
  const step = sampled === null ? lifted : sampledStep(lifted, cell.output, sampled);
  const flags: Flags = {
    mask: x.mask && parameter("mask", [rows, 1]),
    started: unfolding.firstInput ? parameter("started", [rows, 1]) : null,
  };
  const { carried, output } = carriedOf(unfolding, step, flags);
  const { mask } = flags;
  const shown = unfolding.zeroMasked && mask ? where(mask, output, 0) : output;
  const values = inspect ? Object.keys(step.results).filter((name) => !cell.states.includes(name)) : [];
  const states = inspect ? cell.states : [];
  const draws = Object.values(unfolding.zoneout ?? {}).flatMap(({ drawn }) => drawn ?? []);
  const more = [...draws, ...(sampled === null ? [] : [sampled.fed, sampled.drawn])];
  const nextOf = (name: string): Node => carried.find((one) => one.name === name)?.next as Node;
  const keptAs = (name: string): Node =>
    states.includes(name) ? nextOf(name) : (step.results[name] as Node);
  const kept = [...new Set([shown, ...[...states, ...values].map(keptAs)])];
  const body: ScanBody = {
    carried: carried.map((one) => one.parameter),
    sequences: [step.x, ...(mask ? [mask] : []), ...more.map(({ slice }) => slice)],
    next: carried.map(({ next }) => next),
    stacked: kept,
    summed: [],
  };
  const node = scan({
    lengths: x.lengths,
    initial: carried.map(({ initial }) => initial),
    sequences: [x.node, ...(x.mask ? [x.mask] : []), ...more.map(({ sequence }) => sequence)],
    body,
    time: x.time,
    reverse: false,
    associative: linear && nonlinearityOf(body) === null,
  });
  const places = new Map(carried.map(({ name }, k) => [name, k]));
  const finalOf = (name: string): Node => outputOf(node, "final", places.get(name) ?? -1);
  const lastName = cell.states.includes(cell.output) ? cell.output : outputName;
  const stacked = kept.map((_, k) => outputOf(node, "stacked", k));
  const every = (names: readonly string[]): Readonly<Record<string, Node>> =>
    Object.fromEntries(names.map((name) => [name, stacked[kept.indexOf(keptAs(name))] as Node]));
  return {
    outputs: stacked[0] as Node,
    last: places.has(lastName) ? finalOf(lastName) : null,
    finals: Object.fromEntries(cell.states.map((name) => [name, finalOf(name)])),
    states: every(states),
    values: every(values),
  };
}

/** No state has this name: names of states are words. */
const outputName = "the output before";
const startedName = "started";

interface Flags {
  readonly mask: NodeOf<"parameter"> | null;
  readonly started: NodeOf<"parameter"> | null;
}

/** Everything carried, and the output of the step. */
function carriedOf(
  { cell, initial, firstInput, last, zoneout = {} }: Unfolding,
  step: Step,
  { mask, started }: Flags,
): { readonly carried: readonly Carried[]; readonly output: Node } {
  const begun = (next: Node, otherwise: Node): Node =>
    started ? where(aligned(started, next), next, otherwise) : next;
  const counted = (next: Node, before: Node): Node =>
    mask ? where(aligned(mask, next), next, before) : next;
  const [first] = cell.states;
  const states = Object.values(
    mapped(step.states, (state, name): Carried => {
      const made = step.results[name] as Node;
      const kept = zoneout[name];
      const next = begun(
        kept ? zoned(kept, state, made) : made,
        firstInput && name === first ? step.x : state,
      );
      return { name, parameter: state, initial: initial[name] as Node, next: counted(next, state) };
    }),
  );
  const flags = started ? [startedFlag(started, mask)] : [];
  const own = states.find(({ name }) => name === cell.output);
  if (own) return { carried: [...states, ...flags], output: own.next };
  const value = step.results[cell.output] as Node;
  const before = parameter(outputName, value.shape);
  const output = counted(begun(value, step.x), before);
  if (mask === null && !last) return { carried: [...states, ...flags], output };
  const repeated = { name: outputName, parameter: before, initial: zeros(value.shape), next: output };
  return { carried: [...states, repeated, ...flags], output };
}

/** Throws an UnrollError for a cell that says it is linear, and is not. */
function isLinear({ cell, sizes }: Unfolding, { x, states, results }: Step): boolean {
  if (!cell.equation.linear(sizes)) return false;
  const next = cell.states.map((name) => results[name] as Node);
  const carried = cell.states.map((name) => states[name] as NodeOf<"parameter">);
  const found = nonlinearityOf({ carried, sequences: [x], next, stacked: [], summed: [] });
  if (found === null) return true;
  throw new UnrollError({
    where: `cell "${cell.name}", linear`,
    expected: `a next ${found.state.attributes.name} that is a sum of states, each times something without a state`,
    got: `the operator "${found.node.op}" of a state`,
    fix: "Leave out linear, or let gates and candidates depend on the input alone.",
  });
}

function startedFlag(started: NodeOf<"parameter">, mask: NodeOf<"parameter"> | null): Carried {
  const next = mask ? maximum(started, mask) : broadcast(constant(1), [rows, 1]);
  return { name: startedName, parameter: started, initial: zeros([rows, 1]), next };
}

/** `[rows, 1]` with as many axes as `other`, so that rows meet rows. */
function aligned(flag: Node, other: Node): Node {
  const missing = other.shape.length - flag.shape.length;
  return missing > 0 ? reshape(flag, [rows, 1, ...Array.from({ length: missing }, () => 1)]) : flag;
}
