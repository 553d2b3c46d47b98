/** Python beside us: what a script of this folder prints as JSON, given something as JSON. One process a call. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const interpreter = at("../../.venv-parity/bin/python");

/** Scripts find those of test/parity beside their own, and read the question from standard input. */
export function fromPython<Answer>(script: string, question: unknown): Answer {
  if (!existsSync(interpreter)) throw new Error("There is no Python: sh test/parity/setup.sh makes one.");
  const { status, stdout, stderr, error } = spawnSync(interpreter, ["-B", at(script)], {
    input: JSON.stringify(question),
    env: { ...process.env, PYTHONPATH: at("../parity"), OMP_NUM_THREADS: "1" },
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${script} ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout) as Answer;
}
