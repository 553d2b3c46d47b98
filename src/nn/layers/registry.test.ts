import { describe, expect, test } from "vitest";
import { networkOf } from "../model/network.ts";
import { functional } from "../models.ts";
import { softsign } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { activation } from "./activation.ts";
import { bidirectional } from "./bidirectional.ts";
import { conv1d } from "./conv1d.ts";
import { delayTaps } from "./delayTaps.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import { globalAveragePooling1d, globalMaxPooling1d } from "./globalPooling1d.ts";
import { gaussian, gaussianMixture, quantiles } from "./heads.ts";
import { input } from "./input.ts";
import { jordanRNN } from "./jordanRNN.ts";
import { definitionOf } from "./layer.ts";
import { layerNormalization } from "./layerNormalization.ts";
import { masking } from "./masking.ts";
import { averagePooling1d, maxPooling1d } from "./pooling1d.ts";
import { gru, lstm } from "./recurrent.ts";
import { layerFrom } from "./registry.ts";
import { sumMemory } from "./sumMemory.ts";
import { timeDistributed } from "./timeDistributed.ts";

const layers = [
  lstm({ units: 3, activation: softsign, returnSequences: true, unitForgetBias: false }),
  gru({ units: 2, resetAfter: false, kernelRegularizer: "l2", recurrentInitializer: "identity" }),
  lstm({
    units: 2,
    cellsPerBlock: 3,
    peephole: true,
    projection: 2,
    zoneout: { c: 0.5 },
    layerNormalization: true,
  }),
  sumMemory({ units: 2, bias: "none", kernelInitializer: "ones" }),
  jordanRNN({ units: 2, outputUnits: 3, outputActivation: "softmax", scheduledSampling: 0.25 }),
  bidirectional(lstm({ units: 3, initialState: "learned" }), { mergeMode: "sum" }),
  dense({ units: 4, activation: "relu", bias: false, trainable: false, name: "head" }),
  timeDistributed(dense({ units: 2 })),
  gaussian({ units: 2, name: "head" }),
  gaussianMixture({ units: 2, components: 3, kernelInitializer: "zeros" }),
  quantiles({ units: 2, probabilities: [0.25, 0.75] }),
  layerNormalization({ center: false }),
  masking({ maskValue: -1 }),
  dropout({ rate: 0.25 }),
  conv1d({ filters: 2, kernelSize: 3, padding: "causal", dilationRate: 2, bias: false, name: "ear" }),
  delayTaps({ taps: 3, dilationRate: 2 }),
  maxPooling1d({ poolSize: 3, strides: 1, padding: "same" }),
  averagePooling1d(),
  globalMaxPooling1d(),
  globalAveragePooling1d({ name: "mean" }),
  activation("gelu"),
];

describe("a layer made again from its configuration", () => {
  test.each(layers.map((layer) => [definitionOf(layer)?.base ?? "", layer] as const))(
    "%s is the same",
    (_, layer) => {
      const config = JSON.parse(JSON.stringify(definitionOf(layer)?.config())) as never;
      const weights = (made: unknown) => {
        const x = input({ shape: [null, 4] });
        const y = (made as (x: Signal) => Signal)(x);
        const network = networkOf(functional({ inputs: x, outputs: y }));
        return network.variables.map(({ value, draw, initializer, ...rest }) => [
          rest,
          [...value],
          initializer,
        ]);
      };
      expect(weights(layerFrom(config))).toEqual(weights(layer));
      expect(definitionOf(layerFrom(config))?.config()).toEqual(config);
    },
  );
  test("a function of one's own cannot be saved, and says so", () => {
    expect(() => definitionOf(dense({ units: 1, activation: (x) => x }))?.config()).toThrow(
      /a function of your own/,
    );
  });
  test("what is not there is refused", () => {
    expect(() => layerFrom({ layer: "lstn", options: {} })).toThrow(/Did you mean "lstm"\?/);
    expect(() => layerFrom({ layer: "toString", options: {} })).toThrow(/There are|Did you mean/);
    expect(() => layerFrom({ layer: "recurrent", options: { cell: "leaky", units: 1 } })).toThrow(
      /cells: \[cell\]/,
    );
    expect(() => layerFrom({ layer: "bidirectional", options: {} })).toThrow(/the layer inside/);
  });
});
