/**
 * How many faults are planted, by kind. Each is a test of its own, in the other files of this folder, that fails unless
 * the right thing passes a check and the faulty one does not: where `npm test` passes, so many were planted and caught.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = "test/gradients/";
/** Faults stand in files of their own, or beside the checks. */
const withFaults = readdirSync(join(root, folder))
  .filter((name) => /faults\.test\.ts$/i.test(name) || /^(convolution|sequenceLosses)\.test/.test(name))
  .map((name) => folder + name);
/** The first that fits the name of a test: the check, what is planted, and in what. */
const kinds = [
  ["optimizers", /in an optimizer that/],
  ["losses", /in a loss that|sequenceLosses|\((meanSquaredError|smoothed|binary)\)$/],
  ["dropout", /dropoutFaults|\((dropout|recurrentDropout|zoneout)\)$/],
  ["masks", /mask/],
  ["operators", /graphFaults|\((relu|softmax|softsign|layerNormalization|embedding)\)$/],
  ["layers", /Faults|convolution/],
  ["cells", /faults/],
] as const;
const cells =
  /\((simpleRNN|lstm|gru|peephole|blocks|normalised|sumMemory|jordan|convLstm2d|min|sru|slstm|lru|two heads)/;

function planted(): readonly string[] {
  const temporary = mkdtempSync(join(tmpdir(), "unroll-faults-"));
  try {
    const list = join(temporary, "list.json");
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const run = spawnSync(process.execPath, [vitest, "list", `--json=${list}`, ...withFaults], {
      cwd: root,
      encoding: "utf8",
    });
    expect(run.status, run.stderr).toBe(0);
    const tests = JSON.parse(readFileSync(list, "utf8")) as readonly {
      readonly name: string;
      readonly file: string;
    }[];
    return tests
      .filter(({ name }) => /notices?\b/.test(name) && !name.endsWith("nothing where nothing is planted"))
      .map(({ name, file }) => `${file.split("/").at(-1)}: ${name}`);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

test("at least 40 faults, of every kind", () => {
  const all = planted();
  const counts = new Map<string, number>();
  for (const name of all) {
    const kind = kinds.find(([, fits]) => fits.test(name))?.[0] ?? "none";
    const own = kind === "layers" && cells.test(name) ? "cells" : kind;
    counts.set(own, (counts.get(own) ?? 0) + 1);
  }
  console.log(`${all.length} faults planted: ${[...counts].map(([kind, n]) => `${kind} ${n}`).join(", ")}`);
  expect(all.length).toBeGreaterThanOrEqual(40);
  for (const kind of ["operators", "cells", "masks", "dropout", "losses", "optimizers"])
    expect(counts.get(kind), kind).toBeGreaterThanOrEqual(5);
}, 240_000);
