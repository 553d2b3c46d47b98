/**
 * Folders of files in a browser: records of an IndexedDB database, the path their key.
 *
 * A folder is written in one transaction: after an interruption it is as it was before, or all new.
 */
import { UnrollError } from "../../errors.ts";

type Files = ReadonlyMap<string, Uint8Array>;

const database = "unroll";
const folders = "folders";

/** Those of the files called `names` that the folder has. */
export async function readFolder(path: string, names: readonly string[]): Promise<Files> {
  return inFolders(path, "readonly", async (store) => {
    const files = await filesIn(store, path);
    return new Map([...files].filter(([name]) => names.includes(name)));
  });
}

/** The models of this page whose trainings have a folder, by its path; null: nobody's, who prepares for one. */
const holders = new Map<string, object | null>();

/** Writes all `files` or none; other files of the folder stay. Several are of `owner`, as below. */
export async function writeFolder(path: string, files: Files, owner: object | null = null): Promise<void> {
  const holder = holders.get(path);
  const own = files.size === 1 || holder === null || holder === owner;
  if (!own && (await isHeld(path))) throw heldByOther(path);
  await inFolders(path, "readwrite", async (store) => {
    const before = await filesIn(store, path);
    await done(store.put(new Map([...before, ...files]), path));
  });
}

/**
 * Does `work` while no other training, of this page or another one of this site, may write to the folder; `owner` is
 * the model that is trained. A page that is closed holds nothing any more.
 */
export async function holdFolder<T>(path: string, owner: object | null, work: () => Promise<T>): Promise<T> {
  const locks = locksHere();
  if (locks === undefined) return work();
  return locks.request(lockOf(path), { ifAvailable: true }, async (lock) => {
    if (lock === null) throw heldByOther(path);
    holders.set(path, owner);
    try {
      return await work();
    } finally {
      holders.delete(path);
    }
  });
}

/** None in a page without https. */
const locksHere = (): LockManager | undefined =>
  (globalThis.navigator as { readonly locks?: LockManager }).locks;
const lockOf = (path: string): string => `unroll ${path}`;

async function isHeld(path: string): Promise<boolean> {
  const { held = [] } = (await locksHere()?.query()) ?? {};
  return held.some(({ name }) => name === lockOf(path));
}

const heldByOther = (path: string): UnrollError =>
  new UnrollError({
    where: `the browser's store, "${path}"`,
    expected: "a folder that nobody else writes to",
    got: "one that another model is saved to, of this page or another one of this site",
    fix: "Wait until it has ended, close its page, or choose another folder.",
  });

/** By which two paths can be compared. */
export const wholePath = (path: string): string => path;

async function filesIn(store: IDBObjectStore, path: string): Promise<Files> {
  const found: unknown = await done(store.get(path));
  return found instanceof Map ? (found as Files) : new Map(); // written by writeFolder
}

async function inFolders<T>(
  path: string,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<T>,
): Promise<T> {
  try {
    const opened = await open();
    try {
      const transaction = opened.transaction(folders, mode);
      const ended = end(transaction);
      const [result] = await Promise.all([work(transaction.objectStore(folders)), ended]);
      return result;
    } finally {
      opened.close();
    }
  } catch (error) {
    throw refused(path, mode, error);
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(database, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(folders);
  };
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function end(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function refused(path: string, mode: IDBTransactionMode, error: unknown): UnrollError {
  const facts = {
    where: `the browser's store, "${path}"`,
    expected: mode === "readonly" ? "a database that can be read" : "a database that can be written",
    got: error instanceof Error ? `${error.name}: ${error.message.replace(/\.$/, "")}` : "none",
    fix: "Allow this page to keep data, free some space, or use a page that is not private.",
  };
  return new UnrollError(facts, { cause: error });
}
