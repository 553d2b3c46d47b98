/**
 * Whichever file operation of a training fails, and however (no space, no permission, half a write, a failed sync, a
 * failed rename), the training ends with 1 and one line that names file and cause; the last good checkpoint loads, and
 * goes on to the bits of a training that never failed. The operations are the real ones of a real process; faults.c,
 * which needs a C compiler, makes one of them fail. UNROLL_FAULTS=all has each fail in each way.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { networkOf } from "../../src/nn/model/network.ts";
import { loadModel } from "../../src/nn/models.ts";
import { learnerIn } from "../../src/nn/train/learning.ts";
import { isLeftover } from "../../src/node/store.node.ts";
import { type Ended, run, training, unroll, useHome } from "./programs.ts";

const at = useHome();
const source = fileURLToPath(new URL("faults.c", import.meta.url));
const hasCompiler = process.platform === "linux" && spawnSync("cc", ["--version"]).status === 0;

beforeAll(async () => {
  await writeFile(at("fox.txt"), "the quick brown fox jumps over the lazy dog. ".repeat(30));
  if (!hasCompiler) return;
  const made = spawnSync("cc", ["-shared", "-fPIC", "-o", at("faults.so"), source, "-ldl"], {
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(made.stderr);
});

/** The ways in which an operation fails: numbers of Linux, and what is told; a negative number writes half. */
const [noSpace, noPermission, broken] = [
  [28, /ENOSPC/],
  [13, /EACCES/],
  [5, /EIO/],
] as const;
const ways: Readonly<Record<string, readonly (readonly [number, RegExp])[]>> = {
  open: [noSpace, noPermission, broken],
  write: [[-28, /ENOSPC/], noSpace, broken],
  fsync: [broken, noSpace],
  rename: [noPermission, noSpace, broken],
  mkdir: [noSpace, noPermission],
  unlink: [broken, noPermission],
};

/** A training with a good checkpoint, and how it goes on. */
interface Subject {
  readonly name: string;
  readonly begin: (folder: string) => readonly string[];
  readonly goOn: (folder: string) => readonly string[];
  readonly model: string;
  readonly files: readonly string[];
}
const small = ["--units", "6", "--seq", "8", "--batch", "32", "--threads", "1", "--device", "wasm"];
const subjects: readonly Subject[] = [
  {
    name: "model.fit with checkpoint, modelCheckpoint and jsonLogger",
    begin: (folder) => training(folder, 1),
    goOn: (folder) => training(folder, 2, 4),
    model: "run",
    files: ["run/model.safetensors", "best/model.safetensors", "log.jsonl"],
  },
  {
    name: "unroll train",
    begin: (folder) => unroll("train", "generate", at("fox.txt"), "--out", folder, "--epochs", "1", ...small),
    goOn: (folder) => unroll("train", "generate", "--out", folder, "--resume", "--epochs", "2"),
    model: ".",
    files: ["model.safetensors", "tokenizer.json", "training.json", "README.md"],
  },
];

const hashesIn = async (folder: string, files: readonly string[]): Promise<string[]> =>
  Promise.all(
    files.map(async (file) =>
      createHash("sha256")
        .update(await readFile(join(folder, file)))
        .digest("hex"),
    ),
  );
const stepsIn = async (path: string): Promise<number> =>
  learnerIn(networkOf(await loadModel(path)))?.state.step ?? Number.NaN;

/** Runs it with the k-th operation failing. */
const failing = (
  args: readonly string[],
  folder: string,
  { k, error, ...more }: { readonly k: number; readonly error: number; readonly UNROLL_CACHE?: string },
): Promise<Ended> =>
  run(args, {
    ...more,
    LD_PRELOAD: at("faults.so"),
    FAULT_FOLDER: folder,
    FAULT_AT: String(k),
    FAULT_ERROR: String(error),
  });

describe.runIf(hasCompiler).concurrent("the k-th file operation fails, for every k:", () => {
  test.each(subjects)("$name", async ({ name, begin, goOn, model, files }) => {
    const [good, folder, log] = [at(`${name}-good`), at(name), at(`${name}-log`)];
    const renew = async (): Promise<void> => {
      await rm(folder, { recursive: true, force: true });
      await cp(good, folder, { recursive: true });
    };
    expect(await run(begin(folder))).toMatchObject({ code: 0, err: "" });
    await cp(folder, good, { recursive: true });
    const environment = { LD_PRELOAD: at("faults.so"), FAULT_FOLDER: folder, FAULT_LOG: log };
    expect(await run(goOn(folder), environment)).toMatchObject({ code: 0, err: "" });
    const operations = (await readFile(log, "utf8")).trim().split("\n");
    const opened = operations.filter((operation) => operation === "open").length;
    expect(operations.join(" ").match(/open write fsync/g)).toHaveLength(opened); // each is synced, then renamed
    const expected = await hashesIn(folder, files);
    const steps = await stepsIn(join(good, model));

    let count = 0;
    for (const [index, operation] of operations.entries()) {
      const all = ways[operation] ?? [];
      const some = process.env["UNROLL_FAULTS"] === "all" ? all : all.slice(index % all.length).slice(0, 1);
      expect(some.length).toBeGreaterThan(0);
      for (const [error, cause] of some) {
        await renew();
        const { code, err } = await failing(goOn(folder), folder, { k: index + 1, error });
        const where = `operation ${index + 1}, ${operation}, error ${error}`;
        expect([where, code, err]).toEqual([where, 1, expect.stringMatching(/^error: [^\n]*\n$/)]);
        expect(err).toMatch(cause);
        expect(err).toContain(`${folder}`);
        expect(await stepsIn(join(folder, model))).toBeGreaterThanOrEqual(steps);
        count++;
        if (count % 4 !== 0) continue; // it takes a process
        expect(await run(goOn(folder))).toMatchObject({ code: 0, err: "" });
        expect(await hashesIn(folder, files)).toEqual(expected);
        expect((await readdir(folder, { recursive: true })).filter((path) => isLeftover(path))).toEqual([]);
      }
    }
    console.log(`${name}: ${operations.length} operations, ${count} failures, none lost a checkpoint`);
  });
});

/** What can be made again is not lost: the command says that it cannot be kept, or, where it needs it, fails. */
describe.runIf(hasCompiler)("the k-th file operation of a cache fails, for every k:", () => {
  const native = ["--steps", "2", "--units", "6", "--seq", "8", "--batch", "32", "--device", "native"];
  const commands: readonly (readonly [string, () => readonly string[]])[] = [
    ["unroll calibrate", () => unroll("calibrate", "--device", "wasm", "--json")],
    [
      "unroll train --device native",
      () => unroll("train", "generate", at("fox.txt"), "--out", at("native"), "--json", ...native),
    ],
  ];
  const told =
    /(calibration|native) cannot be written: ENOSPC|a cache that can be written, got Error: ENOSPC/;

  test.each(commands)("%s", async (name, args) => {
    const cache = at(`cache of ${name}`);
    for (let k = 1; ; k++) {
      await rm(cache, { recursive: true, force: true });
      await mkdir(cache);
      const { code, out, err } = await failing(args(), cache, { k, error: 28, UNROLL_CACHE: cache });
      const { error, forgotten } = JSON.parse(out) as {
        readonly error?: object;
        readonly forgotten?: string | null;
      };
      if (code === 0 && typeof forgotten !== "string") {
        expect(k).toBeGreaterThan(6);
        break;
      }
      expect([code, forgotten ?? err]).toEqual([error === undefined ? 0 : 1, expect.stringMatching(told)]);
      const names = await readdir(cache, { recursive: true });
      expect(names.filter((path) => path.includes("new-"))).toEqual([]);
    }
  });
});

describe("a real limit", () => {
  const [, command] = subjects;
  const good = async (folder: string): Promise<number> => {
    expect(await run(command?.begin(folder) ?? [])).toMatchObject({ code: 0 });
    return stepsIn(folder);
  };

  test.runIf(process.platform === "linux")("of the size of files: half of one is written", async () => {
    const folder = at("limit");
    const before = await good(folder);
    const limited = [
      "-c",
      'ulimit -f 8; exec "$@"',
      "sh",
      process.execPath,
      ...(command?.goOn(folder) ?? []),
    ];
    const { status, stderr } = spawnSync("sh", limited, { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^error: [^\n]*\n$/)]);
    expect(stderr).toMatch(/model\.safetensors.*EFBIG: file too large, write/);
    expect(await stepsIn(folder)).toBe(before);
  });

  test("of a disk, which is full", async ({ skip }) => {
    const [folder, disk] = [at("filled"), at("disk")];
    await mkdir(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]);
    if (mounted.status !== 0) skip("nothing may be mounted here");
    try {
      const before = await good(folder);
      await cp(folder, join(disk, "model"), { recursive: true });
      await appendFile(join(disk, "filler"), new Uint8Array(2 ** 18)).catch(() => undefined); // until it is full
      const { code, err } = await run(command?.goOn(join(disk, "model")) ?? []);
      expect([code, err]).toEqual([1, expect.stringMatching(/^error: .*ENOSPC: no space left on device/)]);
      expect(await stepsIn(join(disk, "model"))).toBe(before);
      await rm(join(disk, "filler"));
      expect(await run(command?.goOn(join(disk, "model")) ?? [])).toMatchObject({ code: 0, err: "" });
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  test.runIf(existsSync("/dev/full"))("of standard output", async () => {
    const folder = at("output");
    await good(folder);
    const shell = ["-c", '"$@" >/dev/full', "sh", process.execPath, ...unroll("info", folder, "--json")];
    const { status, stderr } = spawnSync("sh", shell, { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: standard output: [^\n]*ENOSPC[^\n]*\n$/);
  });
});
