/** Values with axes between rows and features: elementwise, sums, products, moves, windows, states. */
import { make, parameter, zeros } from "../../src/core/graph/build.ts";
import { type Node, rows, type Windows } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import { lengths, result } from "../gradients/steps.ts";
import { ints, type Program, ragged, unfold, v, w, x } from "./programs.ts";

const sites = (count: number, width: number, name = "v"): Node => parameter(name, [rows, count, width]);
const image = (height: number, width: number, channels: number, name = "image"): Node =>
  parameter(name, [rows, height, width, channels]);
const video = (height: number, width: number, channels: number): Node =>
  parameter("video", ["time", rows, height, width, channels]);

const three: Windows = {
  image: [4, 5],
  window: [3, 3],
  dilation: [1, 1],
  strides: [1, 1],
  start: [-1, -1],
  count: [4, 5],
  outside: 0,
};
const strided: Windows = { ...three, window: [2, 3], strides: [2, 2], start: [0, -1], count: [2, 3] };
const dilated: Windows = { ...three, window: [2, 2], dilation: [2, 1], start: [0, 0], count: [2, 4] };

/** Attention of one query to the sites: scores, weights that sum to one, the mixture. */
function attended(query: Node, keys: Node, values: Node): Node {
  const one = o.reshape(query, [rows, 1, query.shape.at(-1) ?? 1]);
  const scores = o.sum(o.mul(one, keys));
  const powers = o.exp(o.sub(scores, o.stopGradient(o.maxSites(scores))));
  return o.joinSites(o.sumSites(o.mul(o.div(powers, o.sumSites(powers)), values)));
}

export const siteCases: Readonly<Record<string, () => Program>> = {
  ...Object.fromEntries(
    [1, 3, 4, 7, 16, 19].flatMap((width): [string, () => Program][] => [
      [`sites of ${width}`, () => ({ outputs: [o.tanh(sites(3, width))] })],
      [`a sum over sites of ${width}`, () => ({ outputs: [o.sumSites(o.tanh(sites(3, width)))] })],
      [`the largest of sites of ${width}`, () => ({ outputs: [o.maxSites(sites(3, width))] })],
      [`sites of ${width} joined`, () => ({ outputs: [o.joinSites(o.tanh(sites(3, width)))] })],
      [
        `${width} features as sites`,
        () => ({ outputs: [o.tanh(o.reshape(v(3 * width), [rows, 3, width]))] }),
      ],
      [
        `sums of ${width} features of sites`,
        () => ({ outputs: [o.sum(o.tanh(sites(3, width))), o.max(sites(3, width, "u"))] }),
      ],
    ]),
  ),
  "a row and its sites": () => ({ outputs: [o.mul(o.reshape(v(5, "row"), [rows, 1, 5]), sites(3, 5))] }),
  "sites and one number each": () => ({ outputs: [o.add(sites(3, 1, "narrow"), sites(3, 5))] }),
  "features against sites": () => ({
    outputs: [o.mul(o.reshape(v(4, "a"), [rows, 4, 1]), o.reshape(v(3, "b"), [rows, 1, 3]))],
  }),
  "values against values": () => {
    const [a, b] = [o.tanh(v(4, "a")), o.tanh(v(3, "b"))];
    return { outputs: [o.sum(o.tanh(o.mul(o.reshape(a, [rows, 4, 1]), o.reshape(b, [rows, 1, 3]))))] };
  },
  "a weight for each site": () => {
    const W = w("W", 3, 5);
    return { outputs: [o.tanh(o.mul(sites(3, 5), W))], weights: [W] };
  },
  "a weight [5] at all sites": () => {
    const W = w("W", 5);
    return { outputs: [o.mul(sites(3, 5), W)], weights: [W] };
  },
  "a product at each site": () => {
    const [W, b] = [w("W", 5, 7), w("b", 7)];
    return { outputs: [o.tanh(o.add(o.matmul(sites(3, 5), W), b))], weights: [W, b] };
  },
  "a product at many sites": () => {
    const [W, b] = [w("W", 5, 20), w("b", 20)];
    return { outputs: [o.relu(o.add(o.matmul(o.tanh(sites(21, 5)), W), b))], weights: [W, b] };
  },
  "products one after the other": () => {
    const [W, U] = [w("W", 5, 6), w("U", 6, 3)];
    return { outputs: [o.matmul(o.tanh(o.matmul(sites(4, 5), W)), U)], weights: [W, U] };
  },
  "a product of rows beside sites": () => {
    const W = w("W", 5, 4);
    return {
      outputs: [o.mul(o.reshape(o.matmul(v(5, "row"), W), [rows, 1, 4]), sites(3, 4))],
      weights: [W],
    };
  },
  "concat and slice at sites": () => {
    const [a, b] = [sites(3, 5, "a"), sites(3, 2, "b")];
    return { outputs: [o.slice(o.tanh(o.concat(a, b, o.neg(a))), 3, 6)] };
  },
  "sites joined and multiplied": () => {
    const W = w("W", 15, 4);
    return { outputs: [o.matmul(o.joinSites(o.tanh(sites(3, 5))), W)], weights: [W] };
  },
  "other axes": () => ({ outputs: [o.tanh(o.reshape(o.tanh(image(2, 3, 4)), [rows, 3, 2, 4]))] }),
  "other features": () => ({ outputs: [o.tanh(o.reshape(o.tanh(sites(4, 6)), [rows, 8, 3]))] }),
  "sites over time": () => ({ outputs: [o.tanh(video(2, 3, 5))], sizes: ragged }),
  "a product at sites over time": () => {
    const W = w("W", 5, 6);
    return { outputs: [o.tanh(o.matmul(video(2, 3, 5), W))], weights: [W], sizes: ragged };
  },
  "a sum over sites over time": () => ({ outputs: [o.sumSites(o.tanh(video(2, 3, 5)))], sizes: ragged }),
  "a sum over the time of sites": () => ({
    outputs: [o.sumLeading(o.tanh(video(2, 3, 5)), 1)],
    sizes: ragged,
  }),
  "video turned": () => ({ outputs: [o.tanh(o.reverse(video(2, 3, 5), lengths))], sizes: ragged }),
  "one of the labels": () => ({
    outputs: [o.sum(o.mul(o.oneHot(ints("labels", [rows, 4]), 5), o.reshape(v(5), [rows, 1, 5])))],
    inputs: { labels: Int32Array.from({ length: 16 }, (_, k) => k % 5) },
    sizes: { rows: 4 },
  }),
  "dropout at sites": () => {
    const kept = o.greater(o.random(ints("key", [2]), ["time", rows, 2, 3, 5]), 0.4);
    return { outputs: [o.mul(video(2, 3, 5), kept)], sizes: ragged };
  },
  "steps as sites": () => ({ outputs: [o.timeToSites(x(5), lengths, 6)], sizes: ragged }),
  "steps as more sites than there are": () => ({
    outputs: [o.timeToSites(o.tanh(x(1)), lengths, 9)],
    sizes: ragged,
  }),
  "steps as sites and back": () => ({
    outputs: [o.sitesToTime(o.tanh(o.timeToSites(o.tanh(x(5)), lengths, 7)), lengths, "time")],
    sizes: ragged,
  }),
  "steps in one row": () => ({
    outputs: [o.joinSites(o.timeToSites(parameter("x", [3, rows, 5]), lengths, 3))],
    sizes: { rows: 4, times: { time: 3 } },
  }),
  "attention to the steps": () => ({
    outputs: [
      attended(
        v(4, "query"),
        o.timeToSites(x(4, "keys"), lengths, 6),
        o.timeToSites(x(3, "values"), lengths, 6),
      ),
    ],
    sizes: ragged,
  }),
  "attention of each step": () => {
    const [keys, values] = [
      o.timeToSites(x(4, "keys"), lengths, 6),
      o.timeToSites(x(3, "values"), lengths, 6),
    ];
    const query = o.reshape(x(4, "query"), ["time", rows, 1, 4]);
    const powers = o.exp(o.tanh(o.sum(o.mul(query, keys))));
    return {
      outputs: [o.joinSites(o.sumSites(o.mul(o.div(powers, o.sumSites(powers)), values)))],
      sizes: ragged,
    };
  },
  ...Object.fromEntries(
    Object.entries({ three, strided, dilated }).flatMap(([name, windows]): [string, () => Program][] =>
      [1, 3, 16].flatMap((channels): [string, () => Program][] => [
        [`patches, ${name}, ${channels}`, () => ({ outputs: [o.patches(image(4, 5, channels), windows)] })],
        [
          `overlapAdd, ${name}, ${channels}`,
          () => {
            const [h, w2] = windows.count;
            const seen = windows.window[0] * windows.window[1] * channels;
            return { outputs: [make("overlapAdd", [o.tanh(image(h, w2, seen))], windows)] };
          },
        ],
      ]),
    ),
  ),
  convolution: () => {
    const [K, b] = [w("K", 3, 3, 2, 5), w("b", 5)];
    const seen = o.patches(image(4, 5, 2), three);
    return { outputs: [o.relu(o.add(o.matmul(seen, o.reshape(K, [18, 5])), b))], weights: [K, b] };
  },
  "pooling and dense": () => {
    const D = w("D", 12, 3);
    const pooled = o.patches(o.tanh(image(4, 5, 2)), {
      ...strided,
      window: [2, 2],
      start: [0, 0],
      outside: -3e38,
    });
    const parts = o.split(pooled, 4) as readonly [Node, Node, Node, Node];
    const largest = o.maximum(o.maximum(parts[0], parts[1]), o.maximum(parts[2], parts[3]));
    return { outputs: [o.matmul(o.joinSites(largest), D)], weights: [D] };
  },
  "a state with sites": () => {
    const W = w("W", 5, 5);
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(h, W), s))] }),
      initial: [zeros([rows, 2, 3, 5])],
      sequences: [video(2, 3, 5)],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [W], sizes: ragged };
  },
  "a convolution of the state": () => {
    const [K, R] = [w("K", 3, 3, 2, 4), w("R", 3, 3, 4, 4)];
    const over = (state: Node, kernel: Node): Node =>
      o.matmul(o.patches(state, three), o.reshape(kernel, [9 * Number(kernel.shape[2]), 4]));
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(over(s, K), over(h, R)))] }),
      initial: [parameter("first", [rows, 4, 5, 4])],
      sequences: [video(4, 5, 2)],
    });
    return { outputs: [result(made, "stacked"), result(made, "final")], weights: [K, R], sizes: ragged };
  },
  "a search at each step": () => {
    const W = w("W", 4, 4);
    const [keys, values] = [sites(5, 4, "keys"), sites(5, 4, "values")];
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(o.matmul(h, W), s, attended(h, keys, values)))] }),
      initial: [zeros([rows, 4])],
      sequences: [x(4)],
    });
    return { outputs: [result(made, "stacked")], weights: [W], sizes: ragged };
  },
  "the best way through labels": () => {
    const T = w("T", 4, 4);
    const made = unfold({
      step: ([s], [h]) => {
        const all = o.add(o.reshape(h, [rows, 4, 1]), T);
        const largest = o.stopGradient(o.maxSites(all));
        const sum = o.add(o.log(o.sumSites(o.exp(o.sub(all, largest)))), largest);
        return { next: [o.add(s, o.joinSites(sum))] };
      },
      initial: [zeros([rows, 4])],
      sequences: [x(4)],
    });
    return { outputs: [result(made, "final")], weights: [T], sizes: ragged };
  },
  "a function of a weight for each site": () => {
    const W = w("W", 3, 5);
    return { outputs: [o.mul(sites(3, 5), o.softmax(W))], weights: [W] };
  },
  "weights for other sites": () => {
    const [W, U] = [w("W", 3, 5), w("U", 2, 5)];
    return { outputs: [o.mul(sites(3, 5), W), o.mul(sites(2, 5, "u"), U)], weights: [W, U] };
  },
  "one bias for other sites": () => {
    const b = w("b", 5);
    return { outputs: [o.add(sites(3, 5), b), o.add(sites(2, 5, "u"), b), o.add(v(5), b)], weights: [b] };
  },
  "a product of a function of weights": () => {
    const [W, b, c] = [w("W", 5, 4), w("b", 5), w("c", 3, 5)];
    const both = o.matmul(o.broadcast(o.tanh(c), [rows, 3, 5]), W);
    return {
      outputs: [o.mul(v(4), o.matmul(o.broadcast(o.tanh(b), [rows, 5]), W)), o.mul(sites(3, 4), both)],
      weights: [W, b, c],
    };
  },
  "a vector at all steps, as sites": () => ({
    outputs: [o.timeToSites(o.broadcast(v(5), ["time", rows, 5]), lengths, 7)],
    sizes: ragged,
  }),
  "fewer sites than steps": () => ({
    outputs: [
      o.timeToSites(o.tanh(x(5)), lengths, 4),
      o.sitesToTime(o.tanh(sites(4, 5)), lengths, "time"),
      o.sumSites(o.timeToSites(o.tanh(x(1, "y")), lengths, 4)),
    ],
    sizes: ragged,
  }),
  "the same value at all steps, kept by a loop": () => {
    const same = o.concat(o.tanh(v(3, "u")), v(2, "w"));
    const made = unfold({
      step: ([s], [h]) => ({ next: [o.tanh(o.add(h, s))], stacked: [same] }),
      initial: [zeros([rows, 5])],
      sequences: [x(5)],
    });
    const kept = result(made, "stacked");
    return { outputs: [kept, o.timeToSites(kept, lengths, 7), result(made, "final")], sizes: ragged };
  },
  "sites of a slice and of a state, joined": () => {
    const W = w("W", 15, 15);
    const made = unfold({
      step: ([s], [h]) => {
        const sum = o.add(o.matmul(o.reshape(h, [rows, 15]), W), o.reshape(s, [rows, 15]));
        return { next: [o.reshape(o.tanh(sum), [rows, 3, 5])] };
      },
      initial: [sites(3, 5)],
      sequences: [o.tanh(parameter("s", ["time", rows, 5, 3]))],
    });
    return { outputs: [result(made, "stacked")], weights: [W], sizes: ragged };
  },
  "one number as other features": () => ({
    outputs: [o.add(sites(3, 5), o.reshape(o.broadcast(o.nodeOf(2), [rows, 15]), [rows, 3, 5]))],
  }),
  "a part of one feature seen through a reshape": () => {
    const one = o.reshape(o.broadcast(o.tanh(v(1)), [rows, 20]), [rows, 1, 20]);
    return { outputs: [o.mul(sites(3, 3), o.slice(one, 16, 3))] };
  },
};

/** What a row of sites cannot be read as. */
export const refusedSites: Readonly<Record<string, () => Program>> = {
  "lines of an image repeated": () => ({
    outputs: [o.tanh(o.broadcast(image(2, 1, 5), [rows, 2, 3, 5]))],
  }),
  "lines of an image added to a product": () => {
    const W = w("W", 5, 6);
    return { outputs: [o.add(o.matmul(image(2, 3, 5), W), image(2, 1, 6, "line"))], weights: [W] };
  },
  "weights of a line added to a product": () => {
    const [W, b] = [w("W", 5, 6), w("b", 3, 6)];
    return { outputs: [o.add(o.matmul(image(2, 3, 5), W), b)], weights: [W, b] };
  },
  "weights of a line and of an image": () => {
    const [a, b] = [w("a", 2, 3, 5), w("b", 3, 5)];
    return { outputs: [o.mul(image(2, 3, 5), o.add(a, b))], weights: [a, b] };
  },
  "a transposed weight for each site": () => {
    const W = w("W", 5, 3);
    return { outputs: [o.mul(sites(3, 5), o.transpose(W))], weights: [W] };
  },
  "a function of a weight in another form": () => {
    const b = w("b", 15);
    return { outputs: [o.mul(sites(3, 5), o.reshape(o.tanh(b), [3, 5]))], weights: [b] };
  },
  "a part of a weight in another form": () => {
    const b = w("b", 3, 8);
    return { outputs: [o.mul(v(15), o.reshape(o.slice(b, 1, 5), [15]))], weights: [b] };
  },
  "the numbers of sites": () => ({ outputs: [o.mul(sites(3, 5), o.reshape(o.iota(3), [3, 1]))] }),
  "tokens of sites": () => {
    const table = w("table", 3, 4);
    return { outputs: [o.gather(table, ints("index", [rows, 3]))], weights: [table] };
  },
  "a product with a vector": () => {
    const W = w("W", 5);
    return { outputs: [o.matmul(o.tanh(sites(3, 5)), W)], weights: [W] };
  },
  "the sum over some of the sites": () => ({
    outputs: [o.mul(sites(3, 5), o.sumLeading(image(2, 3, 5), 2))],
  }),
  "a sum over rows in each row": () => ({ outputs: [o.mul(v(5), o.sumLeading(o.tanh(sites(3, 5)), 2))] }),
};
