import { expect, test } from "vitest";
import { constant, outputOf, parameter, scan, zeros } from "./build.ts";
import { add, matmul, mul, slice, sumLeading, tanh } from "./operators.ts";
import { printGraph, printNode } from "./print.ts";

const lengths = parameter("lengths", ["rows"], "int32");
const x = parameter("x", ["time", "rows", 3]);
const kernel = parameter("kernel", [3, 4]);
const mask = parameter("mask", ["rows", 4]);

test("a graph is printed one node a line, inputs first, with bodies indented and constants in place", () => {
  const h = parameter("h", ["rows", 4]);
  const slot = parameter("x_t", ["rows", 3]);
  const next = tanh(add(matmul(slot, kernel), mul(h, mask)));
  const node = scan({
    lengths,
    initial: [zeros(["rows", 4])],
    sequences: [x],
    body: { carried: [h], sequences: [slot], next: [next], stacked: [next], summed: [sumLeading(next, 1)] },
    time: "time",
    reverse: true,
  });
  const last = outputOf(node, "final", 0);
  expect(printGraph([mul(slice(last, 1, 2), -0.5), outputOf(node, "stacked", 0)])).toMatchInlineSnapshot(`
    "%0 int32 [rows] = parameter "lengths"
    %1 [rows, 4] = broadcast(0)
    %2 [time, rows, 3] = parameter "x"
    %3 [3, 4] = parameter "kernel"
    %4 [rows, 4] = parameter "mask"
    %5 = scan over time backwards, lengths %0
      state %6 [rows, 4] "h" begins as %1
      slice %7 [rows, 3] "x_t" of %2
      %8 [rows, 4] = matmul(%7, %3)
      %9 [rows, 4] = mul(%6, %4)
      %10 [rows, 4] = add(%8, %9)
      %11 [rows, 4] = tanh(%10)
      %12 [4] = sumLeading(%11, axes 1)
      next %11
      stacked %11
      summed %12
    %13 [rows, 4] = output(%5, final 0)
    %14 [rows, 2] = slice(%13, start 1, size 2)
    %15 [rows, 2] = mul(%14, -0.5)
    %16 [time, rows, 4] = output(%5, stacked 0)
    return %15, %16"
  `);
});

test("equal graphs have equal texts, other attributes another", () => {
  const build = (start: number) => printGraph([slice(parameter("a", [2, 4]), start, 2)]);
  expect(build(1)).toBe(build(1));
  expect(build(1)).not.toBe(build(2));
});

test("a scan in a scan is indented twice", () => {
  const inner = parameter("s", ["rows", 1]);
  const outer = parameter("h", ["rows", 1]);
  const scanInside = scan({
    lengths,
    initial: [outer],
    sequences: [],
    body: { carried: [inner], sequences: [], next: [add(inner, 1)], stacked: [], summed: [] },
    time: "time",
    reverse: false,
  });
  const node = scan({
    lengths,
    initial: [zeros(["rows", 1])],
    sequences: [],
    body: {
      carried: [outer],
      sequences: [],
      next: [outputOf(scanInside, "final", 0)],
      stacked: [],
      summed: [],
    },
    time: "time",
    reverse: false,
  });
  expect(printGraph([outputOf(node, "final", 0)])).toMatchInlineSnapshot(`
    "%0 int32 [rows] = parameter "lengths"
    %1 [rows, 1] = broadcast(0)
    %2 = scan over time, lengths %0
      state %3 [rows, 1] "h" begins as %1
      %4 = scan over time, lengths %0
        state %5 [rows, 1] "s" begins as %3
        %6 [rows, 1] = add(%5, 1)
        next %6
      %7 [rows, 1] = output(%4, final 0)
      next %7
    %8 [rows, 1] = output(%2, final 0)
    return %8"
  `);
});

test("a node alone tells its inputs by operator and shape, a constant by its value", () => {
  expect(printNode(matmul(tanh(x), kernel))).toBe(
    "[time, rows, 4] = matmul(tanh [time, rows, 3], parameter [3, 4])",
  );
  expect(printNode(constant(-0))).toBe("[] = -0");
});
