/** Programs of several parts on every device against the reference, forward and with all gradients. */
import { describe, expect, test } from "vitest";
import { functionRoundings, relative } from "../tolerances.ts";
import { agrees } from "./cases.ts";
import { devices } from "./devices.ts";
import { computations, parts, ragged, scans } from "./programCases.ts";

/** Six steps of at most nine products of five terms and as many functions, there and back, summed over steps and rows. */
const roundings = 2 * 6 * 9 * (5 + functionRoundings) + 6 * 5;

describe.each(devices)("$name", ({ device }) => {
  test.each(Object.entries({ ...scans, ...parts }))("%s", (_, make) => {
    const program = make();
    const [forward, training] = computations(program);
    for (const computation of [forward, training]) {
      if (computation === undefined) continue;
      const { sizes = ragged, inputs = {}, exact = false } = program;
      const tolerance = exact && computation === forward ? 0 : relative(roundings);
      const check = (): void => agrees(device(), { ...sizes, computation, inputs }, tolerance);
      expect(check, computation === forward ? "forward" : "gradients").not.toThrow();
    }
  });
});
