import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolderNow } from "./makeFolder.node.ts";

const home = await mkdtemp(join(tmpdir(), "unroll-"));
afterAll(() => rm(home, { recursive: true }));

test("folders above are made too, and one that is there is left", async () => {
  const path = join(home, "a", "b", "c");
  expect(makeFolderNow(path)).toEqual([join(home, "a"), join(home, "a", "b"), path]);
  expect(makeFolderNow(path)).toEqual([]);
  expect((await stat(path)).isDirectory()).toBe(true);
});
test("where nothing can be made it says so, and ends", async () => {
  expect(() => makeFolderNow("/proc/nothing/here")).toThrow(/ENOENT|EACCES|EPERM/);
  await writeFile(join(home, "file"), "");
  expect(() => makeFolderNow(join(home, "file", "below"))).toThrow(/ENOTDIR/);
  expect(() => makeFolderNow(join(home, "file"))).toThrow(/EEXIST/);
});
