/** Every step, or the vector, times a matrix. */

import type { Node } from "../../core/graph/nodes.ts";
import { add, matmul } from "../../core/graph/operators.ts";
import { type Activation, activationCheck, activationOf } from "./activations.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import { type Definition, onNode } from "./layer.ts";
import { checkOptions, commonChecks, flag, whole } from "./options.ts";
import { type RegularizerOption, regularizerCheck, regularizerOf } from "./regularizer.ts";

export interface DenseOptions<W extends number> {
  readonly units: W;
  /** Default: none. */
  readonly activation?: Activation;
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
const checks = {
  ...commonChecks,
  units: whole(1),
  activation: activationCheck,
  bias: flag,
  kernelInitializer: initializerCheck,
  biasInitializer: initializerCheck,
  kernelRegularizer: regularizerCheck,
  biasRegularizer: regularizerCheck,
};

/** `activation(x W + b)` on the last axis: `[batch, features]` or `[batch, time, features]`. */
export function dense<const W extends number>(options: DenseOptions<W>): LayerOf<Numbers, "same", W> {
  checkOptions("dense", options, checks, ["units"]);
  const { units, bias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = options;
  const activate = activationOf(options.activation ?? "linear");
  const apply: Definition["apply"] = onNode((x, [kernel, b]) => {
    const product = matmul(x, kernel as Node);
    // On nodes an activation makes a node: Signal is its public face.
    return activate((b ? add(product, b) : product) as never) as unknown as Node;
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
      base: "dense",
      className: "Dense",
      name: options.name ?? null,
      trainable: options.trainable ?? true,
      takes: ["vector", "sequence", "other"],
      config: () => configOf("dense", options),
      outputs: ([x]) => (x ? [{ ...x, name: "output", axes: [...x.axes.slice(0, -1), units] }] : []),
      weights: ([x]) => [
        { ...kernel, shape: [Number(x?.axes.at(-1)), units] },
        ...(bias ? [{ ...own, shape: [units] }] : []),
      ],
      apply,
      everyStep: apply,
    },
    { takes: "vector", width: units },
  );
}
