/** Which weights of a cell stand between its input and its state, and which between one state and the next. */
import { parameter } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/nodes.ts";
import { topological } from "../../core/graph/walk.ts";
import { cellWeights } from "../layers/cellParts.ts";
import type { Settings } from "../layers/recurrence.ts";
import { type Step, traceStep } from "../layers/step.ts";

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
  shape: readonly number[],
  prefix: string,
): EdgeWeights {
  const sizes = { ...own, features: shape.at(-1) ?? 1, shape, units };
  const specs = cellWeights(cell, sizes);
  const weights = Object.fromEntries(specs.map(({ name, shape }) => [name, parameter(name, shape)]));
  const step = traceStep({ cell, sizes, weights });
  const factors = new Map(specs.map(({ name }) => [name, factorsOf(step, weights[name] as Node)]));
  const states = Object.values(step.states);
  const isOfState = (name: string): boolean =>
    /^recurrent/.test(name) || states.some((state) => factors.get(name)?.has(state) === true);
  const isOfInput = (name: string): boolean =>
    !/^recurrent/.test(name) && factors.get(name)?.has(step.x) === true;
  const named = (holds: (name: string) => boolean): readonly string[] =>
    specs.flatMap(({ name, shape }) =>
      shape.length > 1 && holds(name) && (factors.get(name)?.size ?? 0) > 0 ? `${prefix}${name}` : [],
    );
  return { input: named(isOfInput), state: named(isOfState) };
}

/** The states, the input and the weights that are multiplied with a weight, as in `matmul(concat(x, h), W)`. */
function factorsOf({ results }: Step, weight: Node): ReadonlySet<Node> {
  const products = topological(Object.values(results)).filter(({ op }) => op === "matmul");
  const sides = products.map(({ inputs }) => inputs.map(parametersIn));
  return new Set(sides.flatMap(([a = [], b = []]) => (a.includes(weight) ? b : b.includes(weight) ? a : [])));
}

const parametersIn = (node: Node): readonly Node[] =>
  topological([node]).filter(({ op }) => op === "parameter");
