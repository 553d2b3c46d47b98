/** Whole programs that every renderer is tried with: a product by tiles, and programs that break the rules. */
import type { Expression, Program, ProgramFunction, Statement } from "../src/core/plan/program.ts";
import { int, ints, load, local, loop, main, programOf, set, store, storeInt, vector } from "./programs.ts";

/** y = 0.5 + x w by tiles of 2 rows and 4 vectors, w of 8 vectors a row. */
export interface TiledProduct {
  /** `product(inner)`; called with the `inner` below. */
  readonly function: ProgramFunction;
  readonly inner: number;
  /** Puts x and w into the memory. */
  readonly fill: (floats: Float32Array) => void;
  /** What the memory holds as y, and what JavaScript says that it is. */
  readonly found: (floats: Float32Array) => readonly number[];
  readonly expected: (floats: Float32Array) => readonly number[];
}

const [rows, inner] = [4, 5];

export function tiledProduct(lanes: number): TiledProduct {
  const columns = 8 * lanes;
  const [w, y] = [rows * inner, rows * inner + inner * columns]; // in floats; x begins at 0
  const cells = Array.from({ length: rows * columns }, (_, k) => k);
  return {
    function: productFunction(lanes, 4 * w, 4 * y),
    inner,
    fill: (floats) => {
      // halves of small integers: every product and sum is exact, so one rounding or two give the same bits
      for (let k = 0; k < y; k++) floats[k] = (((k * 37) % 41) - 20) / 2;
    },
    found: (floats) => [...floats.subarray(y, y + cells.length)],
    expected: (floats) =>
      cells.map((cell) => {
        const [m, n] = [Math.floor(cell / columns), cell % columns];
        let acc = 0.5;
        for (let k = 0; k < inner; k++) acc += floats[m * inner + k]! * floats[w + k * columns + n]!;
        return acc;
      }),
  };
}

/** `w` and `y` are addresses in bytes. */
function productFunction(lanes: number, w: number, y: number): ProgramFunction {
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
    set("row", scaled("m", 4 * inner)),
    set("column", ints("add", scaled("n", 4), int(w))),
    ...tile.map(({ name }) => set(name, { kind: "constant", value: 0.5 }, "vector")),
    loop("k", [int(0), local("inner"), 1], step),
    ...tile.map(({ r, v, name }) => store(target, local(name, "vector"), y + 4 * columns * r + bytes * v)),
  ];
  const across = loop("n", [int(0), int(columns), 4 * lanes], one);
  return { ...main([loop("m", [int(0), int(rows), 2], [across])], ["inner"]), name: "product" };
}

const [a, b, c] = [load(0), load(16), load(32)];
const other: ProgramFunction = { name: "other", parameters: ["x"], body: [], exported: false };
const callOther: Statement = { kind: "call", name: "other", inputs: [] };
const shift: Expression = { kind: "shift", op: "left", by: 32, value: { kind: "laneIndex" } };

/** What is wrong, the program, and what the refusal says. */
export const badPrograms: readonly (readonly [string, Program, RegExp])[] = [
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
  ["an addition of three", programOf(main([store(0, vector("add", a, b, c))])), /takes 2 inputs, not 3/],
  [
    "a multiply-add of two",
    programOf(main([store(0, vector("multiplyAdd", a, b))])),
    /takes 3 inputs, not 2/,
  ],
  ["a shift beyond the word", programOf(main([store(0, shift)])), /shift by 32/],
];
