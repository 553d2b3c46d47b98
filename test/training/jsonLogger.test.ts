import { execFileSync } from "node:child_process";
import { lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { jsonLogger } from "../../src/nn/train/jsonLogger.ts";
import { ragged, tagger, train } from "./harness.ts";

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unroll-"));
  path = join(folder, "figures.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

const linesIn = async (): Promise<unknown[]> =>
  (await readFile(path, "utf8"))
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));

test("a line an epoch, and a resumed training goes on with its lines", async () => {
  const network = tagger();
  const options = { batchSize: 4, callbacks: [jsonLogger({ path })] };
  const { history } = await train(network, ragged, { ...options, epochs: 2 });
  await train(network, ragged, { ...options, callbacks: [jsonLogger({ path })], epochs: 3, resume: true });
  expect(await linesIn()).toEqual(
    [0, 1, 2].map((epoch) => ({
      epoch,
      step: 3 * (epoch + 1),
      loss: history["loss"]?.[epoch],
      mae: history["mae"]?.[epoch],
    })),
  );
});

test("the log of an earlier training is begun anew, and an empty file filled", async () => {
  await writeFile(path, "");
  for (const epochs of [3, 1, 2]) {
    await train(tagger(), ragged, { epochs, callbacks: [jsonLogger({ path })] });
    expect(await linesIn()).toHaveLength(epochs);
  }
});

test("the state of another callback is refused", async () => {
  expect(() => jsonLogger({ path }).setState?.({ best: 1 })).toThrow(
    /jsonLogger, resumed: expected the state/,
  );
});

describe("what nobody wants to lose is refused before the first step:", () => {
  const refused = async (message: RegExp): Promise<void> => {
    const before = await lstat(path);
    const begun = { onStepEnd: () => expect.unreachable() };
    await expect(train(tagger(), ragged, { callbacks: [begun, jsonLogger({ path })] })).rejects.toThrow(
      message,
    );
    expect((await lstat(path)).ino).toBe(before.ino);
  };

  test.each(["precious\n", "\n", '{"loss":1}\n', '{"step":1,"epoch":0}\n', "[1]\n", "\u0000\u00ff"])(
    "a file that is no log: %j",
    async (content) => {
      await writeFile(path, content);
      await refused(/^jsonLogger\({ path: ".*figures\.jsonl" }\): .*got another file\. Choose another path/);
      expect(await readFile(path, "utf8")).toBe(content);
    },
  );

  test.runIf(process.platform !== "win32").each<[string, () => Promise<unknown>]>([
    ["a folder", () => mkdir(path)],
    ["a symbolic link", () => symlink(join(folder, "nowhere"), path)],
    ["a named pipe", async () => execFileSync("mkfifo", [path])],
  ])("%s", async (kind, put) => {
    await put();
    await refused(new RegExp(`figures\\.jsonl: expected a regular file, got ${kind}\\.`));
  });
});
