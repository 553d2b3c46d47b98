/**
 * Batches bound to memory. A binding serves all batches of the same rows and steps; those used last are kept while they
 * are small, so that a change between a few sizes costs nothing.
 */
import { shardRowsOf, stepsOf } from "../plan/allocate.ts";
import type { Plan, SumPlan } from "../plan/described.ts";
import type { Region } from "./arena.ts";
import { type ShardRows, shardsOf } from "./batches.ts";
import type { Batch } from "./device.ts";
import type { Engine } from "./engine.ts";
import { placeShards, type ShardMemory, timesOf, writeRows } from "./shards.ts";
import type { Tasks } from "./tasks.ts";
import { type Harbour, harbourOf, writeInputs } from "./transfer.ts";

export interface Adding {
  readonly region: Region;
  readonly tasks: Tasks;
}

/** Shards of one batch, bound to memory. */
export interface Bound {
  readonly memory: ShardMemory;
  /** Address of the list of the shards' frames. */
  readonly frames: Region;
  /** Where the arrays of each shard arrive and depart. */
  readonly harbours: readonly Harbour[];
  /** Threads that have work here. */
  readonly parts: number;
  /** Lists of calls, each finished before the next begins, by what they do; written when first asked for. */
  readonly lists: Map<string, readonly Tasks[]>;
  /** Where sums are added up that the host reads, and the list that does it. */
  readonly sums: Map<SumPlan, Adding>;
  /** The rows of the batch at hand. */
  rows: readonly ShardRows[];
  /** The place of the first row, where every row is of full length: then the tables of rows stand as they are. */
  evenFrom: number | null;
  /** Changes whenever what a run left here is no longer there. */
  turn: number;
}

/** What of a program a binding needs. */
export interface Bindable {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly shared: ReadonlyMap<string, number>;
  readonly weightFloats: number;
}

const keptBindings = 64;
const keptBytes = 32 * 2 ** 20;
/** What goes once through less than this many floats of weights is not worth waking another thread. */
export const smallWeights: number = 2 ** 15;

export class Bindings {
  private readonly program: Bindable;
  /** The dimensions of time that the plan speaks of. */
  private readonly times: readonly (string | number)[];
  private readonly shardRows: (rows: number) => number;
  /** The one used last comes last. */
  private readonly bounds = new Map<string, Bound>();
  private last: { readonly batch: Batch; readonly held: boolean; readonly bound: Bound } | null = null;

  constructor(program: Bindable) {
    this.program = program;
    this.times = timesOf(program.plan);
    this.shardRows = shardRowsOf(program.plan);
  }

  /** Shards for this batch, its inputs in place. `held`: outputs may be read one by one, or not at all. */
  bind(batch: Batch, held: boolean): Bound {
    const { last } = this;
    const isLast = last?.batch === batch && last.held === held;
    const bound = isLast && isEven(batch) ? last.bound : this.find(batch, held);
    bound.turn++;
    for (let k = 0; k < bound.rows.length; k++) writeInputs(bound.harbours[k]!, bound.rows[k]!, batch);
    if (!isLast) this.last = { batch, held, bound };
    return bound;
  }

  release(): void {
    for (const key of this.bounds.keys()) this.forget(key);
  }

  private find(batch: Batch, held: boolean): Bound {
    const { program } = this;
    const size = program.engine.shardRows ?? this.shardRows(batch.rows);
    const steps = this.times.map((time) => stepsOf(time, batch));
    const key = `${batch.rows} ${size} ${steps.join(" ")} ${held}`;
    const known = this.bounds.get(key);
    const firstRow = batch.firstRow ?? 0;
    const even = isEven(batch);
    if (known !== undefined && even && known.evenFrom === firstRow) {
      this.use(key, known);
      return known;
    }
    // By the text of their names, those of a fixed number of steps too.
    const times = Object.fromEntries(this.times.map((time, k) => [time, steps[k] ?? 0]));
    const rows = shardsOf(batch, size, times);
    const bound = known ?? this.newBound(rows, times, held);
    this.use(key, bound);
    bound.rows = rows;
    bound.evenFrom = even ? firstRow : null;
    rows.forEach((shard, k) => writeRows(program.engine.arena, bound.memory.shards[k]!, shard, firstRow));
    return bound;
  }

  private use(key: string, bound: Bound): void {
    this.bounds.delete(key);
    this.bounds.set(key, bound);
  }

  private newBound(
    rows: readonly ShardRows[],
    times: Readonly<Record<string, number>>,
    held: boolean,
  ): Bound {
    const { plan, shared, engine } = this.program;
    const { arena, threads, chunk, segment } = engine;
    this.makeRoom();
    const memory = placeShards({
      plan,
      arena,
      shared,
      rows: rows.map((shard) => shard.rows.length),
      times,
      threads: threads.count,
      held,
      chunk,
      segment,
      makeRoom: () => this.release(),
    });
    const frames = arena.take(4 * memory.shards.length);
    arena.int32.set(
      memory.shards.map(({ frame }) => frame),
      frames.start / 4,
    );
    const alone = rows.length === 1 && this.program.weightFloats < smallWeights;
    return {
      memory,
      frames,
      harbours: memory.shards.map((shard) => harbourOf(arena, plan, shard)),
      parts: alone ? 1 : threads.count,
      lists: new Map(),
      sums: new Map(),
      rows,
      evenFrom: null,
      turn: 0,
    };
  }

  /** Forgets those that were used longest ago. */
  private makeRoom(): void {
    let bytes = [...this.bounds.values()].reduce((sum, { memory }) => sum + memory.region.bytes, 0);
    for (const [key, { memory }] of this.bounds) {
      if (bytes <= keptBytes && this.bounds.size < keptBindings) return;
      bytes -= memory.region.bytes;
      this.forget(key);
    }
  }

  private forget(key: string): void {
    const bound = this.bounds.get(key);
    if (bound === undefined) return;
    bound.turn++;
    const { arena } = this.program.engine;
    for (const { region } of [...bound.lists.values()].flat()) arena.give(region);
    for (const { region, tasks } of bound.sums.values()) {
      arena.give(region);
      arena.give(tasks.region);
    }
    arena.give(bound.memory.region);
    arena.give(bound.frames);
    this.bounds.delete(key);
    if (this.last?.bound === bound) this.last = null;
  }
}

/** Whether every row is of full length. */
const isEven = ({ lengths }: Batch): boolean => lengths === undefined || Object.keys(lengths).length === 0;
