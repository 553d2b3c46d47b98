import { execFileSync } from "node:child_process";
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UnrollError } from "../errors.ts";
import { type Disk, localDisk } from "./disk.node.ts";
import { type Files, readFolder, storeOn, writeFolder } from "./store.node.ts";

const names = ["data.bin", "more.bin", "index.json"];
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const filesOf = (version: string): Files =>
  new Map(names.map((name) => [name, bytesOf(`${name} ${version}`)]));
const textsIn = (files: Files): string[] => names.map((name) => new TextDecoder().decode(files.get(name)));
const texts = (version: string): string[] => textsIn(filesOf(version));

let folder = "";
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "unroll-store-")), "runs", "a");
});
afterEach(async () => {
  await rm(join(folder, "..", ".."), { recursive: true });
});

/** The disk of a process that is killed at its `last` operation; a write is cut in the middle. */
function killedAt(last: number): Disk {
  let count = 0;
  const until = async <T>(
    work: () => Promise<T>,
    part: () => Promise<unknown> = async () => undefined,
  ): Promise<T> => {
    count++;
    if (count === last) await part();
    if (count >= last) throw new Error("killed");
    return work();
  };
  const { read, replaceable, write, rename, remove, makeFolder, list, flush } = localDisk;
  return {
    read: (path) => until(() => read(path)),
    replaceable: (path) => until(() => replaceable(path)),
    write: (path, bytes) =>
      until(
        () => write(path, bytes),
        () => writeFile(path, bytes.subarray(0, bytes.length / 2)),
      ),
    rename: (from, to) => until(() => rename(from, to)),
    remove: (path) => until(() => remove(path)),
    makeFolder: (path) => until(() => makeFolder(path)),
    list: (path) => until(() => list(path)),
    flush: (path) => until(() => flush(path)),
  };
}
async function operationsOf(version: string): Promise<number> {
  for (let last = 1; ; last++) {
    const killed = await storeOn(killedAt(last))
      .writeFolder(folder, filesOf(version))
      .then(
        () => false,
        () => true,
      );
    if (!killed) return last - 1;
  }
}

describe("a folder", () => {
  test("holds what was written, under the names given and no others", async () => {
    await writeFolder(folder, filesOf("1"));
    await writeFolder(folder, filesOf("2"));
    expect(textsIn(await readFolder(folder, names))).toEqual(texts("2"));
    expect((await readdir(folder)).sort()).toEqual([...names].sort());
    expect(await readFile(join(folder, "data.bin"), "utf8")).toBe("data.bin 2");
  });

  test("that is not there has no files", async () => {
    expect(await readFolder(join(folder, "nowhere"), names)).toEqual(new Map());
  });

  test("keeps files of other names", async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "tokenizer.json"), "mine");
    await writeFile(join(folder, "notes.0123456789abcdef"), "mine");
    await writeFolder(folder, filesOf("1"));
    expect((await readdir(folder)).sort()).toEqual(
      [...names, "notes.0123456789abcdef", "tokenizer.json"].sort(),
    );
  });

  test("written by several at once holds the files of the last", async () => {
    await Promise.all(["1", "2", "3", "4"].map((version) => writeFolder(folder, filesOf(version))));
    expect(textsIn(await readFolder(folder, names))).toEqual(texts("4"));
  });

  test("written by several at once by several paths is as well", async () => {
    await mkdir(join(folder, ".."), { recursive: true });
    const link = join(folder, "..", "..", "link");
    await symlink(join(folder, ".."), link);
    const paths = [folder, `${folder}/`, `${folder}/../a`, join(link, "a")];
    const versions = Array.from({ length: 12 }, (_, k) => k);
    await Promise.all(versions.map((k) => writeFolder(paths[k % 4] ?? "", filesOf(String(k)))));
    expect(textsIn(await readFolder(folder, names))).toEqual(texts("11"));
  });

  test.runIf(process.platform !== "win32").each([
    ["a folder", (path: string) => mkdir(path)],
    ["a named pipe", async (path: string) => execFileSync("mkfifo", [path])],
  ])("keeps %s that stands where a file is written, and gets no other file", async (kind, put) => {
    await mkdir(folder, { recursive: true });
    for (const name of names) {
      const path = join(folder, name);
      await put(path);
      const before = await lstat(path);
      for (const files of [filesOf("1"), new Map([[name, bytesOf("1")]])])
        await expect(writeFolder(folder, files)).rejects.toThrow(
          `${path}: expected a regular file, got ${kind}`,
        );
      expect((await lstat(path)).ino).toBe(before.ino);
      expect(await readdir(folder)).toEqual([name]);
      await rm(path, { recursive: true });
    }
  });

  test("read while it is written is of one version", async () => {
    await writeFolder(folder, filesOf("0"));
    const seen = new Set<string>();
    let writing = true;
    const writer = (async () => {
      for (let k = 1; k <= 30; k++) await writeFolder(folder, filesOf(String(k)));
      writing = false;
    })();
    while (writing) {
      const found = textsIn(await readFolder(folder, names)).map((text) => text.split(" ")[1]);
      expect(new Set(found).size).toBe(1);
      seen.add(String(found[0]));
    }
    await writer;
    expect(seen.size).toBeGreaterThan(1);
  });
});

describe("killed at any operation", () => {
  test("a first writing leaves nothing or everything", async () => {
    const all = await operationsOf("0");
    expect(all).toBeGreaterThan(12);
    for (let last = 1; last <= all; last++) {
      await rm(folder, { recursive: true, force: true });
      await storeOn(killedAt(last))
        .writeFolder(folder, filesOf("1"))
        .catch(() => undefined);
      const files = await readFolder(folder, names);
      expect(files.has("index.json") ? textsIn(files) : []).toEqual(
        files.has("index.json") ? texts("1") : [],
      );
    }
  });

  test("old files or new ones stay, and the next writing, killed or not, is none the worse", async () => {
    await writeFolder(folder, filesOf("0"));
    const all = await operationsOf("0");
    const seen: string[] = [];
    for (let first = 1; first <= all; first++) {
      for (let second = 1; second <= all; second += 3) {
        await writeFolder(folder, filesOf("old"));
        await storeOn(killedAt(first))
          .writeFolder(folder, filesOf("new"))
          .catch(() => undefined);
        const between = textsIn(await readFolder(folder, names));
        expect([texts("old"), texts("new")]).toContainEqual(between);
        await storeOn(killedAt(second))
          .writeFolder(folder, filesOf("next"))
          .catch(() => undefined);
        const after = textsIn(await readFolder(folder, names));
        expect([between, texts("next")]).toContainEqual(after);
        seen.push(String(after[0]));
      }
    }
    expect(new Set(seen)).toEqual(new Set(["data.bin old", "data.bin new", "data.bin next"]));
    await writeFolder(folder, filesOf("last"));
    expect((await readdir(folder)).sort()).toEqual([...names].sort());
  });
});

/** Names of files as a disk has them: what was flushed, and what has been asked since and may be there or not. */
interface Platter {
  readonly flushed: ReadonlyMap<string, Uint8Array>;
  readonly asked: readonly ((names: Map<string, Uint8Array>) => void)[];
}

/** A disk in memory: a name is safe when its folder is flushed, the bytes of a file when it is written. */
function remembering(from: ReadonlyMap<string, Uint8Array>): {
  readonly disk: Disk;
  readonly states: Platter[];
} {
  const now = new Map(from);
  let [flushed, asked]: [ReadonlyMap<string, Uint8Array>, Platter["asked"]] = [new Map(from), []];
  const states: Platter[] = [{ flushed, asked }];
  const ask = async (change: Platter["asked"][number]): Promise<void> => {
    change(now);
    asked = [...asked, change];
    states.push({ flushed, asked });
  };
  const disk: Disk = {
    read: async (path) => now.get(path) ?? null,
    replaceable: async () => undefined,
    write: (path, bytes) => ask((names) => names.set(path, bytes)),
    rename: async (from, to) => {
      const bytes = now.get(from) ?? new Uint8Array();
      await ask((names) => void names.set(to, bytes).delete(from));
    },
    remove: (path) => ask((names) => names.delete(path)),
    makeFolder: localDisk.makeFolder, // which flushes those above
    list: async () => [...now.keys()].map((path) => basename(path)),
    flush: async () => {
      [flushed, asked] = [new Map(now), []];
      states.push({ flushed, asked });
    },
  };
  return { disk, states };
}

/** Every way in which the disk can be when the power goes: each thing asked and not flushed has happened or has not. */
function afterPowerCut({ flushed, asked }: Platter): ReadonlyMap<string, Uint8Array>[] {
  return Array.from({ length: 2 ** asked.length }, (_, chosen) => {
    const names = new Map(flushed);
    for (const [k, change] of asked.entries()) if ((chosen >> k) % 2 === 1) change(names);
    return names;
  });
}

describe("when the power goes, at any moment, whatever of it has reached the disk", () => {
  const textsOn = async (platter: ReadonlyMap<string, Uint8Array>): Promise<string[]> => {
    const files = await storeOn(remembering(platter).disk).readFolder(folder, names);
    return files.has("index.json") ? textsIn(files) : [];
  };
  test("old files or new ones are there, and the next writing goes as well", async () => {
    const first = remembering(new Map());
    await storeOn(first.disk).writeFolder(folder, filesOf("old"));
    let cuts = 0;
    for (const cut of first.states.flatMap(afterPowerCut))
      expect([[], texts("old")]).toContainEqual(await textsOn(cut));
    const second = remembering(first.states.at(-1)?.flushed ?? new Map());
    await storeOn(second.disk).writeFolder(folder, filesOf("new"));
    for (const cut of second.states.flatMap(afterPowerCut)) {
      const there = await textsOn(cut);
      expect([texts("old"), texts("new")]).toContainEqual(there);
      if (++cuts % 7 !== 0) continue;
      const third = remembering(cut);
      await storeOn(third.disk).writeFolder(folder, filesOf("next"));
      for (const after of third.states.flatMap(afterPowerCut))
        expect([there, texts("next")]).toContainEqual(await textsOn(after));
    }
    expect(cuts).toBeGreaterThan(100);
  });
});

describe("the k-th operation fails, for every k", () => {
  test("it is told, old files or new ones are there, and the next writing leaves nothing else", async () => {
    await writeFolder(folder, filesOf("old"));
    const told: string[] = [];
    for (let k = 1; ; k++) {
      let count = 0;
      const failing = Object.fromEntries(
        Object.entries(localDisk).map(([name, work]) => [
          name,
          (...args: readonly [never, never]) =>
            ++count === k ? Promise.reject(new Error(`${name} failed`)) : work(...args),
        ]),
      ) as unknown as Disk;
      const error: Error | null = await storeOn(failing)
        .writeFolder(folder, filesOf("new"))
        .then(
          () => null,
          (thrown) => thrown,
        );
      if (error === null && count < k) break;
      expect(error?.message).toMatch(/failed$/);
      told.push(String(error?.message));
      expect([texts("old"), texts("new")]).toContainEqual(textsIn(await readFolder(folder, names)));
      await writeFolder(folder, filesOf("old"));
      expect(textsIn(await readFolder(folder, names))).toEqual(texts("old"));
      expect((await readdir(folder)).sort()).toEqual([...names].sort());
    }
    expect(new Set(told).size).toBe(Object.keys(localDisk).length); // each kind of operation
  });
});

describe("a disk that fails", () => {
  test("is told, and the old files are there", async () => {
    await writeFolder(folder, filesOf("old"));
    const full: Disk = {
      ...localDisk,
      write: async (path, bytes) => {
        if (path.includes("more.bin"))
          throw new UnrollError({ where: path, expected: "space", got: "none", fix: "Free some." });
        await localDisk.write(path, bytes);
      },
    };
    await expect(storeOn(full).writeFolder(folder, filesOf("new"))).rejects.toThrow(/more\.bin/);
    expect(textsIn(await readFolder(folder, names))).toEqual(texts("old"));
    expect((await readdir(folder)).sort()).toEqual([...names].sort());
  });

  test("a file that could not be read again is not written", async () => {
    const huge = new Map([...filesOf("2"), ["data.bin", { length: 2 ** 31 } as Uint8Array]]);
    await writeFolder(folder, filesOf("1"));
    await expect(writeFolder(folder, huge)).rejects.toThrow(
      /expected at most 2147483647 bytes, .*got 2147483648/,
    );
    expect(textsIn(await readFolder(folder, names))).toEqual(texts("1"));
  });
  test("a path through a file names it", async () => {
    await mkdir(folder, { recursive: true });
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(writeFolder(join(file, "a"), filesOf("1"))).rejects.toThrow(UnrollError);
    await expect(readFolder(join(file, "a"), names)).rejects.toThrow(/index\.json.*ENOTDIR/);
  });
});

describe("links", () => {
  test("are not read", async () => {
    await writeFolder(folder, filesOf("1"));
    await writeFile(join(folder, "secret"), "secret");
    await rm(join(folder, "data.bin"));
    await symlink(join(folder, "secret"), join(folder, "data.bin"));
    await expect(readFolder(folder, names)).rejects.toThrow(
      /data\.bin: expected a regular file, got a symbolic link/,
    );
  });

  test("are replaced, and what they lead to stays as it is", async () => {
    await writeFolder(folder, filesOf("1"));
    const outside = join(folder, "..", "outside");
    await writeFile(outside, "outside");
    for (const name of ["data.bin", "index.json"]) {
      await rm(join(folder, name));
      await symlink(outside, join(folder, name));
    }
    await rm(join(folder, "index.json")); // a linked index is refused before anything is written
    await writeFolder(folder, filesOf("2"));
    expect(await readFile(outside, "utf8")).toBe("outside");
    expect(textsIn(await readFolder(folder, names))).toEqual(texts("2"));
  });

  test("names lead nowhere else", async () => {
    for (const name of ["../a", "a/b", "..", "", ".hidden", "a\\b"]) {
      await expect(writeFolder(folder, new Map([[name, bytesOf("x")]]))).rejects.toThrow(UnrollError);
      await expect(readFolder(folder, [name])).rejects.toThrow(UnrollError);
    }
    await expect(stat(folder)).rejects.toThrow(/ENOENT/);
  });
});
