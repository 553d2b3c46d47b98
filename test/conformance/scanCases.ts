/** Scans of every kind and in every company. */
import { parameter, zeros } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { type Node, rows } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import { topological } from "../../src/core/graph/walk.ts";
import { lengths, lstmCell, recur, result, simpleCell } from "../gradients/steps.ts";
import { at, cell, ints, type Program, parametersOf, rnn, unfold, v, w, x } from "./programs.ts";

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
    return {
      outputs: [o.concat(a.sequence, b.sequence), o.add(a.final, b.final)],
      weights: [...a.weights, ...b.weights],
    };
  },
  "bidirectional by turning the sequence": () => {
    const input = x(3);
    const [there, back] = [rnn("1", input), rnn("2", o.reverse(input, lengths))];
    const both = o.concat(there.sequence, o.reverse(back.sequence, lengths));
    return {
      outputs: [both, o.concat(there.final, back.final)],
      weights: [...there.weights, ...back.weights],
    };
  },
  "bidirectional by a reverse scan": () => {
    const input = x(3);
    const [there, back] = [rnn("1", input), rnn("2", input, { reverse: true })];
    return {
      outputs: [o.concat(there.sequence, back.sequence), back.final],
      weights: [...there.weights, ...back.weights],
    };
  },
  "bidirectional, two layers": () => {
    const layer = (name: string, input: Node) => {
      const [there, back] = [rnn(`${name}f`, input), rnn(`${name}b`, o.reverse(input, lengths))];
      return {
        weights: [...there.weights, ...back.weights],
        out: o.concat(there.sequence, o.reverse(back.sequence, lengths)),
      };
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
    const of = (sequence: Node) =>
      unfold({
        step: ([s], [h]) => ({ next: [step(s, h)] }),
        initial: [zeros([rows, 2])],
        sequences: [sequence],
      });
    return { outputs: [result(of(x(3)), "stacked"), result(of(x(3, "y")), "final")], weights };
  },
  "many to one": () => {
    const [made, D] = [rnn("1", x(3)), w("D", 2, 4)];
    return { outputs: [o.softmax(o.matmul(made.final, D))], weights: [D, ...made.weights] };
  },
  "a captured mask of units": () => {
    const { weights, step } = cell("1");
    const mask = v(2, "mask");
    const made = unfold({
      step: ([s], [h]) => ({ next: [step(s, o.mul(h, mask))] }),
      initial: [zeros([rows, 2])],
      sequences: [x(3)],
    });
    return { outputs: [result(made, "stacked")], weights };
  },
  "recurrent dropout": () => {
    const { weights, step } = cell("1");
    const kept = o.mul(o.greater(o.random(ints("key", [2]), [rows, 2]), 0.25), 1 / 0.75);
    const made = unfold({
      step: ([s], [h]) => ({ next: [step(s, o.mul(h, kept))] }),
      initial: [zeros([rows, 2])],
      sequences: [x(3)],
    });
    return { outputs: [result(made, "stacked")], weights };
  },
  "masked steps keep the state": () => {
    const { weights, step } = cell("1");
    const mask = o.greater(x(1, "mask"), 0);
    const made = unfold({
      step: ([s, m], [h, out]) => {
        const new_ = step(s, h);
        return { next: [o.where(m, new_, h), o.where(m, new_, out)], stacked: [o.where(m, new_, out)] };
      },
      initial: [zeros([rows, 2]), zeros([rows, 2])],
      sequences: [x(3), mask],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights };
  },
  "a state handed on unchanged": () => {
    const { weights, step } = cell("1");
    const made = unfold({
      step: ([s], [h, c]) => ({ next: [o.mul(step(s, h), c), c] }),
      initial: [v(2, "h0"), v(2, "c0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights };
  },
  "states that change places": () => {
    const { weights, step } = cell("1");
    const made = unfold({
      step: ([s], [h, c]) => ({ next: [c, step(s, h)], stacked: [h] }),
      initial: [v(2, "h0"), v(2, "c0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final"), result(made, "final", 1)], weights };
  },
  "a state that is the slice": () => {
    const made = unfold({
      step: ([s], [h]) => ({ next: [s], stacked: [o.add(s, h)] }),
      initial: [v(3, "h0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")] };
  },
  "a state that is always the same": () => {
    const bias = w("bias", 3);
    const made = unfold({
      step: ([s], [h, c]) => ({
        next: [o.broadcast(o.nodeOf(2), [rows, 3]), o.broadcast(bias, [rows, 3])],
        stacked: [o.add(s, h, c)],
      }),
      initial: [v(3, "h0"), v(3, "c0")],
    });
    return {
      outputs: [result(made, "stacked"), result(made, "final"), result(made, "final", 1)],
      weights: [bias],
    };
  },
  "one value for two states": () => {
    const { weights, step } = cell("1");
    const made = unfold({
      step: ([s], [h, c]) => {
        const next = step(s, o.mul(h, c));
        return { next: [next, next] };
      },
      initial: [v(2, "h0"), v(2, "c0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final"), result(made, "final", 1)], weights };
  },
  "a delay of two steps": () => {
    const made = unfold({
      step: ([s], [a, b]) => ({ next: [s, a], stacked: [b] }),
      initial: [zeros([rows, 3]), zeros([rows, 3])],
    });
    return { outputs: [result(made, "stacked")] };
  },
  "states of width 1": () => {
    const [W, R] = [w("W", 3, 1), w("R", 1, 1)];
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(s, W), o.matmul(h, R)))] }),
      initial: [v(1)],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [W, R] };
  },
  "states of different widths": () => {
    const [W, R, P] = [w("W", 3, 5), w("R", 2, 5), w("P", 5, 2)];
    const made = unfold({
      step: ([s], [h, c]) => {
        const next = o.tanh(o.add(o.matmul(s, W), o.matmul(h, R), o.mul(c, 0.5)));
        return { next: [o.matmul(next, P), next] };
      },
      initial: [v(2, "h0"), v(5, "c0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights: [W, R, P] };
  },
  "softmax of the state in the step": () => {
    const { weights, step } = cell("1", 3, 5);
    const made = unfold({ step: ([s], [h]) => ({ next: [step(s, o.softmax(h))] }), initial: [v(5)] });
    return { outputs: [result(made, "stacked")], weights };
  },
  "softmax behind the product in the step": () => {
    const [W, R] = [w("W", 3, 5), w("R", 5, 5)];
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.softmax(o.add(o.matmul(s, W), o.matmul(h, R)))] }),
      initial: [v(5)],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [W, R] };
  },
  "the largest and the sum of the state in the step": () => {
    const { weights, step } = cell("1", 3, 5);
    const made = unfold({
      step: ([s], [h, c]) => ({ next: [step(s, h), o.add(o.mul(c, 0.5), o.max(h), o.sum(s))] }),
      initial: [v(5, "h0"), v(1, "c0")],
    });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights };
  },
  "normalized pre-activations in the step": () => {
    const [W, R, gain] = [w("W", 3, 5), w("R", 5, 5), w("gain", 5)];
    const normal = (a: Node): Node => {
      const centred = o.sub(a, o.mean(a));
      return o.mul(gain, o.div(centred, o.sqrt(o.add(o.mean(o.square(centred)), 0.1))));
    };
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(normal(o.add(o.matmul(s, W), o.matmul(h, R))))] }),
      initial: [v(5)],
    });
    return { outputs: [result(made, "stacked")], weights: [W, R, gain] };
  },
  "nine products in one step": () => {
    const all = Array.from({ length: 9 }, (_, k) => w(`R${k}`, 4, 4));
    const made = unfold({
      step: ([s], [h]) => {
        const gates = all.map((R, k) => o.sigmoid(o.add(o.matmul(h, R), o.mul(s, k / 4))));
        return {
          next: [
            gates.reduce((product, gate, k) => (k % 2 === 0 ? o.add(product, gate) : o.mul(product, gate))),
          ],
        };
      },
      initial: [v(4)],
      sequences: [x(4)],
    });
    return { outputs: [result(made, "stacked")], weights: all };
  },
  "products of several states": () => {
    const all = Array.from({ length: 4 }, (_, k) => w(`R${k}`, 4, 4));
    const made = unfold({
      step: ([s], [a, b]) => {
        const product = (h: Node, k: number): Node => o.matmul(h, at(all, k));
        const left = o.tanh(o.add(product(a, 0), product(b, 1), s));
        return { next: [left, o.sigmoid(o.add(product(b, 2), product(a, 3)))] };
      },
      initial: [v(4, "a0"), v(4, "b0")],
      sequences: [x(4)],
    });
    return { outputs: [result(made, "stacked"), result(made, "final", 1)], weights: all };
  },
  "a product of a product in one step": () => {
    const [W, R, S] = [w("W", 3, 5), w("R", 2, 5), w("S", 5, 2)];
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.matmul(o.tanh(o.add(o.matmul(s, W), o.matmul(h, R))), S))] }),
      initial: [v(2)],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [W, R, S] };
  },
  "two products in one, nothing between": () => {
    const [R, S] = [w("R", 3, 5), w("S", 5, 3)];
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.add(o.mul(o.matmul(o.matmul(h, R), S), 0.25), s)] }),
      initial: [v(3)],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [R, S] };
  },
  "a step of two layers": () => {
    const [below, above] = [cell("1"), cell("2", 2)];
    const made = unfold({
      step: ([s], [a, b]) => {
        const h = below.step(s, a);
        return { next: [h, above.step(h, b)], stacked: [h] };
      },
      initial: [v(2, "a0"), v(2, "b0")],
    });
    return {
      outputs: [result(made, "stacked"), result(made, "final", 1)],
      weights: [...below.weights, ...above.weights],
    };
  },
  "a residual around the cell": () => {
    const { weights, step } = cell("1", 2);
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.add(step(s, h), s)] }),
      initial: [v(2)],
      sequences: [x(2)],
    });
    return { outputs: [result(made, "stacked")], weights };
  },
  "a product of the concat of slice and state": () => {
    const [W, b] = [w("W", 5, 2), w("b", 2)];
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(o.concat(s, h), W), b))] }),
      initial: [v(2)],
    });
    return { outputs: [result(made, "stacked")], weights: [W, b] };
  },
  "one weight twice in a step": () => {
    const W = w("W", 3, 3);
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(s, W), o.matmul(h, W)))] }),
      initial: [v(3)],
    });
    return { outputs: [result(made, "stacked")], weights: [W] };
  },
  "a weight and its transpose in a step": () => {
    const W = w("W", 3, 3);
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(s, W), o.matmul(h, o.transpose(W))))] }),
      initial: [v(3)],
    });
    return { outputs: [result(made, "stacked")], weights: [W] };
  },
  peepholes: () => {
    const { weights, step } = lstmCell();
    const p = w("p", 2);
    const made = unfold({
      step: (slices, states) => {
        const { next } = step(slices, states);
        return {
          next: [o.mul(at(next, 0), o.sigmoid(o.mul(p, at(next, 1)))), at(next, 1)],
          stacked: [at(next, 0)],
        };
      },
      initial: [v(2, "h0"), v(2, "c0")],
    });
    return {
      outputs: [result(made, "stacked"), result(made, "final", 1)],
      weights: [...(weights as readonly Parameter[]), p],
    };
  },
  "two sequences and a result for each step of both": () => {
    const made = unfold({
      step: ([a, b], [h]) => ({ next: [o.tanh(o.add(a, h))], stacked: [o.mul(a, b), o.mul(h, b)] }),
      initial: [v(3)],
      sequences: [x(3), x(3, "y")],
    });
    return { outputs: [result(made, "stacked"), result(made, "stacked", 1)] };
  },
  "a scan whose results nobody uses but one": () => {
    const made = recur({ ...lstmCell(), initial: [v(2, "h0"), v(2, "c0")] });
    return {
      outputs: [result(made, "final", 1)],
      weights: parametersOf(topological([made])).filter(({ shape }) => !shape.includes(rows)),
    };
  },
  "a sequence of known length": () => {
    const { weights, step } = simpleCell();
    const sequence = parameter("x", [4, rows, 3]);
    const full = ints("full", [rows]);
    const made = unfold({ step, initial: [v(2)], sequences: [sequence], time: 4, lengths: full });
    return {
      outputs: [result(made, "stacked"), result(made, "final")],
      weights: weights as readonly Parameter[],
      sizes: { rows: 5 },
      inputs: { full: new Int32Array(5).fill(4) },
    };
  },
  "a vector repeated and read": () => {
    const encoder = rnn("1", x(3));
    const { weights, step } = simpleCell(2, "2");
    const repeated = o.broadcast(encoder.final, [4, rows, 2]);
    const full = ints("full", [rows]);
    const made = unfold({ step, initial: [v(2)], sequences: [repeated], time: 4, lengths: full });
    return {
      outputs: [result(made, "stacked")],
      weights: [...encoder.weights, ...(weights as readonly Parameter[])],
      inputs: { full: new Int32Array(5).fill(4) },
    };
  },
  "a value multiplied, and added beside the product": () => {
    const W = w("W", 4, 4);
    const made = unfold({
      step: ([s], [h]) => {
        const a = o.tanh(o.add(h, s));
        return { next: [o.add(o.mul(a, 0.5), o.matmul(a, W))] };
      },
      initial: [v(4)],
      sequences: [x(4)],
    });
    return { outputs: [result(made, "final")], weights: [W] };
  },
  "what a loop keeps for nobody": () => {
    const made = unfold({
      step: ([s, t], [h]) => ({ next: [o.tanh(o.add(h, s))], stacked: [o.concat(h, o.sum(t))] }),
      initial: [v(4)],
      sequences: [o.sum(x(4)), o.softmax(x(3, "y"))],
    });
    return { outputs: [result(made, "final")] };
  },
  "sums of embedded tokens": () => {
    const table = w("table", 3, 4);
    const found = o.gather(table, ints("index", ["time", rows]));
    return { outputs: [o.sum(found), o.reshape(found, ["time", rows, 1, 4])], weights: [table] };
  },
};
