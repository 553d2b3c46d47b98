/**
 * A folder belongs to one process while that writes there: to a training from its beginning to its end.
 *
 *   unroll-4711-1f0c9a3e.lock   { "pid": 4711, "host": "desk", "start": "812300", "command": "unroll train ...", ... }
 *
 * Each puts down a file of its own before it looks for those of others: of two at the same moment at least one sees the
 * other. A file is removed only when its process has provably ended: nobody has its number, or somebody who began at
 * another time, or the machine has been started again. No name comes twice, so nobody removes a new file for an old
 * one, as happens where the lock has one name (proper-lockfile, which also names no process and needs a timer).
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { threadId } from "node:worker_threads";
import { UnrollError } from "../errors.ts";
import type { Disk } from "./disk.node.ts";

export const lockName: RegExp = /^unroll-(\d{1,9})-[0-9a-f]{8}\.lock$/;

/** Who a lock says it is of; null is what it does not tell. */
interface Holder {
  readonly pid: number;
  readonly thread: number | null;
  readonly host: string | null;
  /** Another one after the machine has been started again. */
  readonly boot: string | null;
  /** When the process began, in the kernel's ticks. */
  readonly start: string | null;
  readonly since: string | null;
  readonly command: string | null;
}
interface Held {
  readonly lock: Promise<string>;
  /** Those in this process who hold it: models that are trained or saved, and null for whoever helps them. */
  readonly owners: (object | null)[];
}

/** Of this process, by the folder's real path. */
const held = new Map<string, Held>();

/** How often those who came at the same moment try again, and the milliseconds before the first time at most. */
const attempts = 5;
const pause = 30;

/**
 * Does `work` while the folder, which is made where there is none, belongs to this process; in the process to `owner`
 * and those without (null). Throws an UnrollError that names the process that has it.
 */
export async function holdFolder<T>(
  disk: Disk,
  path: string,
  owner: object | null,
  work: () => Promise<T>,
): Promise<T> {
  await disk.makeFolder(path);
  const folder = await realpath(path);
  const { lock, owners } = held.get(folder) ?? { lock: taken(disk, path), owners: [] };
  if (owner !== null && owners.some((other) => other !== null && other !== owner))
    throw refused(path, `one that another model of this process, ${process.pid}, is saved to`);
  held.set(folder, { lock, owners });
  owners.push(owner);
  const letGo = async (): Promise<void> => {
    owners.splice(owners.indexOf(owner), 1);
    if (owners.length > 0) return;
    held.delete(folder);
    await disk.remove(await lock);
  };
  const made = lock.then(() => work());
  await made.then(letGo, () => letGo().catch(() => undefined)); // what went wrong first is told
  return made;
}

/** The path of the lock that was put down. */
async function taken(disk: Disk, path: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const name = `unroll-${process.pid}-${randomBytes(4).toString("hex")}.lock`;
    const file = join(path, name);
    let other: Found | null | undefined;
    try {
      await disk.write(file, new TextEncoder().encode(`${JSON.stringify(thisProcess())}\n`));
      other = await othersLock(disk, path, name);
      if (other === null) return file;
    } finally {
      if (other !== null) await disk.remove(file).catch(() => undefined); // seen as left over from now on
    }
    if (attempt === attempts) throw refused(path, told(other), other);
    await setTimeout(pause * 2 ** attempt * Math.random());
  }
}

interface Found {
  readonly file: string;
  readonly holder: Holder;
}

/** A lock of somebody else who is there; those of who is not are removed. */
async function othersLock(disk: Disk, path: string, own: string): Promise<Found | null> {
  let found: Found | null = null;
  for (const name of await disk.list(path)) {
    const pid = Number(lockName.exec(name)?.[1]);
    if (name === own || !(pid > 0)) continue;
    const file = join(path, name);
    const bytes = await disk.read(file);
    if (bytes === null) continue;
    const holder = { ...holderIn(bytes), pid };
    if (hasEnded(holder)) await disk.remove(file);
    else found = { file, holder };
  }
  return found;
}

function thisProcess(): Holder {
  return {
    pid: process.pid,
    thread: threadId,
    host: hostname(),
    boot: linesOf("/proc/sys/kernel/random/boot_id"),
    start: processOf(process.pid)?.start ?? null,
    since: new Date().toISOString(),
    command: process.argv.slice(1).join(" "),
  };
}

/** Half a lock tells nothing but its name. */
function holderIn(bytes: Uint8Array): Omit<Holder, "pid"> {
  let found: unknown = null;
  try {
    found = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // as null
  }
  const { thread, host, boot, start, since, command } = (found ?? {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown): string | null => (typeof value === "string" ? value.slice(0, 200) : null);
  return {
    thread: typeof thread === "number" ? thread : null,
    host: text(host),
    boot: text(boot),
    start: text(start),
    since: text(since),
    command: text(command),
  };
}

/** Where nothing proves it, it has not. */
function hasEnded({ pid, thread, host, boot, start }: Holder): boolean {
  const own = thisProcess();
  if (host !== null && host !== own.host) return false;
  if (differ(boot, own.boot)) return true;
  if (pid === own.pid && !differ(start, own.start)) return !differ(thread, own.thread); // else it were in `held`
  const now = processOf(pid);
  return now === null || differ(start, now.start);
}

const differ = <T>(a: T | null, b: T | null): boolean => a !== null && b !== null && a !== b;

/** A process of this machine, and when it began where that can be known; null where there is none. */
function processOf(pid: number): { readonly start: string | null } | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return null;
  }
  const stat = linesOf(`/proc/${pid}/stat`);
  if (stat === null) return { start: null };
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // from the third on: a name may have spaces
  return /[ZX]/.test(fields[0] ?? "") ? null : { start: fields[19] ?? null }; // ended, and nobody has asked how
}

/** Of a file of the Linux kernel's, null elsewhere. */
function linesOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

function told({ holder: { pid, host, since, command } }: Found): string {
  const where =
    host === null || host === hostname() ? "on this machine" : `on the machine ${JSON.stringify(host)}`;
  const what =
    command === null ? "" : ` (${JSON.stringify(command)}${since === null ? "" : `, since ${since}`})`;
  return `one that process ${pid} ${where} writes to${what}`;
}

function refused(path: string, got: string, found?: Found): UnrollError {
  const left = found === undefined ? "" : ` If there is no such process any more, remove ${found.file}.`;
  return new UnrollError({
    where: path,
    expected: "a folder that nobody else writes to",
    got,
    fix: `Wait until it has ended, stop it, or choose another folder.${left}`,
  });
}
