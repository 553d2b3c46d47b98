/** The layer of the convolutional LSTM: sequences of images. */
import { convLstm2dCell, inputWindows } from "../cells/convLstm2d.ts";
import { flag, oneOf, whole } from "../options.ts";
import type { Form } from "../symbols.ts";
import type { ImagePadding, Size } from "../windows.ts";
import type { Activation } from "./activations.ts";
import {
  type BuiltInOptions,
  type Direction,
  layerOf,
  type RecurrentLayerOf,
  type States,
} from "./recurrent.ts";
import { distancesCheck, imageOf, sizeCheck } from "./window.ts";

export interface ConvLstm2dOptions<F extends number, S extends boolean, R extends boolean, B extends boolean>
  extends Omit<BuiltInOptions<F, S, R, B>, "units"> {
  readonly filters: F;
  /** Of the input's convolution and of the state's; 2^16 pixels at most. */
  readonly kernelSize: Size;
  /** Of the input's convolution, up to 2^16. Default: 1. */
  readonly strides?: Size;
  /** Of the input's convolution; the state is always padded to its size. Default: "valid". */
  readonly padding?: ImagePadding;
  /** Of the input's convolution, up to 2^16. Default: 1. */
  readonly dilationRate?: Size;
  /** Default: "sigmoid". */
  readonly recurrentActivation?: Activation;
  /** Whether the bias of the forget gate begins with ones. Default: true. */
  readonly unitForgetBias?: boolean;
  readonly zoneout?: number | { readonly h?: number; readonly c?: number };
}

/**
 * Convolutional LSTM (Shi et al. 2015; Keras's ConvLSTM2D): videos `[batch, time, height, width, channels]` to the last
 * state `[batch, height', width', filters]`, or with `returnSequences` to those of all steps.
 */
export function convLstm2d<
  const F extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(
  options: ConvLstm2dOptions<F, S, R, B>,
): RecurrentLayerOf<S extends true ? "other" : "image", F, Direction<B>, States<R, "h" | "c">, "other"> {
  const own = { ...options };
  return layerOf({
    cell: convLstm2dCell,
    layer: "convLstm2d",
    className: "ConvLSTM2D",
    options,
    unitsOption: "filters",
    takes: ["other"],
    required: ["kernelSize"],
    without: ["units"],
    extra: {
      filters: whole(1),
      kernelSize: sizeCheck(2 ** 16),
      strides: distancesCheck,
      padding: oneOf("valid", "same"),
      dilationRate: distancesCheck,
      unitForgetBias: flag,
    },
    refuseInput: (x: Form) => {
      const { kernelSize, strides = 1, padding = "valid", dilationRate = 1 } = own;
      imageOf("convLstm2d", x, inputWindows({ kernelSize, strides, padding, dilationRate }));
    },
  });
}
