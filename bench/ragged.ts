/**
 * What do sequences of different lengths cost? Lengths of 10 to 50, each as often as the next, beside as many rows of
 * 50 steps: the cost of a step of a row, ragged to full, is 1 where nothing is computed that is not needed.
 */
import { keyOf, uniform } from "../src/core/run/random.ts";
import { type BenchDevice, devices } from "./devices.ts";
import { networkOf, type Size, sizeOf, sizeText } from "./networks.ts";
import { type Report, spread, times } from "./report.ts";
import { forwardSide, trainingSide } from "./sides.ts";
import { alternately, type Manner, type Timing } from "./timing.ts";

const shortest = 10;
const longest = 50;
const sizes: readonly Size[] = [
  sizeOf("LSTM", [64, 128, 32, longest]),
  sizeOf("LSTM", [64, 128, 256, longest]),
];

interface Measured {
  readonly size: Size;
  readonly device: BenchDevice["name"];
  readonly what: string;
  /** Of the steps of the full batch. */
  readonly needed: number;
  readonly full: Timing;
  readonly ragged: Timing;
}

export async function raggedReport(manner: Manner): Promise<Report> {
  const measured: Measured[] = [];
  for (const size of sizes)
    for (const device of devices) measured.push(...(await measure(size, device, manner)));
  return {
    name: "ragged",
    title: `Sequences of ${shortest} to ${longest} steps in one batch`,
    columns: ["cell; input, units, batch, steps", "device", "what", "full ms", "ragged ms", "cost : needed"],
    texts: 3,
    rows: measured.map(({ size, device, what, needed, full, ragged }) => [
      sizeText(size),
      device,
      what,
      spread(full),
      spread(ragged),
      times(ragged.median / full.median / needed),
    ]),
    notes: ["One thread. To reach: at most 1.15 times the multiply-adds needed."],
    data: measured,
  };
}

async function measure(
  size: Size,
  { name, make }: BenchDevice,
  { patience, strict }: Manner,
): Promise<readonly Measured[]> {
  const lengths = lengthsOf(size.batch);
  const networks = [networkOf(size), networkOf(size, { lengths })];
  const device = make({ threads: 1, strict });
  const trainings = networks.map((network) => trainingSide(device, network));
  const forwards = networks.map((network) => forwardSide(device, network));
  const timings = await alternately([...trainings, ...forwards], patience);
  for (const { release } of trainings) release();
  const needed = lengths.reduce((sum, length) => sum + length, 0) / (size.batch * size.steps);
  return ["training", "forward"].map((what, k): Measured => {
    const [full, ragged] = timings.slice(2 * k) as [Timing, Timing];
    return { size, device: name, what, needed, full, ragged };
  });
}

function lengthsOf(batch: number): Int32Array {
  const key = keyOf(1, "lengths");
  const span = longest - shortest + 1;
  return Int32Array.from({ length: batch }, (_, row) => shortest + Math.floor(span * uniform(key, row)));
}
