/** Every statement, run in the engine at hand. */
import { describe, expect, test } from "vitest";
import { machine, main, programOf } from "../../../../test/programs.ts";
import { functionsOf, resultOf, statementCases } from "../../../../test/renderCases.ts";
import type { ProgramFunction } from "../../plan/program.ts";
import type { WasmOptions } from "./wasm.ts";

const strict: WasmOptions = { relaxed: false, shared: false };

describe("statements", () => {
  const cases = statementCases({ lanes: 4, fused: false });
  const ready = machine(programOf(...functionsOf(cases)), strict);
  test.each(cases.map((found, number) => ({ ...found, number })))("$name", (found) => {
    expect(resultOf(found, ready, () => ready.call(`case_${found.number}`))).toEqual([...found.expected]);
  });
});

test("only the exported functions can be called from outside", () => {
  const hidden: ProgramFunction = { ...main([]), name: "hidden", exported: false };
  const ready = machine(programOf(hidden, main([])), strict);
  expect(() => ready.call("main")).not.toThrow();
  expect(() => ready.call("hidden")).toThrow(/no export/);
});
