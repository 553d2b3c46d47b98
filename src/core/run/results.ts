/** What a run left in memory, for the host. */
import type { Computation } from "../graph/computation.ts";
import { sizeOf } from "../graph/shapes.ts";
import { stepsIn } from "../plan/allocate.ts";
import type { RowsPlan, SumPlan } from "../plan/described.ts";
import type { ArenaProgram } from "./arenaProgram.ts";
import type { Adding, Bound } from "./bindings.ts";
import type { Batch } from "./device.ts";
import { sumCalls } from "./sums.ts";
import { readRows } from "./transfer.ts";

/** Every output of a computation, batch-major; `into` the arrays given, or new ones. */
export function readOutputs(
  program: ArenaProgram,
  bound: Bound,
  batch: Batch,
  into?: readonly Float32Array[],
): readonly Float32Array[] {
  const { outputs } = program.plan;
  if (into === undefined) return outputs.map((_, k) => readOutput(program, bound, batch, k));
  for (let k = 0; k < outputs.length; k++) readInto(program, bound, k, into[k]!);
  return into;
}

/** Output `index`, batch-major, as a new array. */
export function readOutput(program: ArenaProgram, bound: Bound, batch: Batch, index: number): Float32Array {
  const values = new Float32Array(floatsIn(program.plan.outputs[index]!, batch));
  readInto(program, bound, index, values);
  return values;
}

function readInto(program: ArenaProgram, bound: Bound, index: number, into: Float32Array): void {
  const output = program.plan.outputs[index]!;
  if (!("slot" in output)) return readSum(program, output, bound, into);
  if (bound.memory.held) program.turnOutput(bound, index);
  for (let s = 0; s < bound.rows.length; s++) readRows(bound.harbours[s]!, index, bound.rows[s]!, into);
}

function floatsIn(output: RowsPlan | SumPlan, batch: Batch): number {
  return "slot" in output ? batch.rows * stepsIn(output.time, batch) * output.width : output.size;
}

export function readGradients(
  program: ArenaProgram,
  computation: Computation,
  bound: Bound,
): readonly Float32Array[] {
  return program.plan.gradients.map((gradient, k) => {
    const values = new Float32Array(sizeOf(computation.weights[k]?.shape ?? []));
    if (gradient !== null) readSum(program, gradient, bound, values);
    return values;
  });
}

/** A sum over the shards, added up now. */
function readSum(program: ArenaProgram, sum: SumPlan, bound: Bound, into: Float32Array): void {
  const { arena } = program.engine;
  const { region, tasks } = bound.sums.get(sum) ?? addingFor(program, sum, bound);
  const [from, to] = [region.start / 4, region.start / 4 + sum.size];
  arena.float32.fill(0, from, to);
  program.run([tasks]);
  into.set(arena.float32.subarray(from, to));
}

/** Made once for each binding. */
function addingFor(program: ArenaProgram, sum: SumPlan, bound: Bound): Adding {
  const region = program.engine.arena.take(4 * sum.size);
  const calls = sumCalls(program, sum, bound, { target: region.start, part: 0, parts: 1 });
  const adding = { region, tasks: program.tasks([calls]) };
  bound.sums.set(sum, adding);
  return adding;
}
