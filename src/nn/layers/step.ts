/**
 * The step of a cell traced: its equation as a graph, first for one example, then lifted to all rows of a batch.
 *
 *   matmul(h, R)      [units]        matmul(h, R)           [rows, units]
 *                            ->
 *   with dropout      [units]        matmul(h * mask, R)    only where the state enters a product: z * h keeps h
 */
import { constant, parameter, withInputs } from "../../core/graph/build.ts";
import { lift } from "../../core/graph/lift.ts";
import { type Node, type NodeOf, rows } from "../../core/graph/nodes.ts";
import { broadcast, mul } from "../../core/graph/operators.ts";
import { rewrite } from "../../core/graph/rewrite.ts";
import { sameShape } from "../../core/graph/shapes.ts";
import { UnrollError } from "../../errors.ts";
import type { Cell } from "../cells/defineCell.ts";
import { spelt } from "../options.ts";
import { cellStates, unknownName, watched, watchedSizes } from "./cellParts.ts";

/** A cell with everything that its step is given but the input and the states. */
export interface Equipped {
  readonly cell: Cell;
  /** features, shape, units and the options of the cell. */
  readonly sizes: { readonly shape: readonly number[] };
  readonly weights: Readonly<Record<string, Node>>;
}
type Parameter = NodeOf<"parameter">;

/** The step for one example. */
export interface Step {
  readonly x: Parameter;
  readonly states: Readonly<Record<string, Parameter>>;
  /** The next states and the further values. */
  readonly results: Readonly<Record<string, Node>>;
}

export function traceStep(equipped: Equipped): Step {
  const { cell, sizes } = equipped;
  const shapes = cellStates(cell, sizes);
  const x = parameter("x", sizes.shape);
  const states = mapped(shapes, (shape, name) => parameter(name, shape));
  const results = mapped(stepped(equipped, x, states), (value, name) => resultOf(cell, name, value));
  for (const [name, shape] of Object.entries(shapes)) {
    const next = results[name];
    if (next !== undefined && sameShape(next.shape, shape)) continue;
    throw new UnrollError({
      where: `cell "${cell.name}", step`,
      expected: `the next value of the state ${name}, [${shape.join(", ")}]`,
      got: next === undefined ? "none" : `[${next.shape.join(", ")}]`,
      fix: "Return every state, in the shape that state() gives it.",
    });
  }
  return { x, states, results };
}

/** Did an operator, or the step itself, fail because it was given undefined? */
const isOfNothing = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof UnrollError && error.got === "undefined");

/** What the step returns. A weight may be there or not, as the options say: only one that is used must be there. */
function stepped(
  { cell, sizes, weights }: Equipped,
  x: Parameter,
  states: Step["states"],
): Readonly<Record<string, unknown>> {
  const place = `cell "${cell.name}", step`;
  const absent: string[] = [];
  try {
    // Inside a step a signal is a node: Signal is its public face.
    const given: unknown = cell.equation.step(
      x as never,
      watched(states, (name) => {
        throw unknownName(place, "states", { name, record: states });
      }),
      watched(weights, (name) => absent.push(name)),
      watchedSizes(place, sizes),
    );
    if (typeof given === "object" && given !== null && !Array.isArray(given) && !isNode(given))
      return { ...given };
    throw wrongResult(cell, "a record of the next states", given);
  } catch (error) {
    const [name] = absent;
    if (name === undefined || !isOfNothing(error)) throw error;
    throw unknownName(place, "weights", { name, record: weights, cause: error });
  }
}

function resultOf(cell: Cell, name: string, value: unknown): Node {
  if (typeof value === "number") return constant(value);
  if (isNode(value)) return value;
  throw wrongResult(cell, `a value made by operators as "${name}"`, value);
}

const isNode = (x: unknown): x is Node => typeof x === "object" && x !== null && "op" in x && "inputs" in x;

function wrongResult(cell: Cell, expected: string, got: unknown): UnrollError {
  return new UnrollError({
    where: `cell "${cell.name}", step`,
    expected,
    got: isNode(got) ? "a value itself" : spelt(got),
    fix: `Return a record of values: { ${cell.states[0] ?? "h"}: tanh(...) }.`,
  });
}

/** The step for all rows: parameters and results begin with rows. `masks`: dropout of states, `[rows, ...]`. */
export function liftedStep(step: Step, masks: Readonly<Record<string, Node>>): Step {
  const names = Object.keys(step.results);
  const x = parameter("x", [rows, ...step.x.shape]);
  const states = mapped(step.states, (state, name) => parameter(name, [rows, ...state.shape]));
  const given = new Map<Node, Node>([[step.x, x]]);
  for (const [name, state] of Object.entries(step.states)) given.set(state, states[name] ?? state);
  const roots = withDropout(step, names, masks, given);
  const lifted = lift(roots, given).map((node, k) => broadcast(node, [rows, ...(roots[k]?.shape ?? [])]));
  return { x, states, results: Object.fromEntries(names.map((name, k) => [name, lifted[k] as Node])) };
}

/** The results with each state that has a mask multiplied by it where it enters a product. */
function withDropout(
  step: Step,
  names: readonly string[],
  masks: Readonly<Record<string, Node>>,
  given: Map<Node, Node>,
): readonly Node[] {
  const roots = names.map((name) => step.results[name] as Node);
  const kept = new Map<Node, Node>();
  for (const [name, mask] of Object.entries(masks)) {
    const state = step.states[name];
    if (state === undefined) continue;
    const stand = parameter(`mask of ${name}`, state.shape);
    given.set(stand, mask);
    kept.set(state, mul(state, stand));
  }
  if (kept.size === 0) return roots;
  return rewrite(roots, (node) =>
    node.op === "matmul"
      ? withInputs(
          node,
          node.inputs.map((factor) => dropped(factor, kept)),
        )
      : node,
  );
}

/** What a state may be a part of where it enters a product. */
const within: ReadonlySet<Node["op"]> = new Set<Node["op"]>(["mul", "concat", "slice", "patches"]);

/** A factor of a product, with dropout: the state may be gated, scaled, part of a concat or seen by windows there. */
function dropped(factor: Node, kept: ReadonlyMap<Node, Node>): Node {
  const own = kept.get(factor);
  if (own !== undefined) return own;
  if (!within.has(factor.op)) return factor;
  return withInputs(
    factor,
    factor.inputs.map((input) => dropped(input, kept)),
  );
}

/** A record with every value replaced. */
export function mapped<A, B>(
  record: Readonly<Record<string, A>>,
  make: (value: A, name: string) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, make(value, name)]));
}
