/**
 * How long from a model to the first step? The model of the main job in a process of its own each time, so that nothing
 * is warm: the network is traced and differentiated, planned, rendered and compiled.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BenchDevice, devices } from "./devices.ts";
import type { Facts } from "./readyOnce.ts";
import { type Report, spread } from "./report.ts";
import { type Manner, type Timing, timingOf } from "./timing.ts";

const processes = 7;
const parts = [
  ["layers and first weights", "made"],
  ["traced and differentiated", "traced"],
  ["planned, rendered, compiled, memory laid out", "compiled"],
  ["model to ready", "ready"],
] as const satisfies readonly (readonly [string, keyof Facts])[];

interface Measured {
  readonly device: string;
  readonly what: string;
  readonly timing: Timing;
}

export async function readyReport({ patience, strict }: Manner): Promise<Report> {
  const count = Math.min(processes, patience.most);
  const measured = devices.flatMap((device) => casesOf(device, count, strict));
  return {
    name: "ready",
    title: "From a model to ready: the main job's (embedding 84 to 64, LSTM 192, dense 84)",
    columns: ["device", "what", "ms"],
    texts: 2,
    rows: measured.map(({ device, what, timing }) => [device, what, spread(timing)]),
    notes: [`${count} fresh processes. Ready counts from the model: tracing to compiled code, one thread.`],
    data: measured,
  };
}

/** A device that keeps what it has compiled is measured with an empty cache, then with a full one. */
function casesOf(device: BenchDevice, count: number, strict: boolean): readonly Measured[] {
  const { name } = device;
  if (!device.caches) return measuredAs(name, processesOf(device, count, strict, null));
  const full = mkdtempSync(join(tmpdir(), "unroll-bench-"));
  try {
    processesOf(device, 1, strict, full);
    return [
      ...measuredAs(`${name}, compiled`, processesOf(device, Math.min(3, count), strict, "empty")),
      ...measuredAs(`${name}, from its cache`, processesOf(device, count, strict, full)),
    ];
  } finally {
    rmSync(full, { recursive: true });
  }
}

const measuredAs = (device: string, all: readonly Facts[]): readonly Measured[] =>
  parts.map(([what, key]) => ({ device, what, timing: timingOf(all.map((facts) => facts[key])) }));

/** `cache`: the user's folder of caches, "empty" for a new one each time, null for the usual one. */
function processesOf(
  { name }: BenchDevice,
  count: number,
  strict: boolean,
  cache: string | null,
): readonly Facts[] {
  const once = fileURLToPath(new URL("./readyOnce.js", import.meta.url));
  return Array.from({ length: count }, (): Facts => {
    const empty = cache === "empty" ? mkdtempSync(join(tmpdir(), "unroll-bench-")) : null;
    const folder = empty ?? cache;
    const env = folder === null ? process.env : { ...process.env, XDG_CACHE_HOME: folder };
    const mode = strict ? "strict" : "relaxed";
    const printed = execFileSync(process.execPath, [once, name, mode], { encoding: "utf8", env });
    if (empty !== null) rmSync(empty, { recursive: true });
    return JSON.parse(printed) as Facts;
  });
}
