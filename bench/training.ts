/**
 * How long do a training step and a forward pass of one layer take, and how near is that to the core's peak? The step
 * is forward, backward and the update of every weight, host copies and all. Two threads beside one.
 */
import { type BenchDevice, devices, threadCounts } from "./devices.ts";
import {
  forwardOperations,
  networkOf,
  type Size,
  sizeText,
  standardSizes,
  trainingOperations,
} from "./networks.ts";
import { peakAtHand } from "./peak.ts";
import { percent, type Report, short, spread, times } from "./report.ts";
import { forwardSide, trainingSide } from "./sides.ts";
import { alternately, isQuick, type Manner, type Timing } from "./timing.ts";

/** GF/s of what is really needed, and its part of the peak. */
interface Speed {
  readonly timing: Timing;
  readonly gflops: number;
  readonly share: number;
}
interface Measured {
  readonly size: Size;
  readonly device: BenchDevice["name"];
  /** The peak measured between the runs, in GF/s. */
  readonly peak: number;
  readonly training: Speed;
  readonly forward: Speed;
  /** Two threads, where there are two cores. */
  readonly training2: Timing | null;
  readonly forward2: Timing | null;
}

export async function trainingReport(manner: Manner): Promise<Report> {
  const measured: Measured[] = [];
  const sizes = isQuick(manner) ? standardSizes.slice(0, 2) : standardSizes;
  for (const one of sizes) measured.push(...(await measure(one, manner)));
  return {
    name: "training",
    title: "One layer: training step and forward pass",
    columns: [
      "cell; input, units, batch, steps",
      "device",
      "training ms",
      "GF/s",
      "of peak",
      "forward ms",
      "GF/s",
      "of peak",
      "training, 2 threads",
      "",
      "forward, 2 threads",
      "",
    ],
    texts: 2,
    rows: measured.map(rowOf),
    notes: [
      "To reach: LSTM 64, 128, 32, 100 training at 75 % of the peak; two threads 1.85 x one at a batch of 32 and more.",
      "Milliseconds: median (least..most) of alternating runs. GF/s by the multiply-adds really needed, two each.",
      "Of peak: of the multiply-adds that the core did between the same runs.",
    ],
    data: measured,
  };
}

/** All devices beside each other, each beside the peak of its own vectors. */
async function measure(one: Size, { patience, strict }: Manner): Promise<readonly Measured[]> {
  const network = networkOf(one);
  const counts = threadCounts();
  const made = devices.map((device) => ({
    device,
    peak: peakAtHand(device, strict),
    engines: counts.map((threads) => device.make({ threads, strict })),
  }));
  const trainings = made.flatMap(({ engines }) => engines.map((engine) => trainingSide(engine, network)));
  const forwards = made.flatMap(({ engines }) => engines.map((engine) => forwardSide(engine, network)));
  const peaks = made.map(({ peak }) => peak);
  const timings = await alternately([...peaks, ...trainings, ...forwards], patience);
  for (const { release } of trainings) release();
  return made.map(({ device, peak }, k): Measured => {
    const gflops = peak.gflops(timings[k] as Timing);
    const at = (start: number): readonly Timing[] =>
      timings.slice(start + k * counts.length, start + (k + 1) * counts.length);
    const of = (timing: Timing, operations: number): Speed => {
      const speed = operations / timing.median / 1e6;
      return { timing, gflops: speed, share: speed / gflops };
    };
    const [training, training2 = null] = at(made.length) as [Timing, Timing?];
    const [forward, forward2 = null] = at(made.length + trainings.length) as [Timing, Timing?];
    return {
      size: one,
      device: device.name,
      peak: gflops,
      training: of(training, trainingOperations(one)),
      forward: of(forward, forwardOperations(one)),
      training2,
      forward2,
    };
  });
}

function rowOf(measured: Measured): readonly string[] {
  const { size: one, device, training, forward, training2, forward2 } = measured;
  const speed = ({ timing, gflops, share }: Speed): readonly string[] => [
    spread(timing),
    short(gflops),
    percent(share),
  ];
  const second = (first: Timing, both: Timing | null): readonly string[] =>
    both === null ? ["", ""] : [short(both.median), times(first.median / both.median)];
  return [
    sizeText(one),
    device,
    ...speed(training),
    ...speed(forward),
    ...second(training.timing, training2),
    ...second(forward.timing, forward2),
  ];
}
