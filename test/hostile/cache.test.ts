/**
 * The caches of compiled libraries and of calibrations: nothing is taken from them that another user may have written, or
 * that is not what its name says; and nobody can exchange it between the look and the load.
 *
 * test/native/native.test.ts alters real libraries beneath a running program.
 */
import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { recall } from "../../src/core/run/calibrationCache.node.ts";
import { cached, cacheFault } from "../../src/core/run/libraryCache.node.ts";
import { useOwnCache } from "../cacheFolder.ts";

const isRoot = process.getuid?.() === 0;
const stranger = 12_345;
const home = useOwnCache();
const folder = (): string => join(home(), "native");
const [a, b] = ["a".repeat(64), "b".repeat(64)];

function make(into: string): string {
  const path = join(into, "library.so");
  writeFileSync(path, "mine");
  return path;
}
const contentOf = (key: string): string => readFileSync(cached(key, make), "utf8");
/** Whether `make` had to be called. */
function madeAgain(key: string): boolean {
  let made = false;
  cached(key, (into) => {
    made = true;
    return make(into);
  });
  return made;
}

describe("a library", () => {
  beforeEach(() => expect(cacheFault()).toBe(null));

  test("that was made of another source is not taken, whatever it is called", () => {
    const path = cached(a, make);
    renameSync(path, path.replace(a, b));
    expect(madeAgain(b)).toBe(true);
    expect(madeAgain(b)).toBe(false);
  });
  test.each<[string, (path: string) => void]>([
    ["that others can write to", (path) => chmodSync(path, 0o666)],
    ["that has a second name", (path) => linkSync(path, join(home(), "other"))],
    ["with a byte more", (path) => writeFileSync(path, "mine!")],
  ])("%s is made again", (_, harm) => {
    harm(cached(a, make));
    expect(madeAgain(a)).toBe(true);
    expect(contentOf(a)).toBe("mine");
  });
  test.runIf(isRoot)("of another user is made again", () => {
    chownSync(cached(a, make), stranger, stranger);
    expect(madeAgain(a)).toBe(true);
  });
});

describe("a folder", () => {
  test("that others could write to is emptied of what may be theirs, and of nothing else", () => {
    expect(cacheFault()).toBe(null);
    cached(a, make);
    writeFileSync(join(folder(), "notes.txt"), "");
    chmodSync(folder(), 0o777);
    expect(cacheFault()).toBe(null);
    expect(readdirSync(folder())).toEqual(["notes.txt"]);
  });
  test("below one that anybody can write to is refused, then and later", () => {
    chmodSync(home(), 0o777);
    expect(cacheFault()?.missing).toMatch(/is not safe: others can write to /);
    chmodSync(home(), 0o700);
    expect(cacheFault()).toBe(null);
    chmodSync(home(), 0o777);
    expect(() => cached(a, make)).toThrow(/others can write to/);
    chmodSync(home(), 0o1777);
    expect(contentOf(a)).toBe("mine");
  });
  test.runIf(isRoot)("below another user's is refused", () => {
    chownSync(home(), stranger, stranger);
    expect(cacheFault()?.missing).toMatch(/belongs to another user/);
  });
  test("that others can write to holds no calibration", () => {
    mkdirSync(join(home(), "calibration"));
    chmodSync(join(home(), "calibration"), 0o777);
    expect(recall("wasm")).toBe(null);
  });
});

/** What another user tries, again and again: to put a folder, a link or a file of his own in our place. */
const tries = `
const fs = require("node:fs");
const [folder, end] = [process.argv[1], Date.now() + 4000];
let done = 0;
const attempt = (work) => { try { work(); done++; } catch {} };
while (Date.now() < end) {
  attempt(() => fs.renameSync(folder, folder + "-gone"));
  attempt(() => { fs.mkdirSync(folder); fs.chmodSync(folder, 0o777); });
  attempt(() => fs.symlinkSync("/tmp", folder));
  attempt(() => fs.readdirSync(folder));
  for (const key of ["${a}", "${b}"]) attempt(() => fs.writeFileSync(folder + "/" + key + "-${"0".repeat(64)}.so", "theirs"));
}
process.stdout.write(String(done));`;

/** Runs `work` again and again while the other user tries; how often he succeeded. */
async function beside(place: string, work: (round: number) => void): Promise<number> {
  const other = spawn(process.execPath, ["-e", tries, join(place, "native")], {
    uid: stranger,
    gid: stranger,
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
  let done = "";
  other.stdout.on("data", (part: Buffer) => {
    done += part.toString();
  });
  const ended = new Promise((resolve) => other.on("close", resolve));
  for (let round = 0; other.exitCode === null; round++) {
    work(round);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(await ended).toBe(0);
  return Number(done);
}

describe.runIf(isRoot)("another user beside us, at work for four seconds", () => {
  let place = "";
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), "unroll-shared-"));
    chmodSync(place, 0o1777);
    vi.stubEnv("UNROLL_CACHE", place);
    expect(cacheFault()).toBe(null);
    return () => rmSync(place, { recursive: true, force: true });
  });

  test("changes nothing", async () => {
    const done = await beside(place, (round) => expect(contentOf(round % 2 === 0 ? a : b)).toBe("mine"));
    expect(done).toBe(0);
  });
  test("gets a folder of his own where ours was cleared: it is refused", async () => {
    let refused = 0;
    const done = await beside(place, (round) => {
      if (refused === 0 && round % 20 === 19) {
        rmSync(join(place, "native"), { recursive: true });
        return; // and he has a moment
      }
      try {
        expect(contentOf(a)).toBe("mine");
      } catch (error) {
        expect(String(error)).toMatch(/is not your own folder|ENOENT/);
        refused++;
      }
    });
    expect(done).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });
});
