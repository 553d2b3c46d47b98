/**
 * What does working in chunks of time buy? The training step with chunks of several lengths, the whole sequence as one
 * chunk among them. No bit depends on the length.
 */
import { wasmDevice } from "../src/core/run/wasmDevice.ts";
import { type Network, networkOf, type Size, sizeOf, sizeText } from "./networks.ts";
import { type Report, short, spread, times } from "./report.ts";
import { alternately, type Manner, type Side, type Timing } from "./timing.ts";

const sizes: readonly Size[] = [sizeOf("LSTM", [64, 128, 32, 100]), sizeOf("LSTM", [128, 256, 64, 100])];
const lengths = [1, 3, 6, 12, 25, 100];

interface Measured {
  readonly size: Size;
  readonly chosen: Timing;
  readonly byLength: readonly Timing[];
}

export async function chunksReport(manner: Manner): Promise<Report> {
  const measured: Measured[] = [];
  for (const size of sizes) measured.push(await measure(size, manner));
  return {
    name: "chunks",
    title: "Training step by the length of a chunk, one thread",
    columns: [
      "cell; input, units, batch, steps",
      "as planned ms",
      ...lengths.map((length) => `${length} steps`),
      "no chunks : planned",
    ],
    rows: measured.map(({ size, chosen, byLength }) => [
      sizeText(size),
      spread(chosen),
      ...byLength.map(({ median }) => short(median)),
      times((byLength.at(-1) as Timing).median / chosen.median),
    ]),
    notes: [],
    data: measured,
  };
}

async function measure(size: Size, { patience, strict }: Manner): Promise<Measured> {
  const network = networkOf(size);
  const sides = [null, ...lengths].map((chunk) => stepSide(network, chunk, strict));
  const [chosen, ...byLength] = (await alternately(sides, patience)) as [Timing, ...Timing[]];
  for (const { release } of sides) release();
  return { size, chosen, byLength };
}

function stepSide(
  { training, updates, weights, trainingBatch }: Network,
  chunk: number | null,
  strict: boolean,
): Side & { release(): void } {
  const device = wasmDevice({ threads: 1, strict, ...(chunk === null ? {} : { chunk }) });
  const trainer = device.train(training, updates);
  const rates = weights.map(() => [1e-4]);
  trainer.write(
    weights,
    weights.map(() => []),
  );
  return {
    name: `${chunk}`,
    run: () => trainer.step(trainingBatch, () => rates),
    release: () => trainer.release(),
  };
}
