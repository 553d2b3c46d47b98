/**
 * Layer normalisation inside a step (Ba, Kiros, Hinton 2016), of values that lie side by side in parts, as the
 * pre-activations of gates do: one mean and one deviation over the features of all parts.
 *
 *   LN(a) = gain (a - mean(a)) / sqrt(mean((a - mean(a))^2) + 1e-5)
 *
 * The sums go part by part, so that each part stays a product of its own.
 */
import { add, div, matmul, mul, sqrt, square, sub, sum } from "../operators.ts";
import type { Signal } from "../signals.ts";
import type { CellWeight } from "./defineCell.ts";
import { biased, biases, columns, featuresOf, type Kernels, parts } from "./preActivation.ts";

/** Where all features are alike there is no deviation to divide by. */
const epsilon = 1e-5;

/** The weight that a normalised value of this width is multiplied by. */
export const gainOf = (width: number): CellWeight => ({ shape: [width], initializer: "ones" });

/** `gain` is as wide as all parts together. */
export function normalized(values: readonly Signal[], gain: Signal): readonly Signal[] {
  const widths = values.map(featuresOf);
  const count = widths.reduce((total, width) => total + width, 0);
  const mean = (of: readonly Signal[]): Signal => mul(total(of.map((value) => sum(value))), 1 / count);
  const centre = mean(values);
  const centred = values.map((value) => sub(value, centre));
  const deviation = sqrt(add(mean(centred.map((value) => square(value))), epsilon));
  const gains = parts(gain, widths);
  return centred.map((value, k) => mul(div(value, deviation), gains[k] as Signal));
}

/** One product of a step, with what comes behind it. */
export interface Product {
  readonly kernel: Signal;
  /** Where it is normalised. */
  readonly gain: Signal | null;
  readonly bias: Signal | null;
}

/** `x W + b`, or `LN(x W) + b` with one normalisation for all: parts of these widths. */
export function sums(
  x: Signal,
  { kernel, gain, bias }: Product,
  widths: readonly number[],
): readonly Signal[] {
  const product = matmul(x, kernel);
  if (gain === null) return parts(biased(product, bias), widths);
  const terms = bias && parts(bias, widths);
  return normalized(parts(product, widths), gain).map((sum, k) => biased(sum, terms?.[k] ?? null));
}

/** The products of the input and of the state. */
export interface Products {
  readonly ofInput: Product;
  readonly ofState: Product;
}
export interface Gained extends Kernels {
  readonly kernelGain: Signal;
  readonly recurrentGain: Signal;
}

/** The weights of `productsOf` behind kernels and bias. */
export function gainsOf(
  isNormalized: boolean,
  width: number,
): { readonly kernelGain?: CellWeight; readonly recurrentGain?: CellWeight } {
  return isNormalized ? { kernelGain: gainOf(width), recurrentGain: gainOf(width) } : {};
}

/** Only a weight that is there is asked for. */
export function productsOf(weights: Gained, isNormalized: boolean): Products {
  const { kernel, recurrentKernel } = weights;
  const [inputBias, stateBias] = biases(weights.bias);
  const [kernelGain, recurrentGain] = isNormalized
    ? [weights.kernelGain, weights.recurrentGain]
    : [null, null];
  return {
    ofInput: { kernel, gain: kernelGain, bias: inputBias },
    ofState: { kernel: recurrentKernel, gain: recurrentGain, bias: stateBias },
  };
}

/** Some of the columns of a product. */
export const part = ({ kernel, gain, bias }: Product, start: number, size: number): Product => ({
  kernel: columns(kernel, start, size),
  gain: gain && columns(gain, start, size),
  bias: bias && columns(bias, start, size),
});

const total = (terms: readonly Signal[]): Signal => terms.reduce((sum, term) => add(sum, term));
