/**
 * A training that is killed (kill -9) at any moment goes on to the bits of one that never was: weights, optimizer, best
 * model, log, every byte of every file. Trainings are killed again and again, until 100 kills are done, most of them
 * while a file is being written; UNROLL_KILLS=1000 makes it so many.
 */
import { createHash } from "node:crypto";
import { existsSync, watch } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { isLeftover } from "../../src/node/store.node.ts";
import { draws } from "../draws.ts";
import { begin, type Program, training, unroll, useHome } from "./programs.ts";

const kills = Number(process.env["UNROLL_KILLS"] ?? 100);
const at = useHome();

beforeAll(() => writeFile(at("fox.txt"), "the quick brown fox jumps over the lazy dog. ".repeat(30)));

/** A training that can be begun and gone on with. */
interface Subject {
  readonly name: string;
  /** Its share of the kills. */
  readonly share: number;
  /** It says this when kills may begin. */
  readonly begun: RegExp;
  readonly args: (folder: string) => readonly string[];
  readonly files: readonly string[];
  /** The folder with the checkpoint. */
  readonly watched: string;
}

const small = ["--units", "6", "--seq", "8", "--batch", "32", "--threads", "1", "--device", "wasm"];
const subjects: readonly Subject[] = [
  {
    name: "model.fit, a checkpoint every step",
    share: 0.7,
    begun: /begun/,
    args: (folder) => training(folder, 12),
    files: [
      "run/config.json",
      "run/model.safetensors",
      "best/config.json",
      "best/model.safetensors",
      "log.jsonl",
    ],
    watched: "run",
  },
  {
    name: "unroll train, a checkpoint every fourth step",
    share: 0.3,
    begun: /(?:)/, // from its very first moment
    args: (folder) =>
      existsSync(join(folder, "training.json"))
        ? unroll("train", "generate", "--out", folder, "--resume")
        : unroll("train", "generate", at("fox.txt"), "--out", folder, "--epochs", "10", ...small),
    files: ["config.json", "model.safetensors", "tokenizer.json", "training.json", "README.md"],
    watched: "",
  },
];

/** How long a training is, when nobody kills it: in milliseconds, and in changes of its folder. */
interface Length {
  readonly time: number;
  readonly changes: number;
}

async function whole(subject: Subject, folder: string): Promise<Length> {
  const { program, changesAre, close } = await begun(subject, folder);
  const from = performance.now();
  expect(await program.ended).toMatchObject({ code: 0, err: "" });
  close();
  return { time: performance.now() - from, changes: changesAre() };
}

/** Kills it after so much time, or right behind so many changes; false where it had ended before. */
async function killed(subject: Subject, folder: string, after: Partial<Length>): Promise<boolean> {
  const { program, changesReach, close } = await begun(subject, folder);
  const moment = after.time === undefined ? changesReach(after.changes ?? 0) : setTimeout(after.time);
  await Promise.race([moment, program.ended]);
  program.child.kill("SIGKILL");
  const { code, err } = await program.ended;
  close();
  expect([code === null || code === 0, err]).toEqual([true, ""]);
  return code === null;
}

interface Begun {
  readonly program: Program;
  readonly changesAre: () => number;
  readonly changesReach: (count: number) => Promise<void>;
  readonly close: () => void;
}

async function begun({ args, begun: words, watched }: Subject, folder: string): Promise<Begun> {
  const place = join(folder, watched);
  await mkdir(place, { recursive: true });
  let changes = 0;
  let look = (): void => undefined;
  const watcher = watch(place, () => {
    changes++;
    look();
  });
  const program = begin(args(folder));
  await program.said(words);
  return {
    program,
    changesAre: () => changes,
    changesReach: (count) =>
      new Promise((resolve) => {
        look = () => (changes >= count ? resolve() : undefined);
        look();
      }),
    close: () => watcher.close(),
  };
}

/** A hash of each. */
async function hashesIn(folder: string, files: readonly string[]): Promise<Record<string, string>> {
  const hashed = async (file: string): Promise<[string, string]> => [
    file,
    createHash("sha256")
      .update(await readFile(join(folder, file)))
      .digest("hex"),
  ];
  return Object.fromEntries(await Promise.all(files.map(hashed)));
}
const namesIn = async (folder: string): Promise<string[]> =>
  existsSync(folder)
    ? (await readdir(folder, { recursive: true })).map((path) => path.split("/").at(-1) ?? "")
    : [];

describe.concurrent(`${kills} kills`, () => {
  test.each(subjects)("$name", async (subject) => {
    const draw = draws(11);
    const [reference, folder] = [at(`${subject.share}-whole`), at(`${subject.share}-killed`)];
    const length = await whole(subject, reference);
    const expected = await hashesIn(reference, subject.files);
    const wanted = Math.round(kills * subject.share);
    const part = (of: number): number => (of * (1 + draw())) / 3;
    let [count, trainings, writing] = [0, 0, 0];
    while (count < wanted) {
      await rm(folder, { recursive: true, force: true });
      for (let alive = true; alive; ) {
        const after = count % 2 === 0 ? { time: part(length.time) } : { changes: part(length.changes) };
        alive = count < wanted && (await killed(subject, folder, after));
        if (!alive) break;
        count++;
        if ((await namesIn(folder)).some((name) => isLeftover(name) && !name.endsWith(".lock"))) writing++;
      }
      await whole(subject, folder);
      trainings++;
      expect(await hashesIn(folder, subject.files)).toEqual(expected);
      expect((await namesIn(folder)).filter(isLeftover)).toEqual([]);
    }
    console.log(
      `${subject.name}: ${count} kills, ${writing} while files were written; ${trainings} trainings, all of the same bits`,
    );
    expect(writing).toBeGreaterThan(count / 5);
  });
});
