/**
 * Folders of files in Node. Several files change as one: whenever the process is killed, what is read afterwards is
 * all old or all new.
 *
 * The last file given is the index. The others are first written beside those that are there, under names that end in
 * a hash of the new index (`h`); with the index they become valid.
 *
 *   model.safetensors.h  written, flushed       read: the old index, and the old files
 *   config.json          replaced               read: the new index, and the files with its hash
 *   model.safetensors.h  ->  model.safetensors  read: the new index; the hash is in no name any more
 */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UnrollError } from "../errors.ts";
import { type Disk, localDisk } from "./disk.node.ts";
import { holdFolder as holdOn, lockName } from "./lock.node.ts";

export type Files = ReadonlyMap<string, Uint8Array>;

export interface Store {
  readFolder(path: string, names: readonly string[]): Promise<Files>;
  writeFolder(path: string, files: Files, owner?: object | null): Promise<void>;
  holdFolder<T>(path: string, owner: object | null, work: () => Promise<T>): Promise<T>;
}

/** What a writing puts beside its files, and takes away unless it is killed: `NAME.PID-COUNT.tmp`, `NAME.HASH`. */
const beside = /^(.+)\.(?:\d+-\d+\.tmp|([0-9a-f]{16}))$/;
/** Is this the name of something that a process which was killed may have left? */
export const isLeftover = (name: string): boolean => lockName.test(name) || beside.test(name);

/** How often a folder is read again that is being written. */
const mostReadings = 5;

export function storeOn(disk: Disk): Store {
  /** Writings of a folder wait for each other, by its whole path. */
  const writings = new Map<string, Promise<void>>();
  let count = 0;

  async function readFolder(path: string, names: readonly string[]): Promise<Files> {
    for (let reading = 1; ; reading++) {
      const { files, whole } = await readOnce(disk, path, names);
      if (whole || reading === mostReadings) return files;
    }
  }

  async function writeFolder(path: string, files: Files, owner: object | null = null): Promise<void> {
    const key = wholePath(path);
    const before = writings.get(key) ?? Promise.resolve();
    const writing = before.catch(() => undefined).then(() => writeWhole(path, files, owner));
    writings.set(key, writing);
    await writing.finally(() => {
      if (writings.get(key) === writing) writings.delete(key);
    });
  }

  /** Several files are written by one process at a time: another's leftovers could be its next files. */
  async function writeWhole(path: string, files: Files, owner: object | null): Promise<void> {
    const write = (): Promise<void> => writeAll(disk, path, files, `${process.pid}-${count++}`);
    await (files.size > 1 ? holdFolder(path, owner, write) : write());
  }
  const holdFolder: Store["holdFolder"] = (path, owner, work) => holdOn(disk, path, owner, work);
  return { readFolder, writeFolder, holdFolder };
}

async function readOnce(
  disk: Disk,
  path: string,
  names: readonly string[],
): Promise<{ readonly files: Files; readonly whole: boolean }> {
  names.forEach(checkName);
  const at = (name: string): string => join(path, name);
  const index = names.at(-1) ?? "";
  const head = await disk.read(at(index));
  const hash = head === null ? null : hashOf(head);
  const files = new Map<string, Uint8Array>();
  for (const name of names.slice(0, -1)) {
    const staged = hash === null ? null : await disk.read(at(`${name}.${hash}`));
    const bytes = staged ?? (await disk.read(at(name)));
    if (bytes !== null) files.set(name, bytes);
  }
  if (head !== null) files.set(index, head);
  const again = names.length > 1 ? await disk.read(at(index)) : head;
  return { files, whole: (again === null ? null : hashOf(again)) === hash };
}

async function writeAll(disk: Disk, path: string, files: Files, mark: string): Promise<void> {
  const names = [...files.keys()];
  names.forEach(checkName);
  const index = names.at(-1);
  if (index === undefined) return;
  const at = (name: string): string => join(path, name);
  const hash = hashOf(files.get(index) ?? new Uint8Array());
  const place = async (name: string, as: string): Promise<void> => {
    const temporary = at(`${name}.${mark}.tmp`);
    await disk.write(temporary, files.get(name) ?? new Uint8Array());
    await disk.rename(temporary, at(as));
  };
  await disk.makeFolder(path);
  for (const name of names) await disk.replaceable(at(name));
  try {
    const others = names.slice(0, -1);
    for (const name of others) await place(name, `${name}.${hash}`);
    await disk.flush(path);
    await place(index, index);
    await disk.flush(path);
    for (const name of others) await disk.rename(at(`${name}.${hash}`), at(name));
    await disk.flush(path);
  } catch (error) {
    await removeLeftovers(disk, path, names).catch(() => undefined); // what went wrong first is told
    throw error;
  }
  await removeLeftovers(disk, path, names);
}

/** Temporary files, and files of an index that is no longer there, of this writing or one that was interrupted. */
async function removeLeftovers(disk: Disk, path: string, names: readonly string[]): Promise<void> {
  const index = await disk.read(join(path, names.at(-1) ?? ""));
  const current = index === null ? "" : hashOf(index);
  for (const name of await disk.list(path)) {
    const [, base = "", hash] = beside.exec(name) ?? [];
    if (names.includes(base) && hash !== current) await disk.remove(join(path, name));
  }
}

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

function checkName(name: string): void {
  if (/^\w[\w.-]{0,99}$/.test(name)) return;
  const facts = { where: "a folder of files", expected: "names of letters, digits, _, - and ." };
  throw new UnrollError({ ...facts, got: JSON.stringify(name), fix: "Choose such a name." });
}

const store: Store = storeOn(localDisk);

/** Those of the files called `names`, the index last, that the folder has. Links are not followed. */
export const readFolder: Store["readFolder"] = store.readFolder;
/** Writes all `files`, the index last, or none; other files of the folder stay. Several are of `owner`, as below. */
export const writeFolder: Store["writeFolder"] = store.writeFolder;
/**
 * Does `work` while no other process, and no other model of this one, may write to the folder, which is made where
 * there is none. `owner` is the model; null is whoever prepares for one. Throws an UnrollError that names the other.
 */
export const holdFolder: Store["holdFolder"] = store.holdFolder;
/** By which two paths can be compared: that of what is there, links followed, and the names of what is not. */
export function wholePath(path: string): string {
  const [whole, above] = [resolve(path), dirname(resolve(path))];
  try {
    return realpathSync(whole);
  } catch {
    return above === whole ? whole : join(wholePath(above), basename(whole));
  }
}
