/**
 * Training on an arena. A step: the shards; their gradients added up and the squares of these, by ranges of weights;
 * the host decides; the update and the packing, by ranges again.
 */
import type { Computation, Update } from "../graph/computation.ts";
import { sizeOf } from "../graph/shapes.ts";
import { aligned } from "../plan/allocate.ts";
import { squaresBlock } from "../plan/lower/update.ts";
import type { Region } from "./arena.ts";
import { ArenaProgram, type Phase } from "./arenaProgram.ts";
import type { Bound } from "./bindings.ts";
import type { Batch, Trainer } from "./device.ts";
import type { Engine } from "./engine.ts";
import { readOutputs } from "./results.ts";
import { sumCalls } from "./sums.ts";
import { type Call, ranges } from "./tasks.ts";

interface Trained {
  readonly size: number;
  readonly gradient: number;
  readonly slots: readonly number[];
  readonly scalars: number;
  /** One float a block. */
  readonly squares: number;
  readonly blocks: number;
}

export function arenaTrainer(
  computation: Computation,
  updates: readonly (Update | null)[],
  engine: Engine,
): Trainer {
  const program = new ArenaProgram(computation, updates, engine);
  const { arena } = engine;
  const { region, trained } = placeTrained(computation, updates, engine);
  const before = (bound: Bound): readonly Phase[] => [
    both(zeroPhase(program, trained), program.shardPhase(bound)),
    gradientPhase(program, bound, trained),
    squarePhase(program, trained),
  ];
  const after = (): readonly Phase[] => [updatePhase(program, updates, trained), program.packPhase];
  const squaredNorms = new Float64Array(trained.length);
  const step: Trainer["step"] = async (batch: Batch, decide) => {
    const bound = program.bind(batch);
    program.run(program.listsOf(bound, "gradients", before));
    const outputs = readOutputs(program, bound, batch);
    trained.forEach((weight, k) => {
      squaredNorms[k] = squaredNorm(weight, arena.float32);
    });
    const answer = decide(squaredNorms, outputs);
    const scalars = answer instanceof Promise ? await answer : answer; // decided at once, nothing comes between
    if (scalars === null) return outputs;
    trained.forEach((weight, k) => arena.float32.set(scalars[k] ?? [], weight.scalars / 4));
    program.run(program.listsOf(bound, "update", after));
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
    const size = sizeOf(shape);
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

const both =
  (first: Phase, second: Phase): Phase =>
  (part, parts) => [...first(part, parts), ...second(part, parts)];

/** Whole vectors of a weight's floats that are a part's own. */
function vectorsOf(
  { lanes }: ArenaProgram,
  { size }: Trained,
  part: number,
  parts: number,
): { readonly from: number; readonly to: number } {
  const { from, to } = ranges(Math.ceil(size / lanes), parts)[part] ?? { from: 0, to: 0 };
  return { from: from * lanes, to: to * lanes };
}

const zeroPhase =
  (program: ArenaProgram, trained: readonly Trained[]): Phase =>
  (part, parts) =>
    trained.map((weight): Call => {
      const { from, to } = vectorsOf(program, weight, part, parts);
      return { name: "zero", inputs: [weight.gradient + 4 * from, 4 * (to - from)] };
    });

const squarePhase =
  ({ lanes }: ArenaProgram, trained: readonly Trained[]): Phase =>
  (part, parts) =>
    trained.map(({ gradient, size, squares, blocks }): Call => {
      const { from, to } = ranges(blocks, parts)[part] ?? { from: 0, to: 0 };
      return { name: "squares", inputs: [gradient, Math.ceil(size / lanes) * lanes, from, to, squares] };
    });

/** Each part adds up its own rows of every gradient. */
const gradientPhase =
  (program: ArenaProgram, bound: Bound, trained: readonly Trained[]): Phase =>
  (part, parts) =>
    trained.flatMap(({ gradient }, k) => {
      const sum = program.plan.gradients[k];
      return sum === null || sum === undefined
        ? []
        : sumCalls(program, sum, bound, { target: gradient, part, parts });
    });

const updatePhase =
  (program: ArenaProgram, updates: readonly (Update | null)[], trained: readonly Trained[]): Phase =>
  (part, parts) =>
    trained.flatMap((weight, k): readonly Call[] => {
      if (updates[k] === null || updates[k] === undefined) return [];
      const { from, to } = vectorsOf(program, weight, part, parts);
      const { gradient, scalars, slots } = weight;
      const inputs = [program.weightAddress(k), gradient, scalars, from, to, ...slots];
      return [{ name: `update_${k}`, inputs }];
    });

function squaredNorm({ squares, blocks }: Trained, memory: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < blocks; k++) sum += memory[squares / 4 + k]!;
  return sum;
}
