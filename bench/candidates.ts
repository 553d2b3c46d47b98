/**
 * What can a calibration gain? The training step of layers of several sizes with every candidate for tiles: whether
 * what is the fastest for the small network of a calibration is so for others.
 */
import { candidatesFor, tuningOf } from "../src/core/plan/candidates.ts";
import { type BenchDevice, devices } from "./devices.ts";
import { networkOf, type Size, sizeOf, sizeText } from "./networks.ts";
import { type Report, spread, times } from "./report.ts";
import { trainingSide } from "./sides.ts";
import { alternately, type Manner, type Timing } from "./timing.ts";

const sizes: readonly Size[] = [
  sizeOf("LSTM", [32, 32, 32, 100]),
  sizeOf("LSTM", [64, 128, 32, 50]),
  sizeOf("GRU", [64, 128, 32, 50]),
  sizeOf("RNN", [64, 128, 32, 100]),
];

interface Measured {
  readonly size: Size;
  readonly device: BenchDevice["name"];
  readonly timings: readonly (Timing & { readonly tiles: string })[];
}

export async function candidatesReport(manner: Manner): Promise<Report> {
  const measured: Measured[] = [];
  for (const device of devices) for (const size of sizes) measured.push(await measure(size, device, manner));
  return {
    name: "candidates",
    title: "Training step by the tiles that a calibration chooses from, one thread",
    columns: ["cell; input, units, batch, steps", "device", "tiles", "ms", "usual : these"],
    texts: 3,
    rows: measured.flatMap(({ size, device, timings }) =>
      timings.map((timing) => [
        sizeText(size),
        device,
        timing.tiles,
        spread(timing),
        times((timings[0] as Timing).median / timing.median),
      ]),
    ),
    notes: ["The usual ones come first; others have to be 3 % faster to be chosen."],
    data: measured,
  };
}

async function measure(
  size: Size,
  { name, target, make }: BenchDevice,
  { patience, strict }: Manner,
): Promise<Measured> {
  const { tiles, chunks } = candidatesFor(target);
  const network = networkOf(size);
  const sides = tiles.map((one) => {
    const tuning = tuningOf({ tiles: one, chunk: chunks[0] ?? "" }, target) ?? target;
    return trainingSide(make({ threads: 1, strict, tuning }), network);
  });
  const timings = await alternately(sides, patience);
  for (const { release } of sides) release();
  return {
    size,
    device: name,
    timings: timings.map((timing, k) => ({ ...timing, tiles: tiles[k] ?? "" })),
  };
}
