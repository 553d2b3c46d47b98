/** Every statement, run in the engine at hand. */
import { describe, expect, test } from "vitest";
import {
  branch,
  int,
  ints,
  load,
  local,
  loop,
  machine,
  main,
  programOf,
  run,
  set,
  store,
  storeInt,
} from "../../../../test/programs.ts";
import type { Expression, ProgramFunction, Statement } from "../../plan/program.ts";

/** Results go to byte 64 and up. */
const out = 64;
const a = load(0);

describe("statements", () => {
  test("storeFirst writes lane 0 alone, of vectors and of integers", () => {
    const first = (value: Expression): Statement => ({
      kind: "storeFirst",
      address: int(60),
      offset: 4,
      value,
    });
    expect([...run([first(a)], [7, 8, 9, 10]).floats.subarray(15, 18)]).toEqual([0, 7, 0]);
    expect([...run([first({ kind: "integer", value: -3 })]).integers.subarray(15, 18)]).toEqual([0, -3, 0]);
  });
  test("store and storeInt write at address + offset", () => {
    expect([...run([store(4, { kind: "constant", value: 2 }, 8)]).floats.subarray(2, 8)]).toEqual([
      0, 2, 2, 2, 2, 0,
    ]);
    expect([...run([storeInt(4, int(9), 8)]).integers.subarray(2, 5)]).toEqual([0, 9, 0]);
  });
  test("fill writes zeros to just those bytes", () => {
    const fill: Statement = { kind: "fill", address: int(4), bytes: ints("multiply", int(4), int(3)) };
    expect([...run([fill], [1, 2, 3, 4, 5]).floats.subarray(0, 5)]).toEqual([1, 0, 0, 0, 5]);
  });
  test("a local holds zero until it is set", () => {
    const body = [
      store(out, local("v", "vector")),
      store(out, local("i", "integers"), 16),
      storeInt(out, local("n"), 32),
      set("v", { kind: "constant", value: 1 }, "vector"),
      set("i", { kind: "laneIndex" }, "integers"),
      set("n", int(1)),
    ];
    const { integers: memory } = run([...body, ...body.slice(0, 2)]);
    expect([...memory.subarray(16, 25)]).toEqual([...new Array(4).fill(0x3f800000), 0, 1, 2, 3, 0]);
  });
  test.each([
    [0, 10, 4, [0, 4, 8]],
    [0, 8, 4, [0, 4]],
    [5, 5, 1, []],
    [7, 2, 1, []],
    [9, 0, -4, [9, 5, 1]],
    [8, 0, -4, [8, 4, 0]],
    [-1, 0, -1, []],
    [-3, 1, 2, [-3, -1]],
  ] as const)("a loop from %i, until %i, by %i visits %j", (from, until, step, visits) => {
    const next = ints("add", local("count"), int(1));
    const note = [storeInt(ints("multiply", local("count"), int(4)), local("n"), out), set("count", next)];
    const range = [
      ints("add", int(from), local("zero")),
      ints("add", int(until), local("zero")),
      step,
    ] as const;
    for (const bounds of [range, [int(from), int(until), step] as const]) {
      const done = storeInt(0, local("count"));
      const { integers: memory } = run([set("zero", int(0)), loop("n", bounds, note), done]);
      expect([...memory.subarray(16, 16 + memory[0]!)]).toEqual(visits);
    }
  });
  test("the end of a loop is fixed before it begins", () => {
    const body = [
      set("end", ints("subtract", local("end"), int(1))),
      set("count", ints("add", local("count"), int(1))),
    ];
    const all = [
      set("end", int(6)),
      loop("n", [int(0), local("end"), 1], body),
      storeInt(out, local("count")),
    ];
    expect(run(all).integers[16]).toBe(6);
  });
  test("loops nest three deep, each with an end of its own", () => {
    const inner = [
      set(
        "sum",
        ints("add", local("sum"), ints("multiply", local("i"), ints("multiply", local("j"), local("k")))),
      ),
    ];
    const ends = (name: string): Expression => ints("add", local(name), int(1));
    const body = loop(
      "i",
      [int(0), ends("four"), 1],
      [loop("j", [int(3), int(1), -1], [loop("k", [int(0), ends("i"), 1], inner)])],
    );
    let sum = 0;
    for (let i = 0; i < 5; i++) for (let j = 3; j >= 1; j--) for (let k = 0; k < i + 1; k++) sum += i * j * k;
    expect(run([set("four", int(4)), body, storeInt(out, local("sum"))]).integers[16]).toBe(sum);
  });
  test("if runs one side; without an otherwise it may run none", () => {
    const chosen = (n: number, both: boolean): number | undefined =>
      run([
        branch(
          ints("less", int(n), int(5)),
          [storeInt(out, int(1))],
          both ? [storeInt(out, int(2))] : undefined,
        ),
      ]).integers[16];
    expect([chosen(4, true), chosen(5, true), chosen(4, false), chosen(5, false)]).toEqual([1, 2, 1, 0]);
  });
  test("a function calls those before it; only the exported ones can be called from outside", () => {
    const write: ProgramFunction = {
      name: "write",
      parameters: ["at", "value"],
      body: [storeInt(local("at"), local("value"))],
      exported: false,
    };
    const call = (at: number, value: Expression): Statement => ({
      kind: "call",
      name: "write",
      inputs: [int(at), value],
    });
    const ready = machine(programOf(write, main([call(out, local("x")), call(out + 4, int(5))], ["x"])), {
      relaxed: false,
      shared: false,
    });
    ready.call("main", 41);
    expect([...ready.integers.subarray(16, 18)]).toEqual([41, 5]);
    expect(() => ready.call("write", 0, 0)).toThrow(/no export/);
  });
});
