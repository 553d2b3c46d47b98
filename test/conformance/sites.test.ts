/**
 * Programs of values with sites, drawn at random, on every device against the reference: results and all gradients, in
 * shards, in chunks and with segments computed again, which change no bit. What cannot be compiled is refused.
 */
import { describe, expect, test } from "vitest";
import type { Computation, Device } from "../../src/core/run/device.ts";
import { referenceDevice } from "../../src/core/run/referenceDevice.ts";
import { UnrollError } from "../../src/errors.ts";
import { nativeMode } from "../native/mode.ts";
import { relative } from "../tolerances.ts";
import { bitsOf, type Case, compare, given } from "./cases.ts";
import { type DeviceOptions, devices } from "./devices.ts";
import { drawnProgram } from "./drawnSites.ts";
import { computations } from "./programs.ts";

/** Drawn for each device; more with UNROLL_DRAWN=1000. A C compiler takes half a second for each. */
const count = Number(process.env["UNROLL_DRAWN"] ?? (nativeMode ? 10 : 60));
const parts = 4;
/** Some are long: twelve steps of growth around scans of six steps. */
const roundings = 100_000;
const whole: DeviceOptions = { shardRows: 2 };
const cut: DeviceOptions = { shardRows: 2, threads: 2, chunk: 2, segment: 4 };
const reference = referenceDevice();

/** False where the device refuses to compile it. */
function agrees(device: (options: DeviceOptions) => Device, one: Case): boolean {
  const { computation } = one;
  const { batch, weights } = given(one);
  const run = (made: Device): readonly Float32Array[] => made.compile(computation).runNow(batch, weights);
  try {
    device(whole).compile(computation);
  } catch (error) {
    if (error instanceof UnrollError) return false;
    throw error;
  }
  const got = run(device(whole));
  compare(got, run(reference), relative(roundings));
  expect(bitsOf(run(device(cut))), "in segments").toBe(bitsOf(got));
  return true;
}

const casesOf = (number: number): readonly Case[] => {
  const { sizes = { rows: 1 }, ...program } = drawnProgram(number);
  return computations(program).map((computation: Computation) => ({
    ...sizes,
    computation,
    seed: 1 + number,
  }));
};

describe.each(devices)("$name", ({ device }) => {
  test.each(Array.from({ length: parts }, (_, part) => part))("agrees on programs drawn, part %i", (part) => {
    const first = devices.findIndex((other) => other.device === device) * count;
    let refused = 0;
    for (let number = first + part; number < first + count; number += parts)
      for (const [k, one] of casesOf(number).entries()) {
        const check = (): void => {
          if (!agrees(device, one)) refused++;
        };
        expect(check, `number ${number}, ${k === 0 ? "forward" : "gradients"}`).not.toThrow();
      }
    expect(refused).toBeLessThan(1 + count / 20);
  });
});
