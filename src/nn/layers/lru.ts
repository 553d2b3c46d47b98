/** `lru`: a diagonal linear recurrence of complex numbers, which begin in a ring. */
import { lruCell } from "../cells/lru.ts";
import { type Check, type Checks, fraction, whole } from "../options.ts";
import type { Initializer } from "./initializers.ts";
import {
  type Direction,
  layerOf,
  type RecurrentLayerOf,
  type RecurrentOptions,
  type Sequences,
  type States,
} from "./recurrent.ts";
import type { RegularizerOption } from "./regularizer.ts";

type Weight = "nuLog" | "thetaLog" | "gammaLog" | "kernel" | "outputKernel" | "feedthrough";
interface Own<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends RecurrentOptions<W, S, R, B> {
  /** Complex numbers in the state. Default: `units`. */
  readonly stateUnits?: number;
  /** The ring in which the eigenvalues begin, uniform in its area: from here, at least 0, ... Default: 0. */
  readonly minRadius?: number;
  /** ... to here, at most 1. Nearer to 1 means a longer memory. Default: 1. */
  readonly maxRadius?: number;
  /** Their phases begin between 0 and this. Default: 2 pi. Small for long sequences (paper, section 3.4). */
  readonly maxPhase?: number;
}
export type LruOptions<W extends number, S extends boolean, R extends boolean, B extends boolean> = Own<
  W,
  S,
  R,
  B
> & { readonly [N in Weight as `${N}Initializer`]?: Initializer } & {
  readonly [N in Weight as `${N}Regularizer`]?: RegularizerOption;
};

const positive = (most: number): Check => ({
  expected: `a number above 0, at most ${most}`,
  holds: (x) => typeof x === "number" && x > 0 && x <= most,
});
const extra: Checks = {
  stateUnits: whole(1),
  minRadius: fraction,
  maxRadius: positive(1),
  maxPhase: positive(2 * Math.PI),
};

/** Linear recurrent unit (Orvieto et al. 2023, arXiv:2303.06349): `s' = lambda s + gamma x B`, `y = Re(s' C) + x D`. */
export function lru<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(options: LruOptions<W, S, R, B>): RecurrentLayerOf<Sequences<S>, W, Direction<B>, States<R, "re" | "im">> {
  return layerOf({ cell: lruCell, layer: "lru", className: "LRU", options, extra });
}
