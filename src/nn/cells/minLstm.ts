/**
 * Minimal long short-term memory (Feng et al. 2024, arXiv:2410.01201): gates and candidate see the input alone.
 *
 *   i, f = sigmoid(x W + b)            g = x W + b, or in the log form g(x W + b) as in minGRU
 *   h'   = f / (i + f) h + i / (i + f) g
 *
 * Order i, f, g. Values: ai, af, ag (before the activation), g, and as i, f the two shares, which add up to 1.
 *
 * f / (i + f) = sigmoid(log f - log i) = sigmoid(softplus(-ai) - softplus(-af)): right where i and f are both so near
 * 0 that their quotient would be 0 / 0.
 */
import { add, matmul, mul, neg, sigmoid, softplus, split, sub } from "../operators.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { candidate, type InputKernel, type MinGruCellOptions } from "./minGru.ts";
import { biased, biasOf } from "./preActivation.ts";

const options: MinGruCellOptions = { bias: "single", form: "plain" };

export const minLstmCell: Cell<"h", "h" | "ai" | "af" | "ag" | "i" | "f" | "g", MinGruCellOptions> =
  defineCell({
    name: "minLSTM",
    options,
    linear: true,
    state: ({ units }) => ({ h: [units] }),
    weights: ({ features, units, bias }) => ({ kernel: [features, 3 * units], ...biasOf(bias, 3 * units) }),
    step: (x, { h }, { kernel, bias }: InputKernel, { form }) => {
      const [ai, af, ag] = split(biased(matmul(x, kernel), bias), 3);
      const f = sigmoid(sub(softplus(neg(ai)), softplus(neg(af))));
      const [i, g] = [sub(1, f), candidate(ag, form)];
      return { h: add(mul(f, h), mul(i, g)), ai, af, ag, i, f, g };
    },
  });
