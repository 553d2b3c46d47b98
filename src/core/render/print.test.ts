import { expect, test } from "vitest";
import { branch, int, load, local, set } from "../../../test/programs.ts";
import type { Expression, Program, Statement } from "../plan/program.ts";
import { printProgram } from "./print.ts";

const n = local("n");
const acc = local("acc", "vector");

function textOf(body: readonly Statement[]): string {
  const program: Program = {
    lanes: 4,
    functions: [{ name: "f", parameters: ["x", "y"], body, exported: true }],
  };
  return printProgram(program);
}

test("a program reads like C, one statement a line", () => {
  const plus: Expression = { kind: "intOperation", op: "add", inputs: [n, int(64)] };
  const product: Expression = {
    kind: "vector",
    op: "multiplyAdd",
    inputs: [{ kind: "splat", address: n, offset: 16 }, load(plus, 8), acc],
  };
  const mask: Expression = {
    kind: "integers",
    op: "lessEqual",
    inputs: [acc, { kind: "constant", value: -0 }],
  };
  const body: readonly Statement[] = [
    { kind: "fill", address: n, bytes: int(256) },
    {
      kind: "for",
      name: "n",
      from: int(0),
      until: plus,
      step: 4,
      body: [
        set("acc", product, "vector"),
        branch(
          { kind: "anyTrue", value: mask },
          [{ kind: "store", address: plus, offset: 4, value: acc }],
          [{ kind: "storeFirst", address: n, offset: 0, value: acc }],
        ),
      ],
    },
    { kind: "for", name: "n", from: int(8), until: int(0), step: -2, body: [] },
    { kind: "storeInt", address: n, offset: 12, value: { kind: "loadInt", address: n, offset: 0 } },
    { kind: "call", name: "g", inputs: [plus, int(-1)] },
  ];
  expect(textOf(body)).toBe(
    [
      "lanes 4",
      "",
      "export f(int x, int y) {",
      "  fill(n, 256)",
      "  for (n = 0; n < n + 64; n += 4) {",
      "    vector acc = multiplyAdd(splat[n + 16], vector[(n + 64) + 8], acc)",
      "    if (anyTrue(acc <= vector(-0))) {",
      "      vector[(n + 64) + 4] = acc",
      "    } else {",
      "      first[n] = acc",
      "    }",
      "  }",
      "  for (n = 8; n >= 0; n -= 2) {",
      "  }",
      "  int[n + 12] = int[n]",
      "  g(n + 64, -1)",
      "}",
      "",
    ].join("\n"),
  );
});

test("signs stand between their inputs, words before them, and nothing loses its parentheses", () => {
  const sum: Expression = { kind: "vector", op: "add", inputs: [acc, acc] };
  const bits: Expression = { kind: "integers", op: "bits", inputs: [sum] };
  const body: readonly Statement[] = [
    set(
      "v",
      {
        kind: "vector",
        op: "mul",
        inputs: [sum, { kind: "vector", op: "sub", inputs: [sum, acc] }],
      },
      "vector",
    ),
    set("v", { kind: "acrossLanes", op: "max", value: sum }, "vector"),
    set("i", { kind: "shift", op: "rightUnsigned", by: 3, value: bits }, "integers"),
    set(
      "i",
      {
        kind: "integers",
        op: "xor",
        inputs: [{ kind: "laneIndex" }, { kind: "integer", value: 5 }],
      },
      "integers",
    ),
    set(
      "i",
      {
        kind: "spread",
        value: { kind: "intOperation", op: "minimum", inputs: [n, int(3)] },
      },
      "integers",
    ),
    set("i", { kind: "splatInteger", address: n, offset: 4 }, "integers"),
  ];
  expect(textOf(body).split("\n").slice(3, -2)).toEqual([
    "  vector v = (acc + acc) * ((acc + acc) - acc)",
    "  vector v = maxAcrossLanes(acc + acc)",
    "  integers i = bits(acc + acc) >>> 3",
    "  integers i = laneIndex ^ integers(5)",
    "  integers i = spread(minimum(n, 3))",
    "  integers i = splatInteger[n + 4]",
  ]);
});
