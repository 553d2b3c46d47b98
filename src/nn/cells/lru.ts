/**
 * Linear recurrent unit (Orvieto et al. 2023, arXiv:2303.06349): a diagonal recurrence of complex numbers.
 *
 *   lambda = exp(-exp(nuLog) + i exp(thetaLog))        gamma = exp(gammaLog)
 *   s'     = lambda s + gamma (x B)                    y     = Re(s' C) + x D
 *
 * Complex numbers are pairs of real ones: the states re and im; B = kernel `[features, 2 stateUnits]` and
 * C = outputKernel `[stateUnits, 2 units]`, the columns of the real parts first. D = feedthrough is a vector where
 * input and output are equally wide, a matrix where they are not. |lambda| < 1 whatever the weights are.
 *
 * The output is y. Values: y, and gamma (x B) as ure, uim.
 */
import { add, cos, exp, matmul, mul, neg, sin, split, sub } from "../operators.ts";
import { type Cell, type CellWeight, defineCell } from "./defineCell.ts";
import { axesOf } from "./preActivation.ts";

export interface LruCellOptions {
  /** 0: as many as units. */
  readonly stateUnits: number;
  readonly minRadius: number;
  readonly maxRadius: number;
  readonly maxPhase: number;
}
const options: LruCellOptions = { stateUnits: 0, minRadius: 0, maxRadius: 1, maxPhase: 6.283185307179586 };

export const lruCell: Cell<"re" | "im", "re" | "im" | "y" | "ure" | "uim", LruCellOptions> = defineCell({
  name: "lru",
  options,
  linear: true,
  state: ({ units, stateUnits }) => ({ re: [stateUnits || units], im: [stateUnits || units] }),
  weights: ({ features, units, stateUnits, minRadius, maxRadius, maxPhase }) => {
    const size = stateUnits || units;
    return {
      nuLog: begun([size], "ringDecay", { minRadius, maxRadius }),
      thetaLog: begun([size], "ringPhase", { maxPhase }),
      gammaLog: begun([size], "ringScale", { minRadius, maxRadius }),
      kernel: normal([features, 2 * size], 2 * features),
      outputKernel: normal([size, 2 * units], size),
      feedthrough: features === units ? normal([units], 1) : normal([features, units], features),
    };
  },
  step: (x, { re, im }, weights) => {
    const { nuLog, thetaLog, gammaLog, kernel, outputKernel, feedthrough } = weights;
    const [radius, phase, gamma] = [exp(neg(exp(nuLog))), exp(thetaLog), exp(gammaLog)];
    const [lre, lim] = [mul(radius, cos(phase)), mul(radius, sin(phase))];
    const [bre, bim] = split(matmul(x, kernel), 2);
    const [ure, uim] = [mul(gamma, bre), mul(gamma, bim)];
    const nextRe = add(sub(mul(lre, re), mul(lim, im)), ure);
    const nextIm = add(add(mul(lim, re), mul(lre, im)), uim);
    const [cre, cim] = split(outputKernel, 2);
    const through = axesOf(feedthrough) === 1 ? mul(feedthrough, x) : matmul(x, feedthrough);
    const y = add(sub(matmul(nextRe, cre), matmul(nextIm, cim)), through);
    return { re: nextRe, im: nextIm, y, ure, uim };
  },
  output: "y",
});

const begun = (
  shape: readonly number[],
  initializer: string,
  own: Readonly<Record<string, number>>,
): CellWeight => ({
  shape,
  initializer: { initializer, options: own },
});
/** Normal numbers of variance 1 / parts. */
const normal = (shape: readonly number[], parts: number): CellWeight =>
  begun(shape, "randomNormal", { stddev: 1 / Math.sqrt(parts) });
