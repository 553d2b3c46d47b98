/**
 * Host arrays into the arena and out of it: batch-major outside, time-major inside. Sequences are copied whole, to or
 * from a place of their own in the arena (`staged`), and turned there by compiled code, by the thread that runs their
 * shard (host copies step by step: RNN 32, 32, 128, 500 1.3 times the training step; npm run bench -- training).
 */
import { type Extent, stepsIn } from "../plan/allocate.ts";
import type { Plan, RowsPlan } from "../plan/described.ts";
import type { Buffer } from "../plan/store.ts";
import type { Arena } from "./arena.ts";
import type { ShardRows } from "./batches.ts";
import type { Batch, HostArray } from "./device.ts";
import type { Call } from "./tasks.ts";

const floatBytes = 4;

/** Where a shard has what, as far as moving arrays is concerned. */
export interface Located {
  readonly extent: Extent;
  /** Outputs stay where the run makes them, and are turned one by one when they are read, each into the same place. */
  readonly held: boolean;
  /** Address of a buffer, or of a staged array. */
  readonly addressOf: (key: string) => number;
}

/** Where the arrays of a shard arrive and depart, in the order of the plan's inputs and outputs. */
export interface Harbour {
  readonly arena: Arena;
  readonly plan: Plan;
  readonly extent: Extent;
  /** Addresses, in floats; of outputs that are sums none is read. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

type Reach = Pick<Extent, "rows" | "times">;

const inputKey = (index: number): string => `staged input ${index}`;
const outputKey = (index: number, held: boolean): string => (held ? "held output" : `staged output ${index}`);

/** Are these inputs, by their number of steps alone, turned? */
export const isInputStaged = ({ rows, time }: Buffer, reach: Reach): boolean =>
  rows === "rows" && stepsIn(time, reach) > 1;
/** A single row of one step can be read where it stands. */
const isOutputStaged = ({ time }: RowsPlan, reach: Reach): boolean => stepsIn(time, reach) * reach.rows > 1;

/** The floats of every place in a shard that arrays go through. */
export function stagedFloats(
  { inputs, outputs }: Plan,
  reach: Reach,
  held: boolean,
): ReadonlyMap<string, number> {
  const floats = new Map<string, number>();
  inputs.forEach(({ buffer }, k) => {
    if (isInputStaged(buffer, reach))
      floats.set(inputKey(k), reach.rows * stepsIn(buffer.time, reach) * buffer.stride);
  });
  outputs.forEach((output, k) => {
    if (!("slot" in output) || !isOutputStaged(output, reach)) return;
    const key = outputKey(k, held);
    floats.set(key, Math.max(floats.get(key) ?? 0, reach.rows * stepsIn(output.time, reach) * output.width));
  });
  return floats;
}

/** Turns the staged inputs of a shard: to be called before its run. */
export function inputCalls({ inputs }: Plan, { extent, addressOf }: Located): readonly Call[] {
  return inputs.flatMap(({ buffer }, k): readonly Call[] => {
    if (!isInputStaged(buffer, extent)) return [];
    const [rows, steps] = [extent.rows, stepsIn(buffer.time, extent)];
    const bytes = buffer.stride * floatBytes;
    const [from, to] = [addressOf(inputKey(k)), addressOf(buffer.name)];
    const axes = [rows, steps, steps * bytes, bytes, bytes, rows * bytes, bytes];
    return [{ name: "turn", inputs: [from, to, ...axes] }];
  });
}

/** Turns an output of a shard into its place: to be called behind its run. */
export function outputCalls({ outputs }: Plan, located: Located, index: number): readonly Call[] {
  const { extent, addressOf, held } = located;
  const output = outputs[index]!;
  if (!("slot" in output) || !isOutputStaged(output, extent)) return [];
  const [rows, steps] = [extent.rows, stepsIn(output.time, extent)];
  const rowBytes = output.slot.buffer.stride * floatBytes;
  const bytes = output.width * floatBytes;
  const axes = [rows, steps, rowBytes, rows * rowBytes, steps * bytes, bytes, bytes];
  const [from, to] = [outputStart(output, located), addressOf(outputKey(index, held))];
  return [{ name: "turn", inputs: [from, to, ...axes] }];
}

function outputStart({ slot, time }: RowsPlan, { extent, addressOf }: Located): number {
  const shifted = time === null ? 0 : slot.shift * extent.rows * slot.buffer.stride;
  return addressOf(slot.buffer.name) + (slot.column + shifted) * floatBytes;
}

export function harbourOf(arena: Arena, plan: Plan, located: Located): Harbour {
  const { extent, addressOf, held } = located;
  const inputs = plan.inputs.map(({ buffer }, k) =>
    addressOf(isInputStaged(buffer, extent) ? inputKey(k) : buffer.name),
  );
  const outputs = plan.outputs.map((output, k) => {
    if (!("slot" in output)) return 0;
    return isOutputStaged(output, extent) ? addressOf(outputKey(k, held)) : outputStart(output, located);
  });
  const inFloats = (bytes: number): number => bytes / floatBytes;
  return { arena, plan, extent, inputs: inputs.map(inFloats), outputs: outputs.map(inFloats) };
}

/** Puts a shard's rows of every input where its calls read them. */
export function writeInputs(
  { arena, plan, extent, inputs }: Harbour,
  shardRows: ShardRows,
  batch: Batch,
): void {
  for (let k = 0; k < inputs.length; k++) {
    const { rows, time, stride } = plan.inputs[k]!.buffer;
    const values = batch.inputs[k]!;
    const memory = values instanceof Int32Array ? arena.int32 : arena.float32;
    if (rows === "rows") copyRows(memory, inputs[k]!, values, shardRows, stepsIn(time, extent) * stride);
    else copy(memory, inputs[k]!, values, 0, values.length);
  }
}

function copyRows(
  memory: HostArray,
  to: number,
  values: HostArray,
  { rows, even }: ShardRows,
  size: number,
): void {
  if (even) return copy(memory, to, values, rows[0]! * size, rows.length * size);
  for (let r = 0; r < rows.length; r++) copy(memory, to + r * size, values, rows[r]! * size, size);
}

/** Takes a shard's rows of output `index`; steps beyond a row's length stay as they are in `into`. */
export function readRows(
  { arena, plan, extent, outputs }: Harbour,
  index: number,
  { rows, even, lengths }: ShardRows,
  into: Float32Array,
): void {
  const { time, width } = plan.outputs[index] as RowsPlan; // sums are read otherwise
  const steps = stepsIn(time, extent);
  const first = outputs[index]!;
  const size = steps * width;
  if (even) return copy(into, rows[0]! * size, arena.float32, first, rows.length * size);
  for (let r = 0; r < rows.length; r++) {
    const real = time === null ? 1 : (lengths[time]?.[r] ?? steps);
    copy(into, rows[r]! * size, arena.float32, first + r * size, real * width);
  }
}

/** Much at once is worth a call of `set`; for little it costs more than the numbers. */
const much = 512; // a step of LSTM 128 in 4 streams without a view; above that a view a call

function copy(into: HostArray, to: number, from: HostArray, at: number, length: number): void {
  if (length >= much) into.set(from.subarray(at, at + length), to);
  else for (let k = 0; k < length; k++) into[to + k] = from[at + k]!;
}
