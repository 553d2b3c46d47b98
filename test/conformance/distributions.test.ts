/** Losses of distributions over a recurrent network, on every device against the reference: value and all gradients. */
import { describe, expect, test } from "vitest";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { gaussian, gaussianMixture, quantiles } from "../../src/nn/layers/heads.ts";
import { input } from "../../src/nn/layers/input.ts";
import { gru } from "../../src/nn/layers/recurrent.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { sequential } from "../../src/nn/models.ts";
import { networkGradients } from "../../src/nn/train/learning.ts";
import { gaussianNll, mixtureNll, pinball } from "../../src/nn/train/likelihoods.ts";
import { numbers, roughened } from "../sessions.ts";
import { functionRoundings, recurrenceRoundings, relative, smallest } from "../tolerances.ts";
import { devices } from "./devices.ts";

const [features, units, made] = [3, 6, 2];
const lengths = [7, 1, 4, 5, 2];
/** `[row][step][width]`, other numbers for another width. */
const ragged = (width: number): number[][][] => {
  const all = numbers(7 * lengths.length * width);
  return lengths.map((steps, row) =>
    Array.from({ length: steps }, (_, t) => all.slice((7 * row + t) * width, (7 * row + t + 1) * width)),
  );
};

const probabilities = [0.1, 0.3, 0.8];
const cases = [
  ["gaussian", gaussian({ units: made }), gaussianNll()],
  ["gaussianMixture", gaussianMixture({ units: made, components: 5 }), mixtureNll({ components: 5 })],
  ["quantiles", quantiles({ units: made, probabilities }), pinball({ probabilities })],
] as const;

describe.each(devices)("$name", ({ device }) => {
  test.each(cases)("%s", async (_, head, loss) => {
    const model = sequential(input({ shape: [null, features] }), gru({ units, returnSequences: true }), head);
    roughened(model);
    model.compile({ optimizer: "sgd", loss });
    const network = networkOf(model);
    const data = { x: ragged(features), y: ragged(made), sampleWeight: [1, 2, 0.5, 0, 3] };
    const expected = await networkGradients(network, referenceDevice(), data);
    const got = await networkGradients(network, device({ threads: 2 }), data);
    const [steps, rows, classes] = [7, lengths.length, network.outputs[0]?.symbol.axes.at(-1) ?? 0];
    // an exponential, a logarithm and a square more than a cross-entropy, once for each unit
    const more = made * 4 * functionRoundings;
    const tolerance = relative(recurrenceRoundings({ features, units, classes, steps, rows }) + more);
    const near = (a: ArrayLike<number>, b: ArrayLike<number>): void => {
      const scale = Math.max(smallest, ...Array.from(b, Math.abs));
      const worst = Math.max(...Array.from(a, (value, k) => Math.abs(value - (b[k] ?? Number.NaN)) / scale));
      expect(worst).toBeLessThan(tolerance);
    };
    near([got.loss], [expected.loss]);
    expect(got.gradients.length).toBe(expected.gradients.length);
    for (const [k, gradient] of got.gradients.entries()) {
      expect(gradient.some((x) => x !== 0)).toBe(true);
      near(gradient, expected.gradients[k] as Float32Array);
    }
  });
});
