/** Cells that no outside library has, against their papers' equations, step by step in float64. */
import { describe, expect, test } from "vitest";
import { input } from "../../src/nn/layers/input.ts";
import { jordanRNN } from "../../src/nn/layers/jordanRNN.ts";
import { gru, lstm, simpleRNN } from "../../src/nn/layers/recurrent.ts";
import { sumMemory } from "../../src/nn/layers/sumMemory.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { computationOf, trace } from "../../src/nn/model/trace.ts";
import { functional } from "../../src/nn/models.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { roughened } from "../sessions.ts";
import { numbers } from "../training/harness.ts";
import { devices, expectClose } from "./close.ts";
import type { Program, Vector, Weight } from "./equations.ts";
import * as equations from "./equations.ts";

const features = 3;
const lengths = [6, 1, 4, 0];
const steps = Math.max(...lengths);
const all = numbers(lengths.length * steps * features);
const x: readonly (readonly Vector[])[] = lengths.map((length, row) =>
  Array.from({ length }, (_, t) => all.slice((row * steps + t) * features, (row * steps + t + 1) * features)),
);

type Case = readonly [name: string, layer: unknown, program: (weights: readonly Weight[]) => Program];
const relu = (v: Vector): Vector => v.map((a) => Math.max(a, 0));
const softsign = (v: Vector): Vector => v.map((a) => a / (1 + Math.abs(a)));
const activations = { tanh: equations.tanh, relu, softsign };
const biases = ["none", "single", "double"] as const;
const returnSequences = true;
const plain = { cells: 1, bias: "single", peephole: false, projection: 0, isNormalised: false } as const;

const cases: readonly Case[] = [
  ["sumMemory", sumMemory({ units: 5, returnSequences }), (w) => equations.sumMemory(w, 5)],
  [
    "sumMemory, no bias, another activation",
    sumMemory({ units: 2, bias: "none", activation: "softsign", returnSequences }),
    (w) => equations.sumMemory(w, 2, softsign),
  ],
  ...biases.flatMap((bias) =>
    (["tanh", "relu", "softsign"] as const).map(
      (activation): Case => [
        `simpleRNN, ${activation}, bias ${bias}`,
        simpleRNN({ units: 4, bias, activation, returnSequences }),
        (w) => equations.elman(w, { units: 4, bias, f: activations[activation], isNormalised: false }),
      ],
    ),
  ),
  ...biases.map(
    (bias): Case => [
      `simpleRNN, normalised, bias ${bias}`,
      simpleRNN({ units: 6, bias, layerNormalization: true, returnSequences }),
      (w) => equations.elman(w, { units: 6, bias, f: equations.tanh, isNormalised: true }),
    ],
  ),
  [
    "lstm, peephole",
    lstm({ units: 5, peephole: true, returnSequences }),
    (w) => equations.lstm(w, { ...plain, blocks: 5, peephole: true }),
  ],
  ...[2, 3, 5].map(
    (cellsPerBlock): Case => [
      `lstm, ${cellsPerBlock} cells a block`,
      lstm({ units: 4, cellsPerBlock, returnSequences }),
      (w) => equations.lstm(w, { ...plain, blocks: 4, cells: cellsPerBlock }),
    ],
  ),
  ...biases.map(
    (bias): Case => [
      `lstm, cells and peepholes, bias ${bias}`,
      lstm({ units: 3, cellsPerBlock: 2, peephole: true, bias, returnSequences }),
      (w) => equations.lstm(w, { ...plain, blocks: 3, cells: 2, peephole: true, bias }),
    ],
  ),
  ...biases.map(
    (bias): Case => [
      `lstm, normalised, bias ${bias}`,
      lstm({ units: 5, layerNormalization: true, bias, returnSequences }),
      (w) => equations.lstm(w, { ...plain, blocks: 5, bias, isNormalised: true }),
    ],
  ),
  [
    "lstm, everything",
    lstm({
      units: 3,
      cellsPerBlock: 2,
      peephole: true,
      projection: 4,
      layerNormalization: true,
      returnSequences,
    }),
    (w) =>
      equations.lstm(w, {
        blocks: 3,
        cells: 2,
        bias: "single",
        peephole: true,
        projection: 4,
        isNormalised: true,
      }),
  ],
  ...biases.flatMap((bias) =>
    [true, false].map(
      (resetAfter): Case => [
        `gru, normalised, bias ${bias}, resetAfter ${resetAfter}`,
        gru({ units: 4, layerNormalization: true, bias, resetAfter, returnSequences }),
        (w) => equations.normalisedGru(w, { units: 4, bias, resetAfter }),
      ],
    ),
  ),
  [
    "zoneout of simpleRNN",
    simpleRNN({ units: 4, zoneout: 0.25, returnSequences }),
    (w) =>
      equations.expected(
        equations.elman(w, { units: 4, bias: "single", f: equations.tanh, isNormalised: false }),
        [0.25],
      ),
  ],
  [
    "zoneout of c alone",
    lstm({ units: 4, zoneout: { c: 0.5 }, returnSequences }),
    (w) => equations.expected(equations.lstm(w, { ...plain, blocks: 4 }), [0, 0.5]),
  ],
  [
    "zoneout of h and c",
    lstm({ units: 4, zoneout: { h: 0.05, c: 0.5 }, returnSequences }),
    (w) => equations.expected(equations.lstm(w, { ...plain, blocks: 4 }), [0.05, 0.5]),
  ],
  ...biases.map(
    (bias): Case => [
      `jordanRNN, bias ${bias}`,
      jordanRNN({ units: 5, outputUnits: 2, bias, outputActivation: "softsign" }),
      (w) => equations.jordan(w, { units: 5, outputUnits: 2, bias, g: softsign }),
    ],
  ),
];

describe.each(devices)("the equations, on $name", ({ device, closeness }) => {
  test.each(cases)("%s: the states of every step", (_, layer, program) => {
    const begin = input({ shape: [null, features] });
    const network = networkOf(roughened(functional({ inputs: begin, outputs: called(layer, begin) })));
    const traced = trace(network, { training: false, states: "initial", inspect: true });
    const states = Object.values(Object.values(traced.named)[0]?.states ?? {});
    const nodes = [...traced.outputs.map(({ node }) => node), ...states];
    const inputs = [Float32Array.from(x.flatMap((row) => padded(row)))];
    const batch = {
      rows: lengths.length,
      times: { time: steps },
      lengths: { time: Int32Array.from(lengths) },
      inputs,
    };
    const weights = network.variables.map(({ value }) => value);
    const got = device.compile(computationOf(traced, nodes)).runNow(batch, weights);
    const written = program(network.variables.map(({ value, shape }) => nested(value, shape)));
    const wanted = x.map((row) =>
      equations.run(
        written,
        row.map((step) => Array.from(Float32Array.from(step))),
      ),
    );
    const close = closeness({ features, units: 6, classes: 1, steps, rows: lengths.length, layers: 1 });
    expect(states).toHaveLength(written.states.length);
    [0, ...states.keys()].forEach((state, k) => {
      const width = written.states[state] ?? 0;
      const flat = wanted.flatMap((row) =>
        Array.from(
          { length: steps },
          (_, t) => row[t]?.[state] ?? Array.from({ length: width }, () => 0),
        ).flat(),
      );
      expectClose([...(got[k] ?? [])], flat, k === 0 ? "output" : `state ${state}`, close);
    });
  });
});

const called = (layer: unknown, x: Signal): Signal => (layer as (x: Signal) => Signal)(x);

function padded(row: readonly Vector[]): readonly number[] {
  const nothing = Array.from({ length: features }, () => 0);
  return Array.from({ length: steps }, (_, t) => row[t] ?? nothing).flat();
}

function nested(value: Float32Array, shape: readonly number[]): Weight {
  const [first = 1, second] = shape;
  if (second === undefined) return [...value];
  return Array.from({ length: first }, (_, k) => [...value.subarray(k * second, (k + 1) * second)]);
}
