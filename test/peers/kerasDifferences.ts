/** Where we differ from Keras 3 on purpose (docs/differences-from-keras.md): what each says, and that it is so. */
import { expect } from "vitest";
import type { Nested } from "../../src/nn/model/tensor.ts";
import { expectClose } from "../parity/close.ts";
import { flat } from "../parity/measure.ts";
import { type Answer, type Case, drawnWeight, grid, whole } from "./kerasModels.ts";
import {
  compiled,
  dense,
  embedding,
  everyLstm,
  lastGru,
  recurrentOf,
  step,
  tokens,
  vectors,
} from "./kerasParts.ts";

type Asked = Omit<Case, "name" | "seed">;
export interface Difference {
  readonly name: string;
  /** All with the same weights. */
  readonly cases: readonly Asked[];
  /** Throws unless what we say and what Keras says of the cases differ in the way that the page tells. */
  readonly show: (own: readonly Answer[], keras: readonly Answer[]) => void;
}

const close = (got: readonly number[], wanted: readonly number[], what: string): void =>
  expectClose(got, wanted, what, { tolerance: 1e-5, smallest: 1 });
const figure = (answer: Answer | undefined, name: string): number => answer?.figures?.[name] ?? Number.NaN;
const predicted = (answer: Answer | undefined): readonly number[] => flat(answer?.predictions?.[0]?.[0]);
const far = (a: number, b: number): void => expect(Math.abs(a - b)).toBeGreaterThan(1e-3);
const mean = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0) / all.length;

const sparse = "sparseCategoricalCrossentropy";
const uneven: readonly Nested[] = [
  [1, 2, 3, 4],
  [4, 3, 2, 1],
  [2, 0, 0, 0],
  [5, 0, 0, 0],
];
const targets = grid([4, 4, 1], 71);
const evaluated = (from: number, to: number): Asked => {
  const [x, y] = [uneven.slice(from, to), (targets as readonly Nested[]).slice(from, to)];
  return {
    inputs: [tokens],
    layers: [embedding, everyLstm, dense(1)],
    batches: [[x]],
    predict: true,
    compile: compiled("meanSquaredError", {}, ["mse"]),
    evaluate: { x: [x], y: [y], batchSize: 2 },
  };
};

const onBatch = (from: number, to: number): Asked => {
  const { evaluate, ...asked } = evaluated(from, to);
  return { ...asked, onBatches: evaluate ? [{ x: evaluate.x, y: evaluate.y }] : [] };
};

const classes = whole([3, 4], 72, 3);
const tagged = (fit?: Partial<Case["fit"]>): Asked => ({
  inputs: [vectors],
  layers: [everyLstm, dense(3)],
  batches: [[grid([3, 4, 3], 73, 2)]],
  predict: true,
  compile: compiled(sparse, { fromLogits: true, ...(fit ? {} : { ignoreClass: 1 }) }, ["accuracy"]),
  ...(fit
    ? { fit: { x: [grid([3, 4, 3], 73, 2)], y: [classes], epochs: 1, batchSize: 3, ...fit } }
    : { evaluate: { x: [grid([3, 4, 3], 73, 2)], y: [classes], batchSize: 3 } }),
});
const weightOf = (tag: number): number => (tag === 1 ? 3 : 1);

/** A row alone, and the same row with padding behind it. */
const alone = [[3, 1, 2]];
const padded = [[3, 1, 2, 0, 0]];
const paddedAndAlone = (...layers: Asked["layers"]): readonly Asked[] =>
  [padded, alone].map((x) => ({
    inputs: [tokens],
    layers: [embedding, ...layers],
    batches: [[x]],
    predict: true,
  }));
/** We say of the padded row what Keras says of the row alone; of the padded row it says something else. */
const keepsTheMask: Difference["show"] = ([ours], [theirs, theirsAlone]) => {
  close(predicted(ours), predicted(theirsAlone), "the padded row");
  far(predicted(ours)[0] ?? 0, predicted(theirs)[0] ?? 0);
};

const saturated: Asked = {
  inputs: [{ shape: [3], dtype: "float32" }],
  layers: [dense(3, "softmax")],
  batches: [],
  compile: { ...compiled(sparse), optimizer: { name: "sgd", options: { learningRate: 1 } } },
  evaluate: { x: [[[400, -400, 400]]], y: [[2]], batchSize: 1 },
  fit: { x: [[[400, -400, 400]]], y: [[2]], epochs: 1, batchSize: 1 },
};

/** One step of sgd at the rate 1: the weights lose their gradient, here on vectors [batch, 3]. */
const stepped = (options: object, optimizer: object): Asked => ({
  inputs: [{ shape: [3], dtype: "float32" }],
  layers: [dense(1, "linear", { bias: false, ...options })],
  batches: [],
  compile: {
    ...compiled("meanSquaredError"),
    optimizer: { name: "sgd", options: { learningRate: 1, ...optimizer } },
  },
  fit: { x: [grid([2, 3], 74)], y: [grid([2, 1], 75)], epochs: 1, batchSize: 2 },
});
const l2 = { kernelRegularizer: { l1: 0, l2: 2 } };
const kernel = (answer: Answer | undefined): readonly number[] => flat(answer?.trained?.[0]);
const lengthOf = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, g) => sum + g * g, 0));

/** Two steps with one unit, 40 times: with dropout inside there are as many outputs as masks. */
const dropped = (kind: string): Asked => ({
  inputs: [vectors],
  layers: [recurrentOf(kind, { units: 1, recurrentDropout: 0.5 })],
  batches: [[Array.from({ length: 400 }, () => grid([2, 3], 76, 2))]],
  training: true,
  compile: { ...compiled("meanSquaredError"), optimizer: { name: "sgd", options: { learningRate: 0 } } },
  onBatches: Array.from({ length: 40 }, () => ({ x: [[grid([2, 3], 76, 2)]], y: [[[0]]] })),
});
const different = (all: readonly number[], digits: number): readonly number[] => [
  ...new Set(all.map((x) => Number(x.toFixed(digits)))),
];
const masksOf =
  (gates: number): Difference["show"] =>
  ([own], [keras]) => {
    const ours = different(
      (own?.onBatches ?? []).map(({ loss = 0 }) => loss),
      5,
    );
    const theirs = different(flat(keras?.training), 9);
    expect(ours.length).toBe(2);
    expect(theirs.length).toBe(2 ** gates);
    for (const x of ours) expect(Math.min(...theirs.map((y) => Math.abs(x - y * y)))).toBeLessThan(3e-5);
  };

const rowWeights: readonly number[] = [0.5, 2, 1];
const weighed = (sampleWeight: Nested): Asked => ({
  ...tagged(),
  compile: compiled(sparse, { fromLogits: true }),
  evaluate: { x: [grid([3, 4, 3], 73, 2)], y: [classes], batchSize: 3, sampleWeight },
});

const seed = 400;

export const differences: readonly Difference[] = [
  {
    name: "the loss of an epoch is the mean of all steps that count, in Keras of the means of batches",
    cases: [evaluated(0, 4), evaluated(0, 2), evaluated(2, 4)],
    show: ([all, first, second], [kerasAll, kerasFirst, kerasSecond]) => {
      const [a, b] = [figure(first, "loss"), figure(second, "loss")];
      close([a, b], [figure(kerasFirst, "loss"), figure(kerasSecond, "loss")], "single batches");
      close([figure(all, "loss")], [(8 * a + 2 * b) / 10], "ours");
      close([figure(kerasAll, "loss")], [(a + b) / 2], "Keras");
      far(figure(all, "loss"), figure(kerasAll, "loss"));
      close(
        [figure(all, "mse")],
        [figure(kerasAll, "mse")],
        "a metric is the mean of all steps in Keras too",
      );
    },
  },
  {
    name: "metrics of a training leave out masked steps too, in Keras on jax those of an evaluation only",
    cases: [onBatch(2, 4)],
    show: ([own], [keras]) => {
      const y = flat((targets as readonly Nested[]).slice(2, 4));
      const errors = predicted(own).map((x, k) => (x - (y[k] ?? 0)) ** 2);
      close([own?.onBatches?.[0]?.["mse"] ?? 0], [mean([errors[0] ?? 0, errors[4] ?? 0])], "ours");
      close([keras?.onBatches?.[0]?.["mse"] ?? 0], [mean(errors)], "Keras");
    },
  },
  {
    name: "metrics leave out the class that the loss ignores, in Keras it counts",
    cases: [tagged()],
    show: ([own], [keras]) => {
      const all = predicted(own);
      const right = flat(classes).map((tag, k) => {
        const scores = all.slice(3 * k, 3 * k + 3);
        return scores.indexOf(Math.max(...scores)) === tag ? 1 : 0;
      });
      close([figure(own, "accuracy")], [mean(right.filter((_, k) => flat(classes)[k] !== 1))], "ours");
      close([figure(keras, "accuracy")], [mean(right)], "Keras");
    },
  },
  {
    name: "goBackwards turns the mask with the sequence, in Keras it stays as it was",
    cases: paddedAndAlone(recurrentOf("lstm", { goBackwards: true, returnSequences: true }), lastGru),
    show: keepsTheMask,
  },
  {
    name: "a mask goes on behind conv1d, in Keras it ends",
    cases: paddedAndAlone(step("conv1d", { filters: 3, kernelSize: 2, padding: "causal" }), lastGru),
    show: keepsTheMask,
  },
  ...["add", "concat"].flatMap((operator): readonly Difference[] => [
    {
      name: `${operator} has the mask of the operand that has one, in Keras every step counts`,
      cases: [padded, alone].map((x) => ({
        inputs: [tokens, vectors],
        layers: [{ ...embedding, of: [0] }, step(operator, {}, { of: [2, 1] }), lastGru],
        batches: [[x, [(grid([5, 3], 81) as readonly Nested[]).slice(0, x[0]?.length)]]],
        predict: true,
      })),
      show: keepsTheMask,
    },
    {
      name: `${operator} of two counts where both count, in Keras where one does`,
      cases: [
        [padded, [[4, 1, 2, 5, 0]]],
        [alone, [[4, 1, 2]]],
      ].map((batch) => ({
        inputs: [tokens, tokens],
        layers: [
          { ...embedding, of: [0] },
          { ...embedding, of: [1] },
          step(operator, {}, { of: [2, 3] }),
          lastGru,
        ],
        batches: [batch],
        predict: true,
      })),
      show: keepsTheMask,
    },
  ]),
  {
    name: "a layer with given first states passes masked steps over, in Keras it reads them",
    cases: [padded, alone].map((x) => ({
      inputs: [tokens, { shape: [3], dtype: "float32" }],
      layers: [
        { ...embedding, of: [0] },
        { ...lastGru, states: { h: 1 } },
      ],
      batches: [[x, grid([1, 3], 82)]],
      predict: true,
    })),
    show: keepsTheMask,
  },
  {
    name: "a training hands on the states of stateful layers, in Keras on jax each batch begins with zeros",
    cases: [
      {
        inputs: [vectors],
        layers: [recurrentOf("gru", { stateful: true }), dense(1)],
        batches: [[grid([2, 4, 3], 83)]],
        compile: {
          ...compiled("meanSquaredError"),
          optimizer: { name: "sgd", options: { learningRate: 0 } },
        },
        onBatches: [1, 2].map(() => ({ x: [grid([2, 4, 3], 83)], y: [grid([2, 1], 84)] })),
      },
    ],
    show: ([own], [keras]) => {
      const [first, second] = own?.onBatches?.map(({ loss = 0 }) => loss) ?? [];
      const theirs = keras?.onBatches?.map(({ loss = 0 }) => loss) ?? [];
      close(theirs, [first ?? 0, first ?? 0], "Keras");
      far(first ?? 0, second ?? 0);
    },
  },
  {
    name: "the weights of a graph come branch by branch, in Keras by the way to the outputs",
    cases: [
      {
        inputs: [tokens, tokens],
        layers: [
          { ...embedding, of: [0] },
          recurrentOf("gru", { units: 2 }),
          { ...embedding, of: [1] },
          recurrentOf("gru", { units: 4 }),
          step("concat", {}, { of: [3, 5] }),
        ],
        batches: [],
        initial: true,
      },
    ],
    show: ([own], [keras]) => {
      const rows = (answer: Answer | undefined) => answer?.initial?.map((weight) => (weight as []).length);
      expect(rows(own)).toEqual([6, 3, 2, 2, 6, 3, 4, 2]);
      expect(rows(keras)).toEqual([6, 6, 3, 2, 2, 3, 4, 2]);
    },
  },
  {
    name: "cross-entropy is exact where a probability rounds to 0, in Keras it is clipped and its gradient 0",
    cases: [saturated],
    show: ([own], [keras]) => {
      close([figure(keras, "loss")], [-Math.log(1e-7)], "Keras");
      expect(figure(own, "loss")).toBeGreaterThan(100);
      const before = flat(drawnWeight([3, 3], seed, 0));
      close(kernel(keras), before, "Keras learns nothing");
      expect(Math.max(...kernel(own).map((w, k) => Math.abs(w - (before[k] ?? 0))))).toBeGreaterThan(1);
    },
  },
  {
    name: "clipNorm measures the gradient of the data, in Keras that of the regularizer too",
    cases: [stepped({}, {}), stepped(l2, {}), stepped(l2, { clipNorm: 0.25 })],
    show: (own, keras) => {
      close(kernel(own[0]), kernel(keras[0]), "without");
      close(kernel(own[1]), kernel(keras[1]), "with a regularizer");
      const before = drawnWeight([3, 1], seed, 0);
      const lost = (answer: Answer | undefined): readonly number[] =>
        kernel(answer).map((w, k) => (flat(before)[k] ?? 0) - w);
      const [g, whole] = [lost(keras[0]), lost(keras[1])];
      const clipped = (norm: number): readonly number[] => whole.map((x) => x * Math.min(1, 0.25 / norm));
      close(lost(own[2]), clipped(lengthOf(g)), "ours");
      close(lost(keras[2]), clipped(lengthOf(whole)), "Keras");
    },
  },
  {
    name: "one mask of recurrentDropout for all gates of an lstm, in Keras one for each",
    cases: [dropped("lstm")],
    show: masksOf(4),
  },
  {
    name: "one mask of recurrentDropout for all gates of a gru, in Keras one for each",
    cases: [dropped("gru")],
    show: masksOf(3),
  },
  {
    name: "one weight a row does for outputs at every step, Keras needs [batch, 1]",
    cases: [weighed(rowWeights), weighed(rowWeights.map((w) => [w]))],
    show: ([flatOnes, single], [refused, keras]) => {
      expect(refused?.refused).toMatch(/Incompatible shapes/);
      close(
        [figure(flatOnes, "loss"), figure(single, "loss")],
        [figure(keras, "loss"), figure(keras, "loss")],
        "both",
      );
    },
  },
  {
    name: "classWeight works for targets at every step, in Keras with sampleWeight of steps only",
    cases: [
      tagged({ classWeight: { 1: 3 } }),
      tagged({ sampleWeight: (classes as readonly (readonly number[])[]).map((row) => row.map(weightOf)) }),
    ],
    show: ([own], [keras, kerasWeighed]) => {
      close(kernel(own), kernel(kerasWeighed), "ours");
      expect(
        keras?.refused !== undefined || Math.abs((kernel(keras)[0] ?? 0) - (kernel(own)[0] ?? 0)) > 1e-6,
      ).toBe(true);
    },
  },
  {
    name: 'the name "l1l2" is a penalty of 0.01 each, in Keras none',
    cases: [
      stepped({ kernelRegularizer: "l1l2" }, {}),
      stepped({}, {}),
      stepped({ kernelRegularizer: { l1: 0.01, l2: 0.01 } }, {}),
    ],
    show: ([own], [keras, without, both]) => {
      close(kernel(keras), kernel(without), "Keras");
      close(kernel(own), kernel(both), "ours");
    },
  },
];

/** All that is asked of Keras, by name. */
export const differenceCases: readonly (readonly Case[])[] = differences.map(({ name, cases }) =>
  cases.map((one, k) => ({ ...one, name: `${name}: ${k}`, seed })),
);
