/** The native device: programs printed as C, compiled by the machine's own compiler. */
import { compiledLibrary, findCompiler } from "#native";
import { UnrollError } from "../../errors.ts";
import { type Target, type Tuning, tilesOf16, tilesOf32 } from "../plan/target.ts";
import { renderC } from "../render/c/c.ts";
import { type ArenaOptions, arenaDevice } from "./arenaDevice.ts";
import type { Backend } from "./backend.ts";
import type { Compiler, Missing } from "./compiler.ts";
import type { Device } from "./device.ts";
import { cores } from "./host.ts";
import { startThread } from "./startThread.ts";
import { threadsText } from "./wasmDevice.ts";

/** Why there is no native device here, or null where there is one. */
export function nativeMissing(): Missing | null {
  const compiler = findCompiler();
  return "missing" in compiler ? compiler : null;
}

/** Throws an UnrollError, which says what to install, where there is no compiler or no way to call what it makes. */
export function nativeDevice(options: ArenaOptions = {}): Device {
  const compiler = compilerHere();
  const threads = Math.max(1, options.threads ?? cores());
  const mode = `${compiler.description}, ${32 * compiler.lanes}-bit vectors`;
  const description = `native, ${mode}, ${threadsText(threads)}`;
  const backend = nativeBackend(compiler, options.tuning);
  return arenaDevice(options, { backend, mode, description, threads, shared: true, startThread });
}

function nativeBackend(compiler: Compiler, tuning?: Tuning): Backend {
  return {
    name: "native",
    target: { ...nativeTarget(compiler), ...tuning },
    compile: (program) => ({ kind: "native", library: compiledLibrary(renderC(program)) }),
  };
}

/** Throws like `nativeDevice`. */
export const nativeTargetHere = (): Target => nativeTarget(compilerHere());

function compilerHere(): Compiler {
  const compiler = findCompiler();
  if ("missing" in compiler) throw notHere(compiler);
  return compiler;
}

/** Where vectors are wide, the rows of a chunk fill the first-level cache sooner. */
export function nativeTarget({ lanes, registers }: Pick<Compiler, "lanes" | "registers">): Target {
  const tiles = registers >= 32 ? tilesOf32 : tilesOf16;
  return {
    lanes,
    tiles,
    looksAhead: true,
    chunk: lanes === 16 ? { steps: 10, cells: 160 } : { steps: 12, cells: 384 },
  };
}

function notHere({ missing, fix }: Missing): UnrollError {
  return new UnrollError({
    where: 'device "native"',
    expected: "a C compiler and a way to call what it makes",
    got: missing,
    fix,
  });
}
