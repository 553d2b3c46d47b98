/** Makes a folder and those above it. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Returns those that it made, the highest first. (`mkdir` with `recursive` never ends where the system says that
 * nothing can be made, such as in /proc.)
 */
export function makeFolderNow(path: string, mode?: number): readonly string[] {
  try {
    mkdirSync(path, mode);
    return [path];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return [];
    if (code !== "ENOENT" || isFolder(dirname(path))) throw error;
    return [...makeFolderNow(dirname(path), mode), ...makeFolderNow(path, mode)];
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
