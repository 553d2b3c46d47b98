/** The machine, the engine and the compiler at hand, for the header of a report. */
import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { relaxedSimdSupported } from "../src/core/render/wasm/features.ts";
import { prepareEngine } from "../src/core/run/host.ts";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly v8: string;
  readonly mode: "relaxed" | "strict";
  /** The first line of `cc --version`; null where there is none. */
  readonly compiler: string | null;
}

export function machineAtHand(): Machine {
  prepareEngine();
  const all = cpus();
  return {
    processor: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    v8: process.versions.v8,
    mode: relaxedSimdSupported() ? "relaxed" : "strict",
    compiler: compilerAtHand(),
  };
}

export const described = ({ processor, cores, memoryGiB, node, v8, mode, compiler }: Machine): string =>
  `${processor}, ${cores} cores, ${memoryGiB} GiB; Node ${node}, V8 ${v8}, ${mode} SIMD; ` +
  (compiler ?? "no C compiler");

function compilerAtHand(): string | null {
  try {
    const told = execFileSync("cc", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return told.split("\n")[0] ?? null;
  } catch {
    return null; // a machine without a compiler is a fact to be told, not a fault
  }
}
