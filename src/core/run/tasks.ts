/**
 * Work for threads, as lists of calls in shared memory: `[function, inputs, ...values]`, one list a thread. A list
 * stays valid as long as the memory it speaks of, so a training step writes none.
 */
import type { Arena, Region } from "./arena.ts";

/** A call of an exported function by its number. */
export interface Call {
  readonly name: string;
  readonly inputs: readonly number[];
}
/** One list a thread: where it begins (in ints) and how many calls it has. */
export interface Tasks {
  readonly region: Region;
  readonly starts: readonly number[];
  readonly counts: readonly number[];
  /** Has any thread but the first something to do? */
  readonly others: boolean;
}

export function writeTasks(
  arena: Arena,
  lists: readonly (readonly Call[])[],
  numberOf: (name: string) => number,
): Tasks {
  const sizes = lists.map((calls) => calls.reduce((sum, { inputs }) => sum + 2 + inputs.length, 0));
  const region = arena.take(4 * sizes.reduce((sum, size) => sum + size, 0));
  const ints = arena.int32;
  let at = region.start / 4;
  const starts: number[] = [];
  for (const calls of lists) {
    starts.push(at);
    for (const { name, inputs } of calls) {
      ints[at++] = numberOf(name);
      ints[at++] = inputs.length;
      for (const input of inputs) ints[at++] = input;
    }
  }
  const counts = lists.map((calls) => calls.length);
  return { region, starts, counts, others: counts.slice(1).some((count) => count > 0) };
}

export type Exported = (...inputs: number[]) => void;

/** Runs a list that begins at an index of ints. */
export type RunList = (start: number, count: number) => void;

/** Runs one list of calls into WebAssembly. */
export function runTasks(
  ints: Int32Array,
  start: number,
  count: number,
  functions: readonly Exported[],
): void {
  let at = start;
  for (let k = 0; k < count; k++) {
    const length = ints[at + 1] ?? 0;
    invoke(functions[ints[at] ?? 0] as Exported, ints, at + 2, length);
    at += 2 + length;
  }
}

/** Without an array in between: a function takes as many of the nine as it has, and few have more. */
function invoke(call: Exported, i: Int32Array, at: number, length: number): void {
  if (length > 9) call(...i.subarray(at, at + length));
  else
    call(
      i[at]!,
      i[at + 1]!,
      i[at + 2]!,
      i[at + 3]!,
      i[at + 4]!,
      i[at + 5]!,
      i[at + 6]!,
      i[at + 7]!,
      i[at + 8]!,
    );
}

/** `total` units in `parts` ranges of nearly equal size, in order. */
export function ranges(
  total: number,
  parts: number,
): readonly { readonly from: number; readonly to: number }[] {
  return Array.from({ length: parts }, (_, k) => ({
    from: Math.floor((total * k) / parts),
    to: Math.floor((total * (k + 1)) / parts),
  }));
}
