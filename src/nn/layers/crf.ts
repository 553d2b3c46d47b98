/** A conditional random field over the labels of a sequence (Lafferty, McCallum, Pereira 2001), as the last layer. */
import type { Node } from "../../core/graph/nodes.ts";
import { add, matmul } from "../../core/graph/operators.ts";
import { checkOptions, whole } from "../options.ts";
import { type AffineOptions, affineChecks, affineWeights } from "./affine.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import type { Definition } from "./layer.ts";
import { pathLoss } from "./pathLoss.ts";
import { type RegularizerOption, regularizerCheck, regularizerOf } from "./regularizer.ts";
import { bestPath } from "./viterbi.ts";

export interface CrfOptions<W extends number> extends Omit<AffineOptions, "bias"> {
  /** How many labels there are. */
  readonly units: W;
  /** Default: "zeros": no label follows another more readily. */
  readonly transitionsInitializer?: Initializer;
  readonly transitionsRegularizer?: RegularizerOption;
}
const { bias: _, ...shared } = affineChecks;
const checks = {
  ...shared,
  units: whole(1),
  transitionsInitializer: initializerCheck,
  transitionsRegularizer: regularizerCheck,
};

/**
 * A path of labels y scores the sum over its steps of `(x W + b)[y_t] + T[y_t-1, y_t]`, x `[batch, time, features]`.
 * The model is trained by the negative log-likelihood of the targets, classes `[batch, time]`, the mean over the batch;
 * `compile` is told no loss. `predict` gives the labels of the best path, `[batch, time]`.
 */
export function crf<const W extends number>(
  options: CrfOptions<W>,
): LayerOf<"sequence", "sequence", W, "looks ahead"> {
  checkOptions("crf", options, checks, ["units"]);
  const weightsOf = affineWeights(options);
  const { units, transitionsInitializer = "zeros" } = options;
  const transitions = {
    name: "transitions",
    shape: [units, units],
    initializer: transitionsInitializer,
    regularizer: regularizerOf(options.transitionsRegularizer),
  };
  return makeLayer(
    {
      base: "crf",
      className: "CRF",
      name: options.name ?? null,
      trainable: options.trainable ?? true,
      takes: ["sequence"],
      config: configOf("crf", options),
      outputs: ([x]) =>
        x ? [{ ...x, name: "output", axes: [x.axes[0] ?? null, units], time: "looks ahead" }] : [],
      weights: ([x]) => [...weightsOf([Number(x?.axes.at(-1)), units]), transitions],
      apply,
      ending: {
        loss: "crf",
        decode: ({ values, mask }, [, , learned]) =>
          bestPath({ emissions: values, transitions: learned as Float32Array, labels: units, mask }),
      },
    },
    { takes: "sequence", gives: "sequence", width: units, time: "looks ahead" },
  );
}

/** The emissions; the transitions are for the loss and for the host. */
const apply: Definition["apply"] = ([x], [kernel, bias, transitions]) => {
  if (!x) return [];
  const emissions = { ...x, node: add(matmul(x.node, kernel as Node), bias as Node) };
  return [{ ...emissions, loss: (classes) => pathLoss(emissions, transitions as Node, classes) }];
};
