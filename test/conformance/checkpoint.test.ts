/**
 * Checkpointing: where memory is short, values are kept for one segment of steps and computed again. It changes no bit,
 * and what would not fit fits.
 */
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import { mul, sub } from "../../src/core/graph/operators.ts";
import { bufferBytes } from "../../src/core/plan/allocate.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { wasmTarget } from "../../src/core/plan/target.ts";
import type { Computation, Update } from "../../src/core/run/device.ts";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { conv1d } from "../../src/nn/layers/conv1d.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { input } from "../../src/nn/layers/input.ts";
import { maxPooling1d } from "../../src/nn/layers/pooling1d.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { chainOf, sequentialNetwork } from "../../src/nn/model/sequential.ts";
import { type TraceOptions, trace } from "../../src/nn/model/trace.ts";
import { type Extents, withFollowing } from "../../src/nn/times.ts";
import { type Loss, meanSquaredError, sparseCategoricalCrossentropy } from "../../src/nn/train/losses.ts";
import { objectiveOf } from "../../src/nn/train/objective.ts";
import { bitsOf, given } from "./cases.ts";
import { cellNames, trainingCase } from "./cells.ts";
import { type DeviceOptions, devices } from "./devices.ts";

function objective(
  layers: readonly unknown[],
  loss: Loss = meanSquaredError(),
  states: TraceOptions["states"] = "initial",
): Computation {
  const chain = chainOf(layers);
  const network = sequentialNetwork(chain, chain.input ?? (input({ shape: [null, 5] }) as never), 1);
  const traced = trace(network, { training: true, states });
  const goal = { name: "output", loss, metrics: [] };
  const trained = network.variables.map(() => true);
  return objectiveOf(traced, [goal], [{ counts: true, weights: false }], trained).computation;
}

const x = input({ shape: [null, 5] });
const every = { units: 6, returnSequences: true } as const;
const networks: Readonly<Record<string, Computation>> = {
  "a loss at the last step": objective([x, lstm({ units: 6 }), dense({ units: 1 })]),
  "three layers and dropout": objective([
    x,
    lstm({ ...every, dropout: 0.3, recurrentDropout: 0.2 }),
    dropout({ rate: 0.4 }),
    gru({ ...every, units: 5 }),
    simpleRNN({ units: 4 }),
  ]),
  "both directions": objective([x, bidirectional(lstm(every)), gru({ units: 3, goBackwards: true })]),
  "a language model": objective(
    [embedding({ inputDim: 9, outputDim: 5 }), lstm(every), dense({ units: 9 })],
    sparseCategoricalCrossentropy({ fromLogits: true }),
  ),
  "windows of steps between": objective([
    x,
    lstm(every),
    conv1d({ filters: 4, kernelSize: 3, padding: "same" }),
    gru(every),
    conv1d({ filters: 4, kernelSize: 3, strides: 2, padding: "same" }),
    lstm({ units: 3, returnSequences: true }),
    maxPooling1d({ poolSize: 2, strides: 1 }),
  ]),
  "delay lines between": objective([
    x,
    lstm(every),
    conv1d({ filters: 4, kernelSize: 3, padding: "causal", dilationRate: 2 }),
    gru({ units: 5 }),
  ]),
  "states from the batch before": objective([x, lstm(every), gru(every)], meanSquaredError(), "given"),
};
const lengths = Int32Array.of(29, 3, 0, 12, 24, 25, 29, 1, 13);
const ragged: Extents = { rows: lengths.length, times: { time: 29 }, lengths: { time: lengths } };
const even: Extents = { lengths: {}, rows: 5, times: { time: 29 } };
/** Segments of one chunk, of several, of nearly all steps and of more than there are. */
const cuts: readonly DeviceOptions[] = [
  { chunk: 1, segment: 1 },
  { chunk: 2, segment: 6 },
  { chunk: 7, segment: 14, threads: 2 },
  { chunk: 4, segment: 28 },
  { segment: 36 },
];

describe.each(devices)("segments change no bit on $name:", ({ device }) => {
  test.each(Object.entries(networks))("%s", (_, computation) => {
    for (const each of [ragged, even]) {
      const sizes = withFollowing(Object.keys(computation.lengths), each);
      const { batch, weights } = given({ computation, ...sizes, scale: 0.5 });
      const bits = (options: DeviceOptions): string =>
        bitsOf(
          device({ shardRows: 4, ...options })
            .compile(computation)
            .runNow(batch, weights),
        );
      const wanted = bits({});
      for (const cut of cuts) expect(bits(cut), JSON.stringify([sizes.rows, cut])).toBe(wanted);
    }
  });

  test.each(cellNames)("%s, its last states, and the gradients of its inputs", async (cell) => {
    const network = { cell, features: 6, units: 7, classes: 5, given: true };
    const one = trainingCase(network, { rows: 11, steps: 29, ragged: true }, 2);
    const { batch, weights } = given(one);
    const bits = (options: DeviceOptions): string =>
      bitsOf(
        device({ ...options, shardRows: 3 })
          .compile(one.computation)
          .runNow(batch, weights),
      );
    const wanted = bits({});
    for (const cut of cuts) expect(bits(cut), JSON.stringify(cut)).toBe(wanted);
    const held = async (options: DeviceOptions): Promise<string> => {
      const executable = device({ ...options, shardRows: 3 }).compile(one.computation);
      const { output } = await executable.hold(batch, weights);
      return bitsOf(one.computation.outputs.map((_, index) => output(index)));
    };
    const whole = await held({});
    for (const cut of cuts) expect(await held(cut), `held ${JSON.stringify(cut)}`).toBe(whole);
  });
});

/** w' = w - rate g */
function descent(weight: Computation["weights"][number]): Update {
  const [w, gradient, rate] = [parameter("w", []), parameter("g", []), parameter("rate", [])];
  expect(weight.dtype).toBe("float32");
  return {
    weight: w,
    gradient,
    slots: [],
    scalars: [rate],
    nextWeight: sub(w, mul(rate, gradient)),
    nextSlots: [],
  };
}

describe.each(devices)("10,000 steps on $name, a loss", ({ device }) => {
  const limit = 5 * 2 ** 20;
  const sizes = { rows: 4, times: { time: 10_000 } };
  const four = input({ shape: [null, 4] });
  const layers = { units: 16 } as const;
  test.each([
    ["at the last step", objective([four, lstm(layers), dense({ units: 1 })])],
    ["at every step", objective([four, lstm({ ...layers, returnSequences: true }), dense({ units: 1 })])],
  ])("%s: trained within the limit, to the same weights", async (_, computation) => {
    const { batch, weights } = given({ computation, ...sizes, scale: 0.5 });
    const trained = async (memoryLimit: number): Promise<string> => {
      const trainer = device({ memoryLimit }).train(computation, computation.weights.map(descent));
      trainer.write(
        weights,
        weights.map(() => []),
      );
      const decide = (): readonly (readonly number[])[] => weights.map(() => [2 ** -10]);
      const [first] = [await trainer.step(batch, decide)];
      const outputs = [...first, ...(await trainer.step(batch, decide)), ...trainer.read().weights];
      trainer.release();
      expect(outputs.every((array) => array.every(Number.isFinite))).toBe(true);
      return bitsOf(outputs);
    };
    const extent = { ...sizes, chunk: 12, segment: null };
    const bytes = plan(computation, wasmTarget).buffers.map((buffer) => bufferBytes(buffer, extent));
    expect(bytes.reduce((sum, size) => sum + size)).toBeGreaterThan(3 * limit);
    expect(await trained(limit)).toBe(await trained(2 ** 27));
  });

  test("that does not fit for its inputs alone is refused", async () => {
    const [, computation] = Object.entries(networks)[0] as [string, Computation];
    const { batch, weights } = given({ computation, rows: 60, times: { time: 10_000 } });
    const executable = device({ memoryLimit: limit }).compile(computation);
    expect(() => executable.runNow(batch, weights)).toThrow(/MiB/);
  });
});
