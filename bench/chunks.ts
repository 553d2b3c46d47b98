/**
 * What does working in chunks of time buy? The training step with chunks of several lengths, the whole sequence as one
 * chunk among them. No bit depends on the length.
 */
import { type BenchDevice, devices } from "./devices.ts";
import { networkOf, type Size, sizeOf, sizeText } from "./networks.ts";
import { type Report, short, spread, times } from "./report.ts";
import { trainingSide } from "./sides.ts";
import { alternately, type Manner, type Timing } from "./timing.ts";

const sizes: readonly Size[] = [sizeOf("LSTM", [64, 128, 32, 100]), sizeOf("LSTM", [128, 256, 64, 100])];
const lengths = [1, 3, 6, 12, 25, 100];

interface Measured {
  readonly size: Size;
  readonly device: BenchDevice["name"];
  readonly chosen: Timing;
  readonly byLength: readonly Timing[];
}

export async function chunksReport(manner: Manner): Promise<Report> {
  const measured: Measured[] = [];
  for (const size of sizes) for (const device of devices) measured.push(await measure(size, device, manner));
  return {
    name: "chunks",
    title: "Training step by the length of a chunk, one thread",
    columns: [
      "cell; input, units, batch, steps",
      "device",
      "as planned ms",
      ...lengths.map((length) => `${length} steps`),
      "no chunks : planned",
    ],
    texts: 2,
    rows: measured.map(({ size, device, chosen, byLength }) => [
      sizeText(size),
      device,
      spread(chosen),
      ...byLength.map(({ median }) => short(median)),
      times((byLength.at(-1) as Timing).median / chosen.median),
    ]),
    notes: [],
    data: measured,
  };
}

async function measure(
  size: Size,
  { name, make }: BenchDevice,
  { patience, strict }: Manner,
): Promise<Measured> {
  const network = networkOf(size);
  const sides = [null, ...lengths].map((chunk) =>
    trainingSide(make({ threads: 1, strict, ...(chunk === null ? {} : { chunk }) }), network),
  );
  const [chosen, ...byLength] = (await alternately(sides, patience)) as [Timing, ...Timing[]];
  for (const { release } of sides) release();
  return { size, device: name, chosen, byLength };
}
