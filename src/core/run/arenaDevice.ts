/** A device that runs programs on an arena: compiled once, shards run by threads on one shared memory. */
import type { Tuning } from "../plan/target.ts";
import { Arena } from "./arena.ts";
import { arenaExecutable } from "./arenaExecutable.ts";
import { arenaTrainer } from "./arenaTrainer.ts";
import type { Backend } from "./backend.ts";
import type { Device } from "./device.ts";
import type { Engine } from "./engine.ts";
import { Threads, type ThreadWorker } from "./threads.ts";

export interface ArenaOptions {
  /** Threads, the calling one included. Default: one a core where memory can be shared, else 1. */
  readonly threads?: number;
  /** Rows of a shard. Changes the bits of sums; default: from the sizes of model and batch. */
  readonly shardRows?: number;
  /** Bytes. Default: 1 GiB. */
  readonly memoryLimit?: number;
  /** Steps of a chunk of time; changes no bit. Default: from the rows of a shard. */
  readonly chunk?: number;
  /** Steps of a segment of time, of which alone values are kept; changes no bit. Default: all while there is room. */
  readonly segment?: number;
  /** Tiles and lengths of chunks; change no bit. Default: those of the target. */
  readonly tuning?: Tuning;
}
/** Where a device runs. */
export interface Surroundings {
  /** Whether threads can share memory; without it there is one thread. */
  readonly shared: boolean;
  readonly startThread: () => ThreadWorker;
}
/** What a device is made of. */
export interface Parts extends Surroundings {
  readonly backend: Backend;
  readonly mode: string;
  readonly description: string;
  readonly threads: number;
}

const defaultMemory = 2 ** 30;

/** Threads end when nothing is left that could give them work. */
const abandonedEngines = new FinalizationRegistry<readonly ThreadWorker[]>((workers) => {
  for (const worker of workers) worker.terminate();
});

/** Memory and threads are taken when something is first compiled. */
export function arenaDevice(
  options: ArenaOptions,
  { backend, mode, description, threads: count, shared, startThread }: Parts,
): Device {
  let engine: Engine | null = null;
  let codes = 0;
  const started = (): Engine => {
    engine ??= newEngine();
    return engine;
  };
  function newEngine(): Engine {
    const arena = new Arena(options.memoryLimit ?? defaultMemory, shared);
    const workers = Array.from({ length: count - 1 }, startThread);
    const threads = new Threads(arena, workers);
    const { chunk = null, shardRows = null, segment = null } = options;
    const made: Engine = { backend, arena, threads, chunk, shardRows, segment, nextCode: () => codes++ };
    abandonedEngines.register(made, workers);
    return made;
  }
  return {
    name: backend.name,
    mode,
    shardRows: options.shardRows ?? null,
    description,
    compile: (computation) => arenaExecutable(computation, started()),
    train: (computation, updates) => arenaTrainer(computation, updates, started()),
  };
}
