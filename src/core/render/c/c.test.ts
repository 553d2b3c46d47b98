/** Programs as C, compiled by the machine's own compiler for vectors of several widths, against plain JavaScript. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Library, libraryOf } from "../../../../test/library.ts";
import { nativeMode } from "../../../../test/native/mode.ts";
import {
  int,
  ints,
  load,
  local,
  main,
  programOf,
  set,
  store,
  storeInt,
  vector,
} from "../../../../test/programs.ts";
import { expressionCases, functionsOf, resultOf, statementCases } from "../../../../test/renderCases.ts";
import { badPrograms, tiledProduct } from "../../../../test/renderPrograms.ts";
import type { Program, ProgramFunction } from "../../plan/program.ts";
import { renderC } from "./c.ts";

/** Its place among the exported functions; the cases stand behind it. */
const productTask = 0;

describe.runIf(nativeMode)("compiled by cc and loaded by koffi", () => {
  describe.each([4, 8, 16])("%i lanes", (lanes) => {
    const mode = { lanes, fused: true };
    const cases = [...expressionCases(mode), ...statementCases(mode)];
    const product = tiledProduct(lanes);
    let library: Library;
    beforeAll(() => {
      library = libraryOf({ lanes, functions: [product.function, ...functionsOf(cases)] });
    });
    test.each(cases.map((found, number) => ({ ...found, number })))("$name", (found) => {
      const result = resultOf(found, library, () => library.run([[1 + found.number]]));
      expect(result).toEqual([...found.expected]);
    });
    test("a product by tiles of 2 rows and 4 vectors has JavaScript's bits", () => {
      const { floats, run } = library;
      product.fill(floats);
      run([[productTask, product.inner]]);
      expect(product.found(floats)).toEqual(product.expected(floats));
    });
  });

  describe("runList", () => {
    const note = (name: string, at: number): ProgramFunction => ({
      name,
      parameters: ["a", "b"],
      body: [storeInt(at, ints("subtract", local("a"), local("b")))],
      exported: true,
    });
    const hidden: ProgramFunction = { ...note("hidden", 8), exported: false };
    const squares = main([store(64, vector("mul", load(0), load(0)))]);
    const program = programOf(note("double", 0), hidden, note("memory", 4), squares);

    test("runs so many calls in order, by the numbers of the exported functions", () => {
      const { integers, run } = libraryOf(program);
      run([
        [0, 9, 2],
        [1, 50, 8],
        [0, 7, 10],
      ]);
      expect([...integers.subarray(0, 3)]).toEqual([-3, 42, 0]);
    });
    test("takes subnormal numbers for zero, and leaves the thread as it was", () => {
      const { floats, integers, run } = libraryOf(program);
      floats.set([1e-30, 1e-15, 2 ** -140, 3]);
      run([[2]]);
      const exact = Math.fround(Math.fround(1e-15) ** 2);
      expect([...floats.subarray(16, 20)]).toEqual([0, exact, 0, 9]);
      integers[0] = 1;
      expect(floats[0]! * 2 ** 20).toBe(2 ** -129);
    });
  });
});

test.each([2, 4, 8, 16, 32])("%i lanes are printed, the same text each time", (lanes) => {
  const program = { ...programOf(main([store(0, load(0))])), lanes };
  expect(renderC(program)).toContain(`vector_size(${4 * lanes})`);
  expect(renderC(program)).toBe(renderC(program));
});

describe("a bad program is not rendered", () => {
  test.each<readonly [string, Program, RegExp]>([
    ["six lanes", { lanes: 6, functions: [] }, /6 lanes/],
    ["a name that is none in C", programOf(main([set("a b", int(1))])), /"a b" is made of letters/],
    ...badPrograms,
  ])("%s", (_, program, message) => {
    expect(() => renderC(program)).toThrow(message);
  });
});
