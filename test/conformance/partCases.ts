/** Everything but scans: random numbers, movements, tables, products, sums, odd outputs; and what is refused. */
import { make, parameter, zeros } from "../../src/core/graph/build.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import { lengths, result } from "../gradients/steps.ts";
import { cell, half, halved, ints, type Program, ragged, rnn, unfold, v, w, x } from "./programs.ts";

const shifted = (node: Node, offset: number): Node =>
  o.resample(node, { from: lengths, to: lengths }, { time: "time", stride: 1, per: 1, offset });
const everySecond = (node: Node, offset: number): Node =>
  o.resample(node, { from: lengths, to: half }, { time: "half", stride: 2, per: 1, offset });
const spread = (node: Node, offset: number): Node =>
  o.resample(node, { from: half, to: lengths }, { time: "time", stride: 1, per: 2, offset });

export const parts: Readonly<Record<string, () => Program>> = {
  "random numbers for rows": () => ({
    outputs: [o.random(ints("key", [2]), [rows, 5])],
    differentiable: false,
    exact: true,
    inputs: { key: Int32Array.of(-7, 123456789) },
  }),
  "random numbers for sequences": () => ({
    outputs: [o.random(ints("key", [2]), ["time", rows, 5])],
    differentiable: false,
    exact: true,
    sizes: { ...ragged, firstRow: 3 },
  }),
  "random numbers of width 1": () => ({
    outputs: [o.random(ints("key", [2]), ["time", rows, 1])],
    differentiable: false,
    exact: true,
  }),
  "one feature of several against many": () => ({
    outputs: [o.sub(o.slice(x(3, "y"), 1, 1), x(6)), o.mul(o.slice(v(5), 0, 1), o.slice(x(9, "z"), 2, 6))],
  }),
  "one feature of a value, of weights and of numbers, against many": () => {
    const y = o.tanh(x(3, "y"));
    const [, second] = o.split(o.mul(y, w("s", 3)), 3) as [Node, Node, Node];
    return { outputs: [o.mul(second, x(3), o.slice(w("W", 6), 4, 1), o.add(o.slice(o.iota(4), 3, 1), 1))] };
  },
  "one feature of a value against many of the same": () => {
    const y = o.tanh(x(5));
    return { outputs: [o.sum(o.mul(o.slice(y, 0, 1), y, o.slice(y, 4, 1)))] };
  },
  "dropout of a sequence": () => {
    const kept = o.greater(o.random(ints("key", [2]), ["time", rows, 5]), 0.4);
    return { outputs: [o.mul(x(5), kept, 1 / 0.6)] };
  },
  "dropout, one mask a sequence": () => {
    const kept = o.greater(o.random(ints("key", [2]), [rows, 5]), 0.4);
    return { outputs: [o.mul(x(5), o.broadcast(kept, ["time", rows, 5]))] };
  },
  reverse: () => ({ outputs: [o.reverse(x(5), lengths)], exact: true }),
  "reverse of one feature": () => ({ outputs: [o.reverse(x(1), lengths)] }),
  "reverse of a value": () => ({ outputs: [o.neg(o.reverse(o.tanh(x(5)), lengths))] }),
  "reverse twice": () => ({ outputs: [o.reverse(o.reverse(x(5), lengths), lengths)] }),
  resample: () => ({ outputs: [shifted(x(5), -1), shifted(x(5), 2)], exact: true }),
  "resample of one feature": () => ({ outputs: [shifted(x(1), 1)], exact: true }),
  "resample of values": () => ({
    outputs: [o.neg(shifted(o.tanh(x(9)), -2)), shifted(o.tanh(x(1, "y")), 1)],
  }),
  "resample of sites": () => {
    const image = parameter("image", ["time", rows, 2, 3, 5]);
    return { outputs: [o.sumSites(shifted(image, -1)), o.tanh(shifted(o.tanh(image), 1))] };
  },
  "resample of a part": () => ({ outputs: [shifted(o.slice(o.tanh(x(9)), 3, 5), 1)] }),
  "resample of weights": () => {
    const b = w("b", 5);
    return { outputs: [shifted(o.broadcast(b, ["time", rows, 5]), 1)], weights: [b] };
  },
  "resample to every second step": () => ({
    outputs: [everySecond(x(5), 0), everySecond(x(5), 1), everySecond(o.neg(x(1, "y")), -1)],
    sizes: halved,
    exact: true,
  }),
  "resample from every second step": () => ({
    outputs: [spread(parameter("y", ["half", rows, 5]), 0), spread(parameter("z", ["half", rows, 1]), -1)],
    sizes: halved,
    exact: true,
  }),
  "a window of steps and a product": () => {
    const [W, b] = [w("W", 15, 4), w("b", 4)];
    const taps = [-1, 0, 1].map((offset) => shifted(x(5), offset));
    return { outputs: [o.tanh(o.add(o.matmul(o.concat(...taps), W), b))], weights: [W, b] };
  },
  "scans above and below every second step": () => {
    const first = rnn("1", x(3));
    const fewer = everySecond(first.sequence, 1);
    const { weights, step } = cell("2", 2);
    const second = unfold({
      step: ([s], [h]) => ({ next: [step(s, h)] }),
      initial: [zeros([rows, 2])],
      sequences: [fewer],
      time: "half",
      lengths: half,
    });
    const third = rnn("3", o.add(first.sequence, spread(result(second, "stacked"), 1)));
    return {
      outputs: [result(second, "final"), third.sequence],
      weights: [...first.weights, ...weights, ...third.weights],
      sizes: halved,
    };
  },
  "a loop that reads what another makes, other steps of it": () => {
    const first = rnn("1", x(3));
    const second = rnn("2", o.concat(shifted(first.sequence, -1), shifted(first.sequence, 1), x(1, "y")));
    return { outputs: [second.final], weights: [...first.weights, ...second.weights] };
  },
  oneHot: () => ({
    outputs: [o.oneHot(ints("index", ["time", rows]), 5)],
    differentiable: false,
    exact: true,
  }),
  "oneHot of one class": () => ({
    outputs: [o.oneHot(ints("index", ["time", rows]), 1)],
    differentiable: false,
    exact: true,
  }),
  "oneHot for rows": () => ({ outputs: [o.mul(o.oneHot(ints("index", [rows]), 6), v(6))] }),
  "integers as numbers": () => ({ outputs: [o.mul(o.toFloat(ints("index", [rows, 3])), v(3))] }),
  "an embedding": () => {
    const table = w("table", 3, 5);
    return { outputs: [o.gather(table, ints("index", ["time", rows]))], weights: [table] };
  },
  "an embedding of one feature": () => {
    const table = w("table", 3, 1);
    return { outputs: [o.gather(table, ints("index", ["time", rows]))], weights: [table] };
  },
  "an embedding for rows": () => {
    const table = w("table", 3, 8);
    return { outputs: [o.tanh(o.gather(table, ints("index", [rows])))], weights: [table] };
  },
  "an embedding below a scan": () => {
    const table = w("table", 3, 3);
    const made = rnn("1", o.gather(table, ints("index", ["time", rows])));
    return { outputs: [made.sequence], weights: [table, ...made.weights] };
  },
  "an embedding with dropout below a turned scan": () => {
    const table = w("table", 3, 3);
    const embedded = o.mul(
      o.gather(table, ints("index", ["time", rows])),
      o.random(ints("key", [2]), ["time", rows, 3]),
    );
    const made = rnn("1", o.reverse(embedded, lengths));
    return { outputs: [made.final], weights: [table, ...made.weights] };
  },
  "an embedding used twice": () => {
    const table = w("table", 3, 5);
    return {
      outputs: [
        o.mul(o.gather(table, ints("index", ["time", rows])), o.gather(table, ints("other", ["time", rows]))),
      ],
      weights: [table],
    };
  },
  "a tied embedding": () => {
    const table = w("table", 3, 2);
    const { weights, step } = cell("1", 2);
    const made = unfold({
      step: ([s], [h]) => ({ next: [step(s, h)] }),
      initial: [zeros([rows, 2])],
      sequences: [o.gather(table, ints("index", ["time", rows]))],
    });
    return { outputs: [o.matmul(result(made, "stacked"), o.transpose(table))], weights: [table, ...weights] };
  },
  "dense on a sequence": () => {
    const [D, b] = [w("D", 5, 7), w("b", 7)];
    return { outputs: [o.softmax(o.add(o.matmul(x(5), D), b))], weights: [D, b] };
  },
  "two dense layers on rows": () => {
    const [D, E] = [w("D", 5, 7), w("E", 7, 1)];
    return { outputs: [o.sigmoid(o.matmul(o.tanh(o.matmul(v(5), D)), E))], weights: [D, E] };
  },
  "a mean of squares with a divisor": () => {
    const error = o.square(o.sub(x(5), x(5, "y")));
    return {
      outputs: [o.sumLeading(o.mul(o.mean(error), parameter("divisor", [1])), 2)],
      inputs: { divisor: Float32Array.of(0.125) },
    };
  },
  "sums over rows": () => ({
    outputs: [o.sumLeading(v(5), 1), o.sumLeading(o.tanh(x(5)), 2), o.sumLeading(x(1, "y"), 2)],
  }),
  "a sum over time": () => ({ outputs: [o.sumLeading(x(5), 1)] }),
  "an input as output": () => ({ outputs: [x(5), v(3)], exact: true }),
  "an input as output, and a view of it": () => ({
    outputs: [o.slice(x(5), 1, 3), o.reshape(v(6), [rows, 2, 3])],
    exact: true,
    differentiable: false,
  }),
  "an output listed twice": () => {
    const value = o.tanh(x(5));
    return { outputs: [value, value, o.slice(value, 2, 2), o.neg(value)] };
  },
  "an input used by two outputs": () => {
    const input = v(5);
    return { outputs: [input, o.neg(input), o.sum(input)] };
  },
  "a final state listed twice": () => {
    const made = rnn("1", x(3));
    return { outputs: [made.final, made.final, o.slice(made.final, 0, 1)], weights: made.weights };
  },
  "a weight for every row": () => {
    const bias = w("bias", 5);
    return { outputs: [o.broadcast(bias, [rows, 5]), o.broadcast(bias, ["time", rows, 5])], weights: [bias] };
  },
  "numbers for every row": () => ({
    outputs: [o.broadcast(o.nodeOf(3), [rows, 4]), o.broadcast(o.iota(5), ["time", rows, 5])],
    differentiable: false,
    exact: true,
  }),
  "a value for each row, without features": () => ({
    outputs: [o.reshape(o.sum(v(5)), [rows]), o.reshape(o.sum(x(5)), ["time", rows])],
  }),
  "rows and sequences": () => ({ outputs: [o.mul(x(5), v(5))] }),
  "rows and sequences, one feature": () => ({ outputs: [o.mul(x(5), v(1))] }),
  "what is computed of rows in every step": () => ({ outputs: [o.add(x(5), o.tanh(v(5)))] }),
  "a product of what is repeated": () => {
    const [D, bias] = [w("D", 5, 3), w("bias", 5)];
    return {
      outputs: [o.matmul(o.broadcast(bias, [rows, 5]), D), o.matmul(o.broadcast(v(1), [rows, 5]), D)],
      weights: [D, bias],
    };
  },
  "a product of numbers": () => {
    const D = w("D", 5, 3);
    return {
      outputs: [
        o.matmul(o.broadcast(o.iota(5), [rows, 5]), D),
        o.matmul(o.broadcast(o.nodeOf(2), ["time", rows, 5]), D),
      ],
      weights: [D],
    };
  },
  "a product of a part of a sum": () => {
    const D = w("D", 3, 3);
    return { outputs: [o.matmul(o.slice(o.add(x(5), x(5, "y")), 1, 3), D)], weights: [D] };
  },
  "sums over rows of what is repeated": () => ({
    outputs: [
      o.sumLeading(o.broadcast(w("bias", 5), [rows, 5]), 1),
      o.sumLeading(o.broadcast(v(1), [rows, 5]), 1),
      o.sumLeading(o.slice(v(5, "u"), 1, 3), 1),
    ],
    weights: [],
  }),
  "the sum of a weight for every row": () => {
    const b = w("b", 5);
    return { outputs: [o.mul(x(5), o.sum(o.square(b)))], weights: [b] };
  },
  "parts of sums": () => ({
    outputs: [
      o.slice(o.sumLeading(o.tanh(x(5)), 2), 1, 3),
      o.mul(o.sumLeading(v(5), 1), 2),
      o.sum(o.sumLeading(v(4, "u"), 1)),
    ],
  }),
  "a padded weight": () => {
    const b = w("b", 3);
    return { outputs: [o.mul(x(5), make("pad", [b], { start: 1, size: 5 }))], weights: [b] };
  },
  "functions of weights": () => {
    const [a, b] = [w("a", 5), w("b", 5)];
    return { outputs: [o.add(o.mul(x(5), o.tanh(a)), o.softmax(o.mul(a, b)))], weights: [a, b] };
  },
  "a weight of unit length in the step": () => {
    const [R, g] = [w("R", 3, 3), w("g", 3)];
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(o.mul(o.matmul(h, R), o.sigmoid(g)), s))] }),
      initial: [v(3)],
    });
    return { outputs: [result(made, "stacked")], weights: [R, g] };
  },
  "parts of a weight": () => {
    const both = w("both", 5, 8);
    return {
      outputs: [
        o.matmul(x(5), o.slice(both, 1, 3)),
        o.mul(x(8, "y"), o.reshape(make("sliceRows", [both], { start: 2, size: 1 }), [8])),
      ],
      weights: [both],
    };
  },
};

/** What kernels do not do: a device says so when it compiles. */
export const refused: Readonly<Record<string, () => Program>> = {
  "a scaled weight": () => {
    const [D, b] = [w("D", 5, 3), w("b", 3)];
    return { outputs: [o.add(o.matmul(x(5), o.mul(D, 2)), o.tanh(b))], weights: [D, b] };
  },
  "an embedding times a kernel": () => {
    const [table, kernel] = [w("table", 3, 4), w("kernel", 4, 5)];
    return {
      outputs: [o.gather(o.matmul(table, kernel), ints("index", ["time", rows]))],
      weights: [table, kernel],
    };
  },
  "a penalty": () => {
    const b = w("b", 5);
    return { outputs: [o.mul(x(5), b), o.reshape(o.sum(o.square(b)), [1])], weights: [b] };
  },
  "a weight as output": () => {
    const b = w("b", 5);
    return { outputs: [o.mul(x(5), b), b], weights: [b] };
  },
  "lines of an image against the image": () => ({
    outputs: [o.mul(parameter("x", [rows, 2, 3, 4]), o.tanh(parameter("line", [rows, 1, 3, 4])))],
  }),
  "a table looked up in the step": () => {
    const table = w("table", 3, 2);
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(o.gather(table, s), h))] }),
      initial: [v(2)],
      sequences: [ints("index", ["time", rows])],
    });
    return { outputs: [result(made, "stacked")], weights: [table] };
  },
  "random numbers of an image for all rows": () => ({
    outputs: [o.add(parameter("x", [rows, 4, 5, 2]), o.random(ints("key", [2]), [4, 5, 2]))],
  }),
  "a root of a sum": () => ({ outputs: [o.sqrt(o.sumLeading(o.square(v(5)), 1))] }),
};
