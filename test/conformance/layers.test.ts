/** Layers on every device against the reference: outputs, states and all gradients, over ragged rows. */
import { describe, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { mul, sum, sumLeading } from "../../src/core/graph/operators.ts";
import { input } from "../../src/nn/layers/input.ts";
import { jordanRNN } from "../../src/nn/layers/jordanRNN.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { sumMemory } from "../../src/nn/layers/sumMemory.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { inputsOf, trace } from "../../src/nn/model/trace.ts";
import { functional } from "../../src/nn/models.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { recurrenceRoundings, relative } from "../tolerances.ts";
import { agrees, type Case } from "./cases.ts";
import { withGradients } from "./cells.ts";
import { devices } from "./devices.ts";

const [features, steps, rows] = [5, 23, 9];
const returnSequences = true;
const layers: Readonly<Record<string, (units: number) => unknown>> = {
  sumMemory: (units) => sumMemory({ units, returnSequences }),
  "lstm, peephole": (units) => lstm({ units, peephole: true, returnSequences }),
  "lstm, projection": (units) => lstm({ units, projection: 3, returnSequences }),
  "lstm, two cells a block": (units) => lstm({ units, cellsPerBlock: 2, returnSequences }),
  "lstm, three cells a block, peephole": (units) =>
    lstm({ units, cellsPerBlock: 3, peephole: true, returnSequences }),
  "lstm, normalised": (units) => lstm({ units, layerNormalization: true, returnSequences }),
  "gru, normalised": (units) => gru({ units, layerNormalization: true, returnSequences }),
  "gru resetAfter false, normalised": (units) =>
    gru({ units, layerNormalization: true, resetAfter: false, returnSequences }),
  "simpleRNN, normalised": (units) => simpleRNN({ units, layerNormalization: true, returnSequences }),
  "lstm, zoneout": (units) => lstm({ units, zoneout: { h: 0.1, c: 0.5 }, returnSequences }),
  "gru, zoneout and dropout": (units) => gru({ units, zoneout: 0.3, recurrentDropout: 0.2, returnSequences }),
  "lstm, everything": (units) =>
    lstm({
      units,
      cellsPerBlock: 2,
      peephole: true,
      projection: 7,
      layerNormalization: true,
      zoneout: 0.2,
      returnSequences,
    }),
  "jordanRNN, fed targets": (units) => jordanRNN({ units, outputUnits: 4 }),
  "jordanRNN, fed some of its outputs": (units) =>
    jordanRNN({ units, outputUnits: 4, scheduledSampling: 0.5, outputActivation: "tanh" }),
  "jordanRNN, fed more and more of its outputs": (units) =>
    jordanRNN({ units, outputUnits: 4, scheduledSampling: { steps: 100 }, outputActivation: "tanh" }),
  "jordanRNN, on its own outputs": (units) =>
    jordanRNN({ units, outputUnits: 4, teacherForcing: false, outputActivation: "tanh" }),
};

function caseOf(layer: unknown): Case {
  const x = input({ shape: [null, features] });
  const network = networkOf(functional({ inputs: x, outputs: (layer as (x: Signal) => Signal)(x) }));
  const targets = network.outputs.map((own, output) => ({ ...own, output, kind: "values" as const }));
  const traced = trace(network, { training: true, states: "given", targets });
  const node = traced.outputs[0]?.node as Node;
  const by = parameter("by", node.shape);
  const inputs = [...inputsOf(traced), by];
  return {
    computation: withGradients({
      inputs,
      weights: traced.weights,
      lengths: traced.lengths,
      outputs: [sumLeading(sum(mul(node, by)), 2), node, ...traced.states.map(({ final }) => final)],
    }),
    rows,
    times: { time: steps },
    lengths: { time: [23, 4, 0, 17, 23, 1, 9, 12, 5] },
    scale: 0.5,
  };
}

describe.each(devices)("$name", ({ device, thorough }) => {
  const sizes = thorough ? [3, 8] : [5];
  test.each(
    Object.entries(layers).flatMap(([name, layer]) => sizes.map((units) => [name, units, layer] as const)),
  )("%s, %i units", (_, units, layer) => {
    const tolerance = relative(recurrenceRoundings({ features, units: 3 * units, classes: 4, steps, rows }));
    agrees(device(), caseOf(layer(units)), tolerance);
  });
});
