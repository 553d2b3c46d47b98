/** Is a cell of one's own as fast as a built-in one? LSTM, and the same arithmetic written with `defineCell`. */
import { type BenchDevice, devices } from "./devices.ts";
import { networkOf, type Size, sizeOf, sizeText } from "./networks.ts";
import { type Report, spread, times } from "./report.ts";
import { trainingSide } from "./sides.ts";
import { alternately, type Manner, type Timing } from "./timing.ts";

const sizes: readonly (readonly [number, number, number, number])[] = [
  [64, 128, 32, 100],
  [32, 32, 32, 100],
  [8, 16, 8, 100],
];

interface Measured {
  readonly size: Size;
  readonly device: BenchDevice["name"];
  readonly builtIn: Timing;
  readonly own: Timing;
}

export async function ownCellReport(manner: Manner): Promise<Report> {
  const measured: Measured[] = [];
  for (const numbers of sizes) measured.push(...(await measure(numbers, manner)));
  return {
    name: "ownCell",
    title: "A cell of one's own: training step beside the built-in cell of the same arithmetic",
    columns: ["cell; input, units, batch, steps", "device", "lstm ms", "own ms", "own : lstm"],
    texts: 2,
    rows: measured.map(({ size, device, builtIn, own }) => [
      sizeText(size),
      device,
      spread(builtIn),
      spread(own),
      times(own.median / builtIn.median),
    ]),
    notes: ["One thread. To reach: within 5 %."],
    data: measured,
  };
}

async function measure(
  numbers: (typeof sizes)[number],
  { patience, strict }: Manner,
): Promise<readonly Measured[]> {
  const [size, own] = [sizeOf("LSTM", numbers), sizeOf("own", numbers)];
  const sides = devices.flatMap(({ make }) =>
    [size, own].map((one) => trainingSide(make({ threads: 1, strict }), networkOf(one))),
  );
  const timings = await alternately(sides, patience);
  for (const { release } of sides) release();
  return devices.map(({ name }, k): Measured => {
    const [builtIn, ofOwn] = timings.slice(2 * k) as [Timing, Timing];
    return { size, device: name, builtIn, own: ofOwn };
  });
}
