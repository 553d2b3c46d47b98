/**
 * The LSTM whose states are images and whose products are convolutions (Shi et al. 2015), as Keras has it: without
 * peepholes. The input is convolved as told, the state with zeros around it, so that it keeps its size.
 *
 *   i, f, o = sigmoid(x * W + h * R + b)     g  = tanh(x * W + h * R + b)
 *   c'      = f c + i g                      h' = o tanh(c')
 *
 * Gate order i, f, g, o. A step is `[height, width, features]`, a state `[height', width', units]`.
 */
import { type ActivationFunction, add, mul, sigmoid, split, tanh } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { convolved, type ImagePadding, pairOf, type Size, type Windowing, windowsOver } from "../windows.ts";
import { type Cell, defineCell } from "./defineCell.ts";
import { type Bias, biased, biases, biasOf, nodeOf, signalOf } from "./preActivation.ts";

export interface ConvLstm2dCellOptions {
  readonly activation: ActivationFunction;
  readonly recurrentActivation: ActivationFunction;
  readonly bias: Bias;
  readonly kernelSize: Size;
  readonly strides: Size;
  readonly padding: ImagePadding;
  readonly dilationRate: Size;
}
const options: ConvLstm2dCellOptions = {
  activation: tanh,
  recurrentActivation: sigmoid,
  bias: "single",
  kernelSize: 1,
  strides: 1,
  padding: "valid",
  dilationRate: 1,
};

/** How windows move over the input. */
export const inputWindows = (
  sizes: Omit<ConvLstm2dCellOptions, "activation" | "recurrentActivation" | "bias">,
): Windowing => ({
  window: pairOf(sizes.kernelSize),
  strides: pairOf(sizes.strides),
  dilation: pairOf(sizes.dilationRate),
  padding: sizes.padding,
  outside: 0,
});

export const convLstm2dCell: Cell<"h" | "c", string, ConvLstm2dCellOptions> = defineCell({
  name: "convLstm2d",
  options,
  state: ({ shape: [height = 1, width = 1], units, ...sizes }) => {
    const state = [...windowsOver([height, width], inputWindows(sizes)).count, units];
    return { h: state, c: state };
  },
  weights: ({ features, units, bias, kernelSize }) => ({
    kernel: [...pairOf(kernelSize), features, 4 * units],
    recurrentKernel: [...pairOf(kernelSize), units, 4 * units],
    ...biasOf(bias, 4 * units),
  }),
  step: (
    x,
    { h, c },
    { kernel, recurrentKernel, bias },
    { activation, recurrentActivation: gate, ...sizes },
  ) => {
    const ofInput = inputWindows(sizes);
    const ofState: Windowing = { ...ofInput, strides: [1, 1], dilation: [1, 1], padding: "same" };
    const over = (image: Signal, weights: Signal, windowing: Windowing): Signal =>
      signalOf(convolved(nodeOf(image), nodeOf(weights), windowing));
    const [inputBias, stateBias] = biases(bias);
    const sums = add(
      biased(over(x, kernel, ofInput), inputBias),
      biased(over(h, recurrentKernel, ofState), stateBias),
    );
    const [ai, af, ag, ao] = split(sums, 4);
    const [i, f, g, o] = [gate(ai), gate(af), activation(ag), gate(ao)];
    const next = add(mul(f, c), mul(i, g));
    return { h: mul(o, activation(next)), c: next, ai, af, ag, ao, i, f, g, o };
  },
});
