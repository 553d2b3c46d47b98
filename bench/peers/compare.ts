/** One job on every device and every peer: all prepared, compared by their sums, then timed alternately. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchDevice, devices } from "../devices.ts";
import { forwardOperations, trainingOperations } from "../networks.ts";
import { peakAtHand } from "../peak.ts";
import { alternately, dividedBy, type Manner, type Side, type Timing } from "../timing.ts";
import { type Peer, peerSide } from "./child.ts";
import { type Job, type PeerName, pushes } from "./jobs.ts";
import { alike, materialOf, type OurSide, oursOf, written } from "./ours.ts";

export interface OfDevice {
  readonly device: BenchDevice["name"];
  readonly timing: Timing;
  readonly sums: readonly number[];
  /** Of the multiply-adds that one core did between the same runs, times the threads; null for a step. */
  readonly share: number | null;
}
export interface OfPeer {
  readonly peer: PeerName;
  readonly timing: Timing;
  readonly setting: string;
  readonly sums: readonly number[];
  /** Whether it has computed what we have. */
  readonly same: boolean;
}
export interface Compared {
  readonly job: Job;
  readonly devices: readonly OfDevice[];
  readonly peers: readonly OfPeer[];
}

/**
 * Of several threads: a rest longer than they stay awake behind their work (OpenMP: 200 milliseconds), so that those of
 * one side do not run beside another; and bursts that are long beside the time until the system has given threads that
 * wake a core each.
 */
const severalThreads = { rest: 300, burst: 500 };

export async function compare(
  job: Job,
  all: readonly Peer[],
  { patience, strict }: Manner,
): Promise<Compared> {
  const material = materialOf(job);
  const folder = await mkdtemp(join(tmpdir(), "unroll-peers-"));
  try {
    const ours: OurSide[] = [];
    for (const device of devices) ours.push(await oursOf(job, material, device, strict));
    const theirs = await preparedPeers(job, all, await written(job, material, folder));
    const peaks = devices.map((device) => peakAtHand(device, strict));
    const sides: readonly Side[] = [...peaks, ...ours, ...theirs.map(({ peer }) => peerSide(peer))];
    const alone = job.threads === 1 || patience.burst === 0 ? patience : { ...patience, ...severalThreads };
    const timings = (await alternately(sides, alone)).map((timing, k) =>
      job.what === "step" && k >= peaks.length ? dividedBy(timing, pushes) : timing,
    );
    for (const { release } of ours) release();
    const count = devices.length;
    return {
      job,
      devices: devices.map(({ name }, k): OfDevice => {
        const timing = timings[count + k] as Timing;
        const share = shareOf(job, timing, peaks[k]?.gflops(timings[k] as Timing));
        return { device: name, timing, sums: ours[k]?.sums ?? [], share };
      }),
      peers: theirs.map(({ peer, sums, setting }, k): OfPeer => {
        const same = alike(ours[0]?.sums ?? [], sums, material);
        return { peer: peer.name, timing: timings[2 * count + k] as Timing, setting, sums, same };
      }),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Theirs {
  readonly peer: Peer;
  readonly sums: readonly number[];
  readonly setting: string;
}

/** Those that have something for the job. */
async function preparedPeers(
  job: Job,
  all: readonly Peer[],
  prepared: Awaited<ReturnType<typeof written>>,
): Promise<readonly Theirs[]> {
  const found: Theirs[] = [];
  for (const peer of all.filter(({ name }) => job.peers.includes(name))) {
    const { sums = [], setting = "", cannot } = await peer.ask({ ask: "prepare", ...prepared });
    if (cannot === undefined) found.push({ peer, sums, setting });
  }
  return found;
}

function shareOf({ what, size, threads, last }: Job, { median }: Timing, peak = Number.NaN): number | null {
  if (what === "step" || last) return null;
  const operations = what === "training" ? trainingOperations(size) : forwardOperations(size);
  return operations / median / 1e6 / peak / threads;
}
