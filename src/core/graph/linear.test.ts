import { describe, expect, test } from "vitest";
import { make, outputOf, parameter, partsOf, type ScanParts, scan, zeros } from "./build.ts";
import { associativeScan, nonlinearityOf } from "./linear.ts";
import type { Node, ScanBody } from "./nodes.ts";
import {
  add,
  concat,
  div,
  greater,
  matmul,
  maximum,
  mul,
  neg,
  sigmoid,
  slice,
  sub,
  tanh,
  where,
} from "./operators.ts";
import { printGraph } from "./print.ts";
import { rewrite } from "./rewrite.ts";
import { verify } from "./verify.ts";

const [h, c] = [parameter("h", ["rows", 4]), parameter("c", ["rows", 4])];
const x = parameter("x_t", ["rows", 4]);
const kernel = parameter("kernel", [4, 4]);
const bodyOf = (nextOfH: Node, nextOfC: Node = mul(c, x), stacked: readonly Node[] = [h, c]): ScanBody => ({
  carried: [h, c],
  sequences: [x],
  next: [nextOfH, nextOfC],
  stacked,
  summed: [],
});
const partsFor = (body: ScanBody): ScanParts => ({
  lengths: parameter("lengths", ["rows"], "int32"),
  initial: [zeros(["rows", 4]), zeros(["rows", 4])],
  sequences: [parameter("x", ["time", "rows", 4])],
  body,
  time: "time",
  reverse: false,
});

const gate = sigmoid(matmul(x, kernel));
const linear: readonly (readonly [string, Node])[] = [
  ["a mixture", add(mul(gate, h), mul(sub(1, gate), x))],
  ["two states", sub(mul(gate, h), mul(c, tanh(x)))],
  ["a choice by the input", where(greater(x, 0), h, neg(c))],
  ["a quotient by the input", div(h, x)],
  ["elements moved", concat(slice(h, 2, 2), slice(c, 0, 2))],
  ["no state at all", tanh(matmul(x, kernel))],
  ["the state itself", h],
];
const nonlinear: readonly (readonly [string, Node, string])[] = [
  ["a function of the state", tanh(h), "tanh"],
  ["a product of states", mul(h, c), "mul"],
  ["a gate that sees the state", mul(sigmoid(add(x, c)), h), "sigmoid"],
  ["a choice by the state", where(greater(h, 0), h, x), "greater"],
  ["a quotient by the state", div(x, h), "div"],
  ["a product with a matrix", matmul(h, kernel), "matmul"],
  ["a maximum", maximum(h, x), "maximum"],
];

describe("a next state is linear in the states: ", () => {
  test.each(linear)("%s", (_, next) => {
    expect(nonlinearityOf(bodyOf(next))).toBeNull();
    const made = associativeScan(partsFor(bodyOf(next)));
    expect(made.attributes.associative).toBe(true);
    verify([outputOf(made, "final", 0)], "made");
  });
});

describe("a next state is not linear in the states: ", () => {
  test.each(nonlinear)("%s", (_, next, op) => {
    expect(nonlinearityOf(bodyOf(next))).toMatchObject({ state: h, node: { op } });
    expect(() => associativeScan(partsFor(bodyOf(next)))).toThrow(
      new RegExp(`associativeScan, state "h": .* got the operator "${op}" of a state`),
    );
    const claimed = make("scan", scan(partsFor(bodyOf(next))).inputs, {
      ...scan(partsFor(bodyOf(next))).attributes,
      associative: true,
    });
    expect(() => verify([outputOf(claimed, "final", 0)], "claimed")).toThrow(/"h" is not: /);
  });
});

test("a state that no step reads is a last value, and may be anything", () => {
  expect(nonlinearityOf(bodyOf(tanh(c), mul(c, x), [c]))).toBeNull();
  expect(nonlinearityOf(bodyOf(tanh(c), mul(c, x), [h]))).toMatchObject({ state: h });
});

test("the attribute is printed, and stays when a scan is made anew", () => {
  const made = associativeScan(partsFor(bodyOf(mul(gate, h))));
  expect(printGraph([outputOf(made, "final", 0)])).toContain("= associativeScan over time, lengths");
  expect(partsOf(made).associative).toBe(true);
  const [again] = rewrite([outputOf(made, "final", 0)], (node) =>
    node.op === "sigmoid" ? tanh(node.inputs[0]) : node,
  );
  expect(again?.inputs[0]).toMatchObject({ op: "scan", attributes: { associative: true } });
  expect(again?.inputs[0]).not.toBe(made);
});
