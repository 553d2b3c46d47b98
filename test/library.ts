/** A program as C, compiled and loaded as the native device does it: for the tests of the renderer. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program } from "../src/core/plan/program.ts";
import { renderC } from "../src/core/render/c/c.ts";

const koffi = await import("koffi").then(
  (found) => found.default,
  () => null,
);
const flags = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"];
/** A program may set what it never reads; lanes may be more than the machine has. */
const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-but-set-variable", "-Wno-psabi"];

export interface Library {
  readonly floats: Float32Array;
  readonly integers: Int32Array;
  /** Calls one after another, each an exported function's number and its inputs. */
  readonly run: (calls: readonly (readonly [number, ...number[]])[]) => void;
}

/** Task lists are written at this int, behind what the programs of the tests use. */
const listStart = 16_384;

/** The program on two pages of memory. Throws what the compiler says about it, warnings too. */
export function libraryOf(program: Program): Library {
  const folder = mkdtempSync(join(tmpdir(), "unroll-c-"));
  const [source, library] = [join(folder, "program.c"), join(folder, "program.so")];
  try {
    writeFileSync(source, renderC(program));
    const { status, stderr } = spawnSync("cc", [...flags, ...warnings, "-o", library, source], {
      encoding: "utf8",
    });
    if (status !== 0 || koffi === null) throw new Error(`cc: ${stderr}`);
    const runList = koffi.load(library).func("void runList(void *memory, int start, int count)");
    const memory = new Uint8Array(2 * 65_536);
    const ints = new Int32Array(memory.buffer);
    return {
      floats: new Float32Array(memory.buffer),
      integers: ints,
      run: (calls) => {
        ints.set(
          calls.flatMap(([number, ...inputs]) => [number, inputs.length, ...inputs]),
          listStart,
        );
        runList(memory, listStart, calls.length);
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
