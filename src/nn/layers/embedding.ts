/** A table of vectors, one a token. */
import type { Node } from "../../core/graph/nodes.ts";
import { equal, gather, reshape, sub, toFloat } from "../../core/graph/operators.ts";
import { checkOptions, commonChecks, flag, whole } from "../options.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import { type RegularizerOption, regularizerCheck, regularizerOf } from "./regularizer.ts";

export interface EmbeddingOptions<W extends number> {
  /** How many tokens there are: 0 to inputDim - 1. */
  readonly inputDim: number;
  readonly outputDim: W;
  /** Whether token 0 is padding, which later layers pass over. Default: false. */
  readonly maskZero?: boolean;
  /** Default: "randomUniform". */
  readonly embeddingsInitializer?: Initializer;
  readonly embeddingsRegularizer?: RegularizerOption;
  readonly trainable?: boolean;
  readonly name?: string;
}
const checks = {
  ...commonChecks,
  inputDim: whole(1),
  outputDim: whole(1),
  maskZero: flag,
  embeddingsInitializer: initializerCheck,
  embeddingsRegularizer: regularizerCheck,
};

/** Tokens `[batch, time]` to vectors `[batch, time, outputDim]`. */
export function embedding<const W extends number>(
  options: EmbeddingOptions<W>,
): LayerOf<"tokens", "sequence", W> {
  checkOptions("embedding", options, checks, ["inputDim", "outputDim"]);
  const { inputDim, outputDim, maskZero = false, embeddingsInitializer = "randomUniform" } = options;
  return makeLayer(
    {
      base: "embedding",
      className: "Embedding",
      name: options.name ?? null,
      trainable: options.trainable ?? true,
      takes: ["tokens"],
      tokens: inputDim,
      config: configOf("embedding", options),
      outputs: ([x]) => [
        {
          name: "output",
          axes: [x?.axes[0] ?? null, outputDim],
          dtype: "float32",
          time: x?.time ?? "causal",
        },
      ],
      weights: () => [
        {
          name: "embeddings",
          shape: [inputDim, outputDim],
          initializer: embeddingsInitializer,
          regularizer: regularizerOf(options.embeddingsRegularizer),
        },
      ],
      apply: ([x], [table]) =>
        x && table ? [{ ...x, node: gather(table, x.node), mask: maskZero ? notZero(x.node) : null }] : [],
    },
    { gives: "sequence", width: outputDim },
  );
}

/** `[time, rows]` to `[time, rows, 1]`: 1 where the token is not 0. */
const notZero = (tokens: Node): Node => sub(1, equal(toFloat(reshape(tokens, [...tokens.shape, 1])), 0));
