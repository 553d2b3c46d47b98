/** `npm run hash` as a person has it: the command, built, in a process of its own. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const built = (name: string): string =>
  fileURLToPath(new URL(`../../dist-tools/test/same/${name}.js`, import.meta.url));
/** In a process that has it, everything throws whose answer differs between engines, places or moments. */
export const strangeHost: readonly string[] = ["--import", built("strange")];

export interface Host {
  /** Default: the one that runs the tests. */
  readonly node?: string;
  /** Of Node. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
export interface Answer {
  readonly hash: string;
  /** What the training ran on. */
  readonly told: string;
}

/** Rejects where the command fails, with what it says. */
export async function hash(options: readonly string[], host: Host = {}): Promise<Answer> {
  const { node = process.execPath, flags = [], env = {} } = host;
  const { stdout, stderr } = await run(node, [...flags, built("hash"), ...options], {
    env: { ...process.env, NODE_OPTIONS: "", UNROLL_DEBUG: "", UNROLL_DEVICE: "", ...env },
    maxBuffer: 2 ** 27,
    timeout: 500_000,
  });
  return { hash: stdout.trim(), told: stderr };
}

/** With as little memory as the training can do with, in steps of a tenth of a MiB. */
export async function hashInLittleMemory(options: readonly string[], env: Host["env"] = {}): Promise<Answer> {
  let bytes = 2 ** 20;
  for (;;) {
    try {
      return await hash([...options, "--memory", `${bytes}`], { env: { ...env, UNROLL_DEBUG: "plan" } });
    } catch (error) {
      const needed = /a batch that needs ([\d.]+) MiB/.exec(String(error))?.[1];
      if (needed === undefined) throw error;
      bytes = Math.ceil((Number(needed) + 0.1) * 2 ** 20);
    }
  }
}

/** A version that test/same/nodes.sh has brought. */
export const nodeOf = (major: number): string =>
  fileURLToPath(new URL(`../../.nodes/${major}/bin/node`, import.meta.url));
