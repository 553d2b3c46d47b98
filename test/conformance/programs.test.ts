/** Programs of several parts on every device against the reference, forward and with all gradients. */
import { describe, expect, test } from "vitest";
import { UnrollError } from "../../src/errors.ts";
import { functionRoundings, relative } from "../tolerances.ts";
import { agrees, type Case } from "./cases.ts";
import { devices } from "./devices.ts";
import { labelCases } from "./labelCases.ts";
import { parts, refused } from "./partCases.ts";
import { computations, type Program, ragged } from "./programs.ts";
import { scans } from "./scanCases.ts";
import { refusedSites, siteCases } from "./siteCases.ts";
import { tables } from "./tableCases.ts";

/** Six steps of at most nine products of five terms and as many functions, there and back, summed over steps and rows. */
const roundings = 2 * 6 * 9 * (5 + functionRoundings) + 6 * 5;

function cases({
  sizes = ragged,
  inputs = {},
  exact = false,
  ...program
}: Program): readonly [Case, number, string][] {
  return computations(program).map((computation, k) => {
    const tolerance = exact && k === 0 ? 0 : relative(roundings);
    return [{ ...sizes, computation, inputs }, tolerance, k === 0 ? "forward" : "gradients"];
  });
}

describe.each(devices)("$name", ({ device, thorough }) => {
  test.each(Object.entries({ ...scans, ...parts, ...siteCases, ...labelCases, ...tables }))(
    "%s",
    (_, make) => {
      for (const [one, tolerance, what] of cases(make())) {
        if (thorough) expect(() => agrees(device(), one, tolerance), what).not.toThrow();
        const divided = device({ threads: 2, shardRows: 2, chunk: 2 });
        expect(() => agrees(divided, one, tolerance), `${what}, in shards and chunks`).not.toThrow();
      }
    },
  );

  test.each(Object.entries({ ...refused, ...refusedSites }))("refuses %s", (_, make) => {
    for (const { computation } of cases(make())
      .map(([one]) => one)
      .slice(-1))
      expect(() => device().compile(computation)).toThrow(UnrollError);
  });
});
