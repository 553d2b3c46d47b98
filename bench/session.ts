/**
 * How long does one step of a stream take, features in, output out? LSTM 64 to 128: one stream; and a thousand streams
 * pushed together beside a thousand single pushes.
 */

import { setDevice } from "../src/nn/device.ts";
import { input } from "../src/nn/layers/input.ts";
import { lstm } from "../src/nn/layers/recurrent.ts";
import { sequential } from "../src/nn/models.ts";
import { type BenchDevice, devices } from "./devices.ts";
import { noise } from "./networks.ts";
import { type Report, spread, times } from "./report.ts";
import { alternately, dividedBy, isQuick, type Manner, type Side, type Timing } from "./timing.ts";

const features = 64;
const units = 128;
/** Steps a run: one alone is too short for the clock. */
const steps = 1000;
const streams = 1000;

const modelOf = () => sequential(input({ shape: [null, features] }), lstm({ units }));
const inputs = Array.from({ length: 16 }, (_, k) => noise(`x ${k}`, features, 1));
const inputAt = (k: number): Float32Array => inputs[k % inputs.length] as Float32Array;

export async function sessionReport({ patience, strict }: Manner): Promise<Report> {
  const sides = devices.map(({ name }): Side => {
    setDevice(name, { threads: 1, strict });
    const session = modelOf().session();
    const run = (): void => {
      for (let t = 0; t < steps; t++) session.push(inputAt(t));
    };
    return { name, run };
  });
  const timings = await alternately(sides, patience);
  const measured = sides.map(({ name }, k) => {
    const timing = timings[k] as Timing;
    return { device: name, microseconds: dividedBy(timing, steps / 1000) };
  });
  return {
    name: "session",
    title: "One streaming step: LSTM 64 to 128, one stream",
    columns: ["device", "microseconds"],
    rows: measured.map(({ device, microseconds }) => [device, spread(microseconds)]),
    notes: [`One thread; medians of runs of ${steps} steps. To reach: native 5 microseconds, wasm 12.`],
    data: measured,
  };
}

interface Together {
  readonly device: BenchDevice["name"];
  readonly streams: number;
  /** Milliseconds for one step of every stream. */
  readonly single: Timing;
  readonly together: Timing;
}

/** Many sessions, each with a state of its own. */
export async function sessionsReport(manner: Manner): Promise<Report> {
  const count = isQuick(manner) ? 32 : streams;
  const measured: Together[] = [];
  for (const { name } of devices) {
    setDevice(name, { threads: 1, strict: manner.strict });
    const [single, together] = (await alternately(manySides(count), manner.patience)) as [Timing, Timing];
    measured.push({ device: name, streams: count, single, together });
  }
  return {
    name: "sessions",
    title: `One step of ${count} streams: LSTM 64 to 128`,
    columns: ["device", "single pushes, ms", "one push of all, ms", "together : single"],
    rows: measured.map(({ device, single, together }) => [
      device,
      spread(single),
      spread(together),
      times(together.median / single.median),
    ]),
    notes: ["One thread. To reach: together in 0.33 of the time on native, 0.5 on wasm."],
    data: measured,
  };
}

function manySides(count: number): readonly Side[] {
  const model = modelOf();
  const single = Array.from({ length: count }, () => model.session());
  const together = model.session({ batch: count });
  const rows = Array.from({ length: count }, (_, k) => inputAt(k));
  return [
    { name: "single", run: () => single.forEach((session, k) => void session.push(inputAt(k))) },
    { name: "together", run: () => together.push(rows) },
  ];
}
