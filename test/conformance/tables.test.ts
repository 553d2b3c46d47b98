/** A table in place of a product changes no bit, and the order of every sum holds where there is one. */
import { describe, expect, test } from "vitest";
import { mul, sum, sumLeading } from "../../src/core/graph/operators.ts";
import { plan } from "../../src/core/plan/plan.ts";
import { wasmTarget } from "../../src/core/plan/target.ts";
import type { Batch, Computation } from "../../src/core/run/device.ts";
import { lengths } from "../gradients/steps.ts";
import { bitsOf, computationOf, type Given, given, whole } from "./cases.ts";
import { type CellName, cellNames, withGradients } from "./cells.ts";
import { devices } from "./devices.ts";
import { computations } from "./programs.ts";
import { tables, tokenNetwork, vocabulary } from "./tableCases.ts";

const count = 7;
const steps = 13;
const units = 9;
const width = 5;
const rowLengths = [13, 4, 0, 1, 12, 13, 6];

const forward = (cell: CellName, tokens: number): Computation =>
  computationOf({ ...tokenNetwork(cell, tokens), lengths: { time: lengths } });

function training(cell: CellName, tokens: number): Computation {
  const network = tokenNetwork(cell, tokens);
  const losses = network.outputs.map((value) => sumLeading(sum(mul(value, value)), value.shape.length - 1));
  const outputs = [...losses, ...network.outputs];
  return withGradients({ ...network, outputs, lengths: { time: lengths } });
}

/** A batch whose tokens are among the first of every vocabulary; equal weights but for the table's further rows. */
function batchFor(computation: Computation): Given {
  const inputs = { tokens: whole(count * steps, 4, vocabulary) };
  const times = { time: steps };
  return given({ computation, rows: count, times, lengths: { time: rowLengths }, inputs, seed: 5 });
}

const tablesOf = (computation: Computation): number =>
  plan(computation, wasmTarget).panels.filter((packed) => "products" in packed).length;

describe.each(devices)("$name", ({ device }) => {
  test.each(cellNames)("%s: a table changes no bit of states and gradients", (cell) => {
    const [few, many] = [training(cell, vocabulary), training(cell, 300)];
    expect([tablesOf(few), tablesOf(many)]).toEqual([1, 0]);
    const run = (computation: Computation): string => {
      const { batch, weights } = batchFor(computation);
      const executable = device({ shardRows: 3 }).compile(computation);
      const results = executable.runNow(batch, weights);
      const ofTable = results[computation.outputs.length] as Float32Array;
      const others = results.filter((result) => result !== ofTable);
      return bitsOf([...others, ofTable.subarray(0, vocabulary * width)]);
    };
    expect(run(few)).toBe(run(many));
  });

  test.each(cellNames)("%s: chunks and threads change no bit", (cell) => {
    const computation = training(cell, vocabulary);
    const { batch, weights } = batchFor(computation);
    const bits = (options: { chunk?: number; threads?: number }): string =>
      bitsOf(
        device({ ...options, shardRows: 2 })
          .compile(computation)
          .runNow(batch, weights),
      );
    const wanted = bits({});
    for (const options of [{ chunk: 1 }, { chunk: 5 }, { threads: 2 }, { threads: 3, chunk: 2 }])
      expect(bits(options), JSON.stringify(options)).toBe(wanted);
  });

  test.each(cellNames)("%s: a row alone and step by step is the row in the batch", (cell) => {
    const computation = forward(cell, vocabulary);
    expect(tablesOf(computation)).toBe(1);
    const { batch, weights } = batchFor(computation);
    const executable = device().compile(computation);
    const run = (some: Batch): readonly Float32Array[] => executable.runNow(some, weights);
    const all = run(batch);
    for (const [row, length] of rowLengths.entries()) {
      if (length === 0) continue;
      const [tokens, ...first] = batch.inputs.map((array) => rowOf(array, row, array.length / count));
      const wanted = all.map((array, k) => {
        const own = rowOf(array, row, array.length / count);
        return own.slice(0, k < 2 ? (own.length / steps) * length : units);
      });
      const inputs = [(tokens as Int32Array).slice(0, length), ...first] as Batch["inputs"];
      expect(bitsOf(run({ rows: 1, times: { time: length }, inputs })), `row ${row}`).toBe(
        bitsOf(wanted as Float32Array[]),
      );
      expect(bitsOf(stepwise(run, tokens as Int32Array, first as Float32Array[], length))).toBe(
        bitsOf(wanted as Float32Array[]),
      );
    }
  });
});

const rowOf = <T extends Float32Array | Int32Array>(array: T, row: number, size: number): T =>
  array.slice(row * size, (row + 1) * size) as T;

/** Sequence, logits and final states of one row, a token at a time. */
function stepwise(
  run: (batch: Batch) => readonly Float32Array[],
  tokens: Int32Array,
  first: readonly Float32Array[],
  length: number,
): readonly Float32Array[] {
  const made: (readonly Float32Array[])[] = [];
  for (let t = 0; t < length; t++) {
    const states = made.at(-1)?.slice(2) ?? first;
    made.push(run({ rows: 1, times: { time: 1 }, inputs: [tokens.slice(t, t + 1), ...states] }));
  }
  const joined = (k: number): Float32Array =>
    Float32Array.from(made.flatMap((part) => [...(part[k] as Float32Array)]));
  return [joined(0), joined(1), ...(made.at(-1)?.slice(2) ?? [])];
}

test.each([
  ["tokens below an LSTM", 1],
  ["a bias in two parts", 1],
  ["tokens in both directions", 1],
  ["two layers above one embedding", 1],
  ["one embedding and one kernel for two sequences", 1],
  ["two embeddings", 2],
  ["vectors that are read as they are, too", 1],
  ["a table as long as it may be", 1],
  ["too many tokens for a table", 0],
  ["vectors that are changed first", 0],
  ["a turned kernel", 0],
])("%s: tables, %i", (name, wanted) => {
  const made = tables[name]?.() as NonNullable<ReturnType<(typeof tables)[string]>>;
  expect(computations(made).map(tablesOf)).toEqual([wanted, wanted]);
});
