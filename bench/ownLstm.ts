/** LSTM as a user of the library writes it: the arithmetic of `lstm`, without its options and its further values. */
import { type Cell, defineCell } from "../src/nn/cells/defineCell.ts";
import { add, matmul, mul, sigmoid, split, tanh } from "../src/nn/operators.ts";

export const ownLstm: Cell<"h" | "c"> = defineCell({
  name: "own",
  state: ({ units }) => ({ h: [units], c: [units] }),
  weights: ({ features, units }) => ({
    kernel: [features, 4 * units],
    recurrentKernel: [units, 4 * units],
    bias: [4 * units],
  }),
  step: (x, { h, c }, { kernel, recurrentKernel, bias }) => {
    const [i, f, g, o] = split(add(matmul(x, kernel), matmul(h, recurrentKernel), bias), 4);
    const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return { h: mul(sigmoid(o), tanh(next)), c: next };
  },
});
