/**
 * Trains and prints the hash of what came of it: `npm run hash`, with the circumstances as options. What it ran on goes
 * to standard error.
 *
 *   --mode strict|relaxed|native   --threads 3   --memory BYTES   --tiles NAME --chunk NAME   --turned   --seed 2
 *   --stop 77                      stops after that step and goes on with new objects
 *   --stop 77 --path FOLDER        stops there; --resume --path FOLDER goes on, in any process
 *   --in chromium|firefox-esr      in a page; --apart: in one that cannot share memory
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { remember } from "../../src/core/run/calibrationCache.node.ts";
import { nativeDevice } from "../../src/core/run/nativeDevice.ts";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";
import { type BrowserName, inPage } from "./browser.ts";
import { type Circumstances, type Trained, trained } from "./training.ts";

const { values } = parseArgs({
  options: {
    mode: { type: "string", default: "strict" },
    threads: { type: "string" },
    memory: { type: "string" },
    tiles: { type: "string" },
    chunk: { type: "string" },
    turned: { type: "boolean" },
    seed: { type: "string" },
    path: { type: "string" },
    stop: { type: "string" },
    resume: { type: "boolean" },
    in: { type: "string" },
    apart: { type: "boolean", default: false },
  },
});

const whole = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);

const modes = ["strict", "relaxed", "native"] as const;
const mode = modes.find((name) => name === values.mode);
if (mode === undefined) throw new Error(`--mode: one of ${modes.join(", ")}`);
const circumstances: Circumstances = {
  mode,
  threads: whole(values.threads),
  memoryLimit: whole(values.memory),
  turned: values.turned,
  seed: whole(values.seed),
  path: values.path,
  stop: whole(values.stop),
  resume: values.resume,
};

/** Where nothing else is said, what is stopped goes on in the same process. */
function parts(path: string): readonly Circumstances[] {
  if (circumstances.stop === undefined || circumstances.path !== undefined) return [circumstances];
  return [
    { ...circumstances, path },
    { ...circumstances, path, stop: undefined, resume: true },
  ];
}

async function inNode(): Promise<Trained> {
  const { tiles, chunk } = values;
  if (tiles !== undefined && chunk !== undefined) rememberTuning(tiles, chunk);
  const folder = mkdtempSync(join(tmpdir(), "unroll-hash-"));
  try {
    const all: Trained[] = [];
    for (const part of parts(folder)) all.push(await trained(part));
    return all.at(-1) as Trained;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As if a calibration had chosen them. It is kept in the folder that the variable UNROLL_CACHE names. */
function rememberTuning(tiles: string, chunk: string): void {
  if (!process.env["UNROLL_CACHE"]) throw new Error("--tiles, --chunk: name a folder in UNROLL_CACHE");
  const device = mode === "native" ? nativeDevice() : wasmDevice({ strict: mode === "strict" });
  remember(`${device.name}, ${device.mode}`, JSON.stringify({ tiles, chunk }));
}

const { in: browser, apart } = values;
const { hash, steps, device } =
  browser === undefined
    ? await inNode()
    : await inPage(browser as BrowserName, { isolated: !apart, parts: parts("hash") });
console.error(`${steps} steps, ${device}, ${browser ?? `Node ${process.versions.node}`}`);
console.log(hash);
