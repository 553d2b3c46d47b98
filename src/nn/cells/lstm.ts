/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000).
 *
 *   i, f, o = sigmoid(x W + h R + b)     g  = tanh(x W + h R + b)
 *   c'      = f c + i g                  h' = o tanh(c')
 *
 * Gate order i, f, g, o (g is Keras's c).
 */
import { type ActivationFunction, add, mul, sigmoid, split, tanh } from "../operators.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { type Bias, biasOf, preActivation } from "./preActivation.ts";

export interface LstmCellOptions {
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
  readonly bias: Bias;
}
const options: LstmCellOptions = { activation: tanh, recurrentActivation: sigmoid, bias: "single" };

export const lstmCell: Cell<"h" | "c", string, LstmCellOptions> = defineCell({
  name: "lstm",
  options,
  state: ({ units }) => ({ h: [units], c: [units] }),
  weights: ({ features, units, bias }) => ({
    kernel: [features, 4 * units],
    recurrentKernel: [units, 4 * units],
    ...biasOf(bias, 4 * units),
  }),
  step: (x, { h, c }, weights, { activation, recurrentActivation: gate }) => {
    const [ai, af, ag, ao] = split(preActivation(x, h, weights), 4);
    const [i, f, g, o] = [gate(ai), gate(af), activation(ag), gate(ao)];
    const next = add(mul(f, c), mul(i, g));
    return { h: mul(o, activation(next)), c: next, ai, af, ag, ao, i, f, g, o };
  },
});
