/** Whole modules: a product by tiles in every mode, the import of the memory, and programs that break the rules. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  int,
  ints,
  load,
  local,
  loop,
  machine,
  main,
  programOf,
  set,
  store,
  storeInt,
  vector,
} from "../../../../test/programs.ts";
import type { Expression, Program, ProgramFunction, Statement } from "../../plan/program.ts";
import { prepareEngine } from "../../run/host.ts";
import { relaxedSimdSupported, simdSupported } from "./features.ts";
import { renderWasm, type WasmOptions } from "./wasm.ts";

beforeAll(prepareEngine);

const strict: WasmOptions = { relaxed: false, shared: false };
const modes: readonly WasmOptions[] = [
  strict,
  { relaxed: true, shared: false },
  { relaxed: false, shared: true },
  { relaxed: true, shared: true },
];
const [a, b, c] = [load(0), load(16), load(32)];

describe.each(modes)("a product, relaxed $relaxed, shared $shared", (options) => {
  test("by tiles of 2 rows and 4 vectors has JavaScript's bits", () => {
    const [rows, inner, columns] = [4, 5, 32];
    const [x, w, y] = [0, 4 * rows * inner, 4 * (rows * inner + inner * columns)];
    const tile = [0, 1].flatMap((r) => [0, 1, 2, 3].map((v) => ({ r, v, name: `acc${r}${v}` })));
    const scaled = (name: string, by: number): Expression => ints("multiply", local(name), int(by));
    const step: readonly Statement[] = [
      ...[0, 1, 2, 3].map((v) => set(`w${v}`, load(local("column"), 16 * v), "vector")),
      ...[0, 1].map((r) =>
        set(`x${r}`, { kind: "splat", address: local("row"), offset: 4 * inner * r }, "vector"),
      ),
      ...tile.map(({ r, v, name }) =>
        set(
          name,
          vector("multiplyAdd", local(`x${r}`, "vector"), local(`w${v}`, "vector"), local(name, "vector")),
          "vector",
        ),
      ),
      set("row", ints("add", local("row"), int(4))),
      set("column", ints("add", local("column"), int(4 * columns))),
    ];
    const target = ints("add", scaled("m", 4 * columns), scaled("n", 4));
    const whole = loop(
      "m",
      [int(0), int(rows), 2],
      [
        loop(
          "n",
          [int(0), int(columns), 16],
          [
            set("row", ints("add", scaled("m", 4 * inner), int(x))),
            set("column", ints("add", scaled("n", 4), int(w))),
            ...tile.map(({ name }) => set(name, { kind: "constant", value: 0.5 }, "vector")),
            loop("k", [int(0), local("inner"), 1], step),
            ...tile.map(({ r, v, name }) =>
              store(target, local(name, "vector"), y + 4 * columns * r + 16 * v),
            ),
          ],
        ),
      ],
    );
    const ready = machine(programOf(main([whole], ["inner"])), options);
    // halves of small integers: every product and sum is exact, so one rounding or two give the same bits
    for (let k = 0; k < y / 4; k++) ready.floats[k] = (((k * 37) % 41) - 20) / 2;
    ready.call("main", inner);
    for (let m = 0; m < rows; m++) {
      for (let n = 0; n < columns; n++) {
        let acc = 0.5;
        for (let k = 0; k < inner; k++)
          acc += ready.floats[m * inner + k]! * ready.floats[w / 4 + k * columns + n]!;
        expect(ready.floats[y / 4 + m * columns + n]).toBe(acc);
      }
    }
  });
});

describe("a module", () => {
  test("imports shared memory only when it is asked to", () => {
    const imported = (shared: boolean): WebAssembly.Module =>
      new WebAssembly.Module(renderWasm(programOf(main([])), { relaxed: false, shared }));
    const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
    expect(() => new WebAssembly.Instance(imported(false), { env })).not.toThrow();
    expect(() => new WebAssembly.Instance(imported(true), { env })).toThrow(WebAssembly.LinkError);
  });
  test("is what this engine can run, relaxed too", () => {
    expect([simdSupported(), relaxedSimdSupported()]).toEqual([true, true]);
  });
  test("has the same bytes each time", () => {
    const program = programOf(main([loop("n", [int(0), local("x"), 4], [store(local("n"), a)])], ["x"]));
    expect(renderWasm(program, strict)).toEqual(renderWasm(program, strict));
  });
});

describe("a bad program is not rendered", () => {
  const other: ProgramFunction = { name: "other", parameters: ["x"], body: [], exported: false };
  const callOther: Statement = { kind: "call", name: "other", inputs: [] };
  test.each<readonly [string, Program, RegExp]>([
    ["eight lanes", { lanes: 8, functions: [] }, /4 lanes, not 8/],
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
    ["an addition of three", programOf(main([store(0, vector("add", a, b, c))])), /takes 2 inputs/],
    [
      "a multiply-add of two",
      programOf(main([store(0, vector("multiplyAdd", a, b))])),
      /takes 3 inputs, not 2/,
    ],
    [
      "a shift beyond the word",
      programOf(main([store(0, { kind: "shift", op: "left", by: 32, value: { kind: "laneIndex" } })])),
      /shift by 32/,
    ],
  ])("%s", (_, program, message) => {
    expect(() => renderWasm(program, strict)).toThrow(message);
  });
});
