/** The command `unroll` as people run it: the built program, its output, its exit codes. */
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = fileURLToPath(new URL("../dist/node/cli/main.js", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
interface Manner {
  /** Press Ctrl-C when this has been written. */
  readonly interruptAfter?: RegExp;
  /** In place of Ctrl-C. */
  readonly by?: NodeJS.Signals;
  readonly environment?: Readonly<Record<string, string>>;
}

function unroll(args: readonly string[], manner: Manner = {}): Promise<Ended> {
  const { interruptAfter, by = "SIGINT", environment = {} } = manner;
  const { FORCE_COLOR: _, UNROLL_DEVICE: __, ...env } = process.env;
  const child = spawn(process.execPath, [main, ...args], { env: { ...env, ...environment } });
  let [out, err, pressed] = ["", "", false];
  const look = (): void => {
    if (pressed || !interruptAfter?.test(out + err)) return;
    pressed = true;
    child.kill(by);
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    look();
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

let home = "";
const at = (name: string): string => join(home, name);
const fox = "the quick brown fox jumps over the lazy dog. ".repeat(30);
const small = ["--units", "12", "--seq", "8", "--batch", "4", "--device", "wasm"];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "unroll-cli-"));
  await writeFile(at("fox.txt"), fox);
  await writeFile(at("empty.txt"), "");
  await writeFile(at("tiny.txt"), "call me");
  await writeFile(at("binary.txt"), Uint8Array.of(0x4d, 0x5a, 0x00, 0x01));
  await writeFile(at("latin.txt"), Uint8Array.of(0x6e, 0xef, 0x76, 0x65));
});
afterAll(() => rm(home, { recursive: true }));

describe("help", () => {
  test.each([
    [["--help"], /train .*\n +generate .*\n +info /],
    [["train", "generate", "--help"], /FILE|files[\s\S]*--out <folder>[\s\S]*--resume[\s\S]*Examples:/],
    [["generate", "--help"], /--prompt[\s\S]*--temperature[\s\S]*--top-k[\s\S]*--top-p[\s\S]*--seed/],
    [["info", "--help"], /--json/],
    [["--version"], /^\d+\.\d+\.\d+\n$/],
  ])("%j", async (args, expected) => {
    const { code, out, err } = await unroll(args);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(expected);
  });
});

describe("wrong usage ends with 2 and one line that says what to do", () => {
  test.each([
    [["trane"], /unknown command 'trane'[\s\S]*Did you mean train\?/],
    [
      ["train", "generate", "x", "--out", "m", "--unit", "8"],
      /unknown option '--unit'[\s\S]*Did you mean --units\?/,
    ],
    [
      ["train", "generate", "x", "--out", "m", "--units", "many"],
      /'many' is invalid\. Give a whole number from 1 to 4096/,
    ],
    [
      ["train", "generate", "x", "--out", "m", "--units", "100000000"],
      /'100000000' is invalid\. Give a whole number from 1 to 4096/,
    ],
    [
      ["train", "generate", "x", "--out", "m", "--layers", "100000000"],
      /'100000000' is invalid\. Give a whole number from 1 to 64/,
    ],
    [["train", "generate", "x", "--out", ""], /'--out <folder>' argument '' is invalid/],
    [["train", "generate", "x", "--out", "m", "--epochs", "0"], /'0' is invalid\. Give a whole number of 1/],
    [
      ["train", "generate", "x", "--out", "m", "--dropout", "1"],
      /'1' is invalid\. Give a number from 0 up to/,
    ],
    [
      ["train", "generate", "x", "--out", "m", "--device", "gpu"],
      /'gpu' is invalid\. Allowed choices are auto, wasm, native, reference\./,
    ],
    [["train", "generate", "x"], /required option '--out <folder>' not specified/],
    [["train", "generate", "--out", "m"], /no text to train on\. Give one or more files/],
    [["generate"], /missing required argument 'model'/],
    [
      ["generate", "m", "--beam", "3", "--top-k", "2"],
      /'--beam <n>' cannot be used with option '--top-k <n>'/,
    ],
    [["generate", "m", "--stop", ""], /'' is invalid\. Give one character or more/],
    [["generate", "m", "--temperature", "warm"], /'warm' is invalid\. Give a number of 0 or more/],
  ])("%j", async (args, message) => {
    const { code, out, err } = await unroll(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
    expect(err.trim().split("\n").length).toBeLessThanOrEqual(2); // with a suggestion
  });
});

test("a device that there is not, in the variable UNROLL_DEVICE, is wrong usage too", async () => {
  const args = ["generate", "m"];
  const { code, err } = await unroll(args, { environment: { UNROLL_DEVICE: "gpu" } });
  expect(code).toBe(2);
  expect(err).toMatch(/'gpu' from env 'UNROLL_DEVICE' is invalid/);
});

describe("work that fails ends with 1 and one line that says what to do", () => {
  const train = (file: string): string[] => ["train", "generate", at(file), "--out", at("failed"), ...small];
  test.each([
    [
      "a missing file",
      () => train("none.txt"),
      /none\.txt: expected a text file, got no such file\. Check the path/,
    ],
    [
      "an empty file",
      () => train("empty.txt"),
      /empty\.txt: .*got an empty file\. Give a file that holds text/,
    ],
    ["a binary file", () => train("binary.txt"), /binary\.txt: .*got binary data .*Give a plain text file/],
    ["a file in Latin-1", () => train("latin.txt"), /latin\.txt: .*got 0xef at byte 1\. Save it as UTF-8/],
    [
      "a tiny file",
      () => train("tiny.txt"),
      /tiny\.txt: expected at least \d+ characters.*got 7\. Give more text/,
    ],
    ["a folder as a file", () => train("."), /got a folder/],
    [
      "no such model",
      () => ["generate", at("none")],
      /none: .*got no such folder\. Check the path, or train one/,
    ],
    ["a file as a model", () => ["info", at("fox.txt")], /got a file\. .*--out FOLDER/],
    ["a folder without a model", () => ["info", home], /got one without config\.json/],
    ["nothing to resume", () => ["train", "generate", "--out", at("none"), "--resume"], /Leave out --resume/],
  ])("%s", async (_, args, message) => {
    const { code, out, err } = await unroll(args());
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(message);
    expect(err).toMatch(/^error: [^\n]*\n$/);
  });

  test("with --json the error is the one object on standard output", async () => {
    const { code, out } = await unroll(["info", at("none"), "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { where: at("none"), got: "no such folder" } });
  });
});

describe("training, looking, writing", () => {
  const model = (): string => at("model");
  test("train: progress on a pipe is plain, the folder is complete", async () => {
    const { code, out, err } = await unroll([
      "train",
      "generate",
      at("fox.txt"),
      "--out",
      model(),
      "--steps",
      "40",
      ...small,
    ]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      /Before training it writes[\s\S]*After 20 steps it writes[\s\S]*step 40 of 40[\s\S]*At the end it writes/,
    );
    expect(out).toMatch(/uniform[\s\S]*unigram[\s\S]*trigram[\s\S]*this model[\s\S]*Try next/);
    expect(out).not.toMatch(/[^\P{Cc}\n]/u);
    const files = ["README.md", "config.json", "model.safetensors", "tokenizer.json", "training.json"];
    expect((await readdir(model())).sort()).toEqual(files);
  });

  test("characters are counted as tokens are made of them; the unknown one is none of the text", async () => {
    await writeFile(at("emoji.txt"), "\u{1f4d6} ab".repeat(100));
    const args = ["train", "generate", at("emoji.txt"), "--out", at("emoji"), "--steps", "2", ...small];
    expect((await unroll(args)).out).toContain("emoji.txt: 400 characters, 4 different ones\n");
    expect((await unroll(["info", at("emoji")])).out).toContain("A text model: 4 different characters\n");
  });

  test("train --json: one object on standard output, progress on standard error", async () => {
    const args = [
      "train",
      "generate",
      at("fox.txt"),
      "--out",
      at("json"),
      "--epochs",
      "1",
      "--json",
      ...small,
    ];
    const { code, out, err } = await unroll(args);
    expect(code).toBe(0);
    const result = JSON.parse(out) as { validation: { bitsPerCharacter: number }; steps: number };
    expect(result).toMatchObject({ model: at("json"), steps: 40, baselines: {}, interrupted: false });
    expect(result).toHaveProperty("baselines.trigram");
    expect(result.validation.bitsPerCharacter).toBeGreaterThan(0);
    expect(err).toMatch(/step 40 of 40/);
    expect(err).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test("info tells what is there", async () => {
    const { code, out } = await unroll(["info", model()]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /lstm_1[\s\S]*dense_1\/kernel[\s\S]*Trained on .*fox\.txt: units 12[\s\S]*of its training: wasm \(relaxed\)/,
    );
    const { out: json } = await unroll(["info", model(), "--json"]);
    expect(JSON.parse(json)).toMatchObject({
      vocabulary: 29,
      device: "wasm (relaxed)",
      training: { settings: { units: 12, steps: 40 } },
    });
  });

  test("generate: the same seed writes the same text, another seed another", async () => {
    const write = (...more: string[]): Promise<Ended> =>
      unroll(["generate", model(), "--prompt", "the ", "--length", "40", "--device", "wasm", ...more]);
    const [a, b, c] = [await write(), await write("--json"), await write("--seed", "2")];
    const { text, prompt } = JSON.parse(b.out) as { text: string; prompt: string };
    expect([...text].length).toBe(40);
    expect(a.out).toBe(`${prompt}${text}\n`);
    expect(c.out).not.toBe(a.out);
    const { err } = await write("--prompt", "é");
    expect(err).toMatch(/does not know é/);
  });

  test("generate: a beam, a stop text and a penalty", async () => {
    const write = async (...more: string[]): Promise<{ text: string; beam: number; temperature: null }> => {
      const args = ["generate", model(), "--prompt", "the ", "--length", "30", "--device", "wasm", "--json"];
      return JSON.parse((await unroll([...args, ...more])).out);
    };
    const [greedy, one] = [await write("--temperature", "0"), await write("--beam", "1")];
    expect(one).toMatchObject({ text: greedy.text, beam: 1, temperature: null });
    const [letter = ""] = [...greedy.text].slice(4);
    const stopped = await write("--temperature", "0", "--stop", letter);
    expect(stopped.text).toBe(greedy.text.slice(0, greedy.text.indexOf(letter) + 1));
    expect((await write("--temperature", "0", "--repetition-penalty", "3")).text).not.toBe(greedy.text);
  });
});

describe("an interruption", () => {
  /** 4,000 steps: half of them take longer than a key that a busy machine has pressed. */
  const train = (name: string): string[] => [
    ...["train", "generate", at("fox.txt"), "--out", at(name), "--epochs", "100", "--json", ...small],
  ];
  test("leaves a checkpoint, says how to go on, and what follows has the bits of a training never stopped", async () => {
    const stopped = await unroll(train("stopped"), { interruptAfter: /After 2,000 steps/ });
    expect(stopped.code).toBe(130);
    const facts = JSON.parse(stopped.out) as { interrupted: boolean; steps: number; resume: string };
    expect(facts.interrupted).toBe(true);
    expect(facts.steps).toBeGreaterThanOrEqual(2000);
    expect(facts.steps).toBeLessThan(4000);
    expect(stopped.err).toContain(`Go on with: ${facts.resume}`);

    const wrong = await unroll(["train", "generate", "--out", at("stopped"), "--resume", "--units", "13"]);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/--units 13 is not the 12 that/)]);

    const resumed = await unroll(["train", "generate", "--out", at("stopped"), "--resume", "--json"]);
    expect(resumed.err).not.toMatch(/note:/);
    expect([resumed.code, JSON.parse(resumed.out)]).toMatchObject([
      0,
      { steps: 4000, device: { name: "wasm" } },
    ]);
    const whole = await unroll(train("whole"));
    expect(JSON.parse(resumed.out)).toMatchObject({ validation: JSON.parse(whole.out).validation });
    const weights = (name: string): Promise<Buffer> => readFile(join(at(name), "model.safetensors"));
    expect((await weights("stopped")).equals(await weights("whole"))).toBe(true);
  });

  test("by SIGTERM leaves a checkpoint as well", async () => {
    const stopped = await unroll(train("ended"), { interruptAfter: /After 2,000 steps/, by: "SIGTERM" });
    const { interrupted, steps } = JSON.parse(stopped.out) as { interrupted: boolean; steps: number };
    expect([stopped.code, interrupted]).toEqual([130, true]);
    const config = JSON.parse(await readFile(join(at("ended"), "config.json"), "utf8"));
    expect(config).toMatchObject({ training: { step: steps } });
  });

  test("going on with another device is said", async () => {
    const more = ["--resume", "--steps", "4002", "--device", "reference"];
    const { code, out, err } = await unroll(["train", "generate", "--out", at("whole"), ...more]);
    expect(code).toBe(0);
    expect(out).toMatch(/on reference interpreter/);
    expect(err).toMatch(
      /^note: the training was on wasm \(relaxed\) and goes on with reference .*; --device wasm keeps them\n$/,
    );
  });

  test("another text is not gone on with", async () => {
    await writeFile(at("other.txt"), `${fox}!`);
    const { code, err } = await unroll([
      "train",
      "generate",
      at("other.txt"),
      "--out",
      at("whole"),
      "--resume",
    ]);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/other\.txt: expected the text that .* is trained on/),
    ]);
  });
});
