import { describe, expect, test } from "vitest";
import { checkGradients, checkResults, integers, numbers } from "../../../test/gradients/check.ts";
import { make, parameter } from "../graph/build.ts";
import { type Node, type Operator, rows, type Shape, type Windows } from "../graph/nodes.ts";
import * as op from "../graph/operators.ts";
import { topological } from "../graph/walk.ts";
import { evaluate, type HostValue } from "../run/reference.ts";
import { differentiate } from "./gradients.ts";

const dims = { rows: 3, time: 4 };
const x = parameter("x", [rows, 5]);
const y = parameter("y", [rows, 5]);
const bias = parameter("bias", [5]);
const matrix = parameter("matrix", [5, 2]);
const lengths = parameter("lengths", [rows], "int32");
const index = parameter("index", [rows], "int32");
const positive = new Map<Node, HostValue>([[x, numbers([3, 5], 7, [0.5, 2])]]);
const integerValues = new Map<Node, HostValue>([
  [lengths, integers(2, 4, 0)],
  [index, integers(1, 4, 1)],
]);

const unary = {
  neg: op.neg,
  abs: op.abs,
  exp: op.exp,
  tanh: op.tanh,
  sigmoid: op.sigmoid,
  erf: op.erf,
  vanish: op.vanish,
};
const ofPositive = { sqrt: op.sqrt, log: op.log, log1p: op.log1p };
const binary = {
  add: op.add,
  sub: op.sub,
  mul: op.mul,
  div: op.div,
  maximum: op.maximum,
  minimum: op.minimum,
};
const pairs: readonly [string, Shape, Shape][] = [
  ["of equal shapes", [rows, 5], [rows, 5]],
  ["with a bias", [rows, 5], [5]],
  ["with one number", [rows, 5], []],
  ["with one feature a row", [rows, 5], [rows, 1]],
  ["with one row", [1, 5], [rows, 5]],
  ["with one step and one feature", [1, rows, 1], ["time", rows, 5]],
  ["with an axis in the middle", [rows, 1, 4], [rows, 3, 4]],
  ["of both kinds", [rows, 1], [5]],
];

describe("the derivative of every operator agrees with central differences", () => {
  test.each(Object.entries(unary))("%s", (_, f) => {
    checkResults({ results: [f(x)], wrt: [x], dims });
  });
  test.each(Object.entries(ofPositive))("%s", (_, f) => {
    checkResults({ results: [f(x)], wrt: [x], dims, given: positive });
  });
  describe.each(Object.entries(binary))("%s", (_, f) => {
    test.each(pairs)("%s", (_, left, right) => {
      const [a, b] = [parameter("a", left), parameter("b", right)];
      checkResults({ results: [f(a, op.exp(b)), f(op.exp(b), op.add(a, 4))], wrt: [a, b], dims });
    });
  });

  const columns = parameter("columns", [rows, 1]);
  const row = parameter("row", [1, 5]);
  const sequence = parameter("sequence", ["time", rows, 3]);
  const sites = parameter("sites", [rows, 4, 3]);
  const image = parameter("image", [rows, 3, 4, 2]);
  const patch = parameter("patch", [rows, 2, 2, 8]);
  const windows: Windows = {
    image: [3, 4],
    window: [2, 2],
    dilation: [1, 2],
    strides: [1, 2],
    start: [0, -1],
    count: [2, 2],
    outside: 0,
  };
  const left = parameter("left", [7, 5]);
  const vector = parameter("vector", [5]);
  const others: readonly [Operator, Node][] = [
    ["where", op.where(op.greater(x, 0), y, bias)],
    ["sum", op.sum(op.square(x))],
    ["max", op.max(x)],
    ["sumLeading", op.sumLeading(op.square(sequence), 1)],
    ["sumLeading", op.sumLeading(op.square(sequence), 2)],
    ["reshape", op.reshape(x, [rows, 5, 1])],
    ["broadcast", op.broadcast(columns, ["time", rows, 5])],
    ["broadcast", op.broadcast(row, [rows, 5])],
    ["transpose", op.transpose(matrix)],
    ["slice", op.slice(x, 1, 3)],
    ["sliceRows", make("sliceRows", [left], { start: 2, size: 3 })],
    ["pad", make("pad", [x], { start: 2, size: 9 })],
    ["padRows", make("padRows", [matrix], { start: 2, size: 9 })],
    ["concat", op.concat(x, columns, y)],
    ["reverse", op.reverse(sequence, lengths)],
    ["sumSites", op.sumSites(op.square(sites))],
    ["maxSites", op.maxSites(sites)],
    ["joinSites", op.joinSites(sites)],
    ["timeToSites", op.timeToSites(sequence, lengths, 5)],
    ["sitesToTime", op.sitesToTime(sites, lengths, "time")],
    ["patches", op.patches(image, windows)],
    ["overlapAdd", make("overlapAdd", [patch], windows)],
    ["matmul", op.matmul(x, matrix)],
    ["matmul", op.matmul(sequence, parameter("square", [3, 3]))],
    ["matmul", op.matmul(left, matrix)],
    ["matmul", op.matmul(vector, matrix)],
    ["matmul", op.matmul(left, vector)],
    ["matmul", op.matmul(x, op.transpose(left))],
    ["affine", make("affine", [parameter("start", [2]), x, matrix], {})],
    ["affine", make("affine", [parameter("start", [rows, 1]), x, matrix], {})],
    ["contract", make("contract", [x, op.concat(y, columns)], {})],
    ["gather", op.gather(left, index)],
    ["scatterAdd", make("scatterAdd", [index, x], { size: 6 })],
  ];
  test.each(others)("%s %#", (_, result) => {
    checkResults({ results: [result], wrt: parametersIn(result), dims, given: integerValues });
  });
  test.each(others)("the derivative of the derivative of %s %#", (_, result) => {
    const wrt = parametersIn(result);
    const { gradients } = differentiate({ roots: [op.sum(op.tanh(op.add(result, 0.3)))], wrt });
    const results = gradients.filter((grad) => grad !== null);
    checkResults({ results, wrt, dims, given: integerValues });
  });
});

describe("where a derivative jumps", () => {
  const at = (f: (x: Node) => Node, value: number): number | undefined => {
    const point = parameter("point", [1]);
    const given = new Map([[point, integers(value)]]);
    return gradientAt(f(point), point, given);
  };
  test("relu has the derivative 0 at 0", () => {
    expect(at(op.relu, 0)).toBe(0);
  });
  test("abs has the derivative 0 at 0", () => {
    expect(at(op.abs, 0)).toBe(0);
  });
  test("clip has the derivative 0 at both ends", () => {
    expect([at((v) => op.clip(v, 0, 6), 0), at((v) => op.clip(v, 0, 6), 6)]).toEqual([0, 0]);
  });
  test("elu and softplus are smooth at 0", () => {
    expect([at(op.elu, 0), at(op.softplus, 0)]).toEqual([1, 0.5]);
  });
  test("equal maxima share the gradient", () => {
    const point = parameter("point", [3]);
    const found = differentiate({ roots: [op.max(point)], wrt: [point] }).gradients[0] as Node;
    expect([...dataOf(found, new Map([[point, integers(2, 1, 2)]]))]).toEqual([0.5, 0, 0.5]);
  });
});

describe("activations agree with central differences", () => {
  const activations = {
    elu: op.elu,
    gelu: op.gelu,
    silu: op.silu,
    softplus: op.softplus,
    softsign: op.softsign,
    hardSigmoid: op.hardSigmoid,
    softmax: op.softmax,
    logSoftmax: op.logSoftmax,
    mean: op.mean,
    relu: op.relu,
  };
  test.each(Object.entries(activations))("%s", (_, f) => {
    const given = new Map<Node, HostValue>([[x, numbers([3, 5], 5, [-4, 4])]]);
    checkResults({ results: [f(x)], wrt: [x], dims, given });
  });
});

describe("what has no derivative", () => {
  const flat: readonly [string, Node][] = [
    ["greater", op.greater(x, y)],
    ["equal", op.equal(x, y)],
    ["floor", op.floor(x)],
    ["stopGradient", op.stopGradient(x)],
    ["toFloat", op.toFloat(index)],
    ["random", op.random(parameter("key", [2], "int32"), [rows, 5])],
    ["iota", op.iota(5)],
  ];
  test.each(flat)("%s", (_, result) => {
    const { gradients } = differentiate({ roots: [result], wrt: [x, y, index] });
    expect(gradients).toEqual([null, null, null]);
  });
});

test("a wrong gradient is noticed, and the element named", () => {
  const [a, b] = [parameter("a", [2]), parameter("b", [2])];
  const given = new Map([
    [a, numbers([2], 1)],
    [b, numbers([2], 2)],
  ]);
  const wrong = op.mul(a, op.add(b, op.mul(op.stopGradient(b), 0.001)));
  expect(() => checkGradients({ loss: wrong, wrt: [a, b], given })).toThrow(
    /b, element [01]: the gradient is/,
  );
  expect(() => checkGradients({ loss: op.mul(a, b), wrt: [a, b], given })).not.toThrow();
});

test("an axis of unknown length in the middle is refused with the shapes", () => {
  const middle = op.mul(parameter("a", ["time", 1, 5]), parameter("b", ["time", rows, 5]));
  const [a] = middle.inputs;
  expect(() => differentiate({ roots: [middle], wrt: [a as Node] })).toThrow(/axis 1 of \[time, rows, 5\]/);
});

function parametersIn(root: Node): readonly Node[] {
  return topological([root]).filter((node) => node.op === "parameter");
}

function dataOf(node: Node, given: ReadonlyMap<Node, HostValue>): Float64Array {
  return (evaluate([node], given, dims)[0] as HostValue).data;
}

function gradientAt(loss: Node, point: Node, given: ReadonlyMap<Node, HostValue>): number | undefined {
  const [gradient] = differentiate({ roots: [loss], wrt: [point] }).gradients;
  return gradient ? dataOf(gradient, given)[0] : undefined;
}
