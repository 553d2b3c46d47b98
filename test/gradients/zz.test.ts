import { test } from "vitest";
import { readFileSync } from "node:fs";
import { devices } from "../parity/close.ts";
import { layerCases } from "../parity/torch.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { setWeights } from "../../src/nn/model/weights.ts";
import { sequential } from "../../src/nn/models.ts";
import { input } from "../../src/nn/layers/input.ts";
import { layerFrom } from "../../src/nn/layers/registry.ts";
import { measure } from "../parity/measure.ts";
test("x", () => {
  const network = networkOf(sequential(input({ shape: [null, 1] }), layerFrom({ layer: "lstm", options: { units: 3, returnSequences: true } }) as never));
  setWeights(network, [Float32Array.from({length:12},(_, k)=>Math.sin(k+1)), Float32Array.from({length:36},(_, k)=>Math.cos(k+1)), Float32Array.from({length:12},(_, k)=>Math.sin(k+2))].map((d,k)=>k===0?[Array.from(d)]:k===1?[0,1,2].map(r=>Array.from(d.slice(12*r,12*r+12))):Array.from(d)) as never);
  for (const { device } of devices) {
    const m = measure(network, { x: [[[0.3], [0.5]]], lengths: null, states: {}, coefficients: [[[[1, 0.5, 2], [0.3, 3, 1]]]], finals: {} }, device);
    m.weightGradients.forEach((g) => console.log(g.map((v) => v.toFixed(4)).join(" ")));
  }
});
