/**
 * What cells with one kernel for the input and one for the state share: the sum that goes into the activations.
 *
 *   single   (x W + b) + h R            double   (x W + b[0]) + (h R + b[1])
 */
import { make } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/nodes.ts";
import { reshape, slice } from "../../core/graph/operators.ts";
import { widthOf } from "../../core/graph/shapes.ts";
import { add, matmul } from "../operators.ts";
import type { Signal } from "../signals.ts";
import type { Shape } from "./defineCell.ts";

/** How the bias enters: not at all, once, or once per product: row 0 with the input's, row 1 with the state's. */
export type Bias = "none" | "single" | "double";

export interface Kernels {
  readonly kernel: Signal;
  readonly recurrentKernel: Signal;
  readonly bias?: Signal;
}

/** The weight `bias`, where there is one. */
export function biasOf(bias: Bias, width: number): { readonly bias?: Shape } {
  if (bias === "none") return {};
  return { bias: bias === "single" ? [width] : [2, width] };
}

export function preActivation(x: Signal, h: Signal, weights: Kernels): Signal {
  const [inputBias, stateBias] = biases(weights.bias);
  return add(
    biased(matmul(x, weights.kernel), inputBias),
    biased(matmul(h, weights.recurrentKernel), stateBias),
  );
}

/** The biases of the input's product and of the state's. */
export function biases(bias: Signal | undefined): readonly [Signal | null, Signal | null] {
  if (bias === undefined) return [null, null];
  if (nodeOf(bias).shape.length === 1) return [bias, null];
  const [ofInput = null, ofState = null] = rowsOf(bias);
  return [ofInput, ofState];
}

/** The rows of a weight. */
export function rowsOf(weight: Signal): readonly Signal[] {
  const node = nodeOf(weight);
  return Array.from({ length: Number(node.shape[0]) }, (_, k) => signalOf(row(node, k)));
}

export const biased = (sum: Signal, bias: Signal | null = null): Signal =>
  bias === null ? sum : add(sum, bias);

/** `size` columns of a weight, or features of a value, from `start` on. */
export const columns = (weight: Signal, start: number, size: number): Signal =>
  signalOf(slice(nodeOf(weight), start, size));

/** Parts of these widths, side by side along the last axis. */
export function parts(x: Signal, widths: readonly number[]): readonly Signal[] {
  let start = 0;
  return widths.map((width) => {
    start += width;
    return columns(x, start - width, width);
  });
}

export const featuresOf = (signal: Signal): number => widthOf(nodeOf(signal));

export const axesOf = (signal: Signal): number => nodeOf(signal).shape.length;

/** `size` rows of a matrix from `start` on. */
export const rowsFrom = (weight: Signal, start: number, size: number): Signal =>
  signalOf(make("sliceRows", [nodeOf(weight)], { start, size }));

const row = (node: Node, start: number): Node =>
  reshape(make("sliceRows", [node], { start, size: 1 }), [node.shape[1] ?? 1]);
// Inside a step a signal is a node: Signal is its public face.
export const nodeOf = (signal: Signal): Node => signal as unknown as Node;
export const signalOf = (node: Node): Signal => node as unknown as Signal;
