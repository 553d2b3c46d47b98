/** Several searches beside one another, each in a part of the features (Vaswani et al. 2017). */
import type { Node } from "../../core/graph/nodes.ts";
import { add, concat, matmul, mul, slice, sum } from "../../core/graph/operators.ts";
import { checkOptions, commonChecks, flag, fraction, whole } from "../options.ts";
import { attend, remember, type Score } from "./attend.ts";
import { type AttentionLayer, operandsOf, outputOf } from "./attention.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import { dropped } from "./dropout.ts";
import type { Facts } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import type { Value, WeightSpec } from "./layer.ts";

export interface MultiHeadAttentionOptions {
  /** Up to 2^8. */
  readonly numHeads: number;
  /** Features of the queries and keys of each head. */
  readonly keyDim: number;
  /** Features of the values of each head. Default: keyDim. */
  readonly valueDim?: number;
  /** Features of the output. Default: those of the query. */
  readonly outputDim?: number;
  /** Whether a step may look at the steps up to its own only. Default: false. */
  readonly causal?: boolean;
  /** The fraction of the output of the heads dropped in training. Default: 0. */
  readonly dropout?: number;
  /** Whether each product has a bias. Default: true. */
  readonly bias?: boolean;
  /** Default: "glorotUniform". */
  readonly kernelInitializer?: Initializer;
  readonly trainable?: boolean;
  readonly name?: string;
}
const checks = {
  ...commonChecks,
  numHeads: whole(1, 2 ** 8),
  keyDim: whole(1),
  valueDim: whole(1),
  outputDim: whole(1),
  causal: flag,
  dropout: fraction,
  bias: flag,
  kernelInitializer: initializerCheck,
};

/**
 * Keras's MultiHeadAttention, called on `[query, value]` or `[query, value, key]`: `[batch, time, outputDim]`. Scores
 * are divided by the root of keyDim. Weights, heads side by side: `queryKernel [features, numHeads * keyDim]`,
 * `queryBias`, the same for key and value, `outputKernel [numHeads * valueDim, outputDim]`, `outputBias`.
 */
export function multiHeadAttention<const C extends boolean = false>(
  options: MultiHeadAttentionOptions & { readonly causal?: C },
): AttentionLayer<C> {
  checkOptions("multiHeadAttention", options, checks, ["numHeads", "keyDim"]);
  const { numHeads, keyDim, valueDim = keyDim, outputDim, causal = false, bias = true } = options;
  const { dropout = 0, kernelInitializer = "glorotUniform" } = options;
  const specs = (name: string, from: number, to: number): readonly WeightSpec[] => [
    { name: `${name}Kernel`, shape: [from, to], initializer: kernelInitializer, regularizer: null },
    ...(bias ? [{ name: `${name}Bias`, shape: [to], initializer: "zeros", regularizer: null } as const] : []),
  ];
  const layer = makeLayer<Facts>({
    base: "multiHeadAttention",
    className: "MultiHeadAttention",
    name: options.name ?? null,
    trainable: options.trainable ?? true,
    takes: ["vector", "sequence"],
    operands: { names: ["query", "value", "key"], least: 2, inStep: causal },
    looksAtSteps: true,
    config: configOf("multiHeadAttention", options),
    outputs: (inputs) => {
      const operands = operandsOf("multiHeadAttention", inputs, causal);
      return [outputOf(operands, causal, outputDim ?? operands.query.axes.at(-1) ?? 1)];
    },
    weights: ([query, value, key = value]) => {
      const widthOf = (form: typeof query): number => Number(form?.axes.at(-1));
      return [
        ...specs("query", widthOf(query), numHeads * keyDim),
        ...specs("key", widthOf(key), numHeads * keyDim),
        ...specs("value", widthOf(value), numHeads * valueDim),
        ...specs("output", numHeads * valueDim, outputDim ?? widthOf(query)),
      ];
    },
    apply: (inputs, weights, context) => {
      const [query, values, keys = values] = inputs as readonly [Value, Value, Value?];
      const next = weights.values();
      const projected = (x: Node): Node => {
        const product = matmul(x, next.next().value as Node);
        return bias ? add(product, next.next().value as Node) : product;
      };
      const onto = (x: Value): Value => ({ ...x, node: projected(x.node) });
      const [q, k, v] = [projected(query.node), onto(keys), onto(values)];
      const memory = remember({ keys: k, values: v, causal }, context);
      const scale = 1 / Math.sqrt(keyDim);
      const score: Score = (one, all) => mul(sum(mul(one, all)), scale);
      const heads = Array.from({ length: numHeads }, (_, head) => {
        const part = (x: Node, size: number): Node => slice(x, head * size, size);
        const own = { ...memory, keys: part(memory.keys, keyDim), values: part(memory.values, valueDim) };
        return attend(part(q, keyDim), own, score);
      });
      const joined = dropped(concat(...heads), dropout, context);
      return [{ ...query, node: projected(joined) }];
    },
  });
  return layer as unknown as AttentionLayer<C>; // its calls take arrays of symbols
}
