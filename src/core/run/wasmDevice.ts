/** The WebAssembly device: programs compiled once, shards run by threads on one shared memory. */
import { UnrollError } from "../../errors.ts";
import type { Computation, Update } from "../graph/computation.ts";
import { relaxedSimdSupported, simdSupported } from "../render/wasm/features.ts";
import { Arena } from "./arena.ts";
import type { Batch, Device, Executable } from "./device.ts";
import { canShare, cores, prepareEngine } from "./host.ts";
import { readGradients, readOutputs } from "./results.ts";
import { startThread } from "./startThread.ts";
import { Threads, type ThreadWorker } from "./threads.ts";
import { type Engine, WasmProgram } from "./wasmProgram.ts";
import { wasmTrainer } from "./wasmTrainer.ts";

export interface WasmOptions {
  /** Threads, the calling one included. Default: one a core where memory can be shared, else 1. */
  readonly threads?: number;
  /** Without relaxed instructions: the same bits on every machine and engine. Default: false. */
  readonly strict?: boolean;
  /** Rows of a shard. Changes the bits of sums; default: from the sizes of model and batch. */
  readonly shardRows?: number;
  /** Bytes. Default: 1 GiB. */
  readonly memoryLimit?: number;
  /** Steps of a chunk of time; changes no bit. Default: from the rows of a shard. */
  readonly chunk?: number;
}

const defaultMemory = 2 ** 30;

/** Threads end when nothing is left that could give them work. */
const abandonedEngines = new FinalizationRegistry<readonly ThreadWorker[]>((workers) => {
  for (const worker of workers) worker.terminate();
});
/** The memory of a program goes back when nobody can run it any more. */
const abandonedPrograms = new FinalizationRegistry<WasmProgram>((program) => program.release());

/** Where a device runs. Default: what the host offers. */
export interface Surroundings {
  /** Whether threads can share memory; without it there is one thread. */
  readonly shared: boolean;
  readonly startThread: () => ThreadWorker;
}
const host = (): Surroundings => ({ shared: canShare(), startThread });

/** Throws an UnrollError where the engine has no SIMD. */
export function wasmDevice(
  options: WasmOptions = {},
  { shared, startThread }: Surroundings = host(),
): Device {
  const { relaxed, threads: count, description } = wasmFacts(options, shared);
  let engine: Engine | null = null;
  let modules = 0;
  const started = (): Engine => {
    engine ??= newEngine();
    return engine;
  };
  function newEngine(): Engine {
    const arena = new Arena(options.memoryLimit ?? defaultMemory, shared);
    const workers = Array.from({ length: count - 1 }, startThread);
    const { chunk = null, shardRows = null } = options;
    const threads = new Threads(arena, workers);
    const made: Engine = { arena, threads, relaxed, chunk, shardRows, nextModule: () => modules++ };
    abandonedEngines.register(made, workers);
    return made;
  }
  return {
    name: "wasm",
    description,
    compile: (computation) => wasmExecutable(computation, started()),
    train: (computation, updates: readonly (Update | null)[]) => wasmTrainer(computation, updates, started()),
  };
}

export interface WasmFacts {
  readonly relaxed: boolean;
  /** Threads, the calling one included. */
  readonly threads: number;
  readonly description: string;
}

/** What these options come to on this engine. Throws an UnrollError where it has no SIMD. */
export function wasmFacts(options: WasmOptions, shared: boolean): WasmFacts {
  prepareEngine();
  if (!simdSupported()) throw noSimd();
  const threads = shared ? Math.max(1, options.threads ?? cores()) : 1;
  const relaxed = options.strict !== true && relaxedSimdSupported();
  const mode = relaxed ? "relaxed" : "strict";
  const description = `WebAssembly, ${mode} SIMD, ${threads} ${threads === 1 ? "thread" : "threads"}`;
  return { relaxed, threads, description };
}

function wasmExecutable(computation: Computation, engine: Engine): Executable {
  const program = new WasmProgram(computation, [], engine);
  let packed: { readonly weights: readonly Float32Array[]; readonly version: number | undefined } | null =
    null;
  const runNow = (batch: Batch, weights: readonly Float32Array[]): readonly Float32Array[] => {
    const same =
      batch.version !== undefined && packed?.version === batch.version && packed.weights === weights;
    if (!same) {
      program.writeWeights(weights);
      program.pack();
      packed = { weights, version: batch.version };
    }
    const bound = program.bind(batch);
    program.parallel(bound.run);
    return [...readOutputs(program, bound, batch), ...readGradients(program, computation, bound)];
  };
  const executable: Executable = { runNow, run: async (batch, weights) => runNow(batch, weights) };
  abandonedPrograms.register(executable, program);
  return executable;
}

function noSimd(): UnrollError {
  return new UnrollError({
    where: 'setDevice("wasm")',
    expected: "an engine with WebAssembly SIMD",
    got: "one without",
    fix: 'Use Node 20.19 or later or a current browser, or setDevice("reference").',
  });
}
