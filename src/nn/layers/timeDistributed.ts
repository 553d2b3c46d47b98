/** A layer applied to every step alike. */
import { UnrollError } from "../../errors.ts";
import { checkOptions, commonChecks } from "../options.ts";
import type { Form } from "../symbols.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { Facts, LayerOf } from "./facts.ts";
import { refuseMisfit } from "./fits.ts";
import { type Definition, definitionOf } from "./layer.ts";

interface OneAxisMore {
  vector: "sequence";
  sequence: "other";
  tokens: "other";
  image: "other";
  other: "other";
  same: "same";
}
/** What stands inside gets each step as if it were all there is: `[batch, features]` of `[batch, time, features]`. */
export function timeDistributed<L extends Facts>(
  layer: L,
  options: { readonly name?: string } = {},
): LayerOf<OneAxisMore[L["takes"]], OneAxisMore[L["gives"]], L["width"]> {
  checkOptions("timeDistributed", options, commonChecks);
  const { inner, everyStep } = innerOf(layer);
  const stepOf = (x: Form | undefined): Form => ({
    dtype: "float32",
    time: "causal",
    ...x,
    axes: x?.axes.slice(1) ?? [],
  });
  return makeLayer(
    {
      base: "timeDistributed",
      className: "TimeDistributed",
      name: options.name ?? null,
      trainable: inner.trainable,
      takes: inner.takes.includes("vector") ? ["sequence", "other"] : ["other"],
      config: configOf("timeDistributed", options, inner.config),
      outputs: ([x]) => {
        const step = stepOf(x);
        refuseMisfit(inner, step, {
          where: 'the layer inside "timeDistributed"',
          from: "each step",
          sequencesFrom: null,
        });
        return inner
          .outputs([step])
          .map((form) => ({ ...form, axes: [x?.axes[0] ?? null, ...form.axes], time: x?.time ?? "causal" }));
      },
      weights: ([x]) => inner.weights([stepOf(x)]),
      apply: everyStep,
      inner,
      distribution: inner.distribution,
    },
    { takes: "sequence", width: layer.width },
  );
}

function innerOf(layer: unknown): { readonly inner: Definition; readonly everyStep: Definition["apply"] } {
  const inner = definitionOf(layer);
  if (inner?.everyStep) return { inner, everyStep: inner.everyStep };
  throw new UnrollError({
    where: "timeDistributed(layer)",
    expected:
      "a layer that treats one step: dense, activation, dropout, layerNormalization, flatten, conv2d or pooling",
    got: inner ? `a layer "${inner.base}"` : typeof layer,
    fix: "Put such a layer inside.",
  });
}
