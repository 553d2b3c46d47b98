import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "./makeFolder.node.ts";

const home = await mkdtemp(join(tmpdir(), "unroll-"));
afterAll(() => rm(home, { recursive: true }));

test("folders above are made too, and one that is there is left", async () => {
  const path = join(home, "a", "b", "c");
  await makeFolder(path);
  await makeFolder(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});
test("where nothing can be made it says so, and ends", async () => {
  await expect(makeFolder("/proc/nothing/here")).rejects.toThrow(/ENOENT|EACCES|EPERM/);
  await writeFile(join(home, "file"), "");
  await expect(makeFolder(join(home, "file", "below"))).rejects.toThrow(/ENOTDIR/);
  await expect(makeFolder(join(home, "file"))).rejects.toThrow(/EEXIST/);
});
