/** All axes but the batch in one. */
import type { Node } from "../../core/graph/nodes.ts";
import { joinSites, timeToSites } from "../../core/graph/operators.ts";
import { UnrollError } from "../../errors.ts";
import { checkOptions, commonChecks } from "../options.ts";
import { type Axes, described, type Form } from "../symbols.ts";
import { makeLayer } from "./call.ts";
import { configOf } from "./config.ts";
import type { LayerOf, Numbers } from "./facts.ts";
import type { Value } from "./layer.ts";

/** `[batch, a, b]` to `[batch, a * b]`. Sequences must have a known number of steps. */
export function flatten(
  options: { readonly name?: string } = {},
): LayerOf<Numbers, "vector", number, "looks ahead"> {
  checkOptions("flatten", options, commonChecks);
  return makeLayer(
    {
      base: "flatten",
      className: "Flatten",
      name: options.name ?? null,
      takes: ["vector", "sequence", "image", "other"],
      config: configOf("flatten", options),
      outputs: ([x]) => [
        { name: "output", axes: [widthOf(x as Form)], dtype: "float32", time: timeOf(x as Form) },
      ],
      apply: ([x]) => (x ? [{ node: flat(x), time: null, lengths: null, mask: null }] : []),
      everyStep: ([x]) => (x ? [{ ...x, node: joinSites(x.node) }] : []),
    },
    { gives: "vector", width: 1, time: "looks ahead" },
  );
}

const timeOf = (x: Form): Form["time"] => (x.axes.length > 1 ? "looks ahead" : x.time);

function widthOf(x: Form): number {
  const count = (axes: Axes): number => axes.reduce<number>((product, axis) => product * (axis ?? 0), 1);
  if (!x.axes.includes(null)) return count(x.axes);
  throw new UnrollError({
    where: 'layer "flatten"',
    expected: "a known number of steps",
    got: described(x),
    fix: "Give the input a fixed length, such as shape: [10, 4], or end the recurrent layer without returnSequences.",
  });
}

/** Each row's numbers, `[rows, ...]`, or those of all its steps, `[time, rows, ...]`, one after the other. */
const flat = ({ node, time, lengths }: Value): Node =>
  time === null || lengths === null
    ? joinSites(node)
    : joinSites(timeToSites(joinSites(node), lengths, Number(time)));
