/** One sequence looks at another: dot-product and additive attention. */
import { add, mul, sum, tanh } from "../../core/graph/operators.ts";
import { UnrollError } from "../../errors.ts";
import { checkOptions, commonChecks, flag, oneOf } from "../options.ts";
import type { Signal, TimeOf } from "../signals.ts";
import { described, type Form } from "../symbols.ts";
import { attend, remember, type Score } from "./attend.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { Facts } from "./facts.ts";
import type { Definition, Value } from "./layer.ts";

export interface AttentionOptions {
  /** `dot`: q k (Luong et al. 2015). `additive`: the sum of scale tanh(q + k) (Bahdanau et al. 2015). Default: dot. */
  readonly score?: "dot" | "additive";
  /** Whether a step may look at the steps up to its own only. Default: false. */
  readonly causal?: boolean;
  /** Whether scores are multiplied by a weight `scale`. Default: false; with `additive` true. */
  readonly useScale?: boolean;
  readonly trainable?: boolean;
  readonly name?: string;
}

/** Called on `[query, value]` or `[query, value, key]`; the key is the value unless given. */
export type AttentionLayer<Causal extends boolean = boolean> = <
  Q extends Signal<"vector" | "sequence">,
  V extends Signal<"sequence">,
  K extends Signal<"sequence"> = V,
>(
  x: readonly [query: Q, value: V] | readonly [query: Q, value: V, key: K],
) => Signal<Q["kind"], V["width"], [Causal] extends [true] ? TimeOf<Q | V | K> : "looks ahead">;

/**
 * Keras's Attention and AdditiveAttention: from a query `[batch, time, features]`, or a vector, values
 * `[batch, steps, width]` and keys `[batch, steps, features]` to `[batch, time, width]`. Steps behind the end of a
 * sequence, and masked ones, are not looked at. Weight: `scale`, one number, or for `additive` `[features]`.
 */
export function attention<const C extends boolean = false>(
  options: AttentionOptions & { readonly causal?: C } = {},
): AttentionLayer<C> {
  checkOptions("attention", options, {
    ...commonChecks,
    score: oneOf("dot", "additive"),
    causal: flag,
    useScale: flag,
  });
  const { score = "dot", causal = false } = options;
  const additive = score === "additive";
  const useScale = options.useScale ?? additive;
  const layer = makeLayer<Facts>({
    base: "attention",
    className: additive ? "AdditiveAttention" : "Attention",
    name: options.name ?? null,
    trainable: options.trainable ?? true,
    takes: ["vector", "sequence"],
    operands: { names: ["query", "value", "key"], least: 2, inStep: causal },
    looksAtSteps: true,
    config: configOf("attention", options),
    outputs: (inputs) => {
      const { query, value, key } = operandsOf("attention", inputs, causal);
      refuseUnlikeWidths(query, key);
      return [outputOf({ query, value, key }, causal, value.axes.at(-1) ?? 1)];
    },
    weights: ([query]) =>
      useScale
        ? [
            {
              name: "scale",
              shape: additive ? [Number(query?.axes.at(-1))] : [1],
              initializer: additive ? "glorotUniform" : "ones",
              regularizer: null,
            },
          ]
        : [],
    apply: (inputs, [scale], context) => {
      const [query, values, keys = values] = inputs as readonly [Value, Value, Value?];
      const scored: Score = (q, k) => {
        if (!additive) return scale ? mul(sum(mul(q, k)), scale) : sum(mul(q, k));
        const mixed = tanh(add(q, k));
        return sum(scale ? mul(mixed, scale) : mixed);
      };
      const memory = remember({ keys, values, causal }, context);
      return [{ ...query, node: attend(query.node, memory, scored) }];
    },
  });
  return layer as unknown as AttentionLayer<C>; // its calls take arrays of symbols
}

export interface Operands {
  readonly query: Form;
  readonly value: Form;
  readonly key: Form;
}

/** Throws an UnrollError where the forms cannot be looked at. */
export function operandsOf(layer: string, inputs: readonly Form[], causal: boolean): Operands {
  const [query, value, key = value] = inputs as readonly [Form, Form, Form?];
  const operands = { query, value, key };
  for (const name of ["value", "key"] as const) {
    if (operands[name].axes.length === 2) continue;
    throw new UnrollError({
      where: `layer "${layer}", ${name}`,
      expected: "a sequence [batch, time, features]",
      got: described(operands[name]),
      fix: "Set returnSequences: true on the recurrent layer that it comes from.",
    });
  }
  if (value.axes[0] !== key.axes[0] || (causal && query.axes[0] !== key.axes[0])) {
    throw new UnrollError({
      where: `layer "${layer}"`,
      expected: causal
        ? "a query with the steps of the keys: it is causal"
        : "a key with the steps of the value",
      got: `${described(query)}, ${described(value)} and ${described(key)}`,
      fix: "Look at the shapes of what goes in.",
    });
  }
  return operands;
}

function refuseUnlikeWidths(query: Form, key: Form): void {
  if (query.axes.at(-1) === key.axes.at(-1)) return;
  throw new UnrollError({
    where: 'layer "attention"',
    expected: `a query as wide as the keys, ${key.axes.at(-1)} features`,
    got: described(query),
    fix: "Put dense({ units }) before one of them.",
  });
}

/** The steps of the query, as wide as told. */
export function outputOf(
  { query, value, key }: Operands,
  causal: boolean,
  width: number,
): ReturnType<Definition["outputs"]>[number] {
  const ahead = !causal || [query, value, key].some(({ time }) => time === "looks ahead");
  const axes = [...query.axes.slice(0, -1), width];
  return { name: "output", axes, dtype: "float32", time: ahead ? "looks ahead" : "causal" };
}
