/** Functions of values that have no names: for each position the suspects that are right there. */
import * as unroll from "unroll-rnn";
import { callable, countFrom0, from0, type Kind, none, number } from "./suspects.ts";

interface Positions {
  readonly call: (...values: never[]) => unknown;
  /** What is right. */
  readonly usual: readonly unknown[];
  readonly right: readonly Kind[];
}

const symbol = unroll.input({ shape: [null, 4] });
const numbers = unroll.sequential(unroll.input({ shape: [2] }), unroll.dense({ units: 1 }));
numbers.compile({ optimizer: "sgd", loss: "meanSquaredError" });
const tokens = unroll.sequential(
  unroll.input({ shape: [null], dtype: "int32" }),
  unroll.embedding({ inputDim: 5, outputDim: 2 }),
  unroll.lstm({ units: 5, returnSequences: true }),
);
const head = unroll.sequential(unroll.input({ shape: [2] }), unroll.gaussian({ units: 1 }));

const all: Readonly<Record<string, unknown>> = unroll;
const operators = (count: number, takes: Kind, ...names: readonly string[]): [string, Positions][] =>
  names.map((name) => {
    const usual = Array.from({ length: count }, () => symbol);
    return [name, { call: all[name] as Positions["call"], usual, right: usual.map(() => takes) }];
  });

export const positions: Readonly<Record<string, Positions>> = {
  setSeed: { call: unroll.setSeed, usual: [0], right: [countFrom0] },
  "setDevice, name": { call: unroll.setDevice, usual: ["wasm"], right: [none] },
  calibrate: { call: unroll.calibrate, usual: ["wasm"], right: [["nothing"]] },
  tensor: {
    call: unroll.tensor,
    usual: [[1, 2], [2], "float32"],
    right: [["typedArray"], ["null", "nothing"], ["nothing"]],
  },
  ragged: { call: unroll.ragged, usual: [[[1, 2], [3]], "float32"], right: [["array"], ["nothing"]] },
  sequential: { call: unroll.sequential, usual: [symbol, unroll.dense({ units: 1 })], right: [none, none] },
  distributionOf: { call: unroll.distributionOf, usual: [head, "output"], right: [none, ["nothing"]] },
  "activation, f": { call: unroll.activation, usual: ["tanh"], right: [callable] },
  "backpropagationSteps, x and y": {
    call: unroll.backpropagationSteps,
    usual: [numbers, [[1, 2]], [[1]]],
    right: [none, none, none],
  },
  "model.generate, a token": {
    call: (token: number) => tokens.generate({ prompt: [1, token], length: 1 }),
    usual: [1],
    right: [countFrom0],
  },
  ...Object.fromEntries([
    ...operators(1, [...from0, "nothing"], "l1", "l2"),
    ...operators(1, number, "abs", "cos", "elu", "exp", "gelu", "hardSigmoid", "log", "logSoftmax", "max"),
    ...operators(1, number, "mean", "neg", "relu", "sigmoid", "silu", "sin", "softmax", "softplus"),
    ...operators(1, number, "softsign", "sqrt", "square", "sum", "tanh"),
    ...operators(2, number, "add", "div", "greater", "maximum", "minimum", "mul", "sub"),
    ...operators(2, none, "concat", "matmul"),
    ...operators(3, number, "where"),
  ]),
  clip: { call: unroll.clip, usual: [symbol, -1, 1], right: [number, number, number] },
  split: { call: unroll.split, usual: [symbol, 2], right: [none, none] },
};
