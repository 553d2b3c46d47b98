/** Makes a folder and those above it. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** `mkdir` with `recursive` never ends where the system says that nothing can be made, such as in /proc. */
export function makeFolderNow(path: string, mode?: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    if (code !== "ENOENT" || isFolder(dirname(path))) throw error;
    makeFolderNow(dirname(path), mode);
    makeFolderNow(path, mode);
  }
}

/** The same, for those who wait. */
export async function makeFolder(path: string): Promise<void> {
  makeFolderNow(path);
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
