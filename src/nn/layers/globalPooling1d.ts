/** Pooling over all of time: the largest, or the mean, of the steps of each row that count. */
import { outputOf, parameter, type ScanParts, scan, zeros } from "../../core/graph/build.ts";
import { type Dim, type Node, rows } from "../../core/graph/nodes.ts";
import { add, broadcast, div, greater, maximum, nodeOf, where } from "../../core/graph/operators.ts";
import { invariant } from "../../errors.ts";
import type { Form } from "../symbols.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf } from "./facts.ts";
import { countsOf, type Value } from "./layer.ts";
import { checkOptions, commonChecks } from "./options.ts";
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
      config: () => configOf(layer, options),
      outputs: ([x]) => [
        { ...(x as Form), name: "output", axes: x?.axes.slice(1) ?? [], time: "looks ahead" },
      ],
      apply: ([x]) => (x ? [{ node: pooled(x), time: null, lengths: null, mask: null }] : []),
    },
    { gives: "vector", time: "looks ahead" },
  );
}

function mean(x: Value): Node {
  const [total, count] = carried(x, {
    initial: [zeros(stepShape(x)), zeros([rows, 1])],
    next: ([sum, steps], value, counts) => [
      add(sum as Node, counts ? where(counts, value, 0) : value),
      add(steps as Node, counts ?? 1),
    ],
  });
  return div(total as Node, maximum(count as Node, 1));
}

/** Of equal ones the first, which alone has a gradient. */
function largest(x: Value): Node {
  const [most] = carried(x, {
    initial: [broadcast(nodeOf(lowest), stepShape(x))],
    next: ([before], value, counts) => [
      maximum(counts ? where(counts, value, lowest) : value, before as Node),
    ],
  });
  return where(greater(most as Node, lowest), most as Node, 0);
}

const stepShape = ({ node }: Value): Node["shape"] => node.shape.slice(1);

interface Carrying {
  readonly initial: readonly Node[];
  /** The states after a step; `counts` is its mask, `[rows, 1]`. */
  readonly next: (states: readonly Node[], value: Node, counts: Node | null) => readonly Node[];
}

/** What is carried over the steps of each row, after the last one. */
function carried(x: Value, { initial, next }: Carrying): readonly Node[] {
  invariant(x.lengths !== null, "globalPooling1d: a sequence");
  const states = initial.map(({ shape }, k) => parameter(`state_${k}`, shape));
  const value = parameter("x", stepShape(x));
  const counted = countsOf(x);
  const counts = counted && parameter("mask", [rows, 1]);
  const body: ScanParts["body"] = {
    carried: states,
    sequences: counts ? [value, counts] : [value],
    next: next(states, value, counts),
    stacked: [],
    summed: [],
  };
  const made = scan({
    lengths: x.lengths,
    initial,
    sequences: counted ? [x.node, counted] : [x.node],
    body,
    time: x.time as Dim,
    reverse: false,
  });
  return initial.map((_, k) => outputOf(made, "final", k));
}
