/** A folder of a model that came from elsewhere: no link in it is followed, neither to read nor to write. */
import { execFile } from "node:child_process";
import {
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const run = promisify(execFile);
let home = "";
let model = "";
const outside = (name: string): string => join(home, `outside-${name}`);

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
async function unroll(...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, UNROLL_DEVICE: "wasm", UNROLL_DEBUG: "" };
  const made = run(process.execPath, ["dist/node/cli/main.js", ...args], { env, timeout: 60_000 });
  return made.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      out: stdout,
      err: stderr,
    }),
  );
}
const sizes = ["--units", "4", "--seq", "8", "--batch", "2", "--threads", "1"];
/** The file now lies outside, and a link in its place leads to it. */
function linked(name: string): void {
  renameSync(join(model, name), outside(name));
  symlinkSync(outside(name), join(model, name));
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "unroll-links-"));
  model = join(home, "model");
  writeFileSync(join(home, "book.txt"), "the ship sees the whale. ".repeat(40));
  const made = await unroll(
    "train",
    "generate",
    join(home, "book.txt"),
    "--out",
    model,
    "--steps",
    "2",
    ...sizes,
  );
  expect(made).toMatchObject({ code: 0 });
});
afterEach(() => rmSync(home, { recursive: true }));

describe("a link is not read through", () => {
  test.each(["config.json", "model.safetensors", "tokenizer.json", "training.json"])("%s", async (name) => {
    linked(name);
    const { code, out, err } = await unroll("info", model);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(new RegExp(`${name}: expected a regular file, got a symbolic link`));
  });
});

test("a link is not written through", async () => {
  const names = ["config.json", "model.safetensors", "tokenizer.json", "training.json", "README.md"];
  for (const name of names) linked(name);
  const before = names.map((name) => readFileSync(outside(name)));
  const again = await unroll(
    "train",
    "generate",
    join(home, "book.txt"),
    "--out",
    model,
    "--steps",
    "3",
    ...sizes,
  );
  expect(again).toMatchObject({ code: 0 });
  expect(names.map((name) => readFileSync(outside(name)))).toEqual(before);
  for (const name of names) expect(lstatSync(join(model, name)).isFile(), name).toBe(true);
});

test.runIf(process.platform === "linux")(
  "a text without an end is refused, and not read for ever",
  async () => {
    const { code, err } = await unroll(
      "train",
      "generate",
      "/dev/zero",
      "--out",
      join(home, "other"),
      ...sizes,
    );
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/\/dev\/zero: expected texts of at most \d+ bytes together/),
    ]);
  },
);

test("what a folder says is shown, and not obeyed by a terminal", async () => {
  const record = JSON.parse(readFileSync(join(model, "training.json"), "utf8")) as object;
  writeFileSync(join(model, "training.json"), JSON.stringify({ ...record, files: ["\u001b[2J\u009b1m"] }));
  const { code, out } = await unroll("info", model);
  expect(code).toBe(0);
  expect(out).toContain("Trained on \uFFFD[2J\uFFFD1m");
  const config = readFileSync(join(model, "config.json"), "utf8");
  writeFileSync(join(model, "config.json"), config.replace('"layer": "lstm"', '"layer": "\\u001b[2J"'));
  const { err } = await unroll("info", model);
  expect(err).toContain('got "\uFFFD[2J"');
});
