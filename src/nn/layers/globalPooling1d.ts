/** Pooling over all of time: the largest, or the mean, of the steps of each row that count. */
import { zeros } from "../../core/graph/build.ts";
import { type Node, rows } from "../../core/graph/nodes.ts";
import { add, broadcast, div, greater, maximum, nodeOf, where } from "../../core/graph/operators.ts";
import { checkOptions, commonChecks } from "../options.ts";
import type { Form } from "../symbols.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { folded } from "./fold.ts";
import { countsOf, type Value } from "./layer.ts";
import { lowest } from "./pooling1d.ts";

export interface GlobalPoolingOptions {
  readonly name?: string;
}
type Pooling = LayerOf<"sequence", "vector", "same", "looks ahead">;

/** `[batch, time, features]` to `[batch, features]`: the mean of the steps that count; 0 where none does. */
export function globalAveragePooling1d(options: GlobalPoolingOptions = {}): Pooling {
  return pooling("globalAveragePooling1d", "GlobalAveragePooling1D", options, mean);
}

/** `[batch, time, features]` to `[batch, features]`: the largest of the steps that count; 0 where none does. */
export function globalMaxPooling1d(options: GlobalPoolingOptions = {}): Pooling {
  return pooling("globalMaxPooling1d", "GlobalMaxPooling1D", options, largest);
}

function pooling(
  layer: string,
  className: string,
  options: GlobalPoolingOptions,
  pooled: (x: Value) => Node,
): Pooling {
  checkOptions(layer, options, commonChecks);
  return makeLayer(
    {
      base: layer,
      className,
      name: options.name ?? null,
      takes: ["sequence"],
      config: configOf(layer, options),
      outputs: ([x]) => [
        { ...(x as Form), name: "output", axes: x?.axes.slice(1) ?? [], time: "looks ahead" },
      ],
      apply: ([x]) => (x ? [{ node: pooled(x), time: null, lengths: null, mask: null }] : []),
    },
    { gives: "vector", time: "looks ahead" },
  );
}

function mean(x: Value): Node {
  const { total, steps } = folded(x, {
    counts: countsOf(x),
    initial: { total: zeros(stepShape(x)), steps: zeros([rows, 1]) },
    sequences: { value: x.node },
    next: ({ total, steps }, { value }) => ({ total: add(total, value), steps: add(steps, 1) }),
  });
  return div(total, maximum(steps, 1));
}

/** Of equal ones the first, which alone has a gradient. */
function largest(x: Value): Node {
  const { most } = folded(x, {
    counts: countsOf(x),
    initial: { most: broadcast(nodeOf(lowest), stepShape(x)) },
    sequences: { value: x.node },
    next: ({ most }, { value }) => ({ most: maximum(value, most) }),
  });
  return where(greater(most, lowest), most, 0);
}

const stepShape = ({ node }: Value): Node["shape"] => node.shape.slice(1);
