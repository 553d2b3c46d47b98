/** A plan as code, its weights and panels in the arena, and lists of calls for the threads. */
import { invariant } from "../../errors.ts";
import type { Computation, Update } from "../graph/computation.ts";
import { sizeOf } from "../graph/shapes.ts";
import { aligned } from "../plan/allocate.ts";
import { show } from "../plan/debug.ts";
import { type Plan, weightKeyOf } from "../plan/described.ts";
import { blockFloats, panelBlocks } from "../plan/lower/pack.ts";
import { lowerTurn } from "../plan/lower/turn.ts";
import { lowerSquares, lowerUpdate, lowerZero } from "../plan/lower/update.ts";
import { plan as makePlan } from "../plan/plan.ts";
import { printPlan } from "../plan/print.ts";
import type { Program, ProgramFunction } from "../plan/program.ts";
import { printProgram } from "../render/print.ts";
import type { Region } from "./arena.ts";
import { Bindings, type Bound, smallWeights } from "./bindings.ts";
import type { Batch } from "./device.ts";
import type { Engine } from "./engine.ts";
import { refuseShortHeap } from "./heap.ts";
import { ready } from "./ready.ts";
import { type Call, type RunList, ranges, type Tasks, writeTasks } from "./tasks.ts";
import { inputCalls, outputCalls } from "./transfer.ts";

/** Work of one part of so many, in turn: each phase is finished by all before the next begins. */
export type Phase = (part: number, parts: number) => readonly Call[];

export class ArenaProgram {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly lanes: number;
  /** Frame entries that all shards share: weights and panels. */
  readonly shared: Map<string, number> = new Map();
  readonly weightFloats: number;
  private readonly weightSizes: readonly number[];
  private readonly names: readonly string[];
  private readonly code: number;
  private readonly runList: RunList;
  private readonly weights: Region;
  /** A frame that knows weights and panels alone. */
  private readonly weightFrame: Region;
  private readonly packing: readonly Tasks[];
  private readonly bindings: Bindings;

  constructor(computation: Computation, updates: readonly (Update | null)[], engine: Engine) {
    const { backend, arena, threads } = engine;
    this.engine = engine;
    this.lanes = backend.target.lanes;
    refuseShortHeap(computation);
    this.plan = makePlan(computation, backend.target);
    const program = withUpdates(this.plan, updates, this.lanes);
    show("plan", "", () => printPlan(this.plan));
    show("program", "", () => printProgram(program));
    const code = backend.compile(program, arena);
    this.code = engine.nextCode();
    this.names = program.functions.filter(({ exported }) => exported).map(({ name }) => name);
    this.runList = ready(code, arena.memory);
    threads.load({ id: this.code, code });
    this.weightSizes = computation.weights.map(({ shape }) => sizeOf(shape));
    this.weightFloats = this.weightSizes.reduce((sum, size) => sum + size, 0);
    this.weights = this.placeWeights(computation);
    this.weightFrame = arena.take(4 * this.plan.frame.length);
    this.plan.frame.forEach((key, k) => {
      arena.int32[this.weightFrame.start / 4 + k] = this.shared.get(key) ?? 0;
    });
    this.packing = this.scheduled(this.weightFloats < smallWeights ? 1 : threads.count, [this.packPhase]);
    this.bindings = new Bindings(this);
  }

  /** Address of a weight, in bytes. */
  weightAddress(index: number): number {
    return this.shared.get(weightKeyOf(index)) ?? 0;
  }

  writeWeights(weights: readonly Float32Array[]): void {
    weights.forEach((weight, k) => this.engine.arena.float32.set(weight, this.weightAddress(k) / 4));
  }

  /** Copies of what was written. */
  readWeights(): readonly Float32Array[] {
    return this.weightSizes.map((size, k) => {
      const start = this.weightAddress(k) / 4;
      return this.engine.arena.float32.slice(start, start + size);
    });
  }

  /** Lays the weights out for the products; to be called whenever they have changed. */
  pack(): void {
    this.run(this.packing);
  }

  /** A part's share of the packing. */
  readonly packPhase: Phase = (part, parts) =>
    this.plan.panels.map((panel) => {
      const { from, to } = ranges(panelBlocks(panel, this.lanes), parts)[part] ?? { from: 0, to: 0 };
      return { name: `pack_${panel.key}`, inputs: [this.weightFrame.start, from, to] };
    });

  bind(batch: Batch, held = false): Bound {
    return this.bindings.bind(batch, held);
  }

  /** The shards' runs, with what turns their inputs, and their outputs unless they stay until they are read. */
  readonly shardPhase =
    ({ memory }: Bound): Phase =>
    (part, parts) =>
      memory.shards
        .filter((_, k) => k % parts === part)
        .flatMap((shard) => [
          ...inputCalls(this.plan, shard),
          { name: "run", inputs: [shard.frame] },
          ...(shard.held ? [] : this.plan.outputs.flatMap((_, k) => outputCalls(this.plan, shard, k))),
        ]);

  /** Turns an output that has stayed where the run made it. */
  turnOutput({ memory, parts }: Bound, index: number): void {
    const lists = this.scheduled(parts, [
      (part) =>
        memory.shards
          .filter((_, k) => k % parts === part)
          .flatMap((shard) => outputCalls(this.plan, shard, index)),
    ]);
    this.run(lists);
    for (const { region } of lists) this.engine.arena.give(region);
  }

  /** All lists, one after the other. */
  run(lists: readonly Tasks[]): void {
    for (let k = 0; k < lists.length; k++) this.engine.threads.run(lists[k]!, this.code, this.runList);
  }

  /** Lists of calls that speak of the bound shards, written once for each binding. */
  listsOf(bound: Bound, name: string, phases: (bound: Bound) => readonly Phase[]): readonly Tasks[] {
    const known = bound.lists.get(name);
    if (known !== undefined) return known;
    const lists = this.scheduled(bound.parts, phases(bound));
    bound.lists.set(name, lists);
    return lists;
  }

  /** Phases as lists; a single thread has nobody to wait for, and gets one list of all. */
  scheduled(parts: number, phases: readonly Phase[]): readonly Tasks[] {
    if (parts === 1) return [this.tasks([phases.flatMap((phase) => phase(0, 1))])];
    return phases.map((phase) => this.tasks(Array.from({ length: parts }, (_, part) => phase(part, parts))));
  }

  tasks(lists: readonly (readonly Call[])[]): Tasks {
    return writeTasks(this.engine.arena, lists, (name) => this.numberOf(name));
  }

  frameSlot(key: string): number {
    const slot = this.plan.frame.indexOf(key);
    invariant(slot >= 0, `device: no entry "${key}" in the frame`);
    return slot;
  }

  release(): void {
    this.bindings.release();
    const { arena, threads } = this.engine;
    threads.forget(this.code);
    for (const region of [this.weights, this.weightFrame]) arena.give(region);
    for (const { region } of this.packing) arena.give(region);
  }

  private numberOf(name: string): number {
    const number = this.names.indexOf(name);
    invariant(number >= 0, `device: no function "${name}" in the program`);
    return number;
  }

  private placeWeights(computation: Computation): Region {
    let at = 0;
    const places = new Map<string, number>();
    const take = (key: string, floats: number): void => {
      places.set(key, at);
      at += aligned(floats * 4);
    };
    computation.weights.forEach(({ shape }, k) => take(weightKeyOf(k), sizeOf(shape)));
    for (const panel of this.plan.panels)
      take(panel.key, panelBlocks(panel, this.lanes) * blockFloats(panel, this.lanes));
    const region = this.engine.arena.take(at);
    for (const [key, place] of places) this.shared.set(key, region.start + place);
    this.engine.arena.float32.fill(0, region.start / 4, (region.start + region.bytes) / 4);
    return region;
  }
}

/** With what a device needs besides the plan's own functions. */
function withUpdates(plan: Plan, updates: readonly (Update | null)[], lanes: number): Program {
  const extra: ProgramFunction[] = [lowerTurn(lanes), lowerZero(), lowerSquares(lanes)];
  updates.forEach((update, k) => {
    if (update !== null) extra.push(lowerUpdate(update, `update_${k}`, lanes));
  });
  return { lanes, functions: [...plan.program.functions, ...extra] };
}
