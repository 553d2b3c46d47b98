/**
 * A series continued: what the model gives after the last known step is its next step, and so on.
 *
 *   y[1]     = model(x[1..T])
 *   y[k + 1] = model(x[1..T], y[1] z[1], ..., y[k] z[k])       z: what is known of the future
 *
 * Where the output tells a distribution, a step is its mean or a draw from it. All rows go on together, as the streams
 * of one session, each from its own end.
 */
import type { Device } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import { breathe } from "../breath.ts";
import type { Column } from "../model/data.ts";
import type { Network } from "../model/network.ts";
import { type Tensor, tensorOf } from "../model/tensor.ts";
import { type ForecastOptions, type Series, seriesOf } from "./series.ts";
import type { StepSession } from "./session.ts";

/** The steps behind `x`, `[batch, steps, features]`. */
export async function forecast(
  network: Network,
  device: Device,
  x: unknown,
  options: ForecastOptions,
): Promise<Tensor> {
  const series = seriesOf(network, device, { x, options, method: "model.forecast" });
  const made: Tensor[] = [];
  for await (const step of going(series)) made.push(step);
  const { rows, width } = series;
  const data = new Float32Array(rows * made.length * width);
  for (const [k, step] of made.entries())
    for (let row = 0; row < rows; row++)
      data.set(step.data.subarray(row * width, (row + 1) * width), (row * made.length + k) * width);
  return tensorOf([rows, made.length, width], data);
}

/** The same steps, each as it is made, `[batch, features]`. Throws at once when the options are wrong. */
export function forecastStream(
  network: Network,
  device: Device,
  x: unknown,
  options: ForecastOptions,
): AsyncGenerator<Tensor, void, undefined> {
  return going(seriesOf(network, device, { x, options, method: "model.forecastStream" }));
}

async function* going(series: Series): AsyncGenerator<Tensor, void, undefined> {
  const { session, past, future, rows, width, next, options } = series;
  const { steps, signal } = options;
  if (steps === 0) return;
  let outputs = await read(session, past);
  const inputs = Array.from({ length: rows }, () => new Float32Array(past.size));
  for (let k = 0; k < steps && !signal?.aborted; k++) {
    const made = new Float32Array(rows * width);
    for (const [row, output] of outputs.entries()) made.set(next(output, row), row * width);
    refuseNotFinite(made, k);
    yield tensorOf([rows, width], made);
    if (k === steps - 1) return;
    for (const [row, input] of inputs.entries()) {
      input.set(made.subarray(row * width, (row + 1) * width));
      const known = past.size - width;
      if (future) input.set(future.row(row).subarray(k * known, (k + 1) * known), width);
    }
    outputs = session.push(inputs) as readonly Float32Array[]; // one output, as was checked
    await breathe();
  }
}

/** What the model gives after the last step of each row. */
async function read(
  session: StepSession,
  { rows, lengths, size, row: rowOf }: Column,
): Promise<readonly Float32Array[]> {
  const last: Float32Array[] = [];
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const all = Array.from({ length: rows }, (_, row) => row);
  for (let t = 0; t < longest; t++) {
    const going = all.filter((row) => t < (lengths[row] ?? 0));
    const steps = going.map((row) => rowOf(row).subarray(t * size, (t + 1) * size));
    const outputs = session.push(steps, { rows: going }) as readonly Float32Array[];
    for (const [k, row] of going.entries()) last[row] = outputs[k] as Float32Array; // until its next push
    await breathe();
  }
  return last;
}

function refuseNotFinite(made: Float32Array, step: number): void {
  const wrong = made.find((x) => !Number.isFinite(x));
  if (wrong === undefined) return;
  throw new UnrollError({
    where: `model.forecast(x, options), step ${step}`,
    expected: "finite numbers from the model",
    got: String(wrong),
    fix: "The model runs away from what it has learned: train it longer, or forecast fewer steps.",
  });
}
