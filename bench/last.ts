/** What does a long sequence cost whose loss stands at its end, beside one with a loss at every step? */
import { devices } from "./devices.ts";
import { longSize, networkOf, sizeText } from "./networks.ts";
import { type Report, spread, times } from "./report.ts";
import { trainingSide } from "./sides.ts";
import { alternately, type Manner, type Timing } from "./timing.ts";

export async function lastStepReport({ patience, strict }: Manner): Promise<Report> {
  const networks = [false, true].map((last) => networkOf(longSize, { last }));
  const sides = devices.flatMap(({ make }) => {
    const device = make({ threads: 1, strict });
    return networks.map((network) => trainingSide(device, network));
  });
  const timings = await alternately(sides, patience);
  for (const { release } of sides) release();
  const measured = devices.map(({ name }, k) => {
    const [each, end] = timings.slice(2 * k) as [Timing, Timing];
    return { device: name, each, end, part: end.median / each.median };
  });
  return {
    name: "last",
    title: `Training step of ${sizeText(longSize)}`,
    columns: ["device", "loss at every step, ms", "loss at the last step, ms", "last : every"],
    rows: measured.map(({ device, each, end, part }) => [device, spread(each), spread(end), times(part)]),
    notes: [
      "One thread. Deltas that have vanished are zero, and chunks of time without any are skipped.",
      "To reach: wasm at most 0.65 times.",
    ],
    data: { size: longSize, measured },
  };
}
