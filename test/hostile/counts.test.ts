/** Counts that would make more than any machine holds: each is refused within a second, and the layer and its option are named. */
import * as unroll from "unroll-rnn";
import { UnrollError } from "unroll-rnn";
import { describe, expect, test } from "vitest";

const huge = 2 ** 31 - 1;
const series = () => unroll.input({ shape: [null, 2] });
const image = () => unroll.input({ shape: [4, 4, 1] });
const x = [
  [
    [1, 2],
    [3, 4],
  ],
];
const pixels = [Array.from({ length: 4 }, () => Array.from({ length: 4 }, () => [1]))];
const lookingBack = (dilationRate: number) =>
  unroll.sequential(series(), unroll.delayTaps({ taps: 2048, dilationRate })).session();

type Case = readonly [name: string, run: () => unknown, told: RegExp];
const cases: readonly Case[] = [
  [
    "strides of a pool",
    () =>
      unroll
        .sequential(series(), unroll.maxPooling1d({ poolSize: 2, strides: huge, padding: "same" }))
        .predict(x),
    /maxPooling1d\(options\), strides/,
  ],
  [
    "strides of a convolution",
    () =>
      unroll
        .sequential(series(), unroll.conv1d({ filters: 1, kernelSize: 2, strides: huge, padding: "same" }))
        .predict(x),
    /conv1d\(options\), strides/,
  ],
  [
    "a pool",
    () => unroll.sequential(series(), unroll.maxPooling1d({ poolSize: huge })).predict(x),
    /maxPooling1d\(options\), poolSize/,
  ],
  [
    "a pool with many beginnings",
    () =>
      unroll.sequential(series(), unroll.averagePooling1d({ poolSize: 2048, padding: "same" })).predict(x),
    /"averagePooling1d_1", padding: "same": expected a window of 4 steps at most/,
  ],
  [
    "taps",
    () => unroll.sequential(series(), unroll.delayTaps({ taps: huge })).predict(x),
    /delayTaps\(options\), taps/,
  ],
  ["taps far apart", () => lookingBack(huge).push([1, 2]), /delayTaps\(options\), dilationRate/],
  [
    "many taps far apart",
    () => lookingBack(2 ** 16).push([1, 2]),
    /"delayTaps_1", taps and dilationRate: expected at most 16777216 numbers/,
  ],
  [
    "a pool of pixels",
    () =>
      unroll
        .sequential(image(), unroll.maxPooling2d({ poolSize: huge, strides: 1, padding: "same" }))
        .predict(pixels),
    /maxPooling2d\(options\), poolSize: .*4096 pixels at most/,
  ],
  [
    "a kernel of pixels",
    () => unroll.conv2d({ filters: 1, kernelSize: [huge, 1] }),
    /conv2d\(options\), kernelSize: .*65536 pixels at most/,
  ],
  ["copies", () => unroll.repeatVector({ n: huge }), /repeatVector\(options\), n/],
  ["heads", () => unroll.multiHeadAttention({ numHeads: huge, keyDim: 1 }), /numHeads/],
  ["heads of a cell", () => unroll.slstm({ units: huge, heads: huge }), /slstm\(options\), heads/],
  [
    "quantiles",
    () =>
      unroll.quantiles({
        units: 1,
        probabilities: Array.from({ length: 2000 }, (_, k) => (k + 1) / 2002),
      }),
    /quantiles\(options\), probabilities: .*1024 at most/,
  ],
  [
    "units of a mixture",
    () => unroll.gaussianMixture({ units: huge, components: 2 }),
    /gaussianMixture\(options\), units/,
  ],
  [
    "steps of a drawing",
    () => unroll.unfold(unroll.sequential(series(), unroll.lstm({ units: 1 })), { steps: huge }),
    /unfold\(options\), steps/,
  ],
  [
    "steps of a session",
    () => unroll.sequential(series(), unroll.lstm({ units: 1 })).session({ maxSteps: huge }),
    /model\.session\(options\), maxSteps/,
  ],
];

describe.each(["reference", "wasm"] as const)("on %s", (device) => {
  test.each(cases)("%s", async (_, run, told) => {
    await unroll.setDevice(device, device === "wasm" ? { threads: 1 } : undefined);
    const began = process.cpuUsage();
    const error = await (async () => run())().catch((thrown: unknown) => thrown);
    const { user } = process.cpuUsage(began);
    expect(error).toBeInstanceOf(UnrollError);
    expect((error as UnrollError).message).toMatch(told);
    expect(user / 1e6).toBeLessThan(1);
  });
});

test("what the reference device cannot hold is told", async () => {
  await unroll.setDevice("reference");
  const vector = unroll.input({ shape: [2] });
  const copies = unroll.repeatVector({ n: 2 ** 20 })(vector);
  const model = unroll.functional({ inputs: [vector], outputs: [unroll.attention()([copies, copies])] });
  await expect(model.predict([[[1, 2]]])).rejects.toThrow(/the reference device: expected values that fit/);
});

test("the largest strides with zeros at both ends give one window", async () => {
  await unroll.setDevice("reference");
  const pool = unroll.maxPooling1d({ poolSize: 3, strides: 2 ** 16, padding: "same" });
  expect((await unroll.sequential(series(), pool).predict(x)).toArray()).toEqual([[[3, 4]]]);
});
