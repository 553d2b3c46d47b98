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
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { UnrollError } from "../errors.ts";
import { makeFolder } from "../makeFolder.node.ts";

export type Files = ReadonlyMap<string, Uint8Array>;

/** What is asked of a file system; paths are whole. */
export interface Disk {
  /** A regular file, no link; null where there is none. */
  read(path: string): Promise<Uint8Array | null>;
  /** A new file, on the disk when it resolves. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Names in a folder. */
  list(path: string): Promise<readonly string[]>;
  /** Brings changes of names in a folder to the disk. */
  flush(path: string): Promise<void>;
}
export interface Store {
  readFolder(path: string, names: readonly string[]): Promise<Files>;
  writeFolder(path: string, files: Files): Promise<void>;
}

/** How often a folder is read again that is being written. */
const mostReadings = 5;
/** The most that Node reads at once. */
const mostBytes = 2 ** 31 - 1;

export function storeOn(disk: Disk): Store {
  /** Writings of a folder wait for each other. */
  const writings = new Map<string, Promise<void>>();
  let count = 0;

  async function readFolder(path: string, names: readonly string[]): Promise<Files> {
    for (let reading = 1; ; reading++) {
      const { files, whole } = await readOnce(disk, path, names);
      if (whole || reading === mostReadings) return files;
    }
  }

  async function writeFolder(path: string, files: Files): Promise<void> {
    const before = writings.get(path) ?? Promise.resolve();
    const writing = before
      .catch(() => undefined)
      .then(() => writeAll(disk, path, files, `${process.pid}-${count++}`));
    writings.set(path, writing);
    await writing.finally(() => {
      if (writings.get(path) === writing) writings.delete(path);
    });
  }
  return { readFolder, writeFolder };
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
    const [, base = "", hash] = /^(.+)\.(?:\d+-\d+\.tmp|([0-9a-f]{16}))$/.exec(name) ?? [];
    if (names.includes(base) && hash !== current) await disk.remove(join(path, name));
  }
}

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

function checkName(name: string): void {
  if (/^\w[\w.-]{0,99}$/.test(name)) return;
  throw new UnrollError({
    where: "a folder of files",
    expected: "names of letters, digits, _, - and .",
    got: JSON.stringify(name),
    fix: "Choose such a name.",
  });
}

/** Files and folders of this machine. Errors name the file. */
const disk: Disk = {
  read: (path) => told(path, "a file that can be read", () => readFile(path)),
  write: (path, bytes) => told(path, "a file that can be written", () => writeFile(path, bytes)),
  rename: (from, to) => told(to, "a file that can be replaced", () => fs.rename(from, to)),
  remove: (path) => told(path, "a file that can be removed", () => fs.rm(path, { force: true })),
  makeFolder: (path) => told(path, "a folder", () => makeFolder(path)),
  list: (path) => told(path, "a folder", () => fs.readdir(path)),
  flush: (path) => told(path, "a folder", () => flushFolder(path)),
};

async function readFile(path: string): Promise<Uint8Array | null> {
  const found = await fs.lstat(path).catch(nullWithoutFile);
  if (found === null) return null;
  if (!found.isFile())
    throw refused(path, "a regular file", found.isSymbolicLink() ? "a symbolic link" : "something else");
  if (found.size > mostBytes) throw refused(path, `at most ${mostBytes} bytes`, `${found.size}`);
  const file = await fs.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)).catch(nullWithoutFile);
  try {
    const bytes = await file?.readFile();
    return bytes === undefined ? null : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  } finally {
    await file?.close();
  }
}

function nullWithoutFile(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function flushFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there
  const folder = await fs.open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function told<T>(path: string, expected: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnrollError) throw error;
    throw refused(path, expected, error instanceof Error ? error.message : String(error), error);
  }
}

const fixes: Readonly<Record<string, string>> = {
  ENOSPC: "Free some space on the disk.",
  EACCES: "Choose a folder that you may use, or change its permissions.",
  EROFS: "Choose a folder on a disk that can be written.",
  ENOTDIR: "Choose a path that leads through folders only.",
  EEXIST: "Choose a path that is not a file.",
};

function refused(path: string, expected: string, got: string, cause?: unknown): UnrollError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new UnrollError(
    { where: path, expected, got, fix: fixes[code] ?? "Choose another folder, or see what stands there." },
    { cause },
  );
}

const store: Store = storeOn(disk);

/** This machine's disk, for tests that interrupt it. */
export const localDisk: Disk = disk;
/** Those of the files called `names`, the index last, that the folder has. Links are not followed. */
export const readFolder: Store["readFolder"] = store.readFolder;
/** Writes all `files`, the index last, or none; other files of the folder stay. */
export const writeFolder: Store["writeFolder"] = store.writeFolder;
