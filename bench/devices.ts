/** The devices that are measured: every report has a row or a column for each that this machine has. */
import { compiledLibrary, findCompiler } from "#native";
import type { Program } from "../src/core/plan/program.ts";
import { type Target, wasmTarget } from "../src/core/plan/target.ts";
import { renderC } from "../src/core/render/c/c.ts";
import { relaxedSimdSupported } from "../src/core/render/wasm/features.ts";
import { Arena } from "../src/core/run/arena.ts";
import type { Code } from "../src/core/run/backend.ts";
import type { Device } from "../src/core/run/device.ts";
import { canShare, cores, prepareEngine } from "../src/core/run/host.ts";
import { nativeDevice, nativeTarget } from "../src/core/run/nativeDevice.ts";
import { ready } from "../src/core/run/ready.ts";
import { writeTasks } from "../src/core/run/tasks.ts";
import { wasmBackend } from "../src/core/run/wasmBackend.ts";
import { type WasmOptions, wasmDevice } from "../src/core/run/wasmDevice.ts";

/** A multiply-add is one fused instruction, or a multiplication and an addition. */
export type Mode = "relaxed" | "strict";

export interface BenchDevice {
  /** As in `setDevice(name)`. */
  readonly name: "wasm" | "native";
  /** What programs are planned for: floats of a vector, tiles, chunks. */
  readonly target: Target;
  /** Keeps what it has compiled in the user's folder of caches, from one process to the next. */
  readonly caches: boolean;
  /** The one that it runs in unless told otherwise comes first. */
  readonly modes: () => readonly Mode[];
  readonly make: (options: WasmOptions) => Device;
  readonly compile: (program: Program, mode: Mode, arena: Arena) => Code;
}

const wasm: BenchDevice = {
  name: "wasm",
  target: wasmTarget,
  caches: false,
  modes: () => {
    prepareEngine();
    return relaxedSimdSupported() ? ["relaxed", "strict"] : ["strict"];
  },
  make: wasmDevice,
  compile: (program, mode, arena) => wasmBackend(mode === "relaxed").compile(program, arena),
};

/** With a C compiler only. */
function nativeDevices(): readonly BenchDevice[] {
  const compiler = findCompiler();
  if ("missing" in compiler) return [];
  return [
    {
      name: "native",
      target: nativeTarget(compiler),
      caches: true,
      modes: () => ["relaxed"],
      make: ({ strict, ...options }) => nativeDevice(options),
      compile: (program) => ({ kind: "native", library: compiledLibrary(renderC(program)) }),
    },
  ];
}

export const devices: readonly BenchDevice[] = [wasm, ...nativeDevices()];

/** The mode that programs run in on this device. */
export function modeOf(device: BenchDevice, strict: boolean): Mode {
  const [usual = "strict", ...others] = device.modes();
  return strict && others.includes("strict") ? "strict" : usual;
}

/** The first half of this is the program's own, from address 0. */
const memoryBytes = 2 ** 20;

/** The function "run" of a program as a function: compiled, with memory, its inputs written down for it. */
export function loaded(
  device: BenchDevice,
  program: Program,
  mode: Mode,
): (...inputs: readonly number[]) => () => void {
  prepareEngine();
  const arena = new Arena(memoryBytes, canShare());
  const run = ready(device.compile(program, mode, arena), arena.memory);
  arena.take(memoryBytes / 2);
  return (...inputs) => {
    const { starts, counts } = writeTasks(arena, [[{ name: "run", inputs }]], () => 0);
    return () => run(starts[0] ?? 0, counts[0] ?? 0);
  };
}

/** One, and two where there are two cores that can share memory. */
export const threadCounts = (): readonly number[] => (canShare() && cores() > 1 ? [1, 2] : [1]);
