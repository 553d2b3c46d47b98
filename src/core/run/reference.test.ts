import { describe, expect, test } from "vitest";
import { constant, make, outputOf, parameter, scan, zeros } from "../graph/build.ts";
import type { Node, Shape, Windows } from "../graph/nodes.ts";
import * as op from "../graph/operators.ts";
import { verify } from "../graph/verify.ts";
import { threefry2x32 } from "./random.ts";
import { type Dims, evaluate, type HostValue } from "./reference.ts";

const value = (data: readonly number[], ...shape: readonly number[]): HostValue => ({
  shape,
  data: Float64Array.from(data),
});
/** The numbers of one root; also checks that the graph is well formed and the shape right. */
function run(
  root: Node,
  given: readonly (readonly [Node, readonly number[]])[],
  dims: Dims = {},
): readonly number[] {
  verify([root], "test");
  const sizes = (shape: Shape): readonly number[] =>
    shape.map((dim) => (typeof dim === "number" ? dim : dims[dim]!));
  const values = new Map(given.map(([node, data]) => [node, value(data, ...sizes(node.shape))]));
  const [result] = evaluate([root], values, dims);
  expect(result?.shape).toEqual(sizes(root.shape));
  return [...result!.data];
}

describe("an operator of one input", () => {
  const x = parameter("x", [3]);
  const e = Math.E;
  const cases: readonly (readonly [string, Node, readonly number[], readonly number[]])[] = [
    ["neg", op.neg(x), [1, -2, 0], [-1, 2, -0]],
    ["abs", op.abs(x), [1, -2, 0], [1, 2, 0]],
    ["sqrt", op.sqrt(x), [4, 2.25, 0], [2, 1.5, 0]],
    ["exp", op.exp(x), [0, 1, -1], [1, e, 1 / e]],
    ["log", op.log(x), [1, e, 1 / e], [0, 1, -1]],
    ["log1p", op.log1p(x), [0, e - 1, 1e-12], [0, 1, 1e-12 - 0.5e-24]],
    ["tanh", op.tanh(x), [0, 1, -1], [0, 0.7615941559557649, -0.7615941559557649]],
    ["sigmoid", op.sigmoid(x), [0, 1, -1], [0.5, 0.7310585786300049, 0.2689414213699951]],
    ["erf", op.erf(x), [0, 0.5, -1], [0, 0.5204998778130465, -0.8427007929497149]],
    ["floor", op.floor(x), [1.5, -1.5, 2], [1, -2, 2]],
    ["vanish", op.vanish(x), [2 ** -100, -(2 ** -101), 1], [2 ** -100, 0, 1]],
    ["stopGradient", op.stopGradient(x), [1, 2, 3], [1, 2, 3]],
    ["sum", op.sum(x), [1, 2, 4], [7]],
    ["max", op.max(x), [-3, -1, -2], [-1]],
    ["slice", op.slice(x, 1, 2), [1, 2, 3], [2, 3]],
    ["pad", make("pad", [x], { start: 1, size: 5 }), [1, 2, 3], [0, 1, 2, 3, 0]],
  ];
  test.each(cases)("%s", (_, root, input, expected) => {
    const result = run(root, [[x, input]]);
    result.forEach((number, k) => {
      expect(Math.abs(number - expected[k]!)).toBeLessThanOrEqual(
        4 * Number.EPSILON * Math.abs(expected[k]!),
      );
    });
    expect(result.length).toBe(expected.length);
  });
});

describe("an operator of two inputs", () => {
  const a = parameter("a", [2, 2]);
  const b = parameter("b", [2]);
  const given = [
    [a, [1, 2, 3, 4]],
    [b, [3, 2]],
  ] as const;
  test.each([
    ["add", op.add(a, b), [4, 4, 6, 6]],
    ["sub", op.sub(b, a), [2, 0, 0, -2]],
    ["mul", op.mul(a, b), [3, 4, 9, 8]],
    ["div", op.div(a, b), [1 / 3, 1, 1, 2]],
    ["maximum", op.maximum(a, b), [3, 2, 3, 4]],
    ["minimum", op.minimum(a, b), [1, 2, 3, 2]],
    ["greater", op.greater(a, b), [0, 0, 0, 1]],
    ["equal", op.equal(a, b), [0, 1, 1, 0]],
    ["where", op.where(op.sub(a, 2), a, op.neg(b)), [1, -2, 3, 4]],
  ] as const)("%s repeats what is shorter", (_, root, expected) => {
    expect(run(root, given)).toEqual(expected);
  });
  test("an axis of length 1 repeats, in front as well", () => {
    const column = parameter("column", [2, 1]);
    expect(run(op.mul(column, b), [[column, [10, 100]], given[1]])).toEqual([30, 20, 300, 200]);
  });
  test("NaN is not hidden by relu or max", () => {
    expect(run(op.relu(b), [[b, [Number.NaN, -1]]])).toEqual([Number.NaN, 0]);
    expect(run(op.max(b), [[b, [Number.NaN, -1]]])).toEqual([Number.NaN]);
  });
});

describe("movement", () => {
  const m = parameter("m", [2, 3]);
  const given = [[m, [1, 2, 3, 4, 5, 6]]] as const;
  test.each([
    ["reshape", op.reshape(m, [3, 2]), [1, 2, 3, 4, 5, 6]],
    ["transpose", op.transpose(m), [1, 4, 2, 5, 3, 6]],
    ["broadcast", op.broadcast(op.slice(m, 0, 1), [2, 2]), [1, 1, 4, 4]],
    ["broadcast over a new axis", op.broadcast(m, [2, 2, 3]), [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]],
    ["slice", op.slice(m, 1, 2), [2, 3, 5, 6]],
    ["sliceRows", make("sliceRows", [m], { start: 1, size: 1 }), [4, 5, 6]],
    ["pad", make("pad", [m], { start: 1, size: 4 }), [0, 1, 2, 3, 0, 4, 5, 6]],
    ["padRows", make("padRows", [m], { start: 1, size: 4 }), [0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0]],
    ["concat", op.concat(m, op.slice(m, 0, 1)), [1, 2, 3, 1, 4, 5, 6, 4]],
    ["sumLeading", op.sumLeading(m, 1), [5, 7, 9]],
    ["sumLeading of all axes", op.sumLeading(m, 2), [21]],
    ["sum", op.sum(m), [6, 15]],
    ["max", op.max(m), [3, 6]],
    ["iota", op.iota(4), [0, 1, 2, 3]],
    ["constant", constant(2.5), [2.5]],
    ["zeros", zeros([2]), [0, 0]],
  ] as const)("%s", (_, root, expected) => {
    expect(run(root, root.inputs.length > 0 && !expected.every((x) => x === 0) ? given : [])).toEqual(
      expected,
    );
  });
  test("each row turns at its own length", () => {
    const sequence = parameter("sequence", ["time", "rows", 1]);
    const lengths = parameter("lengths", ["rows"], "int32");
    const data = [1, 10, 2, 20, 3, 30]; // row 0: 1 2 3, row 1: 10 20 30
    const inputs = [[sequence, data] as const, [lengths, [3, 2]] as const];
    expect(run(op.reverse(sequence, lengths), inputs, { time: 3, rows: 2 })).toEqual([3, 20, 2, 10, 1, 0]);
  });
  test("steps as sites and back", () => {
    const sequence = parameter("sequence", ["time", "rows", 2]);
    const lengths = parameter("lengths", ["rows"], "int32");
    const data = [1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12];
    const sites = op.timeToSites(sequence, lengths, 3);
    const dims = { time: 3, rows: 2 };
    const inputs = [[sequence, data] as const, [lengths, [3, 2]] as const];
    expect(run(sites, inputs, dims)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0]);
    expect(run(op.sitesToTime(sites, lengths, "time"), inputs, dims)).toEqual([...data.slice(0, 10), 0, 0]);
  });
  test("sums over the sites of a row", () => {
    const image = parameter("image", ["rows", 2, 2, 2]);
    const data = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(run(op.sumSites(image), [[image, data]], { rows: 1 })).toEqual([16, 20]);
    expect(run(op.maxSites(image), [[image, data]], { rows: 1 })).toEqual([7, 8]);
  });
  test("what a window sees, and the way back", () => {
    const image = parameter("image", ["rows", 2, 3, 1]);
    const windows: Windows = {
      image: [2, 3],
      window: [2, 2],
      dilation: [1, 1],
      strides: [1, 2],
      start: [0, -1],
      count: [1, 2],
      outside: 9,
    };
    const data = [1, 2, 3, 4, 5, 6];
    const seen = op.patches(image, windows);
    expect(run(seen, [[image, data]], { rows: 1 })).toEqual([9, 1, 9, 4, 2, 3, 5, 6]);
    const back = make("overlapAdd", [seen], { ...windows, image: [2, 3] });
    expect(run(back, [[image, data]], { rows: 1 })).toEqual(data);
  });
});

describe("products and tables", () => {
  const a = parameter("a", [2, 3]);
  const b = parameter("b", [3, 2]);
  const v = parameter("v", [3]);
  const given = [
    [a, [1, 2, 3, 4, 5, 6]],
    [b, [1, 0, 2, 1, 0, 3]],
    [v, [1, 1, 2]],
  ] as const;
  const pick = (...nodes: readonly Node[]) => given.filter(([node]) => nodes.includes(node));
  test("matmul", () => {
    expect(run(op.matmul(a, b), pick(a, b))).toEqual([5, 11, 14, 23]);
    expect(run(op.matmul(a, v), pick(a, v))).toEqual([9, 21]);
    expect(run(op.matmul(v, b), pick(v, b))).toEqual([3, 7]);
  });
  test("matmul over time and rows", () => {
    const x = parameter("x", ["time", "rows", 3]);
    const data = [1, 2, 3, 4, 5, 6];
    expect(run(op.matmul(x, b), [[x, data], ...pick(b)], { time: 2, rows: 1 })).toEqual([5, 11, 14, 23]);
  });
  test("affine begins with its start", () => {
    const bias = parameter("bias", [2]);
    const root = make("affine", [bias, a, b], {});
    expect(run(root, [[bias, [100, 1000]], ...pick(a, b)])).toEqual([105, 1011, 114, 1023]);
  });
  test("contract sums a^T b over everything before the features", () => {
    const x = parameter("x", ["time", "rows", 2]);
    const y = parameter("y", ["time", "rows", 1]);
    const inputs = [[x, [1, 2, 3, 4, 5, 6, 7, 8]] as const, [y, [1, 10, 100, 1000]] as const];
    expect(run(make("contract", [x, y], {}), inputs, { time: 2, rows: 2 })).toEqual([7531, 8642]);
  });
  test("gather and scatterAdd", () => {
    const index = parameter("index", [3], "int32");
    const rows = parameter("values", [3, 2]);
    expect(run(op.gather(b, index), [[index, [2, 0, 2]], ...pick(b)])).toEqual([0, 3, 1, 0, 0, 3]);
    const root = make("scatterAdd", [index, rows], { size: 3 });
    expect(
      run(root, [
        [index, [2, 0, 2]],
        [rows, [1, 2, 3, 4, 5, 6]],
      ]),
    ).toEqual([3, 4, 0, 0, 6, 8]);
    expect(() => run(op.gather(b, index), [[index, [3, 0, 0]], ...pick(b)])).toThrow(
      /index 3 in a table of 3/,
    );
  });
  test("integers become floats", () => {
    const index = parameter("index", [2], "int32");
    expect(run(op.oneHot(index, 3), [[index, [2, 0]]])).toEqual([0, 0, 1, 1, 0, 0]);
  });
});

describe("random", () => {
  const key = parameter("key", [2], "int32");
  const given = new Map<Node, HostValue>([[key, value([7, -9], 2)]]);
  const dims = { time: 2, rows: 3 };
  const uniform = (row: number, element: number): number =>
    (threefry2x32(7, -9, row, element)[0] >>> 8) * 2 ** -24;

  test("a number is a function of key, row and place in the row", () => {
    const [flat, sequence] = evaluate(
      [op.random(key, ["rows", 2]), op.random(key, ["time", "rows", 2])],
      given,
      dims,
    );
    expect([...flat!.data]).toEqual([0, 1, 2].flatMap((row) => [uniform(row, 0), uniform(row, 1)]));
    const bySteps = [0, 1].flatMap((t) =>
      [0, 1, 2].flatMap((row) => [uniform(row, 2 * t), uniform(row, 2 * t + 1)]),
    );
    expect([...sequence!.data]).toEqual(bySteps);
    expect(new Set(bySteps).size).toBe(12);
    expect(Math.max(...bySteps)).toBeLessThan(1);
  });
  test("a part of a batch has the numbers of the whole", () => {
    const root = op.random(key, ["rows", 2]);
    const [whole] = evaluate([root], given, { rows: 5 });
    const [part] = evaluate([root], given, { rows: 2 }, { firstRow: 3 });
    expect([...part!.data]).toEqual([...whole!.data].slice(6));
  });
});

test("a missing value and a wrong number of values are told", () => {
  const x = parameter("x", ["rows", 2]);
  expect(() => evaluate([x], new Map(), { rows: 1 })).toThrow(/no value for the parameter "x"/);
  expect(() => evaluate([x], new Map([[x, value([1], 1)]]), { rows: 1 })).toThrow(
    /1 numbers for the shape \[rows, 2\]/,
  );
  expect(() => evaluate([x], new Map([[x, value([1, 2], 1, 2)]]), {})).toThrow(
    /no length for the dimension "rows"/,
  );
});

test("what is given is not evaluated, nor what only it needs", () => {
  const x = parameter("x", [1]);
  const doubled = op.mul(x, 2);
  const [result] = evaluate([op.add(doubled, 1)], new Map([[doubled, value([20], 1)]]), {});
  expect([...result!.data]).toEqual([21]);
});

describe("scan", () => {
  const lengths = parameter("lengths", ["rows"], "int32");
  const x = parameter("x", ["time", "rows", 1]);
  const start = parameter("start", ["rows", 1]);
  const h = parameter("h", ["rows", 1]);
  const slot = parameter("x_t", ["rows", 1]);
  /** h' = 10 h + x: the digits read so far. */
  const digits = op.add(op.mul(h, 10), slot);
  const read = (reverse: boolean, next: Node = digits) =>
    scan({
      lengths,
      initial: [start],
      sequences: [x],
      body: {
        carried: [h],
        sequences: [slot],
        next: [next],
        stacked: [next],
        summed: [op.sumLeading(next, 1)],
      },
      time: "time",
      reverse,
    });
  const dims = { time: 3, rows: 4 };
  const given = [
    [lengths, [3, 0, 2, 1]],
    [x, [1, 4, 5, 7, 2, 4, 6, 7, 3, 4, 6, 7]],
    [start, [0, 9, 0, 1]],
  ] as const;

  test("each row takes as many steps as it has; a row without steps keeps its state", () => {
    const node = read(false);
    expect(run(outputOf(node, "final", 0), given, dims)).toEqual([123, 9, 56, 17]);
    expect(run(outputOf(node, "stacked", 0), given, dims)).toEqual([1, 0, 5, 17, 12, 0, 56, 0, 123, 0, 0, 0]);
    expect(run(outputOf(node, "summed", 0), given, dims)).toEqual([1 + 5 + 17 + 12 + 56 + 123]);
  });
  test("backwards begins at the last step of each row", () => {
    const node = read(true);
    expect(run(outputOf(node, "final", 0), given, dims)).toEqual([321, 9, 65, 17]);
    expect(run(outputOf(node, "stacked", 0), given, dims)).toEqual([321, 0, 65, 17, 32, 0, 6, 0, 3, 0, 0, 0]);
  });
  test("what stands beyond a row's length counts for nothing", () => {
    const nan = Number.NaN;
    const padded = [given[0], [x, [1, nan, 5, 7, 2, nan, 6, nan, 3, nan, nan, nan]], given[2]] as const;
    expect(run(outputOf(read(false), "final", 0), padded, dims)).toEqual([123, 9, 56, 17]);
    expect(run(outputOf(read(true), "summed", 0), padded, dims)).toEqual([321 + 65 + 17 + 32 + 6 + 3]);
  });
  test("no row has a step, or there are no steps", () => {
    const none = [[lengths, [0, 0, 0, 0]], given[1], given[2]] as const;
    expect(run(outputOf(read(false), "final", 0), none, dims)).toEqual([0, 9, 0, 1]);
    expect(run(outputOf(read(false), "summed", 0), none, dims)).toEqual([0]);
    const empty = [[lengths, [0, 0, 0, 0]], [x, []], given[2]] as const;
    expect(run(outputOf(read(false), "final", 0), empty, { time: 0, rows: 4 })).toEqual([0, 9, 0, 1]);
  });
  test("a captured mask goes with its rows, a captured weight stays", () => {
    const mask = parameter("mask", ["rows", 1]);
    const weight = parameter("weight", [1, 1]);
    const next = op.add(op.mul(op.matmul(h, weight), mask), slot);
    const inputs = [...given, [mask, [1, 5, 2, 3]] as const, [weight, [10]] as const];
    // row 2: 5, then 5 * 10 * 2 + 6; row 3: 1 * 10 * 3 + 7
    expect(run(outputOf(read(false, next), "final", 0), inputs, dims)).toEqual([123, 9, 106, 37]);
  });
  test("a captured sequence goes with its rows as well", () => {
    const next = op.add(op.sumLeading(op.mul(x, slot), 1), op.mul(h, 0)); // x_t times every x of the row
    const result = run(outputOf(read(false, next), "stacked", 0), given, dims);
    expect(result).toEqual([1 * 6, 0, 5 * 17, 7 * 21, 2 * 6, 0, 6 * 17, 0, 3 * 6, 0, 0, 0]);
  });
  test("results that are constants or come from outside", () => {
    const node = scan({
      lengths,
      initial: [start],
      sequences: [],
      body: { carried: [h], sequences: [], next: [start], stacked: [start], summed: [constant(1)] },
      time: "time",
      reverse: false,
    });
    expect(
      run(
        outputOf(node, "summed", 0),
        given.filter(([name]) => name !== x),
        dims,
      ),
    ).toEqual([3]);
    expect(
      run(
        outputOf(node, "stacked", 0),
        given.filter(([name]) => name !== x),
        dims,
      ),
    ).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
  test("a scan in a scan", () => {
    // inside, s' = s + y over the steps of y; outside, h' = h + x_t times what the inner scan ends with
    const y = parameter("y", ["frames", "rows", 1]);
    const frames = parameter("frameLengths", ["rows"], "int32");
    const s = parameter("s", ["rows", 1]);
    const frame = parameter("y_t", ["rows", 1]);
    const inner = scan({
      lengths: frames,
      initial: [slot],
      sequences: [y],
      body: {
        carried: [s],
        sequences: [frame],
        next: [op.add(s, op.mul(frame, slot))],
        stacked: [],
        summed: [],
      },
      time: "frames",
      reverse: false,
    });
    const next = op.add(h, outputOf(inner, "final", 0)); // h + x (1 + sum of y)
    const inputs = [...given, [y, [1, 1, 1, 1, 1, 1, 100, 2]] as const, [frames, [2, 2, 1, 2]] as const];
    const result = run(outputOf(read(false, next), "final", 0), inputs, { ...dims, frames: 2 });
    expect(result).toEqual([(1 + 2 + 3) * 3, 9, (5 + 6) * 2, 1 + 7 * 4]);
  });
  test("random numbers belong outside of the step", () => {
    const state = parameter("key", [2], "int32");
    const node = scan({
      lengths,
      initial: [parameter("first", [2], "int32")],
      sequences: [],
      body: {
        carried: [state],
        sequences: [],
        next: [state],
        stacked: [op.random(state, ["rows", 1])],
        summed: [],
      },
      time: "time",
      reverse: false,
    });
    const values = new Map<Node, HostValue>([
      [lengths, value([1], 1)],
      [node.inputs[1]!, value([1, 2], 2)],
    ]);
    expect(() => evaluate([outputOf(node, "stacked", 0)], values, { time: 1, rows: 1 })).toThrow(
      /random numbers inside/,
    );
  });
});
