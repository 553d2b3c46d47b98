/** `minGRU` and `minLSTM`: gated recurrences whose gates see the input alone, so that they are linear in the state. */
import { minGruCell } from "../cells/minGru.ts";
import { minLstmCell } from "../cells/minLstm.ts";
import { type Check, type Checks, oneOf } from "../options.ts";
import type { WeightOptions } from "./affine.ts";
import {
  type Direction,
  layerOf,
  type RecurrentLayerOf,
  type RecurrentOptions,
  type Sequences,
  type States,
} from "./recurrent.ts";

/** Options of layers that multiply matrices by their input alone. */
export interface InputKernelOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends RecurrentOptions<W, S, R, B>,
    WeightOptions {
  /** No state enters a product: 0 is all that it can be. */
  readonly recurrentDropout?: 0;
  /** Default: "single". */
  readonly bias?: "none" | "single";
}
export interface MinGruOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends InputKernelOptions<W, S, R, B> {
  /**
   * `plain`: the candidate is x W + b. `log`: it is g(x W + b), which is positive, as where the paper computes with
   * logarithms; g(a) = a + 1/2 above 0 and sigmoid(a) below. Default: "plain".
   */
  readonly form?: "plain" | "log";
}

const noProduct: Check = { expected: "0: no state enters a product", holds: (x) => x === 0 };
/** What can be said of the options of such layers beyond their types. */
export const inputKernelChecks: Checks = { recurrentDropout: noProduct, bias: oneOf("none", "single") };
const extra: Checks = { ...inputKernelChecks, form: oneOf("plain", "log") };

/** Minimal gated recurrent unit, `h' = (1 - z) h + z n` (Feng et al. 2024, arXiv:2410.01201), in the order z, n. */
export function minGRU<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(options: MinGruOptions<W, S, R, B>): RecurrentLayerOf<Sequences<S>, W, Direction<B>, States<R, "h">> {
  return layerOf({ cell: minGruCell, layer: "minGRU", className: "MinGRU", options, extra });
}

/** Minimal LSTM, `h' = (f h + i g) / (i + f)` (Feng et al. 2024, arXiv:2410.01201), in the order i, f, g. */
export function minLSTM<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(options: MinGruOptions<W, S, R, B>): RecurrentLayerOf<Sequences<S>, W, Direction<B>, States<R, "h">> {
  return layerOf({ cell: minLstmCell, layer: "minLSTM", className: "MinLSTM", options, extra });
}
