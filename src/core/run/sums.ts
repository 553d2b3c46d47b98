/** The calls that add up, over all shards, what has no rows. */
import { stepsIn } from "../plan/allocate.ts";
import type { ScatterPiece, SumPlan } from "../plan/described.ts";
import { activeKey } from "../plan/lower/frame.ts";
import type { ArenaProgram } from "./arenaProgram.ts";
import type { Bound } from "./bindings.ts";
import type { Shard } from "./shards.ts";
import { type Call, ranges } from "./tasks.ts";

export interface SumTarget {
  /** Address of the sum; zero before. */
  readonly target: number;
  /** Which part of the rows, of how many. */
  readonly part: number;
  readonly parts: number;
}

/** Pieces of all shards in the shards' order; for an embedding, values scattered in the order of shard and step. */
export function sumCalls(
  program: ArenaProgram,
  sum: SumPlan,
  bound: Bound,
  given: SumTarget,
): readonly Call[] {
  const { memory, frames } = bound;
  if (!sum.divisible && given.part > 0) return [];
  const at = sum.divisible ? given : { ...given, parts: 1 };
  const pieces = sum.pieces.map(({ key, reduce, rows }): Call => {
    const { from, to } = ranges(rows, at.parts)[at.part] ?? { from: 0, to: 0 };
    return {
      name: reduce,
      inputs: [frames.start, memory.shards.length, 4 * program.frameSlot(key), at.target, from, to],
    };
  });
  return [
    ...pieces,
    ...sum.scatters.flatMap((piece) => memory.shards.flatMap((shard) => scatterCalls(sum, piece, shard, at))),
  ];
}

function scatterCalls(
  { size }: SumPlan,
  { index, values, scatter, time, width }: ScatterPiece,
  shard: Shard,
  { target, part, parts }: SumTarget,
): readonly Call[] {
  const { from, to } = ranges(size / width, parts)[part] ?? { from: 0, to: 0 };
  const steps = stepsIn(time, shard.extent);
  const { rows } = shard.extent;
  const valueStride = values.buffer.stride * 4;
  return [
    {
      name: scatter,
      inputs: [
        shard.addressOf(index.buffer.name),
        shard.addressOf(values.buffer.name) + values.column * 4,
        valueStride,
        steps,
        rows,
        time === null ? 0 : shard.addressOf(activeKey(time)),
        from,
        to,
        target,
      ],
    },
  ];
}
