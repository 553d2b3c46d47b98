import { describe, expect, test } from "vitest";
import { checkResults, integers } from "../../../test/gradients/check.ts";
import {
  features,
  gruCell,
  lengths,
  lstmCell,
  recur,
  result,
  type Step,
  simpleCell,
  units,
  x,
} from "../../../test/gradients/steps.ts";
import { constant, make, parameter, zeros } from "../graph/build.ts";
import { type Node, rows } from "../graph/nodes.ts";
import {
  add,
  broadcast,
  concat,
  gather,
  matmul,
  mul,
  oneHot,
  sigmoid,
  softmax,
  square,
  sub,
  sum,
  sumLeading,
  tanh,
} from "../graph/operators.ts";
import type { HostValue } from "../run/reference.ts";
import { differentiate } from "./gradients.ts";

const dims = { rows: 3, time: 4 };
const full = new Map<Node, HostValue>([[lengths, integers(4, 4, 4)]]);
const ragged = new Map<Node, HostValue>([[lengths, integers(2, 0, 4)]]);
const h0 = parameter("h0", [rows, units]);
const W = parameter("W", [features, units]);
const R = parameter("R", [units, units]);
const pre = ([slice]: readonly Node[], [h]: readonly Node[]): Node =>
  add(matmul(slice as Node, W), matmul(h as Node, R));

const cells = { simple: simpleCell, lstm: lstmCell, gru: gruCell };
const wanted = { stacked: ["stacked"], final: ["final"], "stacked and final": ["stacked", "final"] } as const;
const batches = { "all steps": full, "lengths 2, 0 and 4": ragged };

describe.each(Object.entries(cells))("back-propagation through time: %s cell", (_, cellOf) => {
  describe.each(Object.entries(batches))("%s", (_, given) => {
    test.each(Object.entries(wanted))("a loss on the %s results", (_, kinds) => {
      const { step, initial, weights } = cellOf();
      for (const reverse of [false, true]) {
        const node = recur({ step, initial, reverse });
        const results = kinds.map((kind) => result(node, kind));
        checkResults({ results, wrt: [x, ...initial, ...weights], given, dims });
      }
    });
  });
});

test("a row of length 0 hands the gradient of its final state to its initial state", () => {
  const { step, initial, weights } = simpleCell();
  const results = [result(recur({ step, initial }), "final")];
  const [ofInitial] = checkResults({ results, wrt: [...initial, x, ...weights], given: ragged, dims });
  expect(ofInitial?.data[units]).not.toBe(0);
});

describe("the gradients of captured values", () => {
  const mask = parameter("mask", [rows, units]);
  test("a mask with rows", () => {
    const step: Step = (slices, [h]) => ({ next: [tanh(pre(slices, [mul(h as Node, mask)]))] });
    const node = recur({ step, initial: [h0] });
    checkResults({ results: [result(node, "stacked")], wrt: [mask, h0, x, R], given: ragged, dims });
    checkResults({ results: [result(node, "final")], wrt: [mask], given: ragged, dims });
  });
  test("one number, one row, one feature a row", () => {
    const [one, row, column] = [
      parameter("one", []),
      parameter("row", [1, units]),
      parameter("column", [rows, 1]),
    ];
    const step: Step = (slices, [h]) => ({
      next: [tanh(add(mul(pre(slices, [h as Node]), one, column), row))],
    });
    const results = [result(recur({ step, initial: [h0] }), "stacked")];
    checkResults({ results, wrt: [one, row, column], given: ragged, dims });
  });
  test("a weight that is transposed outside, and used as it is as well", () => {
    const transposed = make("transpose", [R], {});
    const step: Step = (slices, [h]) => ({
      next: [tanh(add(pre(slices, [h as Node]), matmul(h as Node, transposed)))],
    });
    checkResults({
      results: [result(recur({ step, initial: [h0] }), "final")],
      wrt: [R],
      given: ragged,
      dims,
    });
  });
  test("the memory [places, rows, units] of an attention", () => {
    const memory = parameter("memory", [3, rows, units]);
    const step: Step = (slices, [h]) => {
      const scores = tanh(sum(mul(memory, h as Node)));
      return { next: [tanh(add(pre(slices, [h as Node]), sumLeading(mul(memory, scores), 1)))] };
    };
    checkResults({
      results: [result(recur({ step, initial: [h0] }), "stacked")],
      wrt: [memory, h0, W],
      given: ragged,
      dims,
    });
  });
  test("a value that is kept as it is, and one that is the next state", () => {
    const step: Step = () => ({ next: [mask], stacked: [mask] });
    const node = recur({ step, initial: [h0] });
    checkResults({
      results: [result(node, "stacked"), result(node, "final")],
      wrt: [mask, h0],
      given: ragged,
      dims,
    });
  });
});

describe("what a step may be made of", () => {
  const table = parameter("table", [5, features]);
  const tokens = parameter("tokens", ["time", rows], "int32");
  const given = new Map<Node, HostValue>([
    ...ragged,
    [tokens, { ...integers(0, 1, 4, 2, 2, 4, 0, 0, 1, 3, 1, 4), shape: [4, 3] }],
  ]);
  test("a gather of integers", () => {
    const step: Step = ([token], [h]) => ({ next: [tanh(pre([gather(table, token as Node)], [h as Node]))] });
    const node = recur({ step, initial: [h0], sequences: [tokens] });
    checkResults({ results: [result(node, "stacked")], wrt: [table, W, tokens], given, dims });
  });
  test("integers turned to numbers inside", () => {
    const step: Step = ([token], [h]) => ({
      next: [tanh(pre([matmul(oneHot(token as Node, 5), table)], [h as Node]))],
    });
    const node = recur({ step, initial: [h0], sequences: [tokens] });
    checkResults({ results: [result(node, "stacked")], wrt: [table, R], given, dims });
  });
  test("softmax, concat, two sequences and the same sequence twice", () => {
    const kernel = parameter("kernel", [2 * features + units, units]);
    const step: Step = ([a, b], [h]) => ({
      next: [tanh(matmul(concat(a as Node, softmax(b as Node), h as Node), kernel))],
    });
    const node = recur({ step, initial: [h0], sequences: [x, x] });
    checkResults({ results: [result(node, "final")], wrt: [x, kernel, h0], given, dims });
  });
  test("a sum over all steps", () => {
    const step: Step = (slices, states) => {
      const h = tanh(pre(slices, states));
      return { next: [h], summed: [make("contract", [slices[0] as Node, h], {}), sumLeading(square(h), 1)] };
    };
    const node = recur({ step, initial: [h0] });
    const results = [result(node, "summed", 0), result(node, "summed", 1)];
    checkResults({ results, wrt: [x, h0, W, R], given, dims });
  });
  test("an initial state that is learned, and one that is zero", () => {
    const learned = parameter("learned", [units]);
    const step: Step = (slices, [h, g]) => {
      const next = tanh(pre(slices, [add(h as Node, mul(g as Node, 0.5))]));
      return { next: [next, sub(g as Node, next)] };
    };
    const initial = [broadcast(learned, [rows, units]), zeros([rows, units])];
    checkResults({
      results: [result(recur({ step, initial }), "stacked")],
      wrt: [learned, W, R],
      given,
      dims,
    });
  });
  test("states that hand a value on, one step later each", () => {
    const step: Step = ([slice], [first, second]) => ({
      next: [tanh(matmul(slice as Node, W)), first as Node, second as Node],
    });
    const node = recur({ step, initial: [zeros([rows, units]), zeros([rows, units]), zeros([rows, units])] });
    checkResults({ results: [result(node, "final", 2)], wrt: [W, x], given: ragged, dims });
  });
  test("the same results asked for twice, and a value stacked twice", () => {
    const step: Step = (slices, states) => {
      const h = tanh(pre(slices, states));
      return { next: [h], stacked: [h, square(h), h] };
    };
    const node = recur({ step, initial: [h0] });
    const results = [
      ...[0, 0, 1, 2].map((k) => result(node, "stacked", k)),
      result(node, "final"),
      result(node, "final"),
    ];
    checkResults({ results, wrt: [x, h0, W, R], given, dims });
  });
});

describe("more than one scan", () => {
  test("a scan over the results of a scan, one of them in the other direction", () => {
    const [below, above] = [simpleCell(), simpleCell(units, "2")];
    const first = recur({ ...below, reverse: true });
    const second = recur({
      ...above,
      initial: [result(first, "final")],
      sequences: [result(first, "stacked")],
    });
    const results = [result(second, "stacked"), result(second, "final"), result(first, "final")];
    const wrt = [x, ...below.initial, ...below.weights, ...above.weights];
    checkResults({ results, wrt, given: ragged, dims });
  });

  test("a scan inside a scan: every step reads a memory, and begins where the state is", () => {
    const memory = parameter("memory", ["places", rows, units]);
    const places = parameter("places", [rows], "int32");
    const given = new Map<Node, HostValue>([...ragged, [places, integers(3, 2, 1)]]);
    const Q = parameter("Q", [units, units]);
    const step: Step = (slices, [h]) => {
      const gate = sigmoid(pre(slices, [h as Node]));
      const inner = recur({
        step: ([place], [m]) => ({ next: [tanh(add(matmul(m as Node, Q), mul(place as Node, gate)))] }),
        initial: [h as Node],
        sequences: [memory],
        time: "places",
        lengths: places,
      });
      return { next: [add(mul(gate, result(inner, "final")), sumLeading(result(inner, "stacked"), 1))] };
    };
    const node = recur({ step, initial: [h0] });
    const wrt = [x, h0, memory, W, R, Q];
    for (const kind of ["stacked", "final"] as const)
      checkResults({ results: [result(node, kind)], wrt, given, dims: { ...dims, places: 3 } });
  });

  test("the derivative of a derivative through time", () => {
    const { step, initial, weights } = simpleCell();
    const node = recur({ step, initial });
    const wrt = [x, ...initial, ...weights];
    const loss = sum(sumLeading(square(result(node, "stacked")), 2));
    const { gradients } = differentiate({ roots: [loss], wrt });
    checkResults({ results: gradients.map((grad) => grad ?? constant(0)), wrt, given: ragged, dims });
  });
});
