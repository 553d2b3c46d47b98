/** Which weights of a cell stand between its input and its state, and which between one state and the next. */
import { parameter } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/nodes.ts";
import { topological } from "../../core/graph/walk.ts";
import { cellWeights } from "../layers/cellParts.ts";
import type { Settings } from "../layers/recurrence.ts";
import { traceStep } from "../layers/step.ts";

export interface EdgeWeights {
  readonly input: readonly string[];
  readonly state: readonly string[];
}

/**
 * A weight whose name begins with "recurrent" belongs to the states, as everywhere; another to what it is multiplied
 * with in the equation. Names get the `prefix`.
 */
export function weightsOnEdges(
  { cell, own, units }: Settings,
  features: number,
  prefix: string,
): EdgeWeights {
  const sizes = { ...own, features, units };
  const specs = cellWeights(cell, sizes);
  const weights = Object.fromEntries(specs.map(({ name, shape }) => [name, parameter(name, shape)]));
  const step = traceStep({ cell, sizes, weights });
  const factors = new Map<string, Set<Node>>();
  for (const node of topological(Object.values(step.results))) {
    if (node.op !== "matmul") continue;
    const sides = node.inputs.map(
      (side) => new Set(topological([side]).filter(({ op }) => op === "parameter")),
    );
    for (const { name } of specs)
      for (const [k, side] of sides.entries())
        if (side.has(weights[name] as Node))
          factors.set(name, new Set([...(factors.get(name) ?? []), ...(sides[1 - k] ?? [])]));
  }
  const states = Object.values(step.states);
  const isOfState = (name: string): boolean =>
    /^recurrent/.test(name) || states.some((state) => factors.get(name)?.has(state) === true);
  const isOfInput = (name: string): boolean =>
    !/^recurrent/.test(name) && factors.get(name)?.has(step.x) === true;
  const named = (holds: (name: string) => boolean): readonly string[] =>
    specs.flatMap(({ name, shape }) =>
      shape.length > 1 && holds(name) && factors.has(name) ? `${prefix}${name}` : [],
    );
  return { input: named(isOfInput), state: named(isOfState) };
}
