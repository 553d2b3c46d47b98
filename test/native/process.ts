/** Programs in processes of their own, on the built package, with a cache and a compiler of their own. */
import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const entryOf = (folder: string): string => join(folder, "dist", "index.js");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
/** A folder that ends with the test. */
export interface Place {
  readonly path: string;
  /** Runs an ES module; `unroll` in it is the package. */
  run(script: string, environment?: Readonly<Record<string, string>>): Promise<Ended>;
  /** The environment with a compiler that writes its calls down, and does what `then` says (shell). */
  compiler(then?: string): Readonly<Record<string, string>>;
  /** The calls so far that made a library. */
  compiled(): number;
  clear(): void;
}

export function place(): Place {
  const path = mkdtempSync(join(tmpdir(), "unroll-native-"));
  const log = join(path, "calls");
  writeFileSync(log, "");
  return {
    path,
    run: (script, environment = {}) =>
      run(fileURLToPath(root), script, { UNROLL_CACHE: path, ...environment }),
    compiler: (then = 'exec cc "$@"') => {
      const command = join(path, "compiler");
      writeFileSync(command, `#!/bin/sh\necho "$*" >>'${log}'\n${then}\n`);
      chmodSync(command, 0o755);
      return { CC: command };
    },
    compiled: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.includes("-shared")).length,
    clear: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Runs an ES module with a copy of the package that lies where no other package is. */
export async function runAlone(script: string): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "unroll-alone-"));
  try {
    for (const name of ["dist", "package.json"])
      cpSync(new URL(name, root), join(folder, name), { recursive: true });
    return await run(folder, script, {});
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(folder: string, script: string, environment: Readonly<Record<string, string>>): Promise<Ended> {
  const { UNROLL_DEVICE: _, CC: __, ...env } = process.env;
  const module = `import * as unroll from ${JSON.stringify(entryOf(folder))};\n${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", module], {
    cwd: folder,
    env: { ...env, ...environment },
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, out, err }));
  });
}
