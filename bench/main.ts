/**
 * The benchmarks: `npm run bench`, `npm run bench -- training ready`, `--json`, `--quick`, `--strict`. One question a
 * file; what they print goes into docs/performance.md.
 */
import { parseArgs } from "node:util";
import { chunksReport } from "./chunks.ts";
import { described, machineAtHand } from "./machine.ts";
import { peakReport } from "./peak.ts";
import { readyReport } from "./ready.ts";
import { printed, type Report } from "./report.ts";
import { sessionReport } from "./session.ts";
import { stagesReport } from "./stages.ts";
import { tilesReport } from "./tiles.ts";
import { type Manner, patient, quick } from "./timing.ts";
import { lastStepReport, trainingReport } from "./training.ts";

const benchmarks: Readonly<Record<string, (manner: Manner) => Promise<Report>>> = {
  peak: peakReport,
  training: trainingReport,
  last: lastStepReport,
  stages: stagesReport,
  ready: readyReport,
  session: sessionReport,
  chunks: chunksReport,
  tiles: tilesReport,
};

const usage = `npm run bench -- [${Object.keys(benchmarks).join(" ")}] [--json] [--quick] [--strict]`;

async function main(given: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: given,
    allowPositionals: true,
    options: { json: { type: "boolean" }, quick: { type: "boolean" }, strict: { type: "boolean" } },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
  const unknown = names.find((name) => !Object.hasOwn(benchmarks, name));
  if (unknown !== undefined) {
    console.error(`There is no benchmark "${unknown}".\n${usage}`);
    return 2;
  }
  const { json = false, strict = false } = values;
  const manner = { patience: values.quick ? quick : patient, strict };
  const machine = { ...machineAtHand(), ...(strict ? { mode: "strict" as const } : {}) };
  if (!json) console.log(`# ${described(machine)}`);
  const reports: Report[] = [];
  for (const name of names) {
    const report = (await benchmarks[name]?.(manner)) as Report;
    reports.push(report);
    if (!json) console.log(`\n${printed(report)}`);
  }
  if (json)
    console.log(JSON.stringify({ machine, reports: reports.map(({ name, data }) => ({ name, data })) }));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
