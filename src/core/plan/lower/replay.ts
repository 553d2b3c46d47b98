/** The states that segments begin with: into their copies on the way there, back where the steps are run again. */
import type { Replay } from "../checkpoint.ts";
import type { ProgramFunction } from "../program.ts";
import type { Buffer } from "../store.ts";
import { floatBytes, stepAddress, stepBytes } from "./addresses.ts";
import { int, load, local, plus, splat, Writer } from "./ir.ts";
import type { Kernels } from "./kernels.ts";

export const saveName = (index: number): string => `save_${index}`;
export const restoreName = (index: number): string => `restore_${index}`;

/** `save(frame, step)` copies the states at the step that begins a segment, `restore(frame, step)` puts them back. */
export function lowerCopies(kernels: Kernels, { saved }: Replay, index: number): readonly ProgramFunction[] {
  const there = saved.map(({ state, copies }) => [state, copies] as const);
  const back = saved.map(({ state, copies }) => [copies, state] as const);
  return [lowerCopy(kernels, there, saveName(index)), lowerCopy(kernels, back, restoreName(index))];
}

function lowerCopy(
  { frame, lanes }: Kernels,
  copies: readonly (readonly [Buffer, Buffer])[],
  name: string,
): ProgramFunction {
  const writer = new Writer();
  for (const [from, to] of copies) {
    const source = writer.set(stepAddress(writer, frame, from, 0, local("step")), "int");
    const target = writer.set(stepAddress(writer, frame, to, 0, local("step")), "int");
    const narrow = from.stride % lanes !== 0;
    const bytes = (narrow ? 1 : lanes) * floatBytes;
    writer.loop(int(0), stepBytes(writer, frame, from), bytes, (at) => {
      const value = narrow ? splat(plus(source, at)) : load(plus(source, at));
      writer.push({ kind: narrow ? "storeFirst" : "store", address: plus(target, at), offset: 0, value });
    });
  }
  return writer.finish(name, ["frame", "step"]);
}
