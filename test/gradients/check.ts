/**
 * Gradients against central differences, in float64 on the reference interpreter:
 *
 *   dL/dx_i  =  (L(x_i + h) - L(x_i - h)) / 2 h   +- h^2 |L'''| / 6 +- |L| 2^-52 / h
 *
 * With h = 1e-5, and derivatives and losses of about one, both errors are near 1e-11. What is allowed is 1e-8 and 1e-6
 * of the difference.
 */
import { differentiate } from "../../src/core/grad/gradients.ts";
import { parameter } from "../../src/core/graph/build.ts";
import type { Node, Shape } from "../../src/core/graph/nodes.ts";
import { add, mul, sum, sumLeading } from "../../src/core/graph/operators.ts";
import { verify } from "../../src/core/graph/verify.ts";
import { topological } from "../../src/core/graph/walk.ts";
import { evaluate, type HostValue } from "../../src/core/run/reference.ts";

const step = 1e-5;
/** Within the step may lie a place where the derivative jumps (relu, max): then it does not within one of these. */
const smaller = [1e-6, 1e-7];
const absoluteTolerance = 1e-8;
const relativeTolerance = 1e-6;

export type Dims = Readonly<Record<string, number>>;
export interface Check {
  /** The sum of its elements is differentiated. */
  readonly loss: Node;
  /** The nodes to differentiate with respect to: all of them have a value in `given`. */
  readonly wrt: readonly Node[];
  readonly given: ReadonlyMap<Node, HostValue>;
  readonly dims?: Dims;
  /** What is done to the gradients before they are looked at: a planted fault (plant.ts). Default: nothing. */
  readonly planted?: Planting;
}
export type Planting = (roots: readonly Node[]) => readonly Node[];

/** The gradients. Throws an error that names the worst element, unless every element of every gradient is right. */
export function checkGradients(check: Check): readonly (HostValue | null)[] {
  const { loss, wrt, planted = (roots) => roots } = check;
  const { roots, gradients } = differentiate({ roots: [loss], wrt });
  const found = gradients.filter((grad) => grad !== null);
  verify([...roots, ...found], "differentiate");
  const faulty = planted(found).values();
  const all = gradients.map((grad) => grad && (faulty.next().value as Node));
  return compareGradients({ ...check, again: roots[0] as Node, gradients: all });
}

export interface Comparison extends Check {
  /** The loss as it is after differentiation. */
  readonly again: Node;
  /** One for each of `wrt`. */
  readonly gradients: readonly (Node | null)[];
}

/** The same for gradients that are there already. */
export function compareGradients(comparison: Comparison): readonly (HostValue | null)[] {
  const { loss, again: root, gradients, wrt, given, dims = {} } = comparison;
  const total = (values: ReadonlyMap<Node, HostValue>): number =>
    sumOf(evaluate([loss], values, dims)[0] as HostValue);
  const asked = gradients.filter((grad) => grad !== null);
  const [again, ...found] = evaluate([root, ...asked], given, dims);
  if (sumOf(again as HostValue) !== total(given))
    throw new Error("The loss is another one after differentiation.");

  const results = gradients.map((grad) => (grad === null ? null : (found[asked.indexOf(grad)] as HostValue)));
  const elements = wrt.flatMap((node, k) => {
    const value = given.get(node);
    if (value === undefined) throw new Error(`${nameOf(node, k)} has no value.`);
    const grad = results[k];
    if (grad && grad.data.length !== value.data.length)
      throw new Error(
        `${nameOf(node, k)}: a gradient of ${grad.data.length} numbers for ${value.data.length}.`,
      );
    return Array.from(value.data, (x, i) => {
      const at = (moved: number): number =>
        total(new Map(given).set(node, { ...value, data: value.data.with(i, moved) }));
      const got = grad?.data[i] ?? 0;
      const measure = (h: number): Measured => {
        const expected = node.dtype === "int32" ? 0 : (at(x + h) - at(x - h)) / (2 * h);
        const error = Math.abs(got - expected) / (absoluteTolerance + relativeTolerance * Math.abs(expected));
        return { expected, got, error: Number.isNaN(error) ? Infinity : error };
      };
      return { place: `${nameOf(node, k)}, element ${i}`, measure, found: measure(step) };
    });
  });
  const misses = elements
    .filter(({ found }) => found.error > 1)
    .toSorted((a, b) => b.found.error - a.found.error);
  const wrong = misses.find(({ measure }) => smaller.every((h) => measure(h).error > 1));
  if (wrong !== undefined) {
    const { expected, got, error } = wrong.found;
    throw new Error(
      `${wrong.place}: the gradient is ${got}, central differences give ${expected}, ` +
        `${error.toPrecision(3)} times the tolerance apart.`,
    );
  }
  return results;
}

/** Numbers in [low, high), the same for the same seed. */
export function numbers(
  shape: readonly number[],
  seed: number,
  [low, high]: readonly [number, number] = [-1, 1],
): HostValue {
  let state = (seed * 2654435761) >>> 0;
  const draw = (): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return low + ((high - low) * (state >>> 8)) / 2 ** 24;
  };
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: Float64Array.from({ length: count }, draw) };
}

/** A vector of integers: the lengths of rows, indices. */
export const integers = (...data: readonly number[]): HostValue => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

export interface ResultsCheck {
  readonly results: readonly Node[];
  readonly wrt: readonly Node[];
  /** Values of nodes; parameters that are missing here get numbers in [-1, 1), but integers must be given. */
  readonly given?: ReadonlyMap<Node, HostValue>;
  readonly dims?: Dims;
  readonly planted?: Planting;
}

/** `checkGradients` of the sum of all elements of `results`, each times a weight of its own. */
export function checkResults(check: ResultsCheck): readonly (HostValue | null)[] {
  const { results, wrt, given, dims = {}, planted = (roots) => roots } = check;
  const weights = results.map(({ shape }, k) => parameter(`weights of result ${k}`, shape));
  const terms = results.map((result, k) => {
    const product = mul(result, weights[k] as Node);
    return product.shape.length === 0 ? product : sumLeading(sum(product), product.shape.length - 1);
  });
  const [first, ...rest] = terms;
  if (first === undefined) throw new Error("There is no result to check.");
  const sizes = (shape: Shape): readonly number[] =>
    shape.map((dim) => (typeof dim === "number" ? dim : (dims[dim] ?? 0)));
  const others = topological(terms).filter((node) => node.op === "parameter" && node.dtype === "float32");
  const drawn = [...new Set([...wrt, ...others])].map((node, k): [Node, HostValue] => [
    node,
    numbers(sizes(node.shape), k + 1),
  ]);
  return checkGradients({
    loss: add(first, ...rest),
    wrt,
    given: new Map([...drawn, ...(given ?? [])]),
    dims,
    planted,
  });
}

interface Measured {
  readonly expected: number;
  readonly got: number;
  /** In tolerances. */
  readonly error: number;
}

const sumOf = ({ data }: HostValue): number => data.reduce((total, x) => total + x, 0);
const nameOf = (node: Node, k: number): string =>
  node.op === "parameter" ? node.attributes.name : `node ${k}`;
