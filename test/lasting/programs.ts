/** Programs in processes of their own, on the built package, and folders for what they write. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const main = here("../../dist/node/cli/main.js");
/** The package, as a script imports it. */
export const library: string = here("../../dist/index.js");

/** What follows `node`: the command, or the training of training.mjs. */
export const unroll = (...args: readonly string[]): readonly string[] => [main, ...args];
export const training = (folder: string, epochs: number, everySteps = 1): readonly string[] => [
  here("training.mjs"),
  folder,
  String(epochs),
  String(everySteps),
];
/** Or one of the things that leftovers.mjs does. */
export const leftovers = (...args: readonly string[]): readonly string[] => [here("leftovers.mjs"), ...args];

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
export interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when it has written this, or has ended. */
  said(words: RegExp): Promise<void>;
}
export type Environment = Readonly<Record<string, string>>;

export function begin(args: readonly string[], environment: Environment = {}): Program {
  const { UNROLL_DEVICE: _, NODE_OPTIONS: __, UNROLL_DEBUG: ___, ...env } = process.env;
  const child = spawn(process.execPath, args, { env: { ...env, ...environment } });
  let [out, err] = ["", ""];
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, out, err }));
  });
  const said = (words: RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (words.test(out + err)) resolve();
      };
      listeners.add(look);
      look();
      void ended.then(() => resolve());
    });
  return { child, ended, said };
}

export const run = (args: readonly string[], environment?: Environment): Promise<Ended> =>
  begin(args, environment).ended;

/** A folder that ends with the tests, in memory where that is possible: there a kill, not a disk, sets the pace. */
export function useHome(): (name: string) => string {
  let home = "";
  beforeAll(async () => {
    home = await mkdtemp(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "unroll-lasting-"));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));
  return (name) => join(home, name);
}
