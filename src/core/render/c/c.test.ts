/** Programs as C, compiled by the machine's own compiler for vectors of several widths, against plain JavaScript. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Library, libraryOf } from "../../../../test/library.ts";
import { nativeMode } from "../../../../test/native/mode.ts";
import {
  int,
  ints,
  load,
  local,
  loop,
  main,
  programOf,
  set,
  store,
  storeInt,
  vector,
} from "../../../../test/programs.ts";
import { expressionCases, functionsOf, resultOf, statementCases } from "../../../../test/renderCases.ts";
import type { Expression, Program, ProgramFunction, Statement } from "../../plan/program.ts";
import { renderC } from "./c.ts";

/** Its place among the exported functions; the cases stand behind it. */
const productTask = 0;

describe.runIf(nativeMode)("compiled by cc and loaded by koffi", () => {
  describe.each([4, 8, 16])("%i lanes", (lanes) => {
    const mode = { lanes, fused: true };
    const cases = [...expressionCases(mode), ...statementCases(mode)];
    let library: Library;
    beforeAll(() => {
      library = libraryOf({ lanes, functions: [tiledProduct(lanes), ...functionsOf(cases)] });
    });
    test.each(cases.map((found, number) => ({ ...found, number })))("$name", (found) => {
      const result = resultOf(found, library, () => library.run([[1 + found.number]]));
      expect(result).toEqual([...found.expected]);
    });
    test("a product by tiles of 2 rows and 4 vectors has JavaScript's bits", () => {
      const { floats, run } = library;
      const { rows, inner, x, w, y } = productPlaces(lanes);
      const columns = 8 * lanes;
      // halves of small integers: every product and sum is exact
      for (let k = 0; k < y / 4; k++) floats[k] = (((k * 37) % 41) - 20) / 2;
      run([[productTask, inner]]);
      for (let m = 0; m < rows; m++) {
        for (let n = 0; n < columns; n++) {
          let acc = 0.5;
          for (let k = 0; k < inner; k++)
            acc += floats[x / 4 + m * inner + k]! * floats[w / 4 + k * columns + n]!;
          expect(floats[y / 4 + m * columns + n]).toBe(acc);
        }
      }
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
  const [a, b, c] = [load(0), load(16), load(32)];
  const other: ProgramFunction = { name: "other", parameters: ["x"], body: [], exported: false };
  const callOther: Statement = { kind: "call", name: "other", inputs: [] };
  const shift: Expression = { kind: "shift", op: "left", by: 32, value: { kind: "laneIndex" } };
  test.each<readonly [string, Program, RegExp]>([
    ["six lanes", { lanes: 6, functions: [] }, /6 lanes/],
    [
      "a name with two types",
      programOf(main([set("v", a, "vector"), set("v", int(1))])),
      /"v" has one type in main/,
    ],
    [
      "a name read as another type",
      programOf(main([set("v", a, "vector"), storeInt(0, local("v"))])),
      /one type/,
    ],
    [
      "a name never set",
      programOf(main([storeInt(0, local("lost"))])),
      /"lost" is set before it is read in main/,
    ],
    ["a name that is none in C", programOf(main([set("a b", int(1))])), /"a b" is made of letters/],
    ["two parameters of one name", programOf(main([], ["x", "x"])), /one parameter "x"/],
    ["two functions of one name", programOf(main([]), main([])), /one function "main"/],
    ["a call of an unknown function", programOf(main([callOther])), /main stands after "other"/],
    ["a call of a later function", programOf(main([callOther]), other), /main stands after "other"/],
    ["a call with too few inputs", programOf(other, main([callOther])), /"other" takes 1 inputs/],
    ["a negative offset", programOf(main([store(16, a, -4)])), /-4 is an unsigned/],
    ["half an int", programOf(main([storeInt(0, int(1.5))])), /1.5 is a 32-bit integer/],
    [
      "a loop that stands still",
      programOf(main([loop("n", [int(0), int(4), 0], [])])),
      /loop over "n" in main moves/,
    ],
    ["an addition of three", programOf(main([store(0, vector("add", a, b, c))])), /takes 2 inputs, not 3/],
    [
      "a multiply-add of two",
      programOf(main([store(0, vector("multiplyAdd", a, b))])),
      /takes 3 inputs, not 2/,
    ],
    ["a shift beyond the word", programOf(main([store(0, shift)])), /shift by 32/],
  ])("%s", (_, program, message) => {
    expect(() => renderC(program)).toThrow(message);
  });
});

function productPlaces(lanes: number): Readonly<Record<"rows" | "inner" | "x" | "w" | "y", number>> {
  const [rows, inner] = [4, 5];
  return { rows, inner, x: 0, w: 4 * rows * inner, y: 4 * (rows * inner + inner * 8 * lanes) };
}

/** y = 0.5 + x w, w of 8 vectors a row. */
function tiledProduct(lanes: number): ProgramFunction {
  const { rows, inner, x, w, y } = productPlaces(lanes);
  const [columns, bytes] = [8 * lanes, 4 * lanes];
  const tile = [0, 1].flatMap((r) => [0, 1, 2, 3].map((v) => ({ r, v, name: `acc${r}${v}` })));
  const scaled = (name: string, by: number): Expression => ints("multiply", local(name), int(by));
  const step: readonly Statement[] = [
    ...[0, 1, 2, 3].map((v) => set(`w${v}`, load(local("column"), bytes * v), "vector")),
    ...[0, 1].map((r) =>
      set(`x${r}`, { kind: "splat", address: local("row"), offset: 4 * inner * r }, "vector"),
    ),
    ...tile.map(({ r, v, name }) => {
      const inputs = [local(`x${r}`, "vector"), local(`w${v}`, "vector"), local(name, "vector")];
      return set(name, vector("multiplyAdd", ...inputs), "vector");
    }),
    set("row", ints("add", local("row"), int(4))),
    set("column", ints("add", local("column"), int(4 * columns))),
  ];
  const target = ints("add", scaled("m", 4 * columns), scaled("n", 4));
  const one: readonly Statement[] = [
    set("row", ints("add", scaled("m", 4 * inner), int(x))),
    set("column", ints("add", scaled("n", 4), int(w))),
    ...tile.map(({ name }) => set(name, { kind: "constant", value: 0.5 }, "vector")),
    loop("k", [int(0), local("inner"), 1], step),
    ...tile.map(({ r, v, name }) => store(target, local(name, "vector"), y + 4 * columns * r + bytes * v)),
  ];
  const across = loop("n", [int(0), int(columns), 4 * lanes], one);
  return { ...main([loop("m", [int(0), int(rows), 2], [across])], ["inner"]), name: "product" };
}
