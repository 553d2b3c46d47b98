/** A product with a kernel, and a bias: what dense layers, convolutions and the scores of a random field share. */

import type { Node } from "../../core/graph/nodes.ts";
import { add, matmul } from "../../core/graph/operators.ts";
import { type Checks, commonChecks, flag } from "../options.ts";
import { type Described, makeLayer } from "./call.ts";
import type { Facts } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import { type Definition, onNode, type WeightSpec } from "./layer.ts";
import { type RegularizerOption, regularizerCheck, regularizerOf } from "./regularizer.ts";

/** What the weights begin as, and what their size costs. */
export interface WeightOptions {
  /** Default: "glorotUniform". */
  readonly kernelInitializer?: Initializer;
  /** Default: "zeros". */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: RegularizerOption;
  readonly biasRegularizer?: RegularizerOption;
}
export interface AffineOptions extends WeightOptions {
  /** Default: true. */
  readonly bias?: boolean;
  readonly trainable?: boolean;
  readonly name?: string;
}
export const affineChecks: Checks = {
  ...commonChecks,
  bias: flag,
  kernelInitializer: initializerCheck,
  biasInitializer: initializerCheck,
  kernelRegularizer: regularizerCheck,
  biasRegularizer: regularizerCheck,
};

/** From a shape to the weights `kernel`, of this shape, and `bias`, as wide as the kernel's last axis. */
export function affineWeights(options: AffineOptions): (shape: readonly number[]) => readonly WeightSpec[] {
  const { bias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = options;
  const kernel = { initializer: kernelInitializer, regularizer: regularizerOf(options.kernelRegularizer) };
  const own = { initializer: biasInitializer, regularizer: regularizerOf(options.biasRegularizer) };
  return (shape) => [
    { name: "kernel", shape, ...kernel },
    ...(bias ? [{ name: "bias", shape: shape.slice(-1), ...own }] : []),
  ];
}

/** What makes one layer of a product and a bias another than the next. */
interface Affine extends Pick<Described, "base" | "className" | "config" | "distribution"> {
  /** The features of the output. */
  readonly width: number;
  readonly activate?: (x: Node) => Node;
}

/** `activate(x W + b)`: a layer of a matrix and a vector. */
export function affine<L extends Facts>(
  options: AffineOptions,
  { width, activate = (x) => x, ...described }: Affine,
): L {
  const weightsOf = affineWeights(options);
  const apply: Definition["apply"] = onNode((x, [kernel, bias], context) => {
    const product = matmul(x, kernel as Node);
    const a = bias ? add(product, bias) : product;
    context.show("values", "a", a);
    return activate(a);
  });
  return makeLayer(
    {
      ...described,
      name: options.name ?? null,
      trainable: options.trainable ?? true,
      takes: ["vector", "sequence", "image", "other"],
      outputs: ([x]) => (x ? [{ ...x, name: "output", axes: [...x.axes.slice(0, -1), width] }] : []),
      weights: ([x]) => weightsOf([Number(x?.axes.at(-1)), width]),
      apply,
      everyStep: apply,
    },
    { takes: "vector", width },
  );
}
