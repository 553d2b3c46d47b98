/**
 * Gated recurrent unit (Cho et al. 2014), with the reset gate after the product, as in cuDNN and by default in Keras,
 * or before it, as in the paper.
 *
 *   z, r = sigmoid(x W + h R + b)     after    n = tanh(x W + b + r (h R + b'))
 *   h'   = z h + (1 - z) n            before   n = tanh(x W + b + (r h) R)
 *
 * Gate order z, r, n (n is Keras's h).
 */
import { type ActivationFunction, add, matmul, mul, sigmoid, split, sub, tanh } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { type Bias, biased, biases, biasOf, columns, featuresOf, type Kernels } from "./preActivation.ts";

export interface GruCellOptions {
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
  readonly bias: Bias;
  readonly resetAfter: boolean;
}
const options: GruCellOptions = {
  activation: tanh,
  recurrentActivation: sigmoid,
  bias: "double",
  resetAfter: true,
};

export const gruCell: Cell<"h", string, GruCellOptions> = defineCell({
  name: "gru",
  options,
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units, bias }) => ({
    kernel: [features, 3 * units],
    recurrentKernel: [units, 3 * units],
    ...biasOf(bias, 3 * units),
  }),
  step: (x, { h }, weights, { activation, recurrentActivation: gate, resetAfter }) => {
    const sums = (resetAfter ? after : before)(x, h, weights, gate);
    const n = activation(sums.an);
    return { h: add(mul(sums.z, h), mul(sub(1, sums.z), n)), ...sums, n };
  },
});

type Sums = Readonly<Record<"az" | "ar" | "an" | "z" | "r", Signal>>;

function after(
  x: Signal,
  h: Signal,
  { kernel, recurrentKernel, bias }: Kernels,
  gate: ActivationFunction,
): Sums {
  const [inputBias, stateBias] = biases(bias);
  const [xz, xr, xn] = split(biased(matmul(x, kernel), inputBias), 3);
  const [hz, hr, hn] = split(biased(matmul(h, recurrentKernel), stateBias), 3);
  const [az, ar] = [add(xz, hz), add(xr, hr)];
  const [z, r] = [gate(az), gate(ar)];
  return { az, ar, an: add(xn, mul(r, hn)), z, r };
}

function before(
  x: Signal,
  h: Signal,
  { kernel, recurrentKernel, bias }: Kernels,
  gate: ActivationFunction,
): Sums {
  const [inputBias, stateBias] = biases(bias);
  const part = (weight: Signal | null, start: number, size: number): Signal | null =>
    weight && columns(weight, start, size);
  const units = featuresOf(h);
  const [xz, xr, xn] = split(biased(matmul(x, kernel), inputBias), 3);
  const gates = matmul(h, columns(recurrentKernel, 0, 2 * units));
  const [hz, hr] = split(biased(gates, part(stateBias, 0, 2 * units)), 2);
  const [az, ar] = [add(xz, hz), add(xr, hr)];
  const [z, r] = [gate(az), gate(ar)];
  const product = matmul(mul(r, h), columns(recurrentKernel, 2 * units, units));
  return { az, ar, an: add(xn, biased(product, part(stateBias, 2 * units, units))), z, r };
}
