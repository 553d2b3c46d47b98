/**
 * Simple recurrent unit (Lei et al. 2018, arXiv:1709.02755): what is multiplied by matrices is the input alone.
 *
 *   n  = x W                                  f, r = sigmoid(x W + v c + b)
 *   c' = f c + (1 - f) n                      y    = r g(c') + (1 - r) s x
 *
 * v are vectors: the gates see each its own element of the state. Without them the recurrence is linear. The highway
 * adds x where it is as wide as the output, and x W where it is not. g is the activation (the paper's first versions
 * had tanh), s the scale of the highway (the paper's correction is the square root of 3 while b is 0).
 *
 * Order n, f, r, highway; of v and b: f, r. The state is c, the output y. Values: af, ar, n, f, r, y.
 */
import { type ActivationFunction, add, concat, matmul, mul, sigmoid, split, sub } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { biased, featuresOf } from "./preActivation.ts";

export interface SruCellOptions {
  readonly activation: ActivationFunction;
  readonly bias: "none" | "single";
  readonly peephole: boolean;
  readonly highwayScale: number;
}
const linear: ActivationFunction = (x) => x;
const options: SruCellOptions = { activation: linear, bias: "single", peephole: true, highwayScale: 1 };

export const sruCell: Cell<"c", "c" | "y" | "af" | "ar" | "n" | "f" | "r", SruCellOptions> = defineCell({
  name: "sru",
  options,
  linear: ({ peephole }) => !peephole,
  state: ({ units }) => ({ c: [units] }),
  weights: ({ features, units, bias, peephole }) => ({
    kernel: { shape: [features, (features === units ? 3 : 4) * units], initializer: "lecunUniform" },
    ...(peephole ? { recurrentKernel: [2 * units] } : {}),
    ...(bias === "none" ? {} : { bias: [2 * units] }),
  }),
  step: (x, { c }, { kernel, recurrentKernel, bias }: Weights, { activation, highwayScale }) => {
    const parts: readonly Signal[] = split(matmul(x, kernel), featuresOf(kernel) / featuresOf(c));
    const [n, xf, xr, highway = x] = parts as readonly [Signal, Signal, Signal, Signal?];
    const gates = biased(concat(xf, xr), bias);
    const [af, ar] = split(recurrentKernel ? add(gates, mul(recurrentKernel, concat(c, c))) : gates, 2);
    const [f, r] = [sigmoid(af), sigmoid(ar)];
    const next = add(mul(f, c), mul(sub(1, f), n));
    const y = add(mul(r, activation(next)), mul(sub(1, r), highwayScale, highway));
    return { c: next, y, af, ar, n, f, r };
  },
  output: "y",
});

interface Weights {
  readonly kernel: Signal;
  readonly recurrentKernel?: Signal;
  readonly bias?: Signal;
}
