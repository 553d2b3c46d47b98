/** How long does one step of a stream take? LSTM 64 to 128, one stream: states in, one step, output and states out. */
import { wasmDevice } from "../src/core/run/wasmDevice.ts";
import { noise, streamOf } from "./networks.ts";
import { type Report, short } from "./report.ts";
import { alternately, type Manner, type Timing } from "./timing.ts";

const size = { cell: "LSTM", features: 64, units: 128 } as const;
/** Steps a run: one alone is too short for the clock. */
const steps = 1000;

export async function sessionReport({ patience, strict }: Manner): Promise<Report> {
  const { step, weights, states } = streamOf(size);
  const executable = wasmDevice({ threads: 1, strict }).compile(step);
  const inputs = Array.from({ length: 16 }, (_, k) => noise(`x ${k}`, size.features, 1));
  let carried = states;
  const run = (): void => {
    for (let t = 0; t < steps; t++) {
      const x = inputs[t % inputs.length] as Float32Array;
      const batch = { rows: 1, times: { time: 1 }, inputs: [x, ...carried], version: 1 };
      [, ...carried] = executable.runNow(batch, weights);
    }
  };
  const [timing] = (await alternately([{ name: "step", run }], patience)) as [Timing];
  const microseconds = (milliseconds: number): string => short((1000 * milliseconds) / steps);
  return {
    name: "session",
    title: "One streaming step: LSTM 64 to 128, one stream",
    columns: ["what", "microseconds"],
    rows: [
      [
        "a step",
        `${microseconds(timing.median)} (${microseconds(timing.least)}..${microseconds(timing.most)})`,
      ],
    ],
    notes: [`One thread; runs of ${steps} steps, states from each step to the next.`],
    data: { ...timing, steps },
  };
}
