/** Programs of several parts: scans of every kind and in every company, tables, movements, odd outputs. */
import { make, parameter, zeros } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { type Node, rows, type Shape } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import { topological } from "../../src/core/graph/walk.ts";
import type { Computation, HostArray } from "../../src/core/run/device.ts";
import { lengths, lstmCell, recur, result, simpleCell } from "../gradients/steps.ts";
import { computationOf, type Sizes } from "./cases.ts";
import { withGradients } from "./cells.ts";

export interface Program {
  /** Made of parameters: those of `weights` are weights, all others inputs. */
  readonly outputs: readonly Node[];
  readonly weights?: readonly Parameter[];
  readonly inputs?: Readonly<Record<string, HostArray>>;
  readonly sizes?: Sizes;
  /** False where nothing has a gradient. */
  readonly differentiable?: boolean;
  /** Every bit is the reference's. */
  readonly exact?: boolean;
}

export const ragged: Sizes = { rows: 5, times: { time: 6 }, lengths: { time: [6, 2, 0, 5, 6] } };

/** The program as it is, and with the gradients of a sum of its outputs, each number times one of its own. */
export function computations({ outputs, weights = [], differentiable = true }: Program): readonly Computation[] {
  const seeds = outputs.map(({ shape }, k) => parameter(`seed ${k}`, shape));
  const free = topological(outputs).filter((node) => node.op === "parameter");
  const isInput = (node: Parameter): boolean => !weights.includes(node) && node !== lengths;
  const inputs = parametersOf(free).filter(isInput);
  const timed = topological(outputs).some((node) => node === lengths || node.shape[0] === "time");
  const ends = { weights, lengths: timed ? { time: lengths } : {} };
  const forward = computationOf({ ...ends, inputs, outputs });
  if (!differentiable) return [forward];
  const terms = outputs.map((value, k) => total(o.mul(value, seeds[k] as Node)));
  const wrt = inputs.filter(({ dtype, shape }) => dtype === "float32" && shape.includes(rows));
  const loss = o.add(...(terms as [Node]));
  return [forward, withGradients({ ...ends, inputs: [...inputs, ...seeds], outputs: [loss, ...outputs] }, wrt)];
}

const parametersOf = (nodes: readonly Node[]): readonly Parameter[] =>
  nodes.flatMap((node) => (node.op === "parameter" ? [node] : []));
const total = (value: Node): Node => {
  const summed = value.shape.at(-1) === rows ? o.reshape(value, [...value.shape, 1]) : value;
  return o.reshape(o.sumLeading(o.sum(summed), summed.shape.length - 1), [1]);
};

const x = (width: number, name = "x"): Parameter => parameter(name, ["time", rows, width]);
const v = (width: number, name = "v"): Parameter => parameter(name, [rows, width]);
const w = (name: string, ...shape: readonly number[]): Parameter => parameter(name, shape);
const ints = (name: string, shape: Shape): Parameter => parameter(name, shape, "int32");
const first = (nodes: readonly Node[]): Node => nodes[0] as Node;
const at = (nodes: readonly Node[], k: number): Node => nodes[k] as Node;

/** tanh(x W + h R) on a sequence of width 3, units 2 unless told. */
function cell(name: string, width = 3, units = 2): { readonly weights: readonly Parameter[]; readonly step: (x: Node, h: Node) => Node } {
  const [W, R] = [w(`W${name}`, width, units), w(`R${name}`, units, units)];
  return { weights: [W, R], step: (input, h) => o.tanh(o.add(o.matmul(input, W), o.matmul(h, R))) };
}
const rnn = (name: string, sequence: Node, rest: { readonly initial?: Node; readonly reverse?: boolean } = {}) => {
  const { weights, step } = cell(name, sequence.shape.at(-1) as number);
  const { initial = zeros([rows, 2]), reverse = false } = rest;
  const made = recur({ step: ([s], [h]) => ({ next: [step(s as Node, h as Node)] }), initial: [initial], sequences: [sequence], reverse });
  return { weights, made, sequence: result(made, "stacked"), final: result(made, "final") };
};

export const scans: Readonly<Record<string, () => Program>> = {
  "two scans, one on top of the other": () => {
    const below = rnn("1", x(3));
    const above = rnn("2", below.sequence);
    return { outputs: [above.sequence, above.final], weights: [...below.weights, ...above.weights] };
  },
  "three scans with dense layers between them": () => {
    const D = w("D", 2, 3);
    const below = rnn("1", x(3));
    const middle = rnn("2", o.sigmoid(o.matmul(below.sequence, D)));
    const above = rnn("3", o.mul(middle.sequence, below.sequence));
    return { outputs: [above.final], weights: [D, ...below.weights, ...middle.weights, ...above.weights] };
  },
  "two scans side by side": () => {
    const [a, b] = [rnn("1", x(3)), rnn("2", x(4, "y"))];
    return { outputs: [o.concat(a.sequence, b.sequence), o.add(a.final, b.final)], weights: [...a.weights, ...b.weights] };
  },
  "bidirectional by turning the sequence": () => {
    const input = x(3);
    const [there, back] = [rnn("1", input), rnn("2", o.reverse(input, lengths))];
    const both = o.concat(there.sequence, o.reverse(back.sequence, lengths));
    return { outputs: [both, o.concat(there.final, back.final)], weights: [...there.weights, ...back.weights] };
  },
  "bidirectional by a reverse scan": () => {
    const input = x(3);
    const [there, back] = [rnn("1", input), rnn("2", input, { reverse: true })];
    return { outputs: [o.concat(there.sequence, back.sequence), back.final], weights: [...there.weights, ...back.weights] };
  },
  "bidirectional, two layers": () => {
    const layer = (name: string, input: Node) => {
      const [there, back] = [rnn(`${name}f`, input), rnn(`${name}b`, o.reverse(input, lengths))];
      return { weights: [...there.weights, ...back.weights], out: o.concat(there.sequence, o.reverse(back.sequence, lengths)) };
    };
    const below = layer("1", x(3));
    const above = layer("2", below.out);
    return { outputs: [above.out], weights: [...below.weights, ...above.weights] };
  },
  "a scan that begins with the final state of another": () => {
    const encoder = rnn("1", x(3));
    const decoder = rnn("2", x(4, "y"), { initial: encoder.final });
    return { outputs: [decoder.sequence, decoder.final], weights: [...encoder.weights, ...decoder.weights] };
  },
  "a scan that begins with what is computed of a final state": () => {
    const D = w("D", 2, 2);
    const encoder = rnn("1", x(3), { reverse: true });
    const decoder = rnn("2", x(4, "y"), { initial: o.tanh(o.matmul(encoder.final, D)) });
    return { outputs: [decoder.final], weights: [D, ...encoder.weights, ...decoder.weights] };
  },
  "a learned first state": () => {
    const h0 = w("h0", 2);
    const made = rnn("1", x(3), { initial: o.broadcast(h0, [rows, 2]) });
    return { outputs: [made.sequence, made.final], weights: [h0, ...made.weights] };
  },
  "a constant first state": () => {
    const made = rnn("1", x(3), { initial: o.broadcast(o.nodeOf(0.5), [rows, 2]) });
    return { outputs: [made.sequence], weights: made.weights };
  },
  "a first state of random numbers": () => {
    const made = rnn("1", x(3), { initial: o.random(ints("key", [2]), [rows, 2]) });
    return { outputs: [made.final], weights: made.weights };
  },
  "one cell for two sequences": () => {
    const { weights, step } = cell("1");
    const of = (sequence: Node) => recur({ step: ([s], [h]) => ({ next: [step(s as Node, h as Node)] }), initial: [zeros([rows, 2])], sequences: [sequence] });
    return { outputs: [result(of(x(3)), "stacked"), result(of(x(3, "y")), "final")], weights };
  },
  "many to one": () => {
    const [made, D] = [rnn("1", x(3)), w("D", 2, 4)];
    return { outputs: [o.softmax(o.matmul(made.final, D))], weights: [D, ...made.weights] };
  },
  "a captured mask of units": () => {
    const { weights, step } = cell("1");
    const mask = v(2, "mask");
    const made = recur({ step: ([s], [h]) => ({ next: [step(s as Node, o.mul(h as Node, mask))] }), initial: [zeros([rows, 2])], sequences: [x(3)] });
    return { outputs: [result(made, "stacked")], weights };
  },
  "recurrent dropout": () => {
    const { weights, step } = cell("1");
    const kept = o.mul(o.greater(o.random(ints("key", [2]), [rows, 2]), 0.25), 1 / 0.75);
    const made = recur({ step: ([s], [h]) => ({ next: [step(s as Node, o.mul(h as Node, kept))] }), initial: [zeros([rows, 2])], sequences: [x(3)] });
    return { outputs: [result(made, "stacked")], weights };
  },
  "masked steps keep the state": () => {
    const { weights, step } = cell("1");
    const mask = o.greater(x(1, "mask"), 0);
    const made = recur({
      step: ([s, m], [h, out]) => {
        const new_ = step(s as Node, h as Node);
        return { next: [o.where(m as Node, new_, h as Node), o.where(m as Node, new_, out as Node)], stacked: [o.where(m as Node, new_, out as Node)] };
      },
      initial: [zeros([rows, 2]), zeros([rows, 2])],
      sequences: [x(3), mask],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights };
  },
  "a state handed on unchanged": () => {
    const { weights, step } = cell("1");
    const made = recur({ step: ([s], [h, c]) => ({ next: [o.mul(step(s as Node, h as Node), c as Node), c as Node] }), initial: [v(2, "h0"), v(2, "c0")] });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights };
  },
  "states that change places": () => {
    const { weights, step } = cell("1");
    const made = recur({ step: ([s], [h, c]) => ({ next: [c as Node, step(s as Node, h as Node)], stacked: [h as Node] }), initial: [v(2, "h0"), v(2, "c0")] });
    return { outputs: [result(made, "stacked"), result(made, "final"), result(made, "final", 1)], weights };
  },
  "a state that is the slice": () => {
    const made = recur({ step: ([s], [h]) => ({ next: [s as Node], stacked: [o.add(s as Node, h as Node)] }), initial: [v(3, "h0")] });
    return { outputs: [result(made, "stacked"), result(made, "final")] };
  },
  "a state that is always the same": () => {
    const bias = w("bias", 3);
    const made = recur({ step: ([s], [h, c]) => ({ next: [o.broadcast(o.nodeOf(2), [rows, 3]), o.broadcast(bias, [rows, 3])], stacked: [o.add(s as Node, h as Node, c as Node)] }), initial: [v(3, "h0"), v(3, "c0")] });
    return { outputs: [result(made, "stacked"), result(made, "final"), result(made, "final", 1)], weights: [bias] };
  },
  "one value for two states": () => {
    const { weights, step } = cell("1");
    const made = recur({
      step: ([s], [h, c]) => {
        const next = step(s as Node, o.mul(h as Node, c as Node));
        return { next: [next, next] };
      },
      initial: [v(2, "h0"), v(2, "c0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final"), result(made, "final", 1)], weights };
  },
  "a delay of two steps": () => {
    const made = recur({ step: ([s], [a, b]) => ({ next: [s as Node, a as Node], stacked: [b as Node] }), initial: [zeros([rows, 3]), zeros([rows, 3])] });
    return { outputs: [result(made, "stacked")] };
  },
  "states of width 1": () => {
    const [W, R] = [w("W", 3, 1), w("R", 1, 1)];
    const made = recur({ step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(s as Node, W), o.matmul(h as Node, R)))] }), initial: [v(1)] });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [W, R] };
  },
  "states of different widths": () => {
    const [W, R, P] = [w("W", 3, 5), w("R", 2, 5), w("P", 5, 2)];
    const made = recur({
      step: ([s], [h, c]) => {
        const next = o.tanh(o.add(o.matmul(s as Node, W), o.matmul(h as Node, R), o.mul(c as Node, 0.5)));
        return { next: [o.matmul(next, P), next] };
      },
      initial: [v(2, "h0"), v(5, "c0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights: [W, R, P] };
  },
  "softmax of the state in the step": () => {
    const { weights, step } = cell("1", 3, 5);
    const made = recur({ step: ([s], [h]) => ({ next: [step(s as Node, o.softmax(h as Node))] }), initial: [v(5)] });
    return { outputs: [result(made, "stacked")], weights };
  },
  "softmax behind the product in the step": () => {
    const [W, R] = [w("W", 3, 5), w("R", 5, 5)];
    const made = recur({ step: ([s], [h]) => ({ next: [o.softmax(o.add(o.matmul(s as Node, W), o.matmul(h as Node, R)))] }), initial: [v(5)] });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [W, R] };
  },
  "the largest and the sum of the state in the step": () => {
    const { weights, step } = cell("1", 3, 5);
    const made = recur({ step: ([s], [h, c]) => ({ next: [step(s as Node, h as Node), o.add(o.mul(c as Node, 0.5), o.max(h as Node), o.sum(s as Node))] }), initial: [v(5, "h0"), v(1, "c0")] });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights };
  },
  "normalized pre-activations in the step": () => {
    const [W, R, gain] = [w("W", 3, 5), w("R", 5, 5), w("gain", 5)];
    const normal = (a: Node): Node => {
      const centred = o.sub(a, o.mean(a));
      return o.mul(gain, o.div(centred, o.sqrt(o.add(o.mean(o.square(centred)), 0.1))));
    };
    const made = recur({ step: ([s], [h]) => ({ next: [o.tanh(normal(o.add(o.matmul(s as Node, W), o.matmul(h as Node, R))))] }), initial: [v(5)] });
    return { outputs: [result(made, "stacked")], weights: [W, R, gain] };
  },
  "nine products in one step": () => {
    const all = Array.from({ length: 9 }, (_, k) => w(`R${k}`, 4, 4));
    const made = recur({
      step: ([s], [h]) => {
        const gates = all.map((R, k) => o.sigmoid(o.add(o.matmul(h as Node, R), o.mul(s as Node, k / 4))));
        return { next: [gates.reduce((product, gate, k) => (k % 2 === 0 ? o.add(product, gate) : o.mul(product, gate)))] };
      },
      initial: [v(4)],
      sequences: [x(4)],
    });
    return { outputs: [result(made, "stacked")], weights: all };
  },
  "products of several states": () => {
    const all = Array.from({ length: 4 }, (_, k) => w(`R${k}`, 4, 4));
    const made = recur({
      step: ([s], [a, b]) => {
        const product = (h: Node, k: number): Node => o.matmul(h, at(all, k));
        const left = o.tanh(o.add(product(a as Node, 0), product(b as Node, 1), s as Node));
        return { next: [left, o.sigmoid(o.add(product(b as Node, 2), product(a as Node, 3)))] };
      },
      initial: [v(4, "a0"), v(4, "b0")],
      sequences: [x(4)],
    });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights: all };
  },
  "a product of a product in one step": () => {
    const [W, R, S] = [w("W", 3, 5), w("R", 2, 5), w("S", 5, 2)];
    const made = recur({ step: ([s], [h]) => ({ next: [o.tanh(o.matmul(o.tanh(o.add(o.matmul(s as Node, W), o.matmul(h as Node, R))), S))] }), initial: [v(2)] });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [W, R, S] };
  },
  "two products in one, nothing between": () => {
    const [R, S] = [w("R", 3, 5), w("S", 5, 3)];
    const made = recur({ step: ([s], [h]) => ({ next: [o.add(o.mul(o.matmul(o.matmul(h as Node, R), S), 0.25), s as Node)] }), initial: [v(3)] });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [R, S] };
  },
  "a step of two layers": () => {
    const [below, above] = [cell("1"), cell("2", 2)];
    const made = recur({
      step: ([s], [a, b]) => {
        const h = below.step(s as Node, a as Node);
        return { next: [h, above.step(h, b as Node)], stacked: [h] };
      },
      initial: [v(2, "a0"), v(2, "b0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights: [...below.weights, ...above.weights] };
  },
  "a residual around the cell": () => {
    const { weights, step } = cell("1", 2);
    const made = recur({ step: ([s], [h]) => ({ next: [o.add(step(s as Node, h as Node), s as Node)] }), initial: [v(2)], sequences: [x(2)] });
    return { outputs: [result(made, "stacked")], weights };
  },
  "a product of the concat of slice and state": () => {
    const [W, b] = [w("W", 5, 2), w("b", 2)];
    const made = recur({ step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(o.concat(s as Node, h as Node), W), b))] }), initial: [v(2)] });
    return { outputs: [result(made, "stacked")], weights: [W, b] };
  },
  "one weight twice in a step": () => {
    const W = w("W", 3, 3);
    const made = recur({ step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(s as Node, W), o.matmul(h as Node, W)))] }), initial: [v(3)] });
    return { outputs: [result(made, "stacked")], weights: [W] };
  },
  "a weight and its transpose in a step": () => {
    const W = w("W", 3, 3);
    const made = recur({ step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(s as Node, W), o.matmul(h as Node, o.transpose(W))))] }), initial: [v(3)] });
    return { outputs: [result(made, "stacked")], weights: [W] };
  },
  "peepholes": () => {
    const { weights, step } = lstmCell();
    const p = w("p", 2);
    const made = recur({
      step: (slices, states) => {
        const { next } = step(slices, states);
        return { next: [o.mul(at(next, 0), o.sigmoid(o.mul(p, at(next, 1)))), at(next, 1)], stacked: [first(next)] };
      },
      initial: [v(2, "h0"), v(2, "c0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights: [...(weights as readonly Parameter[]), p] };
  },
  "two sequences and a result for each step of both": () => {
    const made = recur({ step: ([a, b], [h]) => ({ next: [o.tanh(o.add(a as Node, h as Node))], stacked: [o.mul(a as Node, b as Node), o.mul(h as Node, b as Node)] }), initial: [v(3)], sequences: [x(3), x(3, "y")] });
    return { outputs: [result(made, "stacked"), result(made, "stacked", 1)] };
  },
  "a scan whose results nobody uses but one": () => {
    const made = recur({ ...lstmCell(), initial: [v(2, "h0"), v(2, "c0")] });
    return { outputs: [result(made, "final", 1)], weights: parametersOf(topological([made])).filter(({ shape }) => !shape.includes(rows)) };
  },
  "a sequence of known length": () => {
    const { weights, step } = simpleCell();
    const sequence = parameter("x", [4, rows, 3]);
    const full = ints("full", [rows]);
    const made = recur({ step, initial: [v(2)], sequences: [sequence], time: 4, lengths: full });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: weights as readonly Parameter[], sizes: { rows: 5 }, inputs: { full: new Int32Array(5).fill(4) } };
  },
  "a vector repeated and read": () => {
    const encoder = rnn("1", x(3));
    const { weights, step } = simpleCell(2, "2");
    const repeated = o.broadcast(encoder.final, [4, rows, 2]);
    const full = ints("full", [rows]);
    const made = recur({ step, initial: [v(2)], sequences: [repeated], time: 4, lengths: full });
    return { outputs: [result(made, "stacked")], weights: [...encoder.weights, ...(weights as readonly Parameter[])], inputs: { full: new Int32Array(5).fill(4) } };
  },
};

export const parts: Readonly<Record<string, () => Program>> = {
  "random numbers for rows": () => ({ outputs: [o.random(ints("key", [2]), [rows, 5])], differentiable: false, exact: true, inputs: { key: Int32Array.of(-7, 123456789) } }),
  "random numbers for sequences": () => ({ outputs: [o.random(ints("key", [2]), ["time", rows, 5])], differentiable: false, exact: true, sizes: { ...ragged, firstRow: 3 } }),
  "random numbers of width 1": () => ({ outputs: [o.random(ints("key", [2]), ["time", rows, 1])], differentiable: false, exact: true }),
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
  timeToFeatures: () => ({ outputs: [make("timeToFeatures", [parameter("x", [3, rows, 5])], {})], sizes: { rows: 4 } }),
  "timeToFeatures of a value": () => ({ outputs: [o.neg(make("timeToFeatures", [o.tanh(parameter("x", [3, rows, 5]))], {}))], sizes: { rows: 4 } }),
  "timeToFeatures of one feature": () => ({ outputs: [make("timeToFeatures", [parameter("x", [3, rows, 1])], {})], sizes: { rows: 4 } }),
  featuresToTime: () => ({ outputs: [make("featuresToTime", [v(15)], { steps: 3 })], sizes: { rows: 4 } }),
  "featuresToTime of a value": () => ({ outputs: [o.neg(make("featuresToTime", [o.tanh(v(15))], { steps: 3 }))], sizes: { rows: 4 } }),
  "featuresToTime, one feature": () => ({ outputs: [make("featuresToTime", [v(3)], { steps: 3 })], sizes: { rows: 4 } }),
  "flatten and dense": () => {
    const D = w("D", 15, 2);
    return { outputs: [o.matmul(make("timeToFeatures", [parameter("x", [3, rows, 5])], {}), D)], weights: [D], sizes: { rows: 4 } };
  },
  oneHot: () => ({ outputs: [o.oneHot(ints("index", ["time", rows]), 5)], differentiable: false, exact: true }),
  "oneHot of one class": () => ({ outputs: [o.oneHot(ints("index", ["time", rows]), 1)], differentiable: false, exact: true }),
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
    const embedded = o.mul(o.gather(table, ints("index", ["time", rows])), o.random(ints("key", [2]), ["time", rows, 3]));
    const made = rnn("1", o.reverse(embedded, lengths));
    return { outputs: [made.final], weights: [table, ...made.weights] };
  },
  "an embedding used twice": () => {
    const table = w("table", 3, 5);
    return { outputs: [o.mul(o.gather(table, ints("index", ["time", rows])), o.gather(table, ints("other", ["time", rows])))], weights: [table] };
  },
  "a tied embedding": () => {
    const table = w("table", 3, 2);
    const { weights, step } = cell("1", 2);
    const made = recur({ step: ([s], [h]) => ({ next: [step(s as Node, h as Node)] }), initial: [zeros([rows, 2])], sequences: [o.gather(table, ints("index", ["time", rows]))] });
    return { outputs: [o.matmul(result(made, "stacked"), o.transpose(table))], weights: [table, ...weights] };
  },
  "a table looked up in the step": () => {
    const table = w("table", 3, 2);
    const made = recur({ step: ([s], [h]) => ({ next: [o.tanh(o.add(o.gather(table, s as Node), h as Node))] }), initial: [v(2)], sequences: [ints("index", ["time", rows])] });
    return { outputs: [result(made, "stacked")], weights: [table] };
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
    return { outputs: [o.sumLeading(o.mul(o.mean(error), parameter("divisor", [1])), 2)], inputs: { divisor: Float32Array.of(0.125) } };
  },
  "sums over rows": () => ({ outputs: [o.sumLeading(v(5), 1), o.sumLeading(o.tanh(x(5)), 2), o.sumLeading(x(1, "y"), 2)] }),
  "a sum over time": () => ({ outputs: [o.sumLeading(x(5), 1)] }),
  "an input as output": () => ({ outputs: [x(5), v(3)], exact: true }),
  "an input as output, and a view of it": () => ({ outputs: [o.slice(x(5), 1, 3), o.reshape(v(6), [rows, 2, 3])], exact: true }),
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
  "numbers for every row": () => ({ outputs: [o.broadcast(o.nodeOf(3), [rows, 4]), o.broadcast(o.iota(5), ["time", rows, 5])], differentiable: false, exact: true }),
  "a value for each row, without features": () => ({ outputs: [o.reshape(o.sum(v(5)), [rows]), o.reshape(o.sum(x(5)), ["time", rows])] }),
  "rows and sequences": () => ({ outputs: [o.mul(x(5), v(5))] }),
  "rows and sequences, one feature": () => ({ outputs: [o.mul(x(5), v(1))] }),
  "what is computed of rows in every step": () => ({ outputs: [o.add(x(5), o.tanh(v(5)))] }),
  "a product of what is repeated": () => {
    const [D, bias] = [w("D", 5, 3), w("bias", 5)];
    return { outputs: [o.matmul(o.broadcast(bias, [rows, 5]), D), o.matmul(o.broadcast(v(1), [rows, 5]), D)], weights: [D, bias] };
  },
  "a product of numbers": () => {
    const D = w("D", 5, 3);
    return { outputs: [o.matmul(o.broadcast(o.iota(5), [rows, 5]), D), o.matmul(o.broadcast(o.nodeOf(2), ["time", rows, 5]), D)], weights: [D] };
  },
  "a product of a part of a sum": () => {
    const D = w("D", 3, 3);
    return { outputs: [o.matmul(o.slice(o.add(x(5), x(5, "y")), 1, 3), D)], weights: [D] };
  },
  "sums over rows of what is repeated": () => ({ outputs: [o.sumLeading(o.broadcast(w("bias", 5), [rows, 5]), 1), o.sumLeading(o.broadcast(v(1), [rows, 5]), 1), o.sumLeading(o.slice(v(5, "u"), 1, 3), 1)], weights: [] }),
  "a scaled weight": () => {
    const [D, b] = [w("D", 5, 3), w("b", 3)];
    return { outputs: [o.add(o.matmul(x(5), o.mul(D, 2)), o.tanh(b))], weights: [D, b] };
  },
  "the sum of a weight for every row": () => {
    const b = w("b", 5);
    return { outputs: [o.mul(x(5), o.sum(o.square(b)))], weights: [b] };
  },
  "a weight of unit length in the step": () => {
    const [R, g] = [w("R", 3, 3), w("g", 3)];
    const made = recur({ step: ([s], [h]) => ({ next: [o.tanh(o.add(o.mul(o.matmul(h as Node, R), o.sigmoid(g)), s as Node))] }), initial: [v(3)] });
    return { outputs: [result(made, "stacked")], weights: [R, g] };
  },
  "an embedding times a kernel": () => {
    const [table, kernel] = [w("table", 3, 4), w("kernel", 4, 5)];
    return { outputs: [o.gather(o.matmul(table, kernel), ints("index", ["time", rows]))], weights: [table, kernel] };
  },
  "a penalty": () => {
    const b = w("b", 5);
    return { outputs: [o.mul(x(5), b), o.reshape(o.sum(o.square(b)), [1])], weights: [b] };
  },
  "a weight as output": () => {
    const b = w("b", 5);
    return { outputs: [o.mul(x(5), b), b], weights: [b] };
  },
  "values with two axes of features": () => ({ outputs: [o.tanh(parameter("x", [rows, 2, 3]))] }),
  "parts of a weight": () => {
    const both = w("both", 5, 8);
    return { outputs: [o.matmul(x(5), o.slice(both, 1, 3)), o.mul(x(8, "y"), o.reshape(make("sliceRows", [both], { start: 2, size: 1 }), [8]))], weights: [both] };
  },
};
