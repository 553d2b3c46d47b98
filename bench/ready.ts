/**
 * How long from a model to the first step? The model of the main job in a process of its own each time, so that nothing
 * is warm: the network is traced and differentiated, planned, rendered and compiled.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Facts } from "./readyOnce.ts";
import { type Report, spread } from "./report.ts";
import { type Manner, timingOf } from "./timing.ts";

const processes = 7;

export async function readyReport({ patience, strict }: Manner): Promise<Report> {
  const once = fileURLToPath(new URL("./readyOnce.js", import.meta.url));
  const count = Math.min(processes, patience.most);
  const all = Array.from({ length: count }, (): Facts => {
    return JSON.parse(
      execFileSync(process.execPath, [once, strict ? "strict" : "relaxed"], { encoding: "utf8" }),
    );
  });
  const parts = [
    ["layers and first weights", "made"],
    ["traced and differentiated", "traced"],
    ["planned, rendered, compiled, memory laid out", "compiled"],
    ["model to ready", "ready"],
  ] as const satisfies readonly (readonly [string, keyof Facts])[];
  const timings = parts.map(([what, key]) => ({ what, timing: timingOf(all.map((facts) => facts[key])) }));
  return {
    name: "ready",
    title: "From a model to ready: the main job's (embedding 84 to 64, LSTM 192, dense 84)",
    columns: ["what", "ms"],
    rows: timings.map(({ what, timing }) => [what, spread(timing)]),
    notes: [`${count} fresh processes. Ready counts from the model: tracing to compiled code, one thread.`],
    data: timings,
  };
}
