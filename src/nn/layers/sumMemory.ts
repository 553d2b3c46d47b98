/** The layer of the summing memory. */
import type { SumMemoryCellOptions } from "../cells/sumMemory.ts";
import { sumMemoryCell } from "../cells/sumMemory.ts";
import type { Activation } from "./activations.ts";
import type { Initializer } from "./initializers.ts";
import { oneOf } from "./options.ts";
import {
  type Direction,
  layerOf,
  type RecurrentLayerOf,
  type RecurrentOptions,
  type Sequences,
  type States,
} from "./recurrent.ts";
import type { RegularizerOption } from "./regularizer.ts";

export interface SumMemoryOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends RecurrentOptions<W, S, R, B> {
  /** Default: "tanh". */
  readonly activation?: Activation;
  /** Whether a bias enters. Default: "single". */
  readonly bias?: SumMemoryCellOptions["bias"];
  /** Default: "glorotUniform". */
  readonly kernelInitializer?: Initializer;
  /** Default: "zeros". */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: RegularizerOption;
  readonly biasRegularizer?: RegularizerOption;
  readonly zoneout?: number | { readonly h?: number };
}

/** `h' = tanh(h + x W + b)`: what it has seen is summed up, without a recurrent kernel. */
export function sumMemory<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(options: SumMemoryOptions<W, S, R, B>): RecurrentLayerOf<Sequences<S>, W, Direction<B>, States<R, "h">> {
  return layerOf({
    cell: sumMemoryCell,
    layer: "sumMemory",
    className: "SumMemory",
    options,
    extra: { bias: oneOf("none", "single") },
  });
}
