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
  return { region, starts, counts: lists.map((calls) => calls.length) };
}

export type Exported = (...inputs: number[]) => void;

/** Runs one list. */
export function runTasks(
  ints: Int32Array,
  start: number,
  count: number,
  functions: readonly Exported[],
): void {
  let at = start;
  for (let k = 0; k < count; k++) {
    const call = functions[ints[at] ?? 0];
    const length = ints[at + 1] ?? 0;
    call?.(...ints.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
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
