import { test } from "vitest";
import { devices } from "./devices.ts";
import { agrees } from "./cases.ts";
import { computations, parts, ragged, scans } from "./programCases.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { printProgram } from "../../src/core/render/print.ts";
test("dump", () => {
  for (const name of ["bidirectional by a reverse scan", "an embedding with dropout below a turned scan"]) {
  const program = { ...scans, ...parts }[name]!();
  const computation = computations(program)[0]!;
  if (process.env["PROGRAM"]) process.stderr.write(printProgram(plan(computation, 4).program));
  for (const options of [{}, { chunk: 1 }, { chunk: 2 }, { chunk: 3 }, { shardRows: 2 }, { threads: 2 }, { shardRows: 1 }]) for (const lengths of [[6,6,6,6,6],[6,2,0,5,6]]) {
    try { agrees(devices[0]!.device(options), { ...ragged, lengths: { time: lengths }, computation }, 1e-5); process.stderr.write(name + JSON.stringify(options) + lengths + " ok\n"); } catch (e) { process.stderr.write(name + JSON.stringify(options) + lengths + (e as Error).message + "\n"); }
  }}
});
