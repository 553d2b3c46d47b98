import { describe, expect, test } from "vitest";
import { nativeTarget } from "../run/nativeDevice.ts";
import { yardstick } from "../run/yardstick.ts";
import { packedBytes } from "./allocate.ts";
import { candidatesFor, tuningOf } from "./candidates.ts";
import { plan } from "./plan.ts";
import { type Target, type Tuning, wasmTarget } from "./target.ts";

const targets: readonly (readonly [string, Target])[] = [
  ["wasm", wasmTarget],
  ["128 bits, 32 registers", nativeTarget({ lanes: 4, registers: 32 })],
  ["256 bits", nativeTarget({ lanes: 8, registers: 16 })],
  ["512 bits", nativeTarget({ lanes: 16, registers: 32 })],
];

describe.each(targets)("%s", (_, target) => {
  const { tiles, chunks } = candidatesFor(target);
  const tunings = tiles.map((one) => tuningOf({ tiles: one, chunk: chunks[0] ?? "" }, target) as Tuning);

  test("several, what is there without a calibration first", () => {
    expect(Math.min(tiles.length, chunks.length)).toBeGreaterThan(1);
    expect(tunings[0]).toEqual({ tiles: target.tiles, chunk: target.chunk });
    expect(new Set([...tiles, ...chunks]).size).toBe(tiles.length + chunks.length);
  });

  test("rows that are left over come singly in the end", () => {
    for (const { tiles: set } of tunings)
      for (const rows of set.productRows.slice(1)) expect(rows.at(-1)).toBe(1);
  });

  test.each([5, 24, 36, 128])(
    "%i units: no choice changes the bytes from which the rows of a shard follow",
    (units) => {
      const { computation } = yardstick({ features: 9, units, rows: 4, steps: 3 });
      const bytes = tunings.map((tuning) => packedBytes(plan(computation, { ...target, ...tuning })));
      expect(new Set(bytes).size).toBe(1);
      expect(bytes[0]).toBeGreaterThan(4 * units * 4 * units);
    },
  );

  test.each(["", "__proto__", "4 accumulators"])("there is no candidate %j", (name) => {
    expect(tuningOf({ tiles: name, chunk: chunks[0] ?? "" }, target)).toBe(null);
    expect(tuningOf({ tiles: tiles[0] ?? "", chunk: name }, target)).toBe(null);
  });
});
