/**
 * How do time and memory grow? A training step against steps, units, batch, layers, threads and epochs, each alone;
 * with the time a step of a row and gigaflops a second, so that what is linear can be seen to be.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { UnrollError } from "../src/errors.ts";
import { type BenchDevice, devices, threadCounts } from "./devices.ts";
import { watched } from "./memory.ts";
import { networkOf, type Size, sizeOf, sizeText, trainingOperations } from "./networks.ts";
import { type Report, short, spread } from "./report.ts";
import { type TrainingSide, trainingSide } from "./sides.ts";
import { alternately, isQuick, type Manner, type Patience, type Timing } from "./timing.ts";

interface Case {
  readonly size: Size;
  readonly layers: number;
  readonly threads: number;
  /** Training steps before the measurement: a hundred batches are an epoch. */
  readonly epochs: number;
  /** Bytes; null for the usual limit. */
  readonly memoryLimit: number | null;
}
interface Measured extends Case {
  readonly device: BenchDevice["name"];
  readonly against: string;
  /** Null where the device refused. */
  readonly timing: Timing | null;
  readonly bytes: number;
  /** What is alive of the process's own. */
  readonly heapBytes: number;
  readonly gflops: number | null;
  readonly refusal: string | null;
}

const alone: Omit<Case, "size"> = { layers: 1, threads: 1, epochs: 0, memoryLimit: null };
/** A limit that the long sequences pass. */
const tightLimit = 48 * 2 ** 20;
const stepsInEpoch = 100;
/** Many cases, each short. */
const patience: Patience = { milliseconds: 600, least: 3, most: 25, burst: 30 };

/** [what grows, the cases]. */
function groups(short: boolean): readonly (readonly [string, readonly Case[]])[] {
  const of = (numbers: readonly [number, number, number, number], more: Partial<Case> = {}): Case => ({
    ...alone,
    ...more,
    size: sizeOf("LSTM", numbers),
  });
  const few = <T>(all: readonly T[]): readonly T[] => (short ? all.slice(0, 2) : all);
  const lengths = [10, 30, 100, 300, 1000, 3000, 10000];
  return [
    ["steps", few(lengths).map((steps) => of([32, 64, 8, steps]))],
    [
      `steps, memoryLimit ${mebibytes(tightLimit)} MiB`,
      few([1000, 3000, 10000]).map((steps) => of([32, 64, 8, steps], { memoryLimit: tightLimit })),
    ],
    ["units", few([16, 32, 64, 128, 256, 512, 1024]).map((units) => of([64, units, 16, 20]))],
    ["batch", few([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]).map((batch) => of([64, 128, batch, 20]))],
    ["layers", few([1, 2, 3, 4]).map((layers) => of([64, 64, 32, 50], { layers }))],
    ["threads", threadCounts().map((threads) => of([64, 128, 64, 50], { threads }))],
    ["epochs", few([1, 3, 10]).map((epochs) => of([16, 16, 16, 20], { epochs: short ? 1 : epochs }))],
  ];
}

export async function scalingReport(manner: Manner): Promise<Report> {
  const measured: Measured[] = [];
  for (const [against, cases] of groups(isQuick(manner)))
    for (const device of devices)
      for (const one of cases) measured.push({ ...(await measure(one, device, manner)), against });
  return {
    name: "scaling",
    title: "How cost grows: a training step",
    columns: [
      "against",
      "cell; input, units, batch, steps",
      "further",
      "device",
      "ms",
      "microseconds a step of a row",
      "GF/s",
      "arena MiB",
      "heap MiB",
    ],
    texts: 4,
    rows: measured.map(rowOf),
    notes: [
      "Arena: all that the device holds, the weights among it. Heap: what is alive of the process's own.",
      "An epoch is 100 batches; its row is measured after them.",
    ],
    data: measured,
  };
}

async function measure(
  one: Case,
  { name, make }: BenchDevice,
  manner: Manner,
): Promise<Omit<Measured, "against">> {
  const { size, layers, threads, epochs, memoryLimit } = one;
  const network = networkOf(size, { layers });
  const { result: side, bytes } = await watched(() => {
    const limit = memoryLimit === null ? {} : { memoryLimit };
    return trainingSide(make({ threads, strict: manner.strict, ...limit }), network);
  });
  const nothing = { timing: null, gflops: null, refusal: null };
  try {
    await repeat(side, epochs * stepsInEpoch);
    const [timing] = (await alternately([side], isQuick(manner) ? manner.patience : patience)) as [Timing];
    const gflops = layers > 1 ? null : trainingOperations(size) / timing.median / 1e6;
    return { ...one, ...nothing, device: name, timing, gflops, bytes: bytes(), heapBytes: heapBytes() };
  } catch (error) {
    if (!(error instanceof UnrollError)) throw error;
    return { ...one, ...nothing, device: name, bytes: bytes(), heapBytes: heapBytes(), refusal: error.got };
  } finally {
    side.release();
  }
}

async function repeat({ run }: TrainingSide, count: number): Promise<void> {
  for (let k = 0; k < count; k++) await run();
}

/** What is alive, not what waits to be collected. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

const mebibytes = (bytes: number): string => short(bytes / 2 ** 20);

function rowOf(measured: Measured): readonly string[] {
  const { against, size, layers, threads, epochs, device, timing, bytes, heapBytes: heap } = measured;
  const further = [
    ...(layers > 1 ? [`${layers} layers`] : []),
    ...(threads > 1 ? [`${threads} threads`] : []),
    ...(epochs > 0 ? [`after ${epochs} epochs`] : []),
  ];
  const place = [against, sizeText(size), further.join(", "), device];
  if (timing === null) return [...place, `refused: ${measured.refusal ?? ""}`, "", "", mebibytes(bytes), ""];
  return [
    ...place,
    spread(timing),
    short((1000 * timing.median) / (size.batch * size.steps)),
    measured.gflops === null ? "" : short(measured.gflops),
    mebibytes(bytes),
    mebibytes(heap),
  ];
}
