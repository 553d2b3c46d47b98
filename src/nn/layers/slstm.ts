/** `slstm`: an LSTM with exponential gates, which can revise what it has stored. */

import { UnrollError } from "../../errors.ts";
import { slstmCell } from "../cells/slstm.ts";
import { type Checks, flag, oneOf, whole } from "../options.ts";
import {
  type Direction,
  layerOf,
  type RecurrentLayerOf,
  type RecurrentOptions,
  type RecurrentWeightOptions,
  type Sequences,
  type States,
} from "./recurrent.ts";

export interface SlstmOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends RecurrentOptions<W, S, R, B>,
    RecurrentWeightOptions {
  /** Groups of units that do not see each other's states; `units` is a multiple of it. Up to 2^8; default: 1. */
  readonly heads?: number;
  /** Of the forget gate; the input gate is always exponential. Default: "sigmoid". */
  readonly forgetGate?: "sigmoid" | "exp";
  /** Default: "single". */
  readonly bias?: "none" | "single";
  /** Whether the bias of the forget gate begins with ones. Default: true. */
  readonly unitForgetBias?: boolean;
}

const extra: Checks = {
  heads: whole(1, 2 ** 8),
  forgetGate: oneOf("sigmoid", "exp"),
  bias: oneOf("none", "single"),
  unitForgetBias: flag,
};

/** sLSTM (Beck et al. 2024, arXiv:2405.04517), gates in the order i, f, z, o. */
export function slstm<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(
  options: SlstmOptions<W, S, R, B>,
): RecurrentLayerOf<Sequences<S>, W, Direction<B>, States<R, "h" | "c" | "n" | "m">> {
  refuseUneven(options ?? {});
  return layerOf({ cell: slstmCell, layer: "slstm", className: "SLSTM", options, extra });
}

/** What is no number is refused with the other options. */
function refuseUneven({ units, heads = 1 }: { readonly units?: unknown; readonly heads?: unknown }): void {
  if (typeof units !== "number" || typeof heads !== "number" || !(units % heads > 0)) return;
  throw new UnrollError({
    where: "slstm(options), heads",
    expected: "a divisor of units",
    got: `${heads} heads for ${units} units`,
    fix: "Choose units as a multiple of heads.",
  });
}
