import { describe, expect, test } from "vitest";
import { abs, sqrt, sub } from "../../src/core/graph/operators.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { input } from "../../src/nn/layers/input.ts";
import type { Callback } from "../../src/nn/train/callbacks.ts";
import { filesOf } from "../../src/nn/train/checkpoint.ts";
import { compileNetwork, learnerIn } from "../../src/nn/train/learning.ts";
import type { Loss } from "../../src/nn/train/losses.ts";
import { sgd } from "../../src/nn/train/optimizers.ts";
import { modelOf, networkOf, ragged, sequences, tagger, train, weightsOf } from "./harness.ts";

describe("a step that is not finite", () => {
  test("stops the training with the layer named and the weights good", async () => {
    const network = tagger();
    const poison: Callback = {
      onStepEnd: ({ step, model }) => {
        if (step !== 2) return;
        const weights = model.getWeights();
        weights[0]?.data.fill(Number.NaN);
        model.setWeights(weights);
      },
    };
    const checkpoint = { path: "kept", everySteps: 1 };
    const failing = train(network, ragged, { epochs: 3, batchSize: 4, callbacks: [poison], checkpoint });
    await expect(failing).rejects.toThrow(/training step 3.*gru_1\/kernel.*kept, after step 2/);
  });

  test.each([
    ["trained", undefined, /training step 1: expected finite weights, got numbers .* the weight "gru_1/],
    [
      "saved",
      { path: "kept" },
      /model\.save.*others in the weight or state "gru_1\/kernel", after step 1\. Nothing/,
    ],
  ])("as the last one, leaves weights that are not %s in silence", async (_, checkpoint, message) => {
    const network = tagger();
    compileNetwork(network, { optimizer: sgd({ learningRate: 3e38 }), loss: "meanSquaredError" });
    const data = {
      x: sequences([3], 3, 1),
      y: [
        [
          [9, 9],
          [9, 9],
          [9, 9],
        ],
      ],
    };
    const model = modelOf(network, () => void filesOf(network));
    const options = { epochs: 1, ...(checkpoint ? { checkpoint } : {}) };
    await expect(train(network, data, options, model)).rejects.toThrow(message);
  });

  test("data that are not finite are refused, and nothing is learned from them", async () => {
    const network = tagger();
    const before = weightsOf(network);
    const x = sequences([3, 3], 3, 1).map((row) =>
      row.map((step) => step.map(() => Number.POSITIVE_INFINITY)),
    );
    await expect(train(network, { x, y: sequences([3, 3], 2, 2) }, {})).rejects.toThrow(
      /x, row 0.*finite numbers/,
    );
    expect(weightsOf(network)).toEqual(before);
    expect(learnerIn(network)?.state.step).toBe(0);
    expect(learnerIn(network)?.busy).toBe(false);
  });

  test("a gradient that is not finite is told from a loss, and the layer it reaches first is named", async () => {
    const network = networkOf(input({ shape: [2] }), (s) =>
      dense({ units: 1, name: "last" })(dense({ units: 2, name: "first" })(s)),
    );
    // The loss is 0 at the target; its derivative is infinite there.
    const root: Loss = { loss: "root", perStep: (prediction, target) => sqrt(abs(sub(prediction, target))) };
    compileNetwork(network, { optimizer: "sgd", loss: root });
    await expect(train(network, { x: [[0, 0]], y: [0] }, {})).rejects.toThrow(/a gradient.*layer 2 "last"/);
  });

  test("the layer in which it began is named", async () => {
    const network = networkOf(input({ shape: [2] }), (s) =>
      dense({ units: 1, name: "last" })(
        dense({ units: 2, name: "middle" })(dense({ units: 2, name: "first" })(s)),
      ),
    );
    compileNetwork(network, { optimizer: "sgd", loss: "meanSquaredError" });
    for (const { name, value } of network.variables) value.fill(name.startsWith("first") ? 1 : 3e38);
    await expect(train(network, { x: [[1, 1]], y: [1] }, {})).rejects.toThrow(/layer 2 "middle"/);
  });
});
