/**
 * The simple recurrent network (Elman 1990).
 *
 *   h' = tanh(x W + h R + b)
 */
import { type ActivationFunction, tanh } from "../operators.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { type Bias, biasOf, preActivation } from "./preActivation.ts";

export interface SimpleRnnCellOptions {
  readonly activation: ActivationFunction;
  readonly bias: Bias;
}
const options: SimpleRnnCellOptions = { activation: tanh, bias: "single" };

export const simpleRnnCell: Cell<"h", "h" | "a", SimpleRnnCellOptions> = defineCell({
  name: "simpleRNN",
  options,
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units, bias }) => ({
    kernel: [features, units],
    recurrentKernel: [units, units],
    ...biasOf(bias, units),
  }),
  step: (x, { h }, weights, { activation }) => {
    const a = preActivation(x, h, weights);
    return { h: activation(a), a };
  },
});
