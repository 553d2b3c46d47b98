/**
 * A memory that sums: the state goes into the sum as it is, not through a kernel.
 *
 *   h' = tanh(h + x W + b)
 */
import { type ActivationFunction, add, matmul, tanh } from "../operators.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { type Bias, biased, biasOf } from "./preActivation.ts";

export interface SumMemoryCellOptions {
  readonly activation: ActivationFunction;
  /** There is one product: "double" has no second one to go with. */
  readonly bias: Exclude<Bias, "double">;
}
const options: SumMemoryCellOptions = { activation: tanh, bias: "single" };

export const sumMemoryCell: Cell<"h", "h" | "a", SumMemoryCellOptions> = defineCell({
  name: "sumMemory",
  options,
  state: ({ units }) => ({ h: [units] }),
  weights: ({ features, units, bias }) => ({ kernel: [features, units], ...biasOf(bias, units) }),
  step: (x, { h }, { kernel, bias = null }, { activation }) => {
    const a = add(h, biased(matmul(x, kernel), bias));
    return { h: activation(a), a };
  },
});
