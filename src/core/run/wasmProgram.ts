/** A plan as a compiled module, its weights and panels in the arena, and its shards for the batch at hand. */
import { invariant } from "../../errors.ts";
import type { Computation, Update } from "../graph/computation.ts";
import { aligned, shardRows } from "../plan/allocate.ts";
import { show } from "../plan/debug.ts";
import { type Plan, type SumPlan, weightKeyOf } from "../plan/described.ts";
import { blockFloats, panelBlocks } from "../plan/lower/pack.ts";
import { lowerTurn } from "../plan/lower/turn.ts";
import { lowerSquares, lowerUpdate, lowerZero } from "../plan/lower/update.ts";
import { plan as makePlan } from "../plan/plan.ts";
import { printPlan } from "../plan/print.ts";
import type { ProgramFunction } from "../plan/program.ts";
import { printProgram } from "../render/print.ts";
import { renderWasm } from "../render/wasm/wasm.ts";
import type { Arena, Region } from "./arena.ts";
import { type ShardRows, shardsOf } from "./batches.ts";
import type { Batch } from "./device.ts";
import { placeShards, type Shard, type ShardMemory, timesOf, writeRows } from "./shards.ts";
import { type Call, type Exported, ranges, runTasks, type Tasks, writeTasks } from "./tasks.ts";
import type { Threads } from "./threads.ts";
import { largestArray, type Transfer, writeInputs } from "./transfer.ts";

export const lanes = 4;

export interface Engine {
  readonly arena: Arena;
  readonly threads: Threads;
  readonly relaxed: boolean;
  /** Set for tests and calibration only: bits do not depend on it. */
  readonly chunk: number | null;
  readonly shardRows: number | null;
  readonly nextModule: () => number;
}

export interface Adding {
  readonly region: Region;
  readonly tasks: Tasks;
}

/** Shards of one batch, bound to memory. */
export interface Bound {
  readonly key: string;
  readonly rows: readonly ShardRows[];
  readonly memory: ShardMemory;
  /** Address of the list of the shards' frames. */
  readonly frames: Region;
  /** Room for one array of one shard, on its way in or out. */
  readonly staging: Region;
  readonly run: Tasks;
  /** Further lists, written when first asked for. */
  readonly lists: Map<string, Tasks>;
  /** Where sums are added up that the host reads, and the list that does it. */
  readonly sums: Map<SumPlan, Adding>;
}

export class WasmProgram {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly functions: readonly Exported[];
  private readonly names: readonly string[];
  private readonly module: number;
  private readonly shared = new Map<string, number>();
  private readonly weights: Region;
  /** A frame that knows weights and panels alone. */
  private readonly weightFrame: Region;
  private readonly packing: Tasks;
  private readonly turn: Exported;
  private bound: Bound | null = null;
  /** The binding and the extent of the last batch, when all of its rows were of full length. */
  private even: { readonly bound: Bound; readonly batch: Batch } | null = null;

  constructor(computation: Computation, updates: readonly (Update | null)[], engine: Engine) {
    this.engine = engine;
    this.plan = makePlan(computation, lanes);
    const extra: ProgramFunction[] = [lowerTurn(lanes), lowerZero(), lowerSquares(lanes)];
    updates.forEach((update, k) => {
      if (update !== null) extra.push(lowerUpdate(update, `update_${k}`, lanes));
    });
    const program = { lanes, functions: [...this.plan.program.functions, ...extra] };
    show("plan", "", () => printPlan(this.plan));
    show("program", "", () => printProgram(program));
    const bytes = renderWasm(program, { relaxed: engine.relaxed, shared: engine.arena.shared });
    const module = new WebAssembly.Module(bytes);
    this.module = engine.nextModule();
    this.names = program.functions.filter(({ exported }) => exported).map(({ name }) => name);
    const { exports } = new WebAssembly.Instance(module, { env: { memory: engine.arena.memory } });
    this.functions = this.names.map((name) => exports[name] as Exported);
    this.turn = exports["turn"] as Exported;
    engine.threads.load({ id: this.module, module, names: this.names });
    this.weights = this.placeWeights(computation);
    this.weightFrame = engine.arena.take(4 * this.plan.frame.length);
    this.packing = this.packingTasks();
  }

  /** Address of a weight, in bytes. */
  weightAddress(index: number): number {
    return this.shared.get(weightKeyOf(index)) ?? 0;
  }

  writeWeights(weights: readonly Float32Array[]): void {
    weights.forEach((weight, k) => this.engine.arena.float32.set(weight, this.weightAddress(k) / 4));
  }

  /** Lays the weights out for the products; to be called whenever they have changed. */
  pack(): void {
    this.parallel(this.packing);
  }

  parallel(tasks: Tasks): void {
    this.engine.threads.run(tasks, this.module, this.functions);
  }

  /** The first list only, on the calling thread. */
  alone(tasks: Tasks): void {
    runTasks(this.engine.arena.int32, tasks.starts[0] ?? 0, tasks.counts[0] ?? 0, this.functions);
  }

  /** Shards for this batch, its inputs in place. */
  bind(batch: Batch): Bound {
    const bound = this.again(batch) ?? this.anew(batch);
    const transfer = this.transfer(bound);
    bound.rows.forEach((rows, k) => writeInputs(transfer, bound.memory.shards[k] as Shard, rows, batch));
    return bound;
  }

  /** What moves arrays of a binding in and out. */
  transfer({ staging }: Bound): Transfer {
    return { arena: this.engine.arena, plan: this.plan, staging, turn: this.turn };
  }

  /** The shards as they stand, where this batch has as many rows and steps as the last and no lengths either. */
  private again({ rows, times, lengths, firstRow }: Batch): Bound | null {
    const { even } = this;
    if (even === null || lengths !== undefined || even.batch.rows !== rows) return null;
    if (even.batch.firstRow !== firstRow || !sameTimes(even.batch.times, times)) return null;
    return even.bound;
  }

  private anew(batch: Batch): Bound {
    const times = this.timesOfBatch(batch);
    const size = this.engine.shardRows ?? shardRows(this.plan, batch.rows);
    const rows = shardsOf(batch, size, times);
    const key = JSON.stringify([batch.rows, size, times]);
    if (this.bound?.key !== key) {
      this.unbind();
      this.bound = this.newBound(key, rows, times);
    }
    const bound = { ...this.bound, rows } as Bound;
    rows.forEach((shardRows_, k) =>
      writeRows(this.engine.arena, bound.memory.shards[k] as Shard, shardRows_, batch.firstRow ?? 0),
    );
    this.even =
      batch.lengths === undefined
        ? { bound, batch: { ...batch, inputs: [], times: { ...batch.times } } }
        : null;
    return bound;
  }

  /** Lists of calls that speak of the bound shards, written once for each binding. */
  lists(bound: Bound, name: string, make: () => readonly (readonly Call[])[]): Tasks {
    const known = bound.lists.get(name);
    if (known !== undefined) return known;
    const tasks = this.tasks(make());
    bound.lists.set(name, tasks);
    return tasks;
  }

  tasks(lists: readonly (readonly Call[])[]): Tasks {
    return writeTasks(this.engine.arena, lists, (name) => {
      const number = this.names.indexOf(name);
      invariant(number >= 0, `device: no function "${name}" in the program`);
      return number;
    });
  }

  release(): void {
    this.unbind();
    this.engine.arena.give(this.weights);
    this.engine.arena.give(this.weightFrame);
    this.engine.arena.give(this.packing.region);
  }

  frameSlot(key: string): number {
    const slot = this.plan.frame.indexOf(key);
    invariant(slot >= 0, `device: no entry "${key}" in the frame`);
    return slot;
  }

  private unbind(): void {
    if (this.bound === null) return;
    const { arena } = this.engine;
    arena.give(this.bound.memory.region);
    arena.give(this.bound.run.region);
    arena.give(this.bound.frames);
    arena.give(this.bound.staging);
    this.even = null;
    for (const tasks of this.bound.lists.values()) arena.give(tasks.region);
    for (const { region, tasks } of this.bound.sums.values()) {
      arena.give(region);
      arena.give(tasks.region);
    }
    this.bound = null;
  }

  private newBound(key: string, rows: readonly ShardRows[], times: Readonly<Record<string, number>>): Bound {
    const { arena, threads, chunk } = this.engine;
    const { plan, shared } = this;
    const request = {
      plan,
      arena,
      shared,
      rows: rows.map((shard) => shard.rows.length),
      times,
      threads: threads.count,
      chunk,
    };
    const memory = placeShards(request);
    const calls: Call[][] = Array.from({ length: threads.count }, () => []);
    memory.shards.forEach(({ frame }, k) => calls[k % threads.count]?.push({ name: "run", inputs: [frame] }));
    const frames = arena.take(4 * memory.shards.length);
    arena.int32.set(
      memory.shards.map(({ frame }) => frame),
      frames.start / 4,
    );
    const staging = arena.take(4 * Math.max(...memory.shards.map((shard) => largestArray(plan, shard))));
    return { key, rows, memory, frames, staging, run: this.tasks(calls), lists: new Map(), sums: new Map() };
  }

  /** Steps of every dimension, the known ones too, by the text of their name. */
  private timesOfBatch(batch: Batch): Record<string, number> {
    const times: Record<string, number> = {};
    for (const time of timesOf(this.plan))
      times[time] = typeof time === "number" ? time : (batch.times[time] ?? 0);
    return times;
  }

  private placeWeights(computation: Computation): Region {
    let at = 0;
    const places = new Map<string, number>();
    const take = (key: string, floats: number): void => {
      places.set(key, at);
      at += aligned(floats * 4);
    };
    computation.weights.forEach(({ shape }, k) =>
      take(
        weightKeyOf(k),
        (shape as readonly number[]).reduce((size, dim) => size * dim, 1),
      ),
    );
    for (const panel of this.plan.panels)
      take(panel.key, panelBlocks(panel, lanes) * blockFloats(panel, lanes));
    const region = this.engine.arena.take(at);
    for (const [key, place] of places) this.shared.set(key, region.start + place);
    this.engine.arena.float32.fill(0, region.start / 4, (region.start + region.bytes) / 4);
    return region;
  }

  private packingTasks(): Tasks {
    const { threads, arena } = this.engine;
    const frame = this.weightFrame;
    this.plan.frame.forEach((key, k) => {
      arena.int32[frame.start / 4 + k] = this.shared.get(key) ?? 0;
    });
    return this.tasks(
      Array.from({ length: threads.count }, (_, thread) =>
        this.plan.panels.map((panel) => {
          const { from, to } = ranges(panelBlocks(panel, lanes), threads.count)[thread] as {
            from: number;
            to: number;
          };
          return { name: `pack_${panel.key}`, inputs: [frame.start, from, to] };
        }),
      ),
    );
  }
}

function sameTimes(a: Batch["times"], b: Batch["times"]): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
