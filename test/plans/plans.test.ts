/** The plans of the built-in layers are committed text: a change of plan is seen in review. */
import { describe, expect, test } from "vitest";
import { plan } from "../../src/core/plan/plan.ts";
import { printPlan } from "../../src/core/plan/print.ts";
import { wasmTarget } from "../../src/core/plan/target.ts";
import { conv1d } from "../../src/nn/layers/conv1d.ts";
import { dense } from "../../src/nn/layers/dense.ts";
import { embedding } from "../../src/nn/layers/embedding.ts";
import { input } from "../../src/nn/layers/input.ts";
import { minGRU } from "../../src/nn/layers/minGru.ts";
import { jordanRNN } from "../../src/nn/layers/jordanRNN.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { sumMemory } from "../../src/nn/layers/sumMemory.ts";
import { chainOf, sequentialNetwork } from "../../src/nn/model/sequential.ts";
import { trace } from "../../src/nn/model/trace.ts";
import { targetsOf } from "../../src/nn/train/fed.ts";
import { type Loss, meanSquaredError, sparseCategoricalCrossentropy } from "../../src/nn/train/losses.ts";
import { objectiveOf } from "../../src/nn/train/objective.ts";

function trainingPlan(layers: readonly unknown[], loss: Loss = meanSquaredError(), segments = false): string {
  const chain = chainOf(layers);
  const network = sequentialNetwork(chain, chain.input ?? (input({ shape: [null, 8] }) as never), 1);
  const goal = { name: "output", loss, metrics: [] };
  const traced = trace(network, { training: true, states: "initial", targets: targetsOf(network, [goal]) });
  const trained = network.variables.map(() => true);
  const { computation } = objectiveOf(traced, [goal], [{ counts: true, weights: false }], trained);
  return printPlan(plan(computation, wasmTarget), { segments });
}

const x = input({ shape: [null, 64] });
const layers = {
  simpleRNN: simpleRNN({ units: 128, returnSequences: true }),
  lstm: lstm({ units: 128, returnSequences: true }),
  gru: gru({ units: 128, returnSequences: true }),
  sumMemory: sumMemory({ units: 128, returnSequences: true }),
  "lstm-peephole": lstm({ units: 128, peephole: true, returnSequences: true }),
  "lstm-blocks": lstm({ units: 32, cellsPerBlock: 4, peephole: true, returnSequences: true }),
  "lstm-projection": lstm({ units: 128, projection: 64, returnSequences: true }),
  "lstm-zoneout": lstm({ units: 128, zoneout: { h: 0.05, c: 0.5 }, returnSequences: true }),
  "simpleRNN-normalised": simpleRNN({ units: 128, layerNormalization: true, returnSequences: true }),
  "gru-reset-before": gru({ units: 128, resetAfter: false, returnSequences: true }),
  minGRU: minGRU({ units: 128, returnSequences: true }),
};

describe("the plan of a training step", () => {
  test.each(Object.entries(layers))("%s", async (name, layer) => {
    await expect(trainingPlan([x, layer])).toMatchFileSnapshot(`${name}-train.txt`);
  });
  test("a language model: embedding, lstm, dense, cross-entropy", async () => {
    const model = [embedding({ inputDim: 90, outputDim: 64 }), layers.lstm, dense({ units: 90 })];
    const loss = sparseCategoricalCrossentropy({ fromLogits: true });
    await expect(trainingPlan(model, loss)).toMatchFileSnapshot("text-train.txt");
  });
  test("a convolution: windows are read from the sequence, one product a place", async () => {
    const model = [x, conv1d({ filters: 32, kernelSize: 3, padding: "causal" }), gru({ units: 16 })];
    await expect(trainingPlan(model)).toMatchFileSnapshot("conv1d-train.txt");
  });
  test("many to one: the deltas come in at the last step alone", async () => {
    const model = [x, lstm({ units: 128 }), dense({ units: 1 })];
    await expect(trainingPlan(model)).toMatchFileSnapshot("many-to-one-train.txt");
  });
  test("a Jordan network that is fed targets: no steps, no states", async () => {
    const model = [x, jordanRNN({ units: 128, outputUnits: 32 })];
    const text = trainingPlan(model);
    expect(text).not.toMatch(/for each step|state/);
    await expect(text).toMatchFileSnapshot("jordanRNN-train.txt");
  });
  test("an lstm where memory is short: the steps of a segment are run again", async () => {
    const text = trainingPlan([x, layers.lstm], meanSquaredError(), true);
    await expect(text).toMatchFileSnapshot("lstm-train-segments.txt");
  });
});

/** Lines of one phase, between its title and the next. */
function stagesOf(text: string, loop: RegExp, phase: string): readonly string[] {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => loop.test(line));
  const rest = lines.slice(from + 1);
  const to = rest.findIndex((line) => /^(for|once)/.test(line));
  const own = to < 0 ? rest : rest.slice(0, to);
  const begin = phase === "after" ? own.map((line) => line.trim()).lastIndexOf("for all steps of the chunk") : own.findIndex((line) => line.trim() === phase);
  const stages = own.slice(begin + 1);
  const end = stages.findIndex((line) => /^ {2}\S/.test(line));
  return (end < 0 ? stages : stages.slice(0, end)).filter((line) => /^ {4}\S/.test(line)).map((line) => line.trim());
}

test.each(["lstm-peephole", "lstm-zoneout"] as const)("%s is one fused stage a step, both ways", (name) => {
  const text = trainingPlan([x, layers[name]]);
  expect(stagesOf(text, /^for each chunk of time$/, "for each step")).toEqual(["product 128 x rows"]);
  expect(stagesOf(text, /^for each chunk of time, from/, "for each step")).toEqual(["product 128 x rows"]);
});

describe("an LSTM training step has, per chunk of time,", () => {
  const text = trainingPlan([x, layers.lstm]);
  const forward = /^for each chunk of time$/;
  const backward = /^for each chunk of time, from the last/;
  test("one input product", () => {
    expect(stagesOf(text, forward, "for all steps of the chunk")).toEqual(["product 128 x rows"]);
  });
  test("one fused stage a step forward", () => {
    expect(stagesOf(text, forward, "for each step")).toEqual(["product 128 x rows"]);
  });
  test("one fused stage a step backward", () => {
    expect(stagesOf(text, backward, "for each step")).toEqual(["product 128 x rows"]);
  });
  test("one product a weight gradient: bias, kernel, recurrent kernel", () => {
    const stages = stagesOf(text, backward, "after");
    expect(stages).toEqual(Array.from({ length: 3 }, () => "accumulate 128 x rows"));
  });
});
