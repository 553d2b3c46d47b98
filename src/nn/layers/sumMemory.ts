/** The layer of the summing memory. */
import { sumMemoryCell } from "../cells/sumMemory.ts";
import type { Activation } from "./activations.ts";
import { type InputKernelOptions, inputKernelChecks } from "./minGru.ts";
import { type Direction, layerOf, type RecurrentLayerOf, type Sequences, type States } from "./recurrent.ts";

export interface SumMemoryOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends InputKernelOptions<W, S, R, B> {
  /** Default: "tanh". */
  readonly activation?: Activation;
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
    extra: inputKernelChecks,
  });
}
