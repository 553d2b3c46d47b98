/**
 * Planted faults in the equations of dropout, recurrent dropout and zoneout. Their gradients would be right, so what
 * notices them are the numbers: which there may be, how many are dropped, and which of them go together.
 */
import { describe, expect, test } from "vitest";
import { constant, make, withInputs } from "../../src/core/graph/build.ts";
import { type Node, rows, type Shape } from "../../src/core/graph/nodes.ts";
import { broadcast, greater, mul, random } from "../../src/core/graph/operators.ts";
import type { Rule } from "../../src/core/graph/rewrite.ts";
import { evaluate, type HostValue } from "../../src/core/run/reference.ts";
import { defineCell } from "../../src/nn/cells/defineCell.ts";
import { dropout } from "../../src/nn/layers/dropout.ts";
import { recurrent } from "../../src/nn/layers/recurrent.ts";
import * as cells from "../../src/nn/operators.ts";
import type { Planting } from "./check.ts";
import { type Piece, prepared } from "./networks.ts";
import { at, fault, inForward, isConstant } from "./plant.ts";

const [count, steps, width] = [6, 4, 50];
const rate = 0.3;

/** The input as it comes, beside nothing of the state. */
const reading = defineCell({
  name: "reading",
  state: ({ units }) => ({ h: [units] }),
  weights: () => ({}),
  step: (x, { h }) => ({ h: cells.add(x, cells.mul(h, 0)) }),
});
/** A state as it enters a product, with the identity. */
const remembering = defineCell({
  name: "remembering",
  state: ({ units }) => ({ h: [units] }),
  weights: ({ units }) => ({ kernel: [units, units] }),
  step: (x, { h }, { kernel }) => ({ h: cells.add(cells.mul(x, 0), cells.matmul(h, kernel)) }),
});
/** One more at each step. */
const counting = defineCell({
  name: "counting",
  state: ({ units }) => ({ h: [units] }),
  weights: () => ({}),
  step: (x, { h }) => ({ h: cells.add(h, x) }),
});

interface Drawn {
  readonly layer: Piece;
  readonly training: boolean;
  /** What a number may be at the first step. */
  readonly values: readonly number[];
  /** The share of the first of them. */
  readonly share: number;
  /** Whether every step draws anew. */
  readonly anew: boolean;
}
const every = { units: width, returnSequences: true } as const;
const dropped = { training: true, values: [0, 1 / (1 - rate)], share: rate } as const;
const all = {
  dropout: { layer: dropout({ rate }), ...dropped, anew: true },
  "dropout of inputs": { layer: recurrent(reading, { ...every, dropout: rate }), ...dropped, anew: false },
  "dropout of states": {
    layer: recurrent(remembering, { ...every, recurrentDropout: rate }),
    ...dropped,
    anew: false,
  },
  zoneout: {
    layer: recurrent(counting, { ...every, zoneout: rate }),
    ...dropped,
    values: [0, 1],
    anew: true,
  },
  "zoneout outside of training": {
    layer: recurrent(counting, { ...every, zoneout: rate }),
    training: false,
    values: [1 - rate],
    share: 1,
    anew: false,
  },
} as const satisfies Readonly<Record<string, Drawn>>;

/** The numbers of each step of a layer, where all inputs are 1 and so are first states that only lose. */
function stepsOf({ layer, training }: Drawn, planted: Planting): readonly (readonly number[])[] {
  const lengths = Array.from({ length: count }, () => steps);
  const one = { layers: [layer], lengths, features: width, training, given: true };
  const { traced, values, dims } = prepared(one);
  const filled = (value: number, ...shape: readonly number[]): HostValue => ({
    shape,
    data: new Float64Array(shape.reduce((a, b) => a * b)).fill(value),
  });
  values.set(traced.inputs[0] as Node, filled(1, steps, count, width));
  const identity = Float64Array.from({ length: width * width }, (_, k) => Number(k % (width + 1) === 0));
  for (const weight of traced.weights) values.set(weight, { shape: [width, width], data: identity });
  for (const { initial, layer: name } of traced.states)
    if (initial) values.set(initial, filled(Number(name.startsWith("remembering")), count, width));
  const [output] = evaluate(planted([traced.outputs[0]?.node as Node]), values, dims);
  return Array.from({ length: steps }, (_, t) =>
    Array.from(output?.data.subarray(t * count * width, (t + 1) * count * width) ?? []),
  );
}

/** Throws an error that begins with "dropped:" unless the numbers are as they should be. */
function expectDropped(drawn: Drawn, planted: Planting = (roots) => roots): void {
  const { values, share, anew } = drawn;
  const [first = [], second = []] = stepsOf(drawn, planted);
  const near = (a: number, b = Number.NaN): boolean => Math.abs(a - b) < 1e-6;
  const refuse = (wrong: boolean, what: string): void => {
    if (wrong) throw new Error(`dropped: ${what}`);
  };
  const other = first.find((x) => !values.some((value) => near(x, value)));
  refuse(other !== undefined, `${other} is none of ${values.join(", ")}`);
  const found = first.filter((x) => near(x, values[0])).length / first.length;
  const deviation = Math.sqrt((share * (1 - share)) / first.length);
  refuse(Math.abs(found - share) > 5 * deviation, `a share of ${found}, not of ${share}`);
  if (values.length === 1) return;
  refuse(first.slice(0, width).join() === first.slice(width, 2 * width).join(), "two rows have one mask");
  const [before, after] = [first, second].map((step) => step.map((x) => near(x, 0)).join());
  refuse(!anew && before !== after, "each step draws its own mask");
  const stayed = second.map((x, k) => near(x, drawn.layer === all.zoneout.layer ? first[k] : 0)).join();
  refuse(anew && before === stayed, "two steps have one mask");
}

const isKept = (node: Node): boolean => node.op === "where" && isConstant(node.inputs[1], 0);
const scaledBy = (by: number): Rule =>
  at("where", (node) =>
    isKept(node) ? withInputs(node, [node.inputs[0], constant(0), constant(by)]) : node,
  );
const branches: Rule = at("where", ({ inputs: [condition, a, b] }) => make("where", [condition, b, a], {}));
const drawnWith = (shape: (shape: Shape) => Shape): Rule =>
  at("random", (node) => broadcast(random(node.inputs[0], shape(node.shape)), node.shape));
const forEveryRow = drawnWith((shape) => shape.map((dim) => (dim === rows ? 1 : dim)));

type Planted = readonly [what: string, layer: keyof typeof all, rule: () => Rule];
const planted: readonly Planted[] = [
  ["what is left is not scaled up", "dropout", () => scaledBy(1)],
  ["what is left is divided by the rate", "dropout", () => scaledBy(1 / rate)],
  ["as many are left as should go", "dropout", () => at("greater", ({ inputs: [a, b] }) => greater(b, a))],
  ["all rows have one mask", "dropout", () => forEveryRow],
  ["all steps have one mask", "dropout", () => drawnWith((shape) => shape.with(0, 1))],
  ["what is left is not scaled up", "dropout of inputs", () => scaledBy(1)],
  ["all rows have one mask", "dropout of inputs", () => forEveryRow],
  [
    "the mask of a sequence is drawn anew at each step",
    "dropout of inputs",
    () => at("random", (node) => random(node.inputs[0], ["time", ...node.shape])),
  ],
  ["what is left is not scaled up", "dropout of states", () => scaledBy(1)],
  ["all rows have one mask", "dropout of states", () => forEveryRow],
  ["as many are kept as should be new", "zoneout", () => inForward(branches)],
  ["all steps keep the same", "zoneout", () => drawnWith((shape) => shape.with(0, 1))],
  [
    "the expectation weighs old and new the other way round",
    "zoneout outside of training",
    () => inForward(at("mul", (node) => (isRate(node) ? mul(node.inputs[0], 1 - factorOf(node)) : node))),
  ],
];
const factorOf = (node: Node): number =>
  node.inputs[1]?.op === "constant" ? node.inputs[1].attributes.value : Number.NaN;
const isRate = (node: Node): boolean => [rate, 1 - rate].some((x) => Math.abs(factorOf(node) - x) < 1e-12);

describe("the numbers notice that", () => {
  test.each(planted)("%s (%s)", (_, layer, rule) => {
    expectDropped(all[layer]);
    expect(() => expectDropped(all[layer], fault(rule()))).toThrow(/^dropped:/);
  });
});
