/** `sru`: a light recurrence with a highway from the input to the output. */
import { sruCell } from "../cells/sru.ts";
import type { Activation } from "./activations.ts";
import type { Initializer } from "./initializers.ts";
import { type InputKernelOptions, inputKernelChecks } from "./minGru.ts";
import { type Direction, layerOf, type RecurrentLayerOf, type Sequences, type States } from "./recurrent.ts";
import type { RegularizerOption } from "./regularizer.ts";

export interface SruOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends InputKernelOptions<W, S, R, B> {
  /** What the reset gate lets through: r g(c). Default: "linear". */
  readonly activation?: Activation;
  /**
   * Whether the gates see their elements of the state, times the vectors `recurrentKernel [2 * units]`. Without them
   * the recurrence is linear. Default: true.
   */
  readonly peephole?: boolean;
  /** A factor of the input in the highway. Default: 1. */
  readonly highwayScale?: number;
  /** Of the kernel: `[features, 3 * units]`, or 4 where features are not units. Default: "lecunUniform". */
  readonly kernelInitializer?: Initializer;
  /** Default: "glorotUniform". */
  readonly recurrentInitializer?: Initializer;
  readonly recurrentRegularizer?: RegularizerOption;
}

/** Simple recurrent unit (Lei et al. 2018, arXiv:1709.02755), in the order candidate, forget, reset, highway. */
export function sru<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(options: SruOptions<W, S, R, B>): RecurrentLayerOf<Sequences<S>, W, Direction<B>, States<R, "c">> {
  return layerOf({ cell: sruCell, layer: "sru", className: "SRU", options, extra: inputKernelChecks });
}
