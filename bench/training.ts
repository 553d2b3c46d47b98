/**
 * How long do a training step and a forward pass of one layer take, and how near is that to the core's peak? The step is
 * forward, backward and the update of every weight, host copies and all. Two threads beside one; and long sequences
 * whose loss stands at their end beside those with a loss at every step.
 */
import type { Device, Trainer } from "../src/core/run/device.ts";
import { canShare, cores } from "../src/core/run/host.ts";
import { wasmDevice } from "../src/core/run/wasmDevice.ts";
import {
  forwardOperations,
  type Network,
  networkOf,
  type Size,
  sizeOf,
  sizeText,
  trainingOperations,
} from "./networks.ts";
import { peakAtHand } from "./peak.ts";
import { percent, type Report, short, spread, times } from "./report.ts";
import { alternately, type Manner, type Side, type Timing } from "./timing.ts";

const sizes: readonly Size[] = [
  sizeOf("LSTM", [32, 32, 32, 100]),
  sizeOf("LSTM", [64, 128, 32, 100]),
  sizeOf("LSTM", [128, 256, 64, 100]),
  sizeOf("LSTM", [512, 512, 64, 50]),
  sizeOf("GRU", [64, 128, 32, 100]),
  sizeOf("RNN", [64, 128, 32, 100]),
  sizeOf("RNN", [32, 32, 128, 500]),
];
const long = sizeOf("LSTM", [64, 128, 32, 400]);
const learningRate = 1e-4;

/** GF/s of what is really needed, and its part of the peak. */
interface Speed {
  readonly timing: Timing;
  readonly gflops: number;
  readonly share: number;
}
interface Measured {
  readonly size: Size;
  /** The peak measured between the runs, in GF/s. */
  readonly peak: number;
  readonly training: Speed;
  readonly forward: Speed;
  /** Two threads, where there are two cores. */
  readonly training2: Timing | null;
  readonly forward2: Timing | null;
}

export async function trainingReport(manner: Manner): Promise<Report> {
  const devices = [1, 2]
    .filter((threads) => threads === 1 || (canShare() && cores() > 1))
    .map((threads) => wasmDevice({ threads, strict: manner.strict }));
  const measured: Measured[] = [];
  for (const one of sizes) measured.push(await measure(one, devices, manner));
  return {
    name: "training",
    title: "One layer: training step and forward pass",
    columns: [
      "cell; input, units, batch, steps",
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
    rows: measured.map(rowOf),
    notes: [
      "Milliseconds: median (least..most) of alternating runs. GF/s by the multiply-adds really needed, two a multiply-add. Of peak: of the multiply-adds that the core did between the same runs.",
    ],
    data: measured,
  };
}

/** What a long sequence costs when only its end is asked for. */
export async function lastStepReport(manner: Manner): Promise<Report> {
  const device = wasmDevice({ threads: 1, strict: manner.strict });
  const trainings = [false, true].map((last) => trainingSide(device, networkOf(long, last)));
  const [each, end] = (await alternately(trainings, manner.patience)) as [Timing, Timing];
  for (const { release } of trainings) release();
  return {
    name: "last",
    title: `Training step of ${sizeText(long)}`,
    columns: ["loss", "training ms", ""],
    rows: [
      ["at every step", spread(each), ""],
      ["at the last step", spread(end), times(each.median / end.median)],
    ],
    notes: ["One thread. Deltas that have vanished are zero, and chunks of time without any are skipped."],
    data: { size: long, each, end },
  };
}

async function measure(
  one: Size,
  devices: readonly Device[],
  { patience, strict }: Manner,
): Promise<Measured> {
  const network = networkOf(one);
  const peak = peakAtHand(strict);
  const trainings = devices.map((device) => trainingSide(device, network));
  const forwards = devices.map((device) => forwardSide(device, network));
  const timings = await alternately([peak, ...trainings, ...forwards], patience);
  for (const { release } of trainings) release();
  const gflops = peak.gflops(timings[0] as Timing);
  const of = (timing: Timing, operations: number): Speed => {
    const speed = operations / timing.median / 1e6;
    return { timing, gflops: speed, share: speed / gflops };
  };
  const [training, training2 = null] = timings.slice(1, 1 + devices.length) as [Timing, Timing?];
  const [forward, forward2 = null] = timings.slice(1 + devices.length) as [Timing, Timing?];
  return {
    size: one,
    peak: gflops,
    training: of(training, trainingOperations(one)),
    forward: of(forward, forwardOperations(one)),
    training2,
    forward2,
  };
}

function trainingSide(
  device: Device,
  { training, updates, weights, trainingBatch }: Network,
): Side & Pick<Trainer, "release"> {
  const trainer = device.train(training, updates);
  const rates = weights.map(() => [learningRate]);
  trainer.write(
    weights,
    weights.map(() => []),
  );
  return {
    name: "training",
    run: () => trainer.step(trainingBatch, () => rates),
    release: () => trainer.release(),
  };
}

function forwardSide(device: Device, { forward, weights, forwardBatch }: Network): Side {
  const executable = device.compile(forward);
  return { name: "forward", run: () => executable.runNow(forwardBatch, weights) };
}

function rowOf({ size: one, training, forward, training2, forward2 }: Measured): readonly string[] {
  const speed = ({ timing, gflops, share }: Speed): readonly string[] => [
    spread(timing),
    short(gflops),
    percent(share),
  ];
  const second = (first: Timing, both: Timing | null): readonly string[] =>
    both === null ? ["", ""] : [short(both.median), times(first.median / both.median)];
  return [
    sizeText(one),
    ...speed(training),
    ...speed(forward),
    ...second(training.timing, training2),
    ...second(forward.timing, forward2),
  ];
}
