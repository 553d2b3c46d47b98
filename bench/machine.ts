/** The machine and the engine at hand, for the header of a report. */
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
  };
}

export const described = ({ processor, cores, memoryGiB, node, v8, mode }: Machine): string =>
  `${processor}, ${cores} cores, ${memoryGiB} GiB; Node ${node}, V8 ${v8}, ${mode} SIMD`;
