/**
 * What calibrations have chosen, a small file each in a folder of the user's own: for this processor, this version of
 * V8 and its flags. What is damaged, or another user's, counts as nothing.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus } from "node:os";
import { join } from "node:path";
import { ownBytes, unguarded } from "./guarded.node.ts";
import { cacheFault, folderOfCache } from "./libraryCache.node.ts";

/** More than a choice takes. */
const mostBytes = 1024;
/** Of this process, whether or not they could be written. */
const kept = new Map<string, string>();

/** What was remembered under this key on this machine, or null. */
export function recall(key: string): string | null {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const folder = folderOfCache("calibration");
  try {
    if (unguarded(folder) !== null) return null;
    const bytes = ownBytes(join(folder, fileOf(key)), mostBytes);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  } catch {
    return null; // nothing there, or nothing that can be read
  }
}

/** Why it is known to this process only, or null. */
export function remember(key: string, text: string): string | null {
  kept.set(key, text);
  const fault = cacheFault("calibration");
  if (fault !== null) return fault.missing;
  const folder = folderOfCache("calibration");
  try {
    write(folder, fileOf(key), text);
    return null;
  } catch (error) {
    return `the cache ${folder} cannot be written: ${(error as Error).message}`;
  }
}

/** All of it, or nothing. */
function write(folder: string, name: string, text: string): void {
  const making = mkdtempSync(join(folder, "new-"));
  try {
    writeFileSync(join(making, name), text, { mode: 0o600 });
    renameSync(join(making, name), join(folder, name));
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

function fileOf(key: string): string {
  const flags = [...process.execArgv, ...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/)];
  const ofWasm = flags.filter((flag) => flag.includes("wasm")).sort();
  const facts = [key, process.versions.v8, ofWasm, arch(), cpus()[0]?.model ?? ""];
  return `${createHash("sha256").update(JSON.stringify(facts)).digest("hex")}.json`;
}
