/**
 * sLSTM, the long short-term memory with exponential gates (Beck et al. 2024, arXiv:2405.04517, section 2.2).
 *
 *   a = x W + h R + b      z = tanh(az)      o = sigmoid(ao)      log f = log sigmoid(af), or af      log i = ai
 *   m' = max(log f + m, log i)               i = exp(log i - m')              f = exp(log f + m - m')
 *   c' = f c + i z         n' = f n + i      h' = o c' / n'
 *
 * m is the stabiliser, by which gates, cell and normaliser are scaled so that none of them overflows; h does not depend
 * on it. A memory without content (n = 0, as at first) has no scale of its own: m' = log i then, and n' >= 1 from there
 * on. Of several heads each mixes its own units alone: R is block-diagonal, and kept as the blocks one below the other,
 * `[units, 4 units / heads]`, in each the gates in their order.
 *
 * Order i, f, z, o. States h, c, n, m. Values: ai, af, az, ao, and i, f (scaled), z, o.
 */
import {
  add,
  concat,
  div,
  exp,
  greater,
  matmul,
  maximum,
  mul,
  neg,
  sigmoid,
  softplus,
  split,
  sub,
  tanh,
  where,
} from "../operators.ts";
import type { Signal } from "../signals.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { biased, biasOf, featuresOf, type Kernels, rowsFrom } from "./preActivation.ts";

export interface SlstmCellOptions {
  readonly bias: "none" | "single";
  readonly forgetGate: "sigmoid" | "exp";
  readonly heads: number;
}
const options: SlstmCellOptions = { bias: "single", forgetGate: "sigmoid", heads: 1 };

export const slstmCell: Cell<"h" | "c" | "n" | "m", string, SlstmCellOptions> = defineCell({
  name: "slstm",
  options,
  state: ({ units }) => ({ h: [units], c: [units], n: [units], m: [units] }),
  weights: ({ features, units, bias, heads }) => ({
    kernel: [features, 4 * units],
    recurrentKernel: [units, (4 * units) / heads],
    ...biasOf(bias, 4 * units),
  }),
  step: (x, { h, c, n, m }, { kernel, recurrentKernel, bias }: Kernels, { forgetGate, heads }) => {
    const sums = add(biased(matmul(x, kernel), bias), headwise(h, recurrentKernel, heads));
    const [ai, af, az, ao] = split(sums, 4);
    const held = add(forgetGate === "exp" ? af : neg(softplus(neg(af))), m);
    const filled = greater(n, 0);
    const scale = where(filled, maximum(held, ai), ai);
    const [i, f] = [exp(sub(ai, scale)), exp(where(filled, sub(held, scale), 0))];
    const [z, o] = [tanh(az), sigmoid(ao)];
    const [cell, norm] = [add(mul(f, c), mul(i, z)), add(mul(f, n), i)];
    return { h: mul(o, div(cell, norm)), c: cell, n: norm, m: scale, ai, af, az, ao, i, f, z, o };
  },
});

/** h R: for each gate what all heads give, side by side. */
function headwise(h: Signal, recurrentKernel: Signal, heads: number): Signal {
  if (heads === 1) return matmul(h, recurrentKernel);
  const size = featuresOf(h) / heads;
  const products = (split(h, heads) as readonly Signal[]).map((own, k): readonly Signal[] =>
    split(matmul(own, rowsFrom(recurrentKernel, k * size, size)), 4),
  );
  return concat(...[0, 1, 2, 3].flatMap((gate) => products.map((parts) => parts[gate] as Signal)));
}
