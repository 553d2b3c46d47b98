/** How long does one step of a stream take? LSTM 64 to 128, one stream: `session.push`, features in, output out. */

import { setDevice } from "../src/nn/device.ts";
import { input } from "../src/nn/layers/input.ts";
import { lstm } from "../src/nn/layers/recurrent.ts";
import { sequential } from "../src/nn/models.ts";
import { noise } from "./networks.ts";
import { type Report, short } from "./report.ts";
import { alternately, type Manner, type Timing } from "./timing.ts";

const features = 64;
const units = 128;
/** Steps a run: one alone is too short for the clock. */
const steps = 1000;

export async function sessionReport({ patience, strict }: Manner): Promise<Report> {
  setDevice("wasm", { threads: 1, strict });
  const session = sequential(input({ shape: [null, features] }), lstm({ units })).session();
  const given = Array.from({ length: 16 }, (_, k) => noise(`x ${k}`, features, 1));
  const run = (): void => {
    for (let t = 0; t < steps; t++) session.push(given[t % given.length] as Float32Array);
  };
  const [timing] = (await alternately([{ name: "step", run }], patience)) as [Timing];
  const microseconds = (milliseconds: number): string => short((1000 * milliseconds) / steps);
  const { median, least, most } = timing;
  return {
    name: "session",
    title: "One streaming step: LSTM 64 to 128, one stream",
    columns: ["what", "microseconds"],
    rows: [["session.push", `${microseconds(median)} (${microseconds(least)}..${microseconds(most)})`]],
    notes: [`One thread; medians of runs of ${steps} steps.`],
    data: { ...timing, steps },
  };
}
