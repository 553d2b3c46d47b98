/** What does the smallest work cost? One training step of 8 units, one row, 20 steps: nearly all of it is calls. */
import { setDevice } from "../src/nn/device.ts";
import { input } from "../src/nn/layers/input.ts";
import { lstm } from "../src/nn/layers/recurrent.ts";
import { tensor } from "../src/nn/model/tensor.ts";
import { sequential } from "../src/nn/models.ts";
import { type BenchDevice, devices } from "./devices.ts";
import { networkOf, noise, sizeOf, sizeText } from "./networks.ts";
import { type Report, spread } from "./report.ts";
import { trainingSide } from "./sides.ts";
import { alternately, dividedBy, isQuick, type Manner, type Side, type Timing } from "./timing.ts";

const size = sizeOf("LSTM", [8, 8, 1, 20]);
/** Training steps a run: one alone is too short for the clock. */
const turns = 100;

/** Runs before the first that counts: so many steps pass until the engine has optimised all that they call. */
const warmUps = 100;

export async function smallestReport({ patience, strict }: Manner): Promise<Report> {
  const measured: { device: string; what: string; microseconds: Timing }[] = [];
  for (const device of devices) {
    setDevice(device.name, { threads: 1, strict: strict && device.name === "wasm" });
    const sides = [deviceSide(device, strict), modelSide()];
    const before = isQuick({ patience, strict }) ? 0 : warmUps;
    for (const { run } of sides) for (let k = 0; k < before; k++) await run();
    const timings = await alternately(sides, patience);
    sides.forEach(({ name }, k) => {
      const microseconds = dividedBy(timings[k] as Timing, turns / 1000);
      measured.push({ device: device.name, what: name, microseconds });
    });
  }
  return {
    name: "smallest",
    title: `The smallest work: a training step of ${sizeText(size)}`,
    columns: ["device", "what", "microseconds"],
    texts: 2,
    rows: measured.map(({ device, what, microseconds }) => [device, what, spread(microseconds)]),
    notes: [`One thread, JavaScript included; medians of runs of ${turns} steps. To reach: 50 microseconds.`],
    data: { size, measured },
  };
}

function deviceSide({ make }: BenchDevice, strict: boolean): Side {
  const { run } = trainingSide(make({ threads: 1, strict }), networkOf(size));
  return { name: "device: arrays in, step, loss out", run: repeated(run) };
}

/** `trainOnBatch` on the device chosen, whose data are read and checked at every call. */
function modelSide(): Side {
  const { features, units, batch, steps } = size;
  const model = sequential(input({ shape: [null, features] }), lstm({ units, returnSequences: true }));
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const x = tensor(noise("x", batch * steps * features, 1), [batch, steps, features]);
  const y = tensor(noise("y", batch * steps * units, 1), [batch, steps, units]);
  return { name: "model.trainOnBatch", run: repeated(() => model.trainOnBatch(x, y)) };
}

const repeated = (run: () => unknown) => async (): Promise<void> => {
  for (let k = 0; k < turns; k++) await run();
};
