/** `#native` in Node: the machine's C compiler, asked once what it is, and the libraries that it has made. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { UnrollError } from "../../errors.ts";
import type { Compiler, Missing } from "./compiler.ts";
import { cached, cacheFault } from "./libraryCache.node.ts";
import { foreignCalls } from "./ready.ts";

export { recall, remember } from "./calibrationCache.node.ts";

/** Every multiply-add is written as one, so that none is made of two operations that are not. */
const flags = ["-O3", "-ffp-contract=off", "-shared", "-fPIC"] as const;
/** For the processor at hand, as compilers spell it. */
const forThisMachine = ["-march=native", "-mcpu=native"] as const;
const patience = 120_000;

interface Found extends Compiler {
  readonly command: string;
  readonly machine: string;
  /** Of all that the compiler says about itself and the machine. */
  readonly identity: string;
}

let found: Found | Missing | null = null;

/** Asked once. */
export function findCompiler(): Compiler | Missing {
  found ??= lookedFor();
  return found;
}

function lookedFor(): Found | Missing {
  if (foreignCalls() === null)
    return { missing: 'the package "koffi" is not installed', fix: "Run: npm install koffi" };
  const compiler = askedCompiler(process.env["CC"] || "cc");
  if ("missing" in compiler) return compiler;
  const fault = cacheFault();
  return fault ?? compiler;
}

function askedCompiler(command: string): Found | Missing {
  for (const machine of forThisMachine) {
    const { status, stdout } = spawnSync(command, [machine, "-dM", "-E", "-x", "c", "-"], {
      input: "",
      encoding: "utf8",
      timeout: patience,
    });
    if (status === 0 && stdout.includes("#define __GNUC__")) return described(command, machine, stdout);
  }
  return {
    missing: `no C compiler answers to "${command}"`,
    fix: "Install gcc or clang (Debian: apt-get install gcc), or name one in the variable CC.",
  };
}

function described(command: string, machine: string, macros: string): Found {
  const has = (name: string): boolean => macros.includes(`#define ${name} `);
  const [lanes, registers] = has("__AVX512F__")
    ? [16, 32]
    : has("__AVX2__") && has("__FMA__")
      ? [8, 16]
      : [4, has("__aarch64__") ? 32 : 16];
  const version = /#define __VERSION__ "(.*)"/.exec(macros)?.[1] ?? "";
  const description = has("__clang__") ? version.replace(/ \(.*/, "") : `gcc ${version}`;
  return { command, machine, description, lanes, registers, identity: hashed(macros) };
}

/** The path of the library made from this source, compiled unless it is in the cache. */
export function compiledLibrary(source: string): string {
  const compiler = found as Found; // a device is made only of what was found
  const given = [compiler.machine, ...flags, "-x", "c", "-"];
  const key = hashed(JSON.stringify([source, compiler.command, compiler.identity, given]));
  return whereverPossible(key, (folder) => {
    const path = join(folder, "library.so");
    const { status, stderr, error } = spawnSync(compiler.command, [...given, "-o", path], {
      input: source,
      encoding: "utf8",
      timeout: patience,
    });
    if (status !== 0) throw cannotCompile(compiler, stderr || String(error ?? ""));
    return path;
  });
}

/** From the cache, which may have become unusable since it was looked at. */
function whereverPossible(key: string, make: (folder: string) => string): string {
  try {
    return cached(key, make);
  } catch (error) {
    if (error instanceof UnrollError) throw error;
    throw new UnrollError(
      {
        where: 'device "native"',
        expected: "a cache that can be written",
        got: String(error),
        fix: 'Name another folder in the variable UNROLL_CACHE, or use setDevice("wasm").',
      },
      { cause: error },
    );
  }
}

function cannotCompile({ description }: Found, said: string): UnrollError {
  return new UnrollError({
    where: 'device "native"',
    expected: `${description} to compile the program`,
    got: said.split("\n").slice(0, 5).join("\n") || "no answer",
    fix: 'Use setDevice("wasm"), or another compiler, named in the variable CC.',
  });
}

const hashed = (text: string): string => createHash("sha256").update(text).digest("hex");
