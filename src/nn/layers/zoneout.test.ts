import { beforeAll, describe, expect, test } from "vitest";
import { devices } from "../../../test/conformance/devices.ts";
import type { Device } from "../../core/run/device.ts";
import { referenceDevice } from "../../core/run/referenceDevice.ts";
import { defineCell } from "../cells/defineCell.ts";
import { networkOf } from "../model/network.ts";
import { computationOf, trace } from "../model/trace.ts";
import { functional } from "../models.ts";
import { add } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { input } from "./input.ts";
import { gru, lstm, recurrent } from "./recurrent.ts";

/** Counts what it is given, so that every state tells which steps it took part in. */
const counting = defineCell({
  name: "counting",
  state: ({ units }) => ({ h: [units], other: [units] }),
  weights: ({ units }) => ({ unused: [units] }),
  step: (x, { h, other }) => ({ h: add(h, x), other: add(other, x) }),
});

const units = 40;
/** The states of every step in training, `[row][step][unit]`; `key`: that of the optimizer step. */
async function statesOf(
  layer: unknown,
  device: Device,
  { rows, steps, key = 1, first = 0 }: { rows: number; steps: number; key?: number; first?: number },
): Promise<readonly number[][][]> {
  const x = input({ shape: [null, units] });
  const network = networkOf(functional({ inputs: x, outputs: (layer as (x: Signal) => Signal)(x) }));
  const traced = trace(network, { training: true, states: "initial" });
  const keys = traced.keys.map((_, k) => Int32Array.of(key, k));
  const ones = new Float32Array(rows * steps * units).fill(1);
  const batch = { rows, times: { time: steps }, inputs: [ones, ...keys], firstRow: first };
  const [made = new Float32Array(0)] = await device
    .compile(
      computationOf(
        traced,
        [traced.outputs[0]?.node].filter((node) => node !== undefined),
      ),
    )
    .run(
      batch,
      network.variables.map(({ value }) => value),
    );
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: steps }, (__, t) => [
      ...made.subarray((row * steps + t) * units, (row * steps + t + 1) * units),
    ]),
  );
}

const rate = 0.3;
const layer = recurrent(counting, { units, zoneout: rate, returnSequences: true });
const all = [
  ...devices.map(({ name, device }) => [name, device()] as const),
  ["reference", referenceDevice()] as const,
];

describe.each(all)("zoneout in training, on %s", (_, device) => {
  const extent = { rows: 12, steps: 25 };
  let made: readonly number[][][] = [];
  let moves: readonly number[][][] = [];
  beforeAll(async () => {
    made = await statesOf(layer, device, extent);
    moves = made.map((row) => row.map((state, t) => state.map((h, j) => h - (row[t - 1]?.[j] ?? 0))));
  });
  test("a number keeps its old value or takes its next one", () => {
    expect(new Set(moves.flat(2))).toEqual(new Set([0, 1]));
  });
  test("as often as it should be kept", () => {
    const flat = moves.flat(2);
    const kept = flat.filter((move) => move === 0).length / flat.length;
    const deviation = Math.sqrt((rate * (1 - rate)) / flat.length); // of the mean of so many draws
    expect(Math.abs(kept - rate)).toBeLessThan(4 * deviation);
  });
  test("is drawn anew at every step, for every row and every optimizer step", async () => {
    const patterns = moves.flat().map((step) => step.join(""));
    expect(new Set(patterns).size).toBe(patterns.length);
    const later = await statesOf(layer, device, { ...extent, key: 2 });
    expect(later).not.toEqual(made);
  });
  test("of a row depends neither on the rows beside it nor on how many steps there are", async () => {
    const few = await statesOf(layer, device, { rows: 5, steps: 9 });
    expect(few).toEqual(made.slice(0, 5).map((row) => row.slice(0, 9)));
    const last = await statesOf(layer, device, { rows: 2, steps: 25, first: 10 });
    expect(last).toEqual(made.slice(10));
  });
  test("of one state leaves the others alone", async () => {
    const options = { units, returnSequences: true } as const;
    const still = await statesOf(
      recurrent(counting, { ...options, zoneout: { other: 0.9 } }),
      device,
      extent,
    );
    expect(new Set(still.flatMap((row) => row[24] ?? []))).toEqual(new Set([25]));
  });
});

test.each(devices.map(({ name, device }) => [name, device] as const))(
  "zoneout on %s: the same bits with one thread and with two, in shards of any size",
  async (_, device) => {
    const lstmLayer = lstm({ units, zoneout: { h: 0.1, c: 0.5 }, returnSequences: true });
    const extent = { rows: 13, steps: 11 };
    const one = await statesOf(lstmLayer, device({ threads: 1 }), extent);
    expect(await statesOf(lstmLayer, device({ threads: 2, shardRows: 3 }), extent)).toEqual(one);
    expect(await statesOf(lstmLayer, device({ threads: 1, shardRows: 5, chunk: 4 }), extent)).toEqual(one);
  },
);

test("a probability that is none, and a state that is not there, are refused", () => {
  expect(() => lstm({ units: 2, zoneout: 1 })).toThrow(
    /not including, 1, or a record of such numbers for h, c/,
  );
  expect(() => gru({ units: 2, zoneout: { c: 0.5 } as never })).toThrow(/zoneout.*for h/);
  expect(() => gru({ units: 2, zoneout: { h: -1 } })).toThrow(/zoneout/);
  expect(() => gru({ units: 2, zoneout: [0.5] as never })).toThrow(/zoneout/);
});
