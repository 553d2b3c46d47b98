import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  const { read, write, rename, remove, makeFolder, list, flush } = localDisk;
  return {
    read: (path) => until(() => read(path)),
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
