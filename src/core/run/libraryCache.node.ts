/**
 * Compiled libraries, kept in a folder that its owner alone can write to. A file's name says what it was made from, and
 * has a hash of that and of what it holds, `KEY-DIGEST.so`: one that is damaged, another's, or of another key is made
 * again.
 */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync } from "node:fs";
import { homedir, platform } from "node:os";
import { join } from "node:path";
import { makeFolderNow } from "../../makeFolder.node.ts";
import type { Missing } from "./compiler.ts";
import { byOthers, own, ownBytes, unguarded } from "./guarded.node.ts";

/** The oldest beyond these are removed, and what a process that was killed has left for so many milliseconds. */
const most = 256;
const forgotten = 3_600_000;

const ownersAlone = 0o700;

/** The folder of the user's own for these things. */
export function folderOfCache(things: "native" | "calibration" = "native"): string {
  const { UNROLL_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (UNROLL_CACHE) return join(UNROLL_CACHE, things);
  const apple = platform() === "darwin" ? join(homedir(), "Library", "Caches") : null;
  return join(XDG_CACHE_HOME || LOCALAPPDATA || apple || join(homedir(), ".cache"), "unroll", things);
}

/** Why things cannot be kept here, or null. Makes the folder. */
export function cacheFault(things: "native" | "calibration" = "native"): Missing | null {
  const folder = folderOfCache(things);
  const fix = "Make it a folder that you alone can write to, or name another in the variable UNROLL_CACHE.";
  try {
    makeFolderNow(folder, ownersAlone);
    close(folder);
    const fault = unguarded(folder);
    if (fault !== null) return { missing: `the cache ${folder} is not safe: ${fault}`, fix };
    rmSync(mkdtempSync(join(folder, "new-")), { recursive: true });
    return null;
  } catch (error) {
    return { missing: `the cache ${folder} cannot be written: ${(error as Error).message}`, fix };
  }
}

/** A folder of the user's own that others could write to is emptied of what they may have put there, and closed. */
function close(folder: string): void {
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || !own(stats)) return;
  chmodSync(folder, ownersAlone);
  if (!byOthers(stats)) return;
  for (const name of readdirSync(folder).filter((one) => kept.test(one)))
    rmSync(join(folder, name), { recursive: true, force: true });
}

/** Names of what the caches keep. */
const kept = /^[0-9a-f]{64}(-[0-9a-f]{64}\.so|\.json)$/;

/** The library of this key; `make` puts it into the folder given and returns its path. */
export function cached(key: string, make: (folder: string) => string): string {
  const folder = folderOfCache();
  makeFolderNow(folder, ownersAlone); // may have been cleared meanwhile
  const fault = unguarded(folder);
  if (fault !== null) throw new Error(fault);
  for (const name of readdirSync(folder).filter((other) => other.startsWith(`${key}-`))) {
    const path = join(folder, name);
    if (sound(path, name, key)) {
      utimesSync(path, new Date(), new Date());
      return path;
    }
    rmSync(path, { force: true, recursive: true });
  }
  const making = mkdtempSync(join(folder, "new-"));
  try {
    const made = make(making);
    chmodSync(made, 0o600);
    const path = join(folder, nameOf(key, ownBytes(made) ?? new Uint8Array()));
    renameSync(made, path);
    return path;
  } finally {
    rmSync(making, { recursive: true, force: true });
    prune(folder);
  }
}

function nameOf(key: string, bytes: Uint8Array): string {
  return `${key}-${createHash("sha256").update(`${key}\n`).update(bytes).digest("hex")}.so`;
}

function sound(path: string, name: string, key: string): boolean {
  try {
    const bytes = ownBytes(path);
    return bytes !== null && name === nameOf(key, bytes);
  } catch {
    return false; // a link, gone, or nothing that can be read
  }
}

function prune(folder: string): void {
  const entries = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    return { path, name, time: lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  const libraries = entries.filter(({ name }) => name.endsWith(".so")).sort((a, b) => b.time - a.time);
  const left = entries.filter(({ name, time }) => name.startsWith("new-") && Date.now() - time > forgotten);
  for (const { path } of [...libraries.slice(most), ...left]) rmSync(path, { recursive: true, force: true });
}
