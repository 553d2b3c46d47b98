/** Numbers of a device against those of an outside system: which devices, and how close they must be. */
import { expect } from "vitest";
import type { Device } from "../../src/core/run/device.ts";
import { nativeDevice } from "../../src/core/run/nativeDevice.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";
import { nativeMode } from "../native/mode.ts";
import { type Recurrence, recurrenceRoundings, relative, smallest } from "../tolerances.ts";

/** The largest difference, relative to the largest number of the array, which counts as `smallest` at least. */
export interface Closeness {
  readonly tolerance: number;
  readonly smallest: number;
  /** Is told of every difference, on the same scale. Default: nobody. */
  readonly note?: (difference: number) => void;
}
/** What is compared, for the number of roundings; `layers` one behind the other. */
export type Compared = Recurrence & { readonly layers: number };
export interface Tested {
  readonly name: string;
  readonly device: Device;
  readonly closeness: (compared: Compared) => Closeness;
}

/**
 * The reference and the outside system compute in float64. What is compared went through float32 once (relative
 * 2^-24), and the fixtures hold nine digits.
 */
const float64: Closeness = { tolerance: 2e-7, smallest: 1 };

/** The same, where every digit came: half a unit of float32, and a little for the sums of float64. */
export const exact: Closeness = { tolerance: 1.01 * 2 ** -24, smallest: 2 ** -10 };

export const float32 = (compared: Compared): Closeness => ({
  tolerance: relative(compared.layers * recurrenceRoundings(compared)),
  smallest,
});

export const devices: readonly Tested[] = nativeMode
  ? [{ name: "native", device: nativeDevice({ threads: 1 }), closeness: float32 }]
  : [
      { name: "reference", device: referenceDevice(), closeness: () => float64 },
      { name: "wasm", device: wasmDevice({ threads: 1 }), closeness: float32 },
    ];

export function expectClose(
  got: readonly number[],
  wanted: readonly number[],
  what: string,
  { tolerance, smallest: least, note }: Closeness = float64,
): void {
  expect(got.length, `${what}: how many numbers`).toBe(wanted.length);
  const scale = Math.max(least, ...wanted.map(Math.abs));
  const differences = got.map((x, k) => Math.abs(x - (wanted[k] ?? Number.NaN)) / scale);
  const worst = Math.max(0, ...differences);
  note?.(worst);
  expect(worst, `${what}: the largest difference`).toBeLessThan(tolerance);
}

/** The case of this name. Throws when there is none. */
export function caseNamed<T extends { readonly name: string }>(cases: readonly T[], name: string): T {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no case "${name}".`);
  return found;
}
