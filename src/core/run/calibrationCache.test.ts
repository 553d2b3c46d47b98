/** What is remembered, and read by the next process: here a module loaded anew. */
import {
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { useOwnCache } from "../../../test/cacheFolder.ts";

const home = useOwnCache();
const folder = (): string => join(home(), "calibration");
const onlyFile = (): string => join(folder(), readdirSync(folder())[0] ?? "");
const process2 = (): Promise<typeof import("./calibrationCache.node.ts")> => {
  vi.resetModules();
  return import("./calibrationCache.node.ts");
};

test("nothing is known in the beginning, and asking makes no folder", async () => {
  expect((await process2()).recall("wasm")).toBe(null);
  expect(readdirSync(home())).toEqual([]);
});

test("what is remembered is known to the next process, by its key, and is its owner's alone", async () => {
  const { remember } = await process2();
  expect(remember("wasm", "one")).toBe(null);
  expect(remember("wasm", "two")).toBe(null);
  const { recall } = await process2();
  expect([recall("wasm"), recall("native")]).toEqual(["two", null]);
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  expect(statSync(onlyFile()).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder())).toHaveLength(1);
});

test("other flags of WebAssembly are another engine", async () => {
  (await process2()).remember("wasm", "one");
  vi.stubEnv("NODE_OPTIONS", "--experimental-wasm-revectorize");
  expect((await process2()).recall("wasm")).toBe(null);
  vi.stubEnv("NODE_OPTIONS", "--max-old-space-size=4096");
  expect((await process2()).recall("wasm")).toBe("one");
});

test.each<[string, (path: string) => void]>([
  ["too long", (path) => writeFileSync(path, "x".repeat(2000))],
  ["a link", (path) => linked(path)],
  ["a folder", (path) => replaced(path)],
])("a file that is %s counts as none, and is replaced", async (_, harm) => {
  (await process2()).remember("wasm", "one");
  const path = onlyFile();
  harm(path);
  const next = await process2();
  expect(next.recall("wasm")).toBe(null);
  if (lstatSync(path).isDirectory()) return;
  next.remember("wasm", "two");
  expect((await process2()).recall("wasm")).toBe("two");
});

function linked(path: string): void {
  const content = readFileSync(path);
  rmSync(path);
  writeFileSync(join(home(), "real"), content);
  symlinkSync(join(home(), "real"), path);
}
function replaced(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

test.runIf(process.getuid?.() === 0)("a file of another user counts as none", async () => {
  (await process2()).remember("wasm", "one");
  chownSync(onlyFile(), 12_345, 12_345);
  expect((await process2()).recall("wasm")).toBe(null);
});

test("without a folder to write to it is known to this process, which hears why", async () => {
  const file = join(home(), "file");
  writeFileSync(file, "");
  vi.stubEnv("UNROLL_CACHE", file);
  const { remember, recall } = await process2();
  expect(remember("wasm", "one")).toMatch(/cannot be written/);
  expect(recall("wasm")).toBe("one");
});
