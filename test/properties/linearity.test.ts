/**
 * What has no bias and no activation is linear: twice the input gives twice the output and minus the input minus the
 * output, bit for bit, and a sum of inputs the sum of outputs, but for rounding.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bidirectional } from "../../src/nn/layers/bidirectional.ts";
import { conv1d } from "../../src/nn/layers/conv1d.ts";
import { delayTaps } from "../../src/nn/layers/delayTaps.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import type { Layer } from "../../src/nn/layers/facts.ts";
import { globalAveragePooling1d } from "../../src/nn/layers/globalPooling1d.ts";
import { lru } from "../../src/nn/layers/lru.ts";
import { averagePooling1d } from "../../src/nn/layers/pooling1d.ts";
import { simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { timeDistributed } from "../../src/nn/layers/timeDistributed.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { predict } from "../../src/nn/model/predict.ts";
import type { Tensor } from "../../src/nn/model/tensor.ts";
import { sequential } from "../../src/nn/models.ts";
import { devices } from "../conformance/devices.ts";
import { reals, roughened } from "../sessions.ts";
import { recurrenceRoundings, relative } from "../tolerances.ts";
import { classes, features, type Row, row } from "./batches.ts";

const linear = { activation: "linear", bias: "none" } as const;
const recurrent = { units: 4, ...linear, returnSequences: true } as const;
const layers: Readonly<Record<string, () => unknown>> = {
  dense: () => dense({ units: 4, bias: false }),
  timeDistributed: () => timeDistributed(dense({ units: 4, bias: false })),
  simpleRNN: () => simpleRNN(recurrent),
  "simpleRNN, the last output": () => simpleRNN({ units: 4, ...linear }),
  bidirectional: () => bidirectional(simpleRNN(recurrent), { mergeMode: "ave" }),
  lru: () => lru({ units: 4, returnSequences: true }),
  conv1d: () => conv1d({ filters: 4, kernelSize: 3, dilationRate: 2, padding: "causal", bias: false }),
  delayTaps: () => delayTaps({ taps: 3 }),
  averagePooling1d: () => averagePooling1d({ poolSize: 2, strides: 1, padding: "same" }),
  globalAveragePooling1d: () => globalAveragePooling1d(),
};
/** Two inputs of the same number of steps, in thirty-seconds, so that their sum is exact. */
const pair = fc
  .array(fc.tuple(row(1, 1), row(1, 1)), { minLength: 1, maxLength: 9 })
  .map((steps): readonly [Row, Row] => [steps.flatMap(([a]) => a), steps.flatMap(([, b]) => b)]);
const times = (x: Row, factor: number): Row => x.map((step) => step.map((value) => factor * value));
const plus = (a: Row, b: Row): Row => a.map((step, t) => step.map((value, k) => value + (b[t]?.[k] ?? 0)));
const runs = { numRuns: 15, seed: 11 };

describe.each(devices)("on $name", ({ device: made }) => {
  const device = made();
  describe.each(Object.entries(layers))("%s", (_, layer) => {
    const network = networkOf(roughened(sequential(reals(), layer() as Layer)));
    const run = async (x: Row): Promise<readonly number[]> => [
      ...((await predict(network, [x] as never, {}, device)) as Tensor).data,
    ];

    test("twice and minus: the same bits", async () => {
      const property = fc.asyncProperty(row(1), async (x) => {
        const y = await run(x);
        expect(await run(times(x, 2))).toEqual(y.map((value) => 2 * value));
        expect((await run(times(x, -1))).map((value) => value + 0)).toEqual(y.map((value) => 0 - value));
      });
      await fc.assert(property, runs);
    });
    test("the sum, but for rounding", async () => {
      const property = fc.asyncProperty(pair, async ([a, b]) => {
        const [ya, yb, whole] = [await run(a), await run(b), await run(plus(a, b))];
        const extents = { features, units: 4, classes, steps: a.length, rows: 1 };
        const largest = Math.max(1, ...[...ya, ...yb].map(Math.abs));
        whole.forEach((value, k) => {
          const error = Math.abs(value - (ya[k] ?? 0) - (yb[k] ?? 0));
          expect(error).toBeLessThan(relative(recurrenceRoundings(extents)) * largest);
        });
      });
      await fc.assert(property, runs);
    });
  });
});
