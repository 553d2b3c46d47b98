/** The cache of compiled libraries, with files of text in their place. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { useOwnCache } from "../../../test/cacheFolder.ts";
import { cached, cacheFault } from "./libraryCache.node.ts";

const home = useOwnCache();
let made = 0;
const folder = (): string => join(home(), "native");
const names = (): string[] => readdirSync(folder());

/** A library that holds its number. */
function make(into: string): string {
  const path = join(into, "library.so");
  writeFileSync(path, `library ${++made}`);
  return path;
}
const contentOf = (path: string): string => readFileSync(path, "utf8");

beforeEach(() => {
  made = 0;
});

describe("the folder", () => {
  test("is made, for its owner alone", () => {
    expect(cacheFault()).toBe(null);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    expect(names()).toEqual([]);
  });
  test("that others can write to is closed to them", () => {
    mkdirSync(folder());
    chmodSync(folder(), 0o777);
    expect(cacheFault()).toBe(null);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
  });
  test("that is a link is refused", () => {
    const elsewhere = join(home(), "elsewhere");
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, folder());
    expect(cacheFault()).toMatchObject({ missing: expect.stringContaining("is not your own folder") });
  });
  test.runIf(process.getuid?.() === 0)("of another user is refused", () => {
    mkdirSync(folder());
    chownSync(folder(), 12_345, 12_345);
    expect(cacheFault()).toMatchObject({ missing: expect.stringContaining("is not your own folder") });
  });
  test("below a file cannot be written, and the fault says what to do", () => {
    const file = join(home(), "file");
    writeFileSync(file, "");
    vi.stubEnv("UNROLL_CACHE", file);
    const fault = cacheFault();
    expect(fault?.missing).toMatch(/^the cache .*file.native cannot be written: /);
    expect(fault?.fix).toMatch(/UNROLL_CACHE/);
  });
});

describe("a library", () => {
  beforeEach(() => expect(cacheFault()).toBe(null));

  test("is made once for each key", () => {
    const path = cached("a", make);
    expect(cached("a", make)).toBe(path);
    expect(contentOf(path)).toBe("library 1");
    expect(contentOf(cached("ab", make))).toBe("library 2");
    expect(contentOf(cached("a", make))).toBe("library 1");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
  test.each<[string, (path: string) => void]>([
    ["damaged", (path) => writeFileSync(path, "library 0")],
    ["cut short", (path) => writeFileSync(path, "")],
    [
      "a link to one that is sound",
      (path) => {
        const content = contentOf(path);
        rmSync(path);
        writeFileSync(join(home(), "real"), content);
        symlinkSync(join(home(), "real"), path);
      },
    ],
    [
      "a folder",
      (path) => {
        rmSync(path);
        mkdirSync(join(path, "inside"), { recursive: true });
      },
    ],
  ])("that is %s is made again", (_, harm) => {
    harm(cached("a", make));
    const again = cached("a", make);
    expect(contentOf(again)).toBe("library 2");
    expect(statSync(again).isFile()).toBe(true);
    expect(names()).toHaveLength(1);
  });
  test.runIf(process.getuid?.() === 0)("of another user is made again", () => {
    chownSync(cached("a", make), 12_345, 12_345);
    expect(contentOf(cached("a", make))).toBe("library 2");
  });
  test("that cannot be made leaves nothing behind", () => {
    const fails = (into: string): string => {
      make(into);
      throw new Error("no compiler");
    };
    expect(() => cached("a", fails)).toThrow("no compiler");
    expect(names()).toEqual([]);
    expect(contentOf(cached("a", make))).toBe("library 2");
  });
  test("is made again after the folder was cleared", () => {
    cached("a", make);
    rmSync(folder(), { recursive: true });
    expect(contentOf(cached("a", make))).toBe("library 2");
  });
});

test("there are at most 256; the one that was used longest ago goes first", () => {
  expect(cacheFault()).toBe(null);
  for (let k = 0; k < 256; k++) {
    const path = cached(`k${k}`, make);
    utimesSync(path, 1000 + k, 1000 + k);
  }
  cached("k0", make); // used now
  cached("one more", make);
  expect(names()).toHaveLength(256);
  expect(names().filter((name) => /^k[01]-/.test(name))).toEqual([expect.stringMatching(/^k0-/)]);
});

test("what a process that was killed has left goes in time", () => {
  expect(cacheFault()).toBe(null);
  const [old, young] = [join(folder(), "new-old"), join(folder(), "new-young")];
  for (const path of [old, young]) mkdirSync(path);
  utimesSync(old, 1000, 1000);
  cached("a", make);
  expect(names().filter((name) => name.startsWith("new-"))).toEqual(["new-young"]);
});
