/** Every step, or the vector, times a matrix. */

import type { Node } from "../../core/graph/nodes.ts";
import { add, matmul } from "../../core/graph/operators.ts";
import { type Activation, activationCheck, activationOf } from "./activations.ts";
import { type Described, makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { Facts, LayerOf, Numbers } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import { type Definition, onNode } from "./layer.ts";
import { type Checks, checkOptions, commonChecks, flag, whole } from "./options.ts";
import { type RegularizerOption, regularizerCheck, regularizerOf } from "./regularizer.ts";

/** Of every layer that is a product and a bias. */
export interface AffineOptions {
  /** Default: true. */
  readonly bias?: boolean;
  /** Default: "glorotUniform". */
  readonly kernelInitializer?: Initializer;
  /** Default: "zeros". */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: RegularizerOption;
  readonly biasRegularizer?: RegularizerOption;
  readonly trainable?: boolean;
  readonly name?: string;
}
export interface DenseOptions<W extends number> extends AffineOptions {
  readonly units: W;
  /** Default: none. */
  readonly activation?: Activation;
}
export const affineChecks: Checks = {
  ...commonChecks,
  units: whole(1),
  bias: flag,
  kernelInitializer: initializerCheck,
  biasInitializer: initializerCheck,
  kernelRegularizer: regularizerCheck,
  biasRegularizer: regularizerCheck,
};

/** `activation(x W + b)` on the last axis: `[batch, features]` or `[batch, time, features]`. */
export function dense<const W extends number>(options: DenseOptions<W>): LayerOf<Numbers, "same", W> {
  checkOptions("dense", options, { ...affineChecks, activation: activationCheck }, ["units"]);
  const activate = activationOf(options.activation ?? "linear");
  return affine(options, {
    base: "dense",
    className: "Dense",
    width: options.units,
    config: () => configOf("dense", options),
    // On nodes an activation makes a node: Signal is its public face.
    activate: (x) => activate(x as never) as unknown as Node,
  });
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
  const { bias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = options;
  const apply: Definition["apply"] = onNode((x, [kernel, b], context) => {
    const product = matmul(x, kernel as Node);
    const a = b ? add(product, b) : product;
    context.show("values", "a", a);
    return activate(a);
  });
  const kernel = {
    name: "kernel",
    initializer: kernelInitializer,
    regularizer: regularizerOf(options.kernelRegularizer),
  };
  const own = {
    name: "bias",
    initializer: biasInitializer,
    regularizer: regularizerOf(options.biasRegularizer),
  };
  return makeLayer(
    {
      ...described,
      name: options.name ?? null,
      trainable: options.trainable ?? true,
      takes: ["vector", "sequence", "image", "other"],
      outputs: ([x]) => (x ? [{ ...x, name: "output", axes: [...x.axes.slice(0, -1), width] }] : []),
      weights: ([x]) => [
        { ...kernel, shape: [Number(x?.axes.at(-1)), width] },
        ...(bias ? [{ ...own, shape: [width] }] : []),
      ],
      apply,
      everyStep: apply,
    },
    { takes: "vector", width },
  );
}
