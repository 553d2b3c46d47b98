/**
 * Gated recurrent unit (Cho et al. 2014), with the reset gate after the product, as in cuDNN and by default in Keras,
 * or before it, as in the paper.
 *
 *   z, r = sigmoid(x W + h R + b)     after    n = tanh(x W + b + r (h R + b'))
 *   h'   = z h + (1 - z) n            before   n = tanh(x W + b + (r h) R)
 *
 * Gate order z, r, n (n is Keras's h). With layerNormalization each product is normalised before its bias is added,
 * that of z and r together, that of n alone (Ba, Kiros, Hinton 2016): LN(x W) + b + r (LN(h R) + b').
 */
import { type ActivationFunction, add, mul, sigmoid, sub, tanh } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { gainsOf, type Product, type Products, part, productsOf, sums } from "./normalized.ts";
import { type Bias, biasOf, featuresOf } from "./preActivation.ts";

export interface GruCellOptions {
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
  readonly bias: Bias;
  readonly resetAfter: boolean;
  readonly layerNormalization: boolean;
}
const options: GruCellOptions = {
  activation: tanh,
  recurrentActivation: sigmoid,
  bias: "double",
  resetAfter: true,
  layerNormalization: false,
};

export const gruCell: Cell<"h", string, GruCellOptions> = defineCell({
  name: "gru",
  options,
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units, bias, layerNormalization }) => ({
    kernel: [features, 3 * units],
    recurrentKernel: [units, 3 * units],
    ...biasOf(bias, 3 * units),
    ...gainsOf(layerNormalization, 3 * units),
  }),
  step: (x, { h }, weights, { activation, recurrentActivation: gate, resetAfter, layerNormalization }) => {
    const made = (resetAfter ? after : before)({ x, h, ...productsOf(weights, layerNormalization) }, gate);
    const n = activation(made.an);
    return { h: add(mul(made.z, h), mul(sub(1, made.z), n)), ...made, n };
  },
});

interface Given extends Products {
  readonly x: Signal;
  readonly h: Signal;
}
type Sums = Readonly<Record<"az" | "ar" | "an" | "z" | "r", Signal>>;

function after({ x, h, ofInput, ofState }: Given, gate: ActivationFunction): Sums {
  const [xz, xr, xn] = [...gates(x, ofInput), candidate(x, ofInput)];
  const [hz, hr, hn] = [...gates(h, ofState), candidate(h, ofState)];
  const [az, ar] = [add(xz, hz), add(xr, hr)];
  const [z, r] = [gate(az), gate(ar)];
  return { az, ar, an: add(xn, mul(r, hn)), z, r };
}

function before({ x, h, ofInput, ofState }: Given, gate: ActivationFunction): Sums {
  const [xz, xr, xn] = [...gates(x, ofInput), candidate(x, ofInput)];
  const [hz, hr] = gates(h, ofState);
  const [az, ar] = [add(xz, hz), add(xr, hr)];
  const [z, r] = [gate(az), gate(ar)];
  return { az, ar, an: add(xn, candidate(mul(r, h), ofState)), z, r };
}

/** What a product adds to z and r, and what it adds to n: a third of its columns each. */
function gates(x: Signal, product: Product): readonly [Signal, Signal] {
  const units = unitsOf(product);
  return sums(x, part(product, 0, 2 * units), [units, units]) as readonly [Signal, Signal]; // one for each width
}
function candidate(x: Signal, product: Product): Signal {
  const units = unitsOf(product);
  return sums(x, part(product, 2 * units, units), [units])[0] as Signal; // one for each width
}
const unitsOf = ({ kernel }: Product): number => featuresOf(kernel) / 3;
