/** How far we are from a peer: the devices that are compared with it remember, and a table says it at the end. */
import { afterAll } from "vitest";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { wasmDevice } from "../../src/core/run/wasmDevice.ts";
import { type Closeness, exact, float32, type Tested } from "../parity/close.ts";

interface Seen {
  /** Relative to the largest number of an array. */
  difference: number;
  /** Of what is allowed. */
  share: number;
}

export interface Distances {
  /** Every difference under this tolerance counts for the device or the comparison of this name. */
  readonly noted: (name: string, close: Closeness) => Closeness;
  /** The float64 reference, and WebAssembly in float32. */
  readonly devices: readonly Tested[];
}

/** Prints the largest differences behind the tests of a file. */
export function distancesFrom(peer: string): Distances {
  const seen = new Map<string, Seen>();
  const noted: Distances["noted"] = (name, close) => ({
    ...close,
    note: (difference) => {
      const { difference: most, share } = seen.get(name) ?? { difference: 0, share: 0 };
      seen.set(name, {
        difference: Math.max(most, difference),
        share: Math.max(share, difference / close.tolerance),
      });
    },
  });
  afterAll(() => {
    for (const [name, { difference, share }] of seen)
      console.log(
        `${peer}, ${name}: at most ${difference.toExponential(1)}, ${share.toFixed(3)} of the bound`,
      );
  });
  const devices: readonly Tested[] = [
    { name: "reference", device: referenceDevice(), closeness: () => noted("reference", exact) },
    {
      name: "wasm",
      device: wasmDevice({ threads: 1 }),
      closeness: (compared) => noted("wasm", float32(compared)),
    },
  ];
  return { noted, devices };
}
