/**
 * Minimal gated recurrent unit (Feng et al. 2024, arXiv:2410.01201): gate and candidate see the input alone.
 *
 *   z  = sigmoid(x W + b)      n = x W + b, or in the log form g(x W + b)      g(a) = a + 1/2 above 0, sigmoid(a) below
 *   h' = (1 - z) h + z n
 *
 * Order z, n. Values: az, an (before the activation), z, n. Here z takes in, where the z of gru keeps.
 *
 * The log form is what the paper computes with logarithms of all terms: there they must be positive, hence g. Here it
 * is computed as it stands, which needs no logarithm to be stable: z lies between 0 and 1.
 */
import { add, greater, matmul, mul, sigmoid, split, sub, where } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { biased, biasOf } from "./preActivation.ts";

export interface MinGruCellOptions {
  readonly bias: "none" | "single";
  readonly form: "plain" | "log";
}
const options: MinGruCellOptions = { bias: "single", form: "plain" };

export const minGruCell: Cell<"h", "h" | "az" | "an" | "z" | "n", MinGruCellOptions> = defineCell({
  name: "minGRU",
  options,
  linear: true,
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units, bias }) => ({ kernel: [features, 2 * units], ...biasOf(bias, 2 * units) }),
  step: (x, { h }, { kernel, bias }: InputKernel, { form }) => {
    const [az, an] = split(biased(matmul(x, kernel), bias), 2);
    const [z, n] = [sigmoid(az), candidate(an, form)];
    return { h: add(mul(sub(1, z), h), mul(z, n)), az, an, z, n };
  },
});

export interface InputKernel {
  readonly kernel: Signal;
  readonly bias?: Signal;
}

/** The candidate itself, or g of it, which is positive. */
export const candidate = (a: Signal, form: "plain" | "log"): Signal =>
  form === "plain" ? a : where(greater(a, 0), add(a, 0.5), sigmoid(a));
