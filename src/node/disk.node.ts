/** Files and folders as this library uses them: few operations, each done when it resolves; errors name the file. */
import { constants, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { UnrollError } from "../errors.ts";
import { makeFolderNow } from "../makeFolder.node.ts";

/** What is asked of a file system; paths are whole. */
export interface Disk {
  /** A regular file, no link; null where there is none. */
  read(path: string): Promise<Uint8Array | null>;
  /** Throws where something stands that is neither a file nor a link, which are replaced. */
  replaceable(path: string): Promise<unknown>;
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
/** The most that Node reads at once. */
const mostBytes = 2 ** 31 - 1;

/** This machine's. Errors name the file. */
export const localDisk: Disk = {
  read: (path) => told(path, "a file that can be read", () => readFile(path)),
  replaceable: (path) => told(path, "a file that can be replaced", () => regular(path, "replaced")),
  write: (path, bytes) => told(path, "a file that can be written", () => writeFile(path, bytes)),
  rename: (from, to) => told(to, "a file that can be replaced", () => fs.rename(from, to)),
  remove: (path) => told(path, "a file that can be removed", () => fs.rm(path, { force: true })),
  makeFolder: (path) => told(path, "a folder", () => makeFolder(path)),
  list: (path) => told(path, "a folder", () => fs.readdir(path)),
  flush: (path) => told(path, "a folder", () => flushFolder(path)),
};

async function readFile(path: string): Promise<Uint8Array | null> {
  const found = await regular(path, "refused");
  if (found === null) return null;
  if (found.size > mostBytes) throw refused(path, `at most ${mostBytes} bytes`, `${found.size}`);
  const flag = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
  const bytes = await fs.readFile(path, { flag }).catch(nullWithoutFile);
  return bytes === null ? null : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The file that stands there; null where there is none, or a link that is replaced. */
async function regular(path: string, links: "refused" | "replaced"): Promise<Stats | null> {
  const found = await fs.lstat(path).catch(nullWithoutFile);
  if (found === null || found.isFile()) return found;
  if (found.isSymbolicLink() && links === "replaced") return null;
  throw refused(path, "a regular file", kindOf(found));
}

function kindOf(found: Stats): string {
  if (found.isSymbolicLink()) return "a symbolic link";
  if (found.isDirectory()) return "a folder";
  if (found.isFIFO()) return "a named pipe";
  return found.isSocket() ? "a socket" : "a device";
}

function nullWithoutFile(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  if (bytes.length > mostBytes)
    throw refused(path, `at most ${mostBytes} bytes, which can be read again`, `${bytes.length}`);
  const file = await fs.open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function makeFolder(path: string): Promise<void> {
  for (const made of makeFolderNow(path)) await flushFolder(dirname(made));
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
    { where: path, expected, got, fix: fixes[code] ?? "Choose another path, or see what stands there." },
    { cause },
  );
}
