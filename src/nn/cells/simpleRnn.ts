/**
 * The simple recurrent network (Elman 1990).
 *
 *   h' = tanh(x W + h R + b)           normalised (Ba, Kiros, Hinton 2016)   h' = tanh(LN(x W + h R) + b)
 */
import { type ActivationFunction, add, matmul, tanh } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { gainOf, normalized } from "./normalized.ts";
import { type Bias, biased, biases, biasOf, type Kernels, preActivation } from "./preActivation.ts";

export interface SimpleRnnCellOptions {
  readonly activation: ActivationFunction;
  readonly bias: Bias;
  readonly layerNormalization: boolean;
}
const options: SimpleRnnCellOptions = { activation: tanh, bias: "single", layerNormalization: false };

export const simpleRnnCell: Cell<"h", "h" | "a", SimpleRnnCellOptions> = defineCell({
  name: "simpleRNN",
  options,
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units, bias, layerNormalization }) => ({
    kernel: [features, units],
    recurrentKernel: [units, units],
    ...biasOf(bias, units),
    ...(layerNormalization ? { gain: gainOf(units) } : {}),
  }),
  step: (x, { h }, weights, { activation, layerNormalization }) => {
    const a = layerNormalization ? normalizedSum(x, h, weights) : preActivation(x, h, weights);
    return { h: activation(a), a };
  },
});

interface Gained extends Kernels {
  readonly gain: Signal;
}
/** One normalisation of both products together. */
function normalizedSum(x: Signal, h: Signal, { kernel, recurrentKernel, bias, gain }: Gained): Signal {
  const [inputBias, stateBias] = biases(bias);
  const [sum] = normalized([add(matmul(x, kernel), matmul(h, recurrentKernel))], gain) as [Signal]; // one for one
  return biased(biased(sum, inputBias), stateBias);
}
