/**
 * The benchmarks: `npm run bench`, `npm run bench -- training ready`, `--peers`, `--json`, `--quick`, `--strict`. One
 * question a file; what they print goes into docs/performance.md.
 */
import { parseArgs } from "node:util";
import { candidatesReport } from "./candidates.ts";
import { chunksReport } from "./chunks.ts";
import { inspectReport } from "./inspect.ts";
import { lastStepReport } from "./last.ts";
import { described, machineAtHand } from "./machine.ts";
import { mainJobReport } from "./mainJob.ts";
import { ownCellReport } from "./ownCell.ts";
import { peakReport } from "./peak.ts";
import { peerReports } from "./peers/reports.ts";
import { raggedReport } from "./ragged.ts";
import { readyReport } from "./ready.ts";
import { printed, type Report } from "./report.ts";
import { scalingReport } from "./scaling.ts";
import { sessionReport, sessionsReport } from "./session.ts";
import { smallestReport } from "./smallest.ts";
import { stagesReport } from "./stages.ts";
import { tilesReport } from "./tiles.ts";
import { type Manner, patient, quick } from "./timing.ts";
import { trainingReport } from "./training.ts";

const benchmarks: Readonly<Record<string, (manner: Manner) => Promise<Report>>> = {
  peak: peakReport,
  training: trainingReport,
  inspect: inspectReport,
  last: lastStepReport,
  ownCell: ownCellReport,
  ragged: raggedReport,
  stages: stagesReport,
  ready: readyReport,
  session: sessionReport,
  sessions: sessionsReport,
  smallest: smallestReport,
  mainJob: mainJobReport,
  chunks: chunksReport,
  tiles: tilesReport,
  candidates: candidatesReport,
  scaling: scalingReport,
};
/** Takes minutes: only when it is asked for by name. */
const onRequest: readonly string[] = ["scaling"];

const usage = `npm run bench -- [${Object.keys(benchmarks).join(" ")}] [--json] [--quick] [--strict]
npm run bench -- --peers [--python PATH] [--only TEXT] [--json] [--quick]`;

async function main(given: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: given,
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      quick: { type: "boolean" },
      strict: { type: "boolean" },
      peers: { type: "boolean" },
      python: { type: "string" },
      only: { type: "string" },
    },
  });
  const { json = false, strict = false, peers = false } = values;
  const usual = peers ? [] : Object.keys(benchmarks).filter((name) => !onRequest.includes(name));
  const names = positionals.length > 0 ? positionals : usual;
  const unknown = names.find((name) => !Object.hasOwn(benchmarks, name));
  if (unknown !== undefined) {
    console.error(`There is no benchmark "${unknown}".\n${usage}`);
    return 2;
  }
  const manner: Manner = { patience: values.quick ? quick : patient, strict };
  const machine = { ...machineAtHand(), ...(strict ? { mode: "strict" as const } : {}) };
  if (!json) console.log(`# ${described(machine)}`);
  const reports: Report[] = [];
  const tell = (report: Report): void => {
    reports.push(report);
    if (!json) console.log(`\n${printed(report)}`);
  };
  for (const name of names) tell((await benchmarks[name]?.(manner)) as Report);
  if (peers) await peerReports(manner, { python: values.python ?? null, only: values.only ?? "" }, tell);
  if (json)
    console.log(JSON.stringify({ machine, reports: reports.map(({ name, data }) => ({ name, data })) }));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
