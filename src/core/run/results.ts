/** What a run left in memory, for the host. */
import type { Computation } from "../graph/computation.ts";
import type { SumPlan } from "../plan/described.ts";
import type { Batch } from "./device.ts";
import { sumCalls } from "./sums.ts";
import { readRows } from "./transfer.ts";
import type { Adding, Bound, WasmProgram } from "./wasmProgram.ts";

/** Every output of a computation, batch-major. */
export function readOutputs(program: WasmProgram, bound: Bound, batch: Batch): readonly Float32Array[] {
  return program.plan.outputs.map((output) => {
    if (!("slot" in output)) return readSum(program, output, bound);
    const time = output.time;
    const steps = time === null ? 1 : typeof time === "number" ? time : (batch.times[time] ?? 0);
    const values = new Float32Array(batch.rows * steps * output.width);
    bound.rows.forEach((rows, s) => {
      const shard = bound.memory.shards[s];
      if (shard !== undefined) readRows(program.transfer(bound), output, shard, rows, values);
    });
    return values;
  });
}

export function readGradients(
  program: WasmProgram,
  computation: Computation,
  bound: Bound,
): readonly Float32Array[] {
  return program.plan.gradients.map((gradient, k) => {
    const shape = (computation.weights[k]?.shape ?? []) as readonly number[];
    const size = shape.reduce((count, dim) => count * dim, 1);
    return gradient === null ? new Float32Array(size) : readSum(program, gradient, bound);
  });
}

/** A sum over the shards, added up now. */
function readSum(program: WasmProgram, sum: SumPlan, bound: Bound): Float32Array {
  const { arena } = program.engine;
  const { region, tasks } = bound.sums.get(sum) ?? addingFor(program, sum, bound);
  const [from, to] = [region.start / 4, region.start / 4 + sum.size];
  arena.float32.fill(0, from, to);
  program.alone(tasks);
  return arena.float32.slice(from, to);
}

/** Made once for each binding. */
function addingFor(program: WasmProgram, sum: SumPlan, bound: Bound): Adding {
  const region = program.engine.arena.take(4 * sum.size);
  const calls = sumCalls(program, sum, bound, { target: region.start, part: 0, parts: 1 });
  const adding = { region, tasks: program.tasks([calls]) };
  bound.sums.set(sum, adding);
  return adding;
}
