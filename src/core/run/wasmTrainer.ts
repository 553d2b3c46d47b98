/**
 * Training on the WebAssembly device. A step: the shards; their gradients added up and the squares of these, by ranges
 * of weights; the host decides; the update and the packing, by ranges again.
 */
import type { Computation, Update } from "../graph/computation.ts";
import { aligned } from "../plan/allocate.ts";
import { squaresBlock } from "../plan/lower/update.ts";
import type { Region } from "./arena.ts";
import type { Batch, Trainer } from "./device.ts";
import { readOutputs } from "./results.ts";
import { sumCalls } from "./sums.ts";
import { type Call, ranges } from "./tasks.ts";
import { type Bound, type Engine, lanes, WasmProgram } from "./wasmProgram.ts";

interface Trained {
  readonly size: number;
  readonly gradient: number;
  readonly slots: readonly number[];
  readonly scalars: number;
  /** One float a block. */
  readonly squares: number;
  readonly blocks: number;
}

export function wasmTrainer(
  computation: Computation,
  updates: readonly (Update | null)[],
  engine: Engine,
): Trainer {
  const program = new WasmProgram(computation, updates, engine);
  const { arena } = engine;
  const { region, trained } = placeTrained(computation, updates, engine);
  const parts = engine.threads.count;
  const zeroing = program.tasks(
    byRange(trained, parts, ({ gradient }, from, to) => ({
      name: "zero",
      inputs: [gradient + 4 * from, 4 * (to - from)],
    })),
  );
  const squaring = program.tasks(squareCalls(trained, parts));
  const updating = program.tasks(updateCalls(program, updates, trained));
  const step: Trainer["step"] = async (batch: Batch, decide) => {
    const bound = program.bind(batch);
    program.parallel(zeroing);
    program.parallel(bound.run);
    program.parallel(program.lists(bound, "gradients", () => gradientCalls(program, bound, trained)));
    program.parallel(squaring);
    const outputs = readOutputs(program, bound, batch);
    const answer = decide(
      Float64Array.from(trained, (weight) => squaredNorm(weight, arena.float32)),
      outputs,
    );
    const scalars = answer instanceof Promise ? await answer : answer; // decided at once, nothing comes between
    if (scalars === null) return outputs;
    trained.forEach((weight, k) => arena.float32.set(scalars[k] ?? [], weight.scalars / 4));
    program.parallel(updating);
    program.pack();
    return outputs;
  };
  return {
    step,
    read: () => ({
      weights: trained.map(({ size }, k) => floats(program.weightAddress(k), size)),
      slots: trained.map(({ slots, size }) => slots.map((slot) => floats(slot, size))),
    }),
    write: (weights, slots) => {
      program.writeWeights(weights);
      slots.forEach((values, k) =>
        values.forEach((slot, s) => arena.float32.set(slot, (trained[k]?.slots[s] ?? 0) / 4)),
      );
      program.pack();
    },
    release: () => {
      arena.give(region);
      for (const tasks of [zeroing, squaring, updating]) arena.give(tasks.region);
      program.release();
    },
  };

  function floats(address: number, size: number): Float32Array {
    return arena.float32.slice(address / 4, address / 4 + size);
  }
}

function placeTrained(
  computation: Computation,
  updates: readonly (Update | null)[],
  { arena }: Engine,
): { readonly region: Region; readonly trained: readonly Trained[] } {
  let at = 0;
  const take = (floats: number): number => {
    const start = at;
    at += aligned(floats * 4);
    return start;
  };
  const relative = computation.weights.map(({ shape }, k): Trained => {
    const size = (shape as readonly number[]).reduce((count, dim) => count * dim, 1);
    const blocks = Math.ceil(size / squaresBlock);
    const slots = (updates[k]?.slots ?? []).map(() => take(size));
    return {
      size,
      gradient: take(size),
      slots,
      scalars: take(updates[k]?.scalars.length ?? 0),
      squares: take(blocks),
      blocks,
    };
  });
  const region = arena.take(at);
  arena.float32.fill(0, region.start / 4, (region.start + region.bytes) / 4);
  const moved = (address: number): number => region.start + address;
  const trained = relative.map(
    (weight): Trained => ({
      ...weight,
      gradient: moved(weight.gradient),
      slots: weight.slots.map(moved),
      scalars: moved(weight.scalars),
      squares: moved(weight.squares),
    }),
  );
  return { region, trained };
}

/** One call a weight and thread, for whole vectors of its floats. */
function byRange(
  trained: readonly Trained[],
  parts: number,
  call: (weight: Trained, from: number, to: number) => Call,
): readonly (readonly Call[])[] {
  return Array.from({ length: parts }, (_, part) =>
    trained.map((weight) => {
      const size = Math.ceil(weight.size / lanes) * lanes;
      const { from, to } = ranges(size / lanes, parts)[part] ?? { from: 0, to: 0 };
      return call(weight, from * lanes, to * lanes);
    }),
  );
}

function squareCalls(trained: readonly Trained[], parts: number): readonly (readonly Call[])[] {
  return Array.from({ length: parts }, (_, part) =>
    trained.map(({ gradient, size, squares, blocks }): Call => {
      const { from, to } = ranges(blocks, parts)[part] ?? { from: 0, to: 0 };
      return { name: "squares", inputs: [gradient, Math.ceil(size / lanes) * lanes, from, to, squares] };
    }),
  );
}

/** Each thread adds up its own rows of every gradient. */
function gradientCalls(
  program: WasmProgram,
  bound: Bound,
  trained: readonly Trained[],
): readonly (readonly Call[])[] {
  const parts = program.engine.threads.count;
  return Array.from({ length: parts }, (_, part) =>
    trained.flatMap(({ gradient }, k) => {
      const sum = program.plan.gradients[k];
      return sum === null || sum === undefined
        ? []
        : sumCalls(program, sum, bound, { target: gradient, part, parts });
    }),
  );
}

function updateCalls(
  program: WasmProgram,
  updates: readonly (Update | null)[],
  trained: readonly Trained[],
): readonly (readonly Call[])[] {
  const parts = program.engine.threads.count;
  return Array.from({ length: parts }, (_, part) =>
    trained.flatMap(({ size, gradient, slots, scalars }, k): readonly Call[] => {
      if (updates[k] === null || updates[k] === undefined) return [];
      const { from, to } = ranges(Math.ceil(size / lanes), parts)[part] ?? { from: 0, to: 0 };
      const inputs = [program.weightAddress(k), gradient, scalars, from * lanes, to * lanes, ...slots];
      return [{ name: `update_${k}`, inputs }];
    }),
  );
}

function squaredNorm({ squares, blocks }: Trained, memory: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < blocks; k++) sum += memory[squares / 4 + k]!;
  return sum;
}
