import { describe, expect, test } from "vitest";
import { make, outputOf, parameter, type ScanParts, scan, zeros } from "./build.ts";
import type { Node, NodeOf, ScanBody } from "./nodes.ts";
import {
  add,
  concat,
  gather,
  matmul,
  mul,
  oneHot,
  random,
  resample,
  reverse,
  sumLeading,
  tanh,
  toFloat,
} from "./operators.ts";
import { verify } from "./verify.ts";

const lengths = parameter("lengths", ["rows"], "int32");
const x = parameter("x", ["time", "rows", 3]);
const kernel = parameter("kernel", [3, 3]);
const h = parameter("h", ["rows", 3]);
const slot = parameter("x_t", ["rows", 3]);
const next = tanh(add(matmul(slot, kernel), h));
const body: ScanBody = {
  carried: [h],
  sequences: [slot],
  next: [next],
  stacked: [next],
  summed: [sumLeading(next, 1)],
};
const parts: ScanParts = {
  lengths,
  initial: [zeros(["rows", 3])],
  sequences: [x],
  body,
  time: "time",
  reverse: false,
};
const whole = scan(parts);
const good = outputOf(whole, "stacked", 0);

/** A scan put together by hand, past the checks of `make`. */
const faulty = (changes: Partial<NodeOf<"scan">>): Node => outputOf({ ...whole, ...changes }, "stacked", 0);
const withBody = (changes: Partial<ScanBody>): Node =>
  outputOf(scan({ ...parts, body: { ...body, ...changes } }), "final", 0);

test("well formed graphs pass, with scans in scans, shared bodies, integers and random numbers", () => {
  const key = parameter("key", [2], "int32");
  const token = parameter("token", ["time", "rows"], "int32");
  const s = parameter("s", ["rows", 3]);
  const inner = scan({
    lengths,
    initial: [s],
    sequences: [x],
    body: { ...body, summed: [] },
    time: "time",
    reverse: false,
  });
  const outer = scan({
    lengths,
    initial: [zeros(["rows", 3])],
    sequences: [],
    body: { carried: [s], sequences: [], next: [outputOf(inner, "final", 0)], stacked: [], summed: [] },
    time: "time",
    reverse: true,
  });
  const again = scan({ ...parts, initial: [zeros(["rows", 3])] });
  const roots = [good, outputOf(whole, "summed", 0), outputOf(again, "final", 0)];
  expect(() => verify(roots, "test")).not.toThrow();
  expect(() => verify([outputOf(outer, "final", 0)], "test")).not.toThrow();
  expect(() =>
    verify(
      [oneHot(token, 5), gather(kernel, token), reverse(token, lengths), random(key, ["rows", 2])],
      "test",
    ),
  ).not.toThrow();
});

test("the message names the pass and prints the node", () => {
  const node: Node = { ...good, shape: ["time", "rows", 4] } as Node;
  expect(() => verify([mul(2, node)], "hoist")).toThrow(
    /^hoist: [\s\S]*\[time, rows, 4\] = output\(scan \[\], stacked 0\)/,
  );
});

describe("verify finds", () => {
  const table = parameter("table", [4, 3]);
  const other = parameter("other", ["rows", 2]);
  const counts = parameter("counts", [3], "int32");
  const state = parameter("s", ["rows", 3]);
  const resampled = (node: Node, stride: number): Node =>
    resample(node, { from: lengths, to: lengths }, { time: "time", stride, per: 1, offset: 0 });
  const faults: readonly (readonly [string, () => readonly Node[], RegExp])[] = [
    [
      "a shape that is not the rule's",
      () => [{ ...tanh(h), shape: ["rows", 4] } as Node],
      /shape by the rule/,
    ],
    [
      "a dtype that is not the rule's",
      () => [{ ...tanh(kernel), dtype: "int32" } as Node],
      /dtype by the rule/,
    ],
    [
      "shapes that do not go together",
      () => [{ ...add(kernel, kernel), inputs: [kernel, table] } as Node],
      /equal, or 1/,
    ],
    ["an input too few", () => [{ ...add(kernel, kernel), inputs: [kernel] } as Node], /2 inputs, not 1/],
    ["an input too many", () => [{ ...tanh(kernel), inputs: [kernel, kernel] } as Node], /1 inputs, not 2/],
    ["integers where floats belong", () => [make("neg", [counts], {})], /input 0 is float32, not int32/],
    ["integers in a concat", () => [concat(parameter("a", [1]), counts)], /input 1 is float32, not int32/],
    ["floats where integers belong", () => [toFloat(kernel)], /input 0 is int32, not float32/],
    ["steps that are no whole number apart", () => [resampled(x, 0.5)], /resampled lies within/],
    ["a sequence resampled at one step only", () => [resampled(x, 0)], /resampled lies within/],
    ["a vector resampled", () => [resampled(h, 1)], /resampled lies within/],
    ["rows cut beyond the end", () => [make("sliceRows", [table], { start: 2, size: 3 })], /within the axis/],
    ["padding too short", () => [make("pad", [table], { start: 2, size: 4 })], /within the axis/],
    [
      "an output that the scan has not",
      () => [outputOf(whole, "stacked", 1)],
      /1 results of the kind "stacked"/,
    ],
    ["an output of no scan", () => [{ ...good, inputs: [kernel] } as Node], /nothing else, takes a scan/],
    ["a scan used as a number", () => [add(whole, 1)], /nothing else, takes a scan/],
    [
      "lengths that are not [rows]",
      () => [outputOf(scan({ ...parts, lengths: counts }), "final", 0)],
      /are \[rows\]/,
    ],
    [
      "an initial state of another shape",
      () => [outputOf(scan({ ...parts, initial: [other] }), "final", 0)],
      /initial state 0 is shaped as the state "h"/,
    ],
    [
      "a sequence of another time",
      () => [outputOf(scan({ ...parts, time: "frames" }), "final", 0)],
      /sequence 0 is the slice "x_t" with frames/,
    ],
    [
      "a next state of another shape",
      () => [withBody({ next: [sumLeading(next, 1)] })],
      /next state 0 is shaped/,
    ],
    ["a next state missing", () => [withBody({ next: [] })], /one next state for each state/],
    ["a sum over steps with rows", () => [withBody({ summed: [next] })], /what a scan sums has no rows/],
    [
      "a captured weight that is not an input",
      () => [faulty({ inputs: whole.inputs.slice(0, -1) })],
      /not among the inputs: \[rows, 3\] = matmul/,
    ],
    [
      "a captured result that is not an input",
      () => [
        faulty({
          inputs: whole.inputs,
          attributes: { ...whole.attributes, body: { ...body, stacked: [other] } },
        }),
      ],
      /neither its own nor among the inputs/,
    ],
    ["a scan with inputs missing", () => [faulty({ inputs: [lengths] })], /has 3 inputs or more/],
    ["a state used outside of its body", () => [good, tanh(h)], /outside of its body[\s\S]*parameter "h"/],
    ["a state used outside, told before the scan", () => [tanh(h), good], /outside of its body/],
    [
      "an initial state made of the body's own",
      () => [outputOf(scan({ ...parts, initial: [tanh(slot)] }), "final", 0)],
      /outside of its body/,
    ],
    [
      "a slice of one body in another",
      () => [
        good,
        outputOf(
          scan({
            ...parts,
            sequences: [],
            body: { carried: [state], sequences: [], next: [add(state, slot)], stacked: [], summed: [] },
          }),
          "final",
          0,
        ),
      ],
      /outside of its body/,
    ],
    ["a state in two bodies", () => [good, withBody({ stacked: [] })], /belongs to one body/],
    [
      "a state twice in one body",
      () => [withBody({ sequences: [slot, slot] })],
      /belongs to one body, and there once/,
    ],
  ];
  test.each(faults)("%s", (_, build, message) => {
    expect(() => verify(build(), "test")).toThrow(message);
  });
});
