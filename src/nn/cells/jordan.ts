/**
 * The network of Jordan 1986: what recurs is the output, not the hidden layer.
 *
 *   h = tanh(x W + y R + b)     y' = h V + c
 */
import { type ActivationFunction, add, matmul, tanh } from "../operators.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { type Bias, biasOf, preActivation } from "./preActivation.ts";

export interface JordanCellOptions {
  readonly outputUnits: number;
  readonly activation: ActivationFunction;
  readonly outputActivation: ActivationFunction;
  readonly bias: Bias;
}
const options: JordanCellOptions = {
  outputUnits: 1,
  activation: tanh,
  outputActivation: (x) => x,
  bias: "single",
};

export const jordanCell: Cell<"y", "y" | "h" | "a" | "sum", JordanCellOptions> = defineCell({
  name: "jordanRNN",
  options,
  state: ({ outputUnits }) => ({ y: [outputUnits] }),
  weights: ({ features, units, outputUnits, bias }) => ({
    kernel: [features, units],
    recurrentKernel: [outputUnits, units],
    ...biasOf(bias, units),
    outputKernel: [units, outputUnits],
    ...(bias === "none" ? {} : { outputBias: [outputUnits] }),
  }),
  step: (x, { y }, weights, { activation, outputActivation, bias }) => {
    const a = preActivation(x, y, weights);
    const h = activation(a);
    const product = matmul(h, weights.outputKernel);
    const sum = bias === "none" ? product : add(product, weights.outputBias);
    return { y: outputActivation(sum), h, a, sum };
  },
});
