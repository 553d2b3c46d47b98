/**
 * Compiled libraries, kept in a folder of the user's own. A file's name says what it was made from and what it holds,
 * `KEY-DIGEST.so`: one that is damaged is made again, and none of another user's is loaded.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  utimesSync,
} from "node:fs";
import { homedir, platform } from "node:os";
import { join } from "node:path";
import { makeFolderNow } from "../../makeFolder.node.ts";
import type { Missing } from "./compiler.ts";

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
    const stats = lstatSync(folder);
    if (!stats.isDirectory() || !own(stats))
      return { missing: `the cache ${folder} is not your own folder`, fix };
    chmodSync(folder, ownersAlone);
    rmSync(mkdtempSync(join(folder, "new-")), { recursive: true });
    return null;
  } catch (error) {
    return { missing: `the cache ${folder} cannot be written: ${(error as Error).message}`, fix };
  }
}

/** The library of this key; `make` puts it into the folder given and returns its path. */
export function cached(key: string, make: (folder: string) => string): string {
  const folder = folderOfCache();
  makeFolderNow(folder, ownersAlone); // may have been cleared meanwhile
  for (const name of readdirSync(folder).filter((other) => other.startsWith(`${key}-`))) {
    const path = join(folder, name);
    if (sound(path, name)) {
      utimesSync(path, new Date(), new Date());
      return path;
    }
    rmSync(path, { force: true, recursive: true });
  }
  const making = mkdtempSync(join(folder, "new-"));
  try {
    const made = make(making);
    chmodSync(made, 0o600);
    const path = join(folder, nameOf(key, digestOf(made)));
    renameSync(made, path);
    return path;
  } finally {
    rmSync(making, { recursive: true, force: true });
    prune(folder);
  }
}

const nameOf = (key: string, digest: string): string => `${key}-${digest}.so`;
const digestOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

function sound(path: string, name: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && own(stats) && name.endsWith(`-${digestOf(path)}.so`);
}

/** Windows knows no owners by number. */
export const own = ({ uid }: Stats): boolean => process.getuid === undefined || uid === process.getuid();

function prune(folder: string): void {
  const entries = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    return { path, name, time: lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  const libraries = entries.filter(({ name }) => name.endsWith(".so")).sort((a, b) => b.time - a.time);
  const left = entries.filter(({ name, time }) => name.startsWith("new-") && Date.now() - time > forgotten);
  for (const { path } of [...libraries.slice(most), ...left]) rmSync(path, { recursive: true, force: true });
}
