/**
 * What does looking into a run cost? `inspect(model, x)` beside `predict(x)`, and with targets beside
 * `gradients(x, y)`: a recurrent layer, every step of which is an output, and a dense layer. Values become arrays when
 * they are read: each inspection is timed alone, and once more with every state, value and delta of it read.
 */

import { setDevice } from "../src/nn/device.ts";
import { type Inspection, inspect } from "../src/nn/insight/inspect.ts";
import { dense } from "../src/nn/layers/dense.ts";
import { input } from "../src/nn/layers/input.ts";
import { gru, lstm, simpleRNN } from "../src/nn/layers/recurrent.ts";
import { tensor } from "../src/nn/model/tensor.ts";
import { sequential } from "../src/nn/models.ts";
import { devices } from "./devices.ts";
import { noise, type Size, sizeOf, sizeText } from "./networks.ts";
import { type Report, spread, times } from "./report.ts";
import { alternately, type Manner, type Side, type Timing } from "./timing.ts";

const outputs = 8;
const sizes: readonly Size[] = [
  sizeOf("LSTM", [32, 32, 32, 100]),
  sizeOf("LSTM", [64, 128, 32, 100]),
  sizeOf("LSTM", [128, 256, 16, 100]),
  sizeOf("GRU", [64, 128, 32, 100]),
  sizeOf("RNN", [64, 128, 32, 100]),
];
const layers = {
  LSTM: (units: number) => lstm({ units, returnSequences: true }),
  GRU: (units: number) => gru({ units, returnSequences: true }),
  RNN: (units: number) => simpleRNN({ units, returnSequences: true }),
  own: (units: number) => lstm({ units, returnSequences: true }),
} as const;

export async function inspectReport({ patience, strict }: Manner): Promise<Report> {
  const measured: { device: string; size: string; timings: readonly Timing[] }[] = [];
  for (const { name } of devices) {
    setDevice(name, { threads: 1, strict, memoryLimit: 2 ** 31 });
    for (const size of sizes)
      measured.push({
        device: name,
        size: sizeText(size),
        timings: await alternately(sidesOf(size), patience),
      });
  }
  const beside = (run: Timing, timings: readonly Timing[]): readonly string[] => [
    spread(run),
    ...timings.flatMap((one) => [spread(one), times(one.least / run.least)]),
  ];
  const cells = ([predict, seen, read, gradients, deltas, readToo]: readonly Timing[]): readonly string[] =>
    predict && seen && read && gradients && deltas && readToo
      ? [...beside(predict, [seen, read]), ...beside(gradients, [deltas, readToo])]
      : [];
  return {
    name: "inspect",
    title: "Looking into a run",
    columns: [
      "device",
      "layer",
      "predict, ms",
      "inspect, ms",
      "ratio",
      "all read, ms",
      "ratio",
      "gradients, ms",
      "inspect with y, ms",
      "ratio",
      "all read, ms",
      "ratio",
    ],
    texts: 2,
    rows: measured.map(({ device, size, timings }) => [device, size, ...cells(timings)]),
    notes: [
      "One thread, milliseconds of the processor; the batch as one. Ratios are those of the shortest runs. To reach: at most 1.5 times, before values are read.",
      "What is read takes fresh memory: all of it 11 or 22 arrays of [batch, time, units] for an LSTM.",
    ],
    data: measured,
  };
}

function sidesOf(size: Size): readonly Side[] {
  const { cell, features, units, batch, steps } = size;
  const model = sequential(
    input({ shape: [null, features] }),
    layers[cell](units),
    dense({ units: outputs }),
  );
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const x = tensor(noise("x", batch * steps * features, 1), [batch, steps, features]);
  const y = tensor(noise("y", batch * steps * outputs, 1), [batch, steps, outputs]);
  return [
    bySelf("predict", () => model.predict(x, { batchSize: batch })),
    bySelf("inspect", () => inspect(model, x)),
    bySelf("inspect, all read", async () => readAll(await inspect(model, x))),
    bySelf("gradients", () => model.gradients(x, y)),
    bySelf("inspect with y", () => inspect(model, x, { y })),
    bySelf("inspect with y, all read", async () => readAll(await inspect(model, x, { y }))),
  ];
}

const readAll = ({ layers }: Pick<Inspection, "layers">): readonly unknown[] =>
  Object.values(layers).flatMap(({ states, values, deltas }) =>
    [states, values, deltas].flatMap(Object.values),
  );

/** A side timed by what the processor did for it, so that a busy machine does not count. */
function bySelf(name: string, run: () => Promise<unknown>): Side {
  const burst = async (runs: number): Promise<readonly number[]> => {
    await run();
    const times: number[] = [];
    for (let k = 0; k < runs; k++) {
      const begun = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(begun);
      times.push((user + system) / 1000);
    }
    return times;
  };
  return { name, run, burst };
}
