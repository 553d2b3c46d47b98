/** Central differences of the losses that sequences have as a whole, and planted faults that they must notice. */
import { describe, expect, test } from "vitest";
import { parameter } from "../../src/core/graph/build.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import { add, matmul, sub, transpose } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import { evaluate, type HostValue } from "../../src/core/run/reference.ts";
import { crf } from "../../src/nn/layers/crf.ts";
import type { Value } from "../../src/nn/layers/layer.ts";
import { masking } from "../../src/nn/layers/masking.ts";
import { ctc } from "../../src/nn/train/sequenceLosses.ts";
import { type Chain, likelihood } from "../everyPath.ts";
import { caseNamed, devices, expectClose, type Tested } from "../parity/close.ts";
import { ctcCases, expectCtc } from "../parity/ctc.ts";
import { checkGradients, checkResults, integers, numbers, type Planting } from "./check.ts";
import { type NetworkCase, prepared } from "./networks.ts";
import { at, fault, inBackward, inForward, isConstant, named, nothing, nth, scaled, scans } from "./plant.ts";

const [units, lengths, steps] = [3, [4, 2, 0, 1], 4];
const classes = integers(0, 1, 2, 0, 2, 2, 1, 1, 1, 0, 0, 2, 0, 1, 1, 0).data;

/** The loss of a crf: gradients of the input, kernel, bias and transitions. */
function checkCrf(more: Partial<NetworkCase> = {}, planted: Planting = (roots) => roots): void {
  const { traced, wrt, values, dims } = prepared({ layers: [crf({ units })], lengths, ...more });
  const target = parameter("target", ["time", rows], "int32");
  values.set(target, { shape: [steps, lengths.length], data: classes });
  const loss = traced.outputs[0]?.loss?.(target) as Node;
  checkResults({ results: [loss], wrt, given: values, dims, planted });
}

const frames = [6, 3, 5, 1, 0];
const labels = {
  shape: [5, 4],
  data: Float64Array.from([1, 1, 2, -1, 2, -1, -1, -1, 2, 1, 2, 1].concat([1, -1, -1, -1, -1, -1, -1, -1])),
};

/** The loss of CTC: the gradient of the logits. */
function checkCtc({ blank = 0, range = 2, masked = false } = {}, planted: Planting = (roots) => roots): void {
  const logits = parameter("logits", ["time", rows, 4]);
  const said = parameter("labels", [rows, 4]);
  const mask = parameter("mask", ["time", rows, 1]);
  const ends = parameter("lengths", [rows], "int32");
  const value: Value = { node: logits, time: "time", lengths: ends, mask: masked ? mask : null };
  const given = new Map<Node, HostValue>([
    [logits, numbers([6, 5, 4], 3, [-range, range])],
    [said, { ...labels, data: labels.data.map((label) => (label === blank && blank > 0 ? 3 : label)) }],
    [mask, { shape: [6, 5, 1], data: Float64Array.from({ length: 30 }, (_, k) => Number(k !== 15)) }],
    [ends, integers(...frames)],
  ]);
  const loss = ctc({ blank }).perSequence(value, said);
  checkGradients({ loss, wrt: [logits], given, dims: { rows: 5, time: 6 }, planted });
}

describe("central differences", () => {
  test("a crf: rows of any length, also 1 and 0", () => {
    checkCrf();
  });
  test("a crf behind a mask", () => {
    checkCrf({
      layers: [masking(), crf({ units })],
      zeroAt: [
        [0, 0],
        [2, 0],
        [1, 1],
      ],
    });
  });
  test("a crf of one label", () => {
    const { traced, values, dims } = prepared({ layers: [crf({ units: 1 })], lengths });
    const target = parameter("target", ["time", rows], "int32");
    values.set(target, { shape: [steps, lengths.length], data: new Float64Array(16) });
    const loss = traced.outputs[0]?.loss?.(target) as Node;
    const found = checkResults({ results: [loss], wrt: traced.weights, given: values, dims });
    expect(found.every((gradient) => gradient?.data.every((x) => Math.abs(x) < 1e-15) ?? true)).toBe(true);
  });
  test.each([{}, { blank: 2 }, { range: 30 }, { masked: true }])("ctc %o", (options) => {
    checkCtc(options);
  });
});

const inCrf: readonly (readonly [what: string, rule: () => Rule])[] = [
  [
    "the share of one label in the sum over labels is off",
    () =>
      inBackward(
        nth(
          0,
          at("div", (node) => scaled(node)),
        ),
      ),
  ],
  ["the state before gets no gradient", () => inBackward(at("sum", nothing))],
  ["transitions get none of the path", () => at("contract", nothing)],
];
const inCtc: readonly (readonly [what: string, rule: () => Rule])[] = [
  [
    "the share of one way on is off",
    () =>
      inBackward(
        nth(
          0,
          at("div", (node) => scaled(node)),
        ),
      ),
  ],
  ["what was shifted is not shifted back", () => inBackward(nth(0, at("pad", nothing)))],
  [
    "a condition is forgotten",
    () =>
      inBackward(
        nth(
          0,
          at("where", (node) => scaled(node)),
        ),
      ),
  ],
];

describe("central differences notice", () => {
  test.each(inCrf)("in a crf: %s", (_, rule) => {
    expect(() => checkCrf({}, fault(rule()))).toThrow(/times the tolerance apart/);
  });
  test.each(inCtc)("in ctc: %s", (_, rule) => {
    expect(() => checkCtc({}, fault(rule()))).toThrow(/times the tolerance apart/);
  });
});

/** Throws unless the loss of a crf is that of all paths. */
function expectEveryPath(planted: Planting): void {
  const { traced, values, dims } = prepared({ layers: [crf({ units })], lengths });
  const target = parameter("target", ["time", rows], "int32");
  values.set(target, { shape: [steps, lengths.length], data: classes });
  traced.weights.forEach((weight, k) => {
    values.set(weight, numbers(weight.shape as readonly number[], k + 1));
  });
  const [loss] = planted([traced.outputs[0]?.loss?.(target) as Node]);
  const [found] = evaluate([loss as Node], values, dims);
  const [kernel, bias, transitions] = traced.weights.map((weight) => {
    const { shape, data } = values.get(weight) as HostValue;
    const width = shape.at(-1) ?? 1;
    const matrix = Array.from({ length: data.length / width }, (_, k) => [
      ...data.subarray(k * width, (k + 1) * width),
    ]);
    return shape.length === 1 ? matrix[0] : matrix;
  });
  const chain = { kernel, bias, transitions } as unknown as Chain;
  const x = values.get(traced.inputs[0] as Node)?.data ?? [];
  const wanted = lengths.map((length, row) => {
    const at = (t: number): number => t * lengths.length + row;
    const all = Array.from({ length }, (_, t) => t);
    const seen = all.map((t) => [x[at(t) * 2] ?? 0, x[at(t) * 2 + 1] ?? 0]);
    return likelihood(
      chain,
      seen,
      all.map((t) => classes[at(t)] ?? 0),
    ).loss;
  });
  expectClose([...(found?.data ?? [])], wanted, "losses", { tolerance: 1e-12, smallest: 1 });
}

const final = (node: Node | undefined, index: number): boolean =>
  node?.op === "output" && node.attributes.result.kind === "final" && node.attributes.result.index === index;
const inCrfEquation: readonly (readonly [what: string, rule: () => Rule])[] = [
  [
    "transitions go from the column to the row",
    () => inForward(at("matmul", ({ inputs: [a, b] }) => matmul(a, transpose(b)))),
  ],
  [
    "the first step has a transition too",
    () =>
      scans(false, (parts) => ({
        ...parts,
        initial: parts.initial.map((x, k) => (k === 2 ? add(x, 1) : x)),
      })),
  ],
  ["the sum over the labels before is off", () => inForward(at("sumSites", (node) => scaled(node)))],
  [
    "what is taken off is not put into the loss",
    () => inForward(at("add", (node) => (named(node.inputs[0], "loss") ? node.inputs[0] : node))),
  ],
];
const inCtcEquation: readonly (readonly [what: string, rule: () => Rule])[] = [
  [
    "a repeat follows without a blank between",
    () =>
      at("sub", (node) =>
        isConstant(node.inputs[0], 1) && node.inputs[1].op === "equal" ? node.inputs[0] : node,
      ),
  ],
  [
    "the blank costs nothing",
    () => inForward(at("add", (node) => (named(node.inputs[1], "ofBlank") ? node.inputs[0] : node))),
  ],
  [
    "paths may not end in the blank",
    () => at("where", (node) => (final(node.inputs[1], 0) ? sub(node, 1e30) : node)),
  ],
  [
    "paths may not end in the last label",
    () => at("where", (node) => (final(node.inputs[1], 1) ? sub(node, 1e30) : node)),
  ],
  [
    "what is taken off is not put into the loss",
    () => inForward(at("sub", (node) => (named(node.inputs[0], "loss") ? node.inputs[0] : node))),
  ],
];
const repeats = "frames 5+3+4 labels 2+1+3 classes 3 blank 0 logits to 2";
const [reference] = devices as [Tested];

describe("every path notices", () => {
  test("nothing where nothing is planted", () => {
    expectEveryPath((roots) => roots);
  });
  test.each(inCrfEquation)("%s", (_, rule) => {
    expect(() => expectEveryPath(fault(rule()))).toThrow(/the largest difference/);
  });
});
describe("PyTorch's CTC notices", () => {
  test.each(inCtcEquation)("%s", (_, rule) => {
    expect(() => expectCtc(caseNamed(ctcCases, repeats), reference, fault(rule()))).toThrow(
      /the largest difference/,
    );
  });
});
