/**
 * The order of every sum: the same bits for chunks of any length and any number of threads, for a row alone and in a
 * batch, for a sequence as a whole and step by step.
 */
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import { greater, matmul, mul, random, sum, sumLeading } from "../../src/core/graph/operators.ts";
import type { Batch, Device } from "../../src/core/run/device.ts";
import { recurrenceRoundings, relative } from "../tolerances.ts";
import { agrees, bitsOf, type Case, computationOf, type Given, given, lengthsOf, noise } from "./cases.ts";
import {
  cellNames,
  forward,
  lengthsFor,
  type Network,
  traced,
  trainingCase,
  withGradients,
} from "./cells.ts";
import { devices } from "./devices.ts";

const chunks = [1, 2, 5, 10, 20];
const threads = [1, 2, 3, 4];
const features = 6;
/** Of one vector and a part, three, four, and five vectors of features. */
const unitsOf = { simple: 20, lstm: 7, gruBefore: 12, gruAfter: 16, lru: 9, slstm: 7 } as const;
const classes = 5;
const count = 11;
const steps = 23;

interface Result {
  readonly sequence: Float32Array;
  readonly logits: Float32Array;
  readonly finals: readonly Float32Array[];
}

/** A forward pass whose rows and steps can be chosen. */
class Runs {
  readonly lengths = lengthsFor({ rows: count, steps, ragged: true }, 5);
  private readonly run: (batch: Batch) => Result;
  private readonly all: Given;
  private readonly states: number;
  private readonly units: number;

  constructor(device: Device, network: Network) {
    const computation = forward(network);
    this.all = given({ computation, rows: count, times: { time: steps }, seed: 3 });
    this.states = computation.inputs.length - 1;
    this.units = network.units;
    const executable = device.compile(computation);
    this.run = (batch) => {
      const [sequence, logits, ...finals] = executable.runNow(batch, this.all.weights);
      return { sequence, logits, finals } as Result;
    };
  }

  /** These rows, in this order, with room for `room` steps; `first` are other first states. */
  of(chosen: readonly number[], room: number, first?: readonly Float32Array[]): Result {
    const [x, ...states] = this.all.batch.inputs as readonly Float32Array[];
    const rowsOf = (array: Float32Array, size: number, kept: number): Float32Array =>
      joined(chosen.map((row) => resized(array.subarray(row * size, (row + 1) * size), kept)));
    const own = first ?? states.map((state) => rowsOf(state, this.units, this.units));
    return this.run({
      rows: chosen.length,
      times: { time: room },
      lengths: { time: Int32Array.from(chosen, (row) => Math.min(room, this.lengths[row] ?? 0)) },
      inputs: [rowsOf(x as Float32Array, steps * features, room * features), ...own],
    });
  }

  /** One row, a step at a time. */
  stepwise(row: number): Result {
    const x = (this.all.batch.inputs[0] as Float32Array).subarray(row * steps * features);
    const begun = this.all.batch.inputs.slice(1) as readonly Float32Array[];
    let finals: readonly Float32Array[] = begun.map((state) =>
      state.slice(row * this.units, (row + 1) * this.units),
    );
    const parts: Result[] = [];
    for (let t = 0; t < (this.lengths[row] ?? 0); t++) {
      const slice = x.slice(t * features, (t + 1) * features);
      const part = this.run({ rows: 1, times: { time: 1 }, inputs: [slice, ...finals] });
      parts.push(part);
      finals = [...part.finals];
    }
    expect(finals.length).toBe(this.states);
    return {
      sequence: joined(parts.map((p) => p.sequence)),
      logits: joined(parts.map((p) => p.logits)),
      finals,
    };
  }
}

const joined = (parts: readonly Float32Array[]): Float32Array =>
  Float32Array.from(parts.flatMap((part) => [...part]));
const resized = (array: Float32Array, length: number): Float32Array => {
  const out = new Float32Array(length).fill(Number.NaN); // nobody reads it
  out.set(array.subarray(0, length));
  return out;
};

/** Row `row` of the results, its real steps. */
function rowOf(
  { sequence, logits, finals }: Result,
  row: number,
  { room, length, units }: { readonly room: number; readonly length: number; readonly units: number },
): readonly Float32Array[] {
  const real = (array: Float32Array, width: number): Float32Array =>
    array.slice(row * room * width, (row * room + length) * width);
  const states = finals.map((state) => state.slice(row * units, (row + 1) * units));
  return [real(sequence, units), real(logits, classes), ...states];
}

describe.each(devices)("$name", ({ device }) => {
  describe.each(cellNames)("%s", (cell) => {
    const units = unitsOf[cell];
    const network: Network = { cell, features, units, classes, given: true };

    test("chunks and threads change no bit of outputs, states and gradients", () => {
      const one = trainingCase(network, { rows: count, steps, ragged: true }, 2);
      const { batch, weights } = given(one);
      const bits = (options: { chunk?: number; threads?: number }): string =>
        bitsOf(
          device({ ...options, shardRows: 3 })
            .compile(one.computation)
            .runNow(batch, weights),
        );
      const wanted = bits({});
      for (const chunk of chunks) expect(bits({ chunk }), `chunks of ${chunk}`).toBe(wanted);
      for (const several of threads) {
        expect(bits({ threads: several, chunk: chunks[several] ?? 2 }), `${several} threads`).toBe(wanted);
      }
    });

    test("a row is the same alone, with other rows, and with padding", () => {
      const runs = new Runs(device(), network);
      const all = Array.from({ length: count }, (_, row) => row);
      const whole = runs.of(all, steps);
      const some = [7, 2, 9, 4, 0];
      const part = runs.of(some, steps + 3);
      for (const row of all) {
        const length = runs.lengths[row] ?? 0;
        const wanted = bitsOf(rowOf(whole, row, { room: steps, length, units }));
        const alone = runs.of([row], Math.max(1, length));
        expect(
          bitsOf(rowOf(alone, 0, { room: Math.max(1, length), length, units })),
          `row ${row} alone`,
        ).toBe(wanted);
        if (!some.includes(row)) continue;
        expect(
          bitsOf(rowOf(part, some.indexOf(row), { room: steps + 3, length, units })),
          `row ${row} of some`,
        ).toBe(wanted);
      }
    });

    test("a row is the same wherever it stands", () => {
      const runs = new Runs(device({ shardRows: 4 }), network);
      const all = Array.from({ length: count }, (_, row) => row);
      const turned = all.map((row) => (row * 4 + 3) % count);
      const [whole, other] = [runs.of(all, steps), runs.of(turned, steps)];
      for (const [place, row] of turned.entries()) {
        const length = runs.lengths[row] ?? 0;
        expect(bitsOf(rowOf(other, place, { room: steps, length, units }))).toBe(
          bitsOf(rowOf(whole, row, { room: steps, length, units })),
        );
      }
    });

    test("a sequence step by step is the sequence as a whole", () => {
      const runs = new Runs(device(), network);
      const all = Array.from({ length: count }, (_, row) => row);
      const whole = runs.of(all, steps);
      for (const row of [0, 3, 6]) {
        const { sequence, logits, finals } = runs.stepwise(row);
        const wanted = rowOf(whole, row, { room: steps, length: runs.lengths[row] ?? 0, units });
        expect(bitsOf([sequence, logits, ...finals]), `row ${row}`).toBe(bitsOf(wanted));
      }
    });
  });

  test.each(cellNames)(
    "deltas that vanish, %s: the same bits for every chunk, and those of the reference",
    (cell) => {
      const { inputs, weights, lengths, sequence, finals } = traced({
        cell,
        features: 2,
        units: 5,
        classes: 1,
      });
      const loss = sumLeading(sum(mul(finals[0] as Node, finals[0] as Node)), 1);
      const ends = { inputs, weights: weights.slice(0, -2), lengths, outputs: [loss, sequence] };
      const room = 150;
      const one: Case = {
        computation: withGradients(ends, inputs),
        rows: 4,
        times: { time: room },
        lengths: { time: [room, 70, 3, 0] },
        scale: 0.02,
      };
      const { batch, weights: values } = given(one);
      const bits = (chunk: number): string =>
        bitsOf(device({ chunk }).compile(one.computation).runNow(batch, values));
      for (const chunk of chunks) expect(bits(chunk), `chunks of ${chunk}`).toBe(bits(7));
      const extents = { features: 2, units: 5, classes: 1, steps: room, rows: 4 };
      agrees(device({ chunk: 5 }), one, relative(recurrenceRoundings(extents)));
    },
  );

  test("random numbers belong to the row and not to the shard", () => {
    const [x, key] = [parameter("x", ["time", rows, 5]), parameter("key", [2], "int32")];
    const kept = mul(x, greater(random(key, ["time", rows, 5]), 0.5));
    const kernel = parameter("kernel", [5, 3]);
    const computation = computationOf({
      inputs: [x, key],
      weights: [kernel],
      lengths: { time: lengthsOf() },
      outputs: [matmul(kept, kernel)],
    });
    const values = noise(9 * 4 * 5, 1);
    const numbers = Int32Array.of(5, 6);
    const weights = [noise(15, 2)];
    const run = (options: { shardRows?: number }, first: number, last: number): readonly Float32Array[] => {
      const inputs = [values.slice(first * 20, last * 20), numbers];
      const batch = { rows: last - first, times: { time: 4 }, inputs, firstRow: first };
      return device(options).compile(computation).runNow(batch, weights);
    };
    const whole = bitsOf(run({}, 0, 9));
    expect(bitsOf(run({ shardRows: 2 }, 0, 9))).toBe(whole);
    const [begin, end] = [run({}, 0, 4), run({}, 4, 9)];
    expect(bitsOf([joined([...begin, ...end])])).toBe(whole);
  });
});

test("the hash notices one bit", () => {
  const [a, b] = [Float32Array.of(1, 2, 3), Float32Array.of(1, 2 + 2 ** -22, 3)];
  expect(bitsOf([a])).not.toBe(bitsOf([b]));
  expect(bitsOf([Float32Array.of(0)])).not.toBe(bitsOf([Float32Array.of(-0)]));
});
