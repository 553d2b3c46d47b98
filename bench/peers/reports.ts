/** What comparing with the peers prints: medians, and how many times as fast we are, beside what is to be reached. */
import { type BenchDevice, devices, threadCounts } from "../devices.ts";
import { sizeText } from "../networks.ts";
import { percent, type Report, short, spread, times } from "../report.ts";
import { dividedBy, isQuick, type Manner, type Timing } from "../timing.ts";
import { type Compared, compare } from "./compare.ts";
import { findPeers } from "./found.ts";
import { describedJob, type Job, jobsOf, type PeerName } from "./jobs.ts";

export interface Which {
  /** Of another environment than that of setup.sh. */
  readonly python: string | null;
  /** Only the jobs whose description has this text. */
  readonly only: string;
}
const peerNames: readonly PeerName[] = ["PyTorch", "JAX", "ONNX Runtime", "TensorFlow.js"];

/** All sides with one thread each, then with two. Tells each report as soon as it is there. */
export async function peerReports(
  manner: Manner,
  { python, only }: Which,
  tell: (report: Report) => void,
): Promise<void> {
  for (const threads of isQuick(manner) ? [1] : threadCounts()) {
    const { peers, missing } = await findPeers(threads, python);
    const versions = peers.map(({ name, version }) => ({ name, version }));
    const compared: Compared[] = [];
    const jobs = jobsOf(threads).filter((job) => `${textOf(job)}, ${counted(threads)}`.includes(only));
    for (const job of isQuick(manner) && only === "" ? jobs.filter(isSmall) : jobs) {
      console.error(`${textOf(job)}, ${counted(threads)}`); // it takes minutes
      compared.push(await compare(job, peers, unhurried(manner)));
    }
    for (const peer of peers) peer.end();
    tell(mediansReport(threads, compared, { versions, missing }));
    tell(ratiosReport(threads, compared));
  }
}

/** The slowest peer takes seconds for a run, and the others as many turns as it. */
const unhurried = ({ patience, ...manner }: Manner): Manner => ({
  ...manner,
  patience: { ...patience, least: Math.min(5, patience.least) },
});
const textOf = (job: Job): string => `${describedJob(job)} ${sizeText(job.size)}`;
const isSmall = ({ size: { units, steps } }: Job): boolean => units <= 64 && steps <= 100;

const counted = (threads: number): string => (threads === 1 ? "one thread" : `${threads} threads`);

interface Others {
  readonly versions: readonly { readonly name: PeerName; readonly version: string }[];
  readonly missing: readonly string[];
}

function mediansReport(threads: number, compared: readonly Compared[], others: Others): Report {
  const versions = others.versions.map(({ name, version }) => `${name} ${version}`).join(", ");
  return {
    name: `peers, ${counted(threads)}`,
    title: `Beside others, ${counted(threads)} each: milliseconds (a streaming step: microseconds)`,
    columns: [
      "what",
      "cell; input, units, batch, steps",
      ...devices.flatMap(({ name }) => [name, "of peak"]),
      ...peerNames,
    ],
    texts: 2,
    rows: compared.map((one) => [
      describedJob(one.job),
      sizeText(one.job.size),
      ...one.devices.flatMap(({ timing, share }) => [
        spreadOf(one.job, timing),
        share === null ? "" : percent(share),
      ]),
      ...peerNames.map((name) => cellOf(one, name)),
    ]),
    notes: [
      `${versions || "No peer at all"}.`,
      ...others.missing,
      "Median (least..most) of alternating runs in one go.",
      "Each peer in a process of its own, at the fastest of its settings, checked to compute the same numbers.",
    ],
    data: { ...others, compared },
  };
}

function cellOf({ job, peers }: Compared, name: PeerName): string {
  const found = peers.find(({ peer }) => peer === name);
  if (found === undefined) return "";
  return found.same ? spreadOf(job, found.timing) : "other numbers!";
}

const spreadOf = ({ what }: Job, timing: Timing): string =>
  spread(what === "step" ? dividedBy(timing, 1 / 1000) : timing);

export function ratiosReport(threads: number, compared: readonly Compared[]): Report {
  const ratios = compared.flatMap(ratiosOf);
  return {
    name: `ratios, ${counted(threads)}`,
    title: `How many times as fast as others, ${counted(threads)} each`,
    columns: [
      "what",
      "cell; input, units, batch, steps",
      "than",
      ...devices.map(({ name }) => name),
      "to reach",
      "reached",
    ],
    texts: 3,
    rows: ratios.map(({ job, peer, byDevice, goal, reached }) => [
      describedJob(job),
      sizeText(job.size),
      peer,
      ...byDevice.map(({ ratio }) => times(ratio)),
      goal.map(({ device, times: wanted }) => `${device} ${short(wanted)}`).join(", "),
      goal.length === 0 ? "" : reached === null ? "no such device here" : reached ? "yes" : "no",
    ]),
    notes: ["Ratios of medians: 2 is twice as fast."],
    data: ratios,
  };
}

interface Ratio {
  readonly job: Job;
  readonly peer: PeerName;
  readonly byDevice: readonly { readonly device: BenchDevice["name"]; readonly ratio: number }[];
  readonly goal: Job["goals"];
  /** All goals; null where none of their devices is here. */
  readonly reached: boolean | null;
}

function ratiosOf({ job, devices: ours, peers }: Compared): readonly Ratio[] {
  return peers
    .filter(({ same }) => same)
    .map(({ peer, timing }): Ratio => {
      const byDevice = ours.map((one) => ({ device: one.device, ratio: timing.median / one.timing.median }));
      const goal = job.goals.filter((one) => one.peer === peer);
      const results = goal.flatMap(({ device, times: wanted }) =>
        byDevice.filter((one) => one.device === device).map(({ ratio }) => ratio >= wanted),
      );
      return { job, peer, byDevice, goal, reached: results.length === 0 ? null : results.every(Boolean) };
    });
}
