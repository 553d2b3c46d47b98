/**
 * The reference interpreter: the graph evaluated in float64, node by node, one rule an operator. Every
 * device is tested against it, so it is slow and obvious.
 *
 * A scan runs each step for the rows that still have one: their values are gathered into arrays without
 * gaps, the body is evaluated on these, and the results are put back.
 *
 *   lengths 3 1 2     step 0: rows 0 1 2     step 1: rows 0 2     step 2: row 0
 */
import { invariant } from "../../errors.ts";
import {
  type Dim,
  type Node,
  type NodeOf,
  type Operator,
  type Operators,
  rows,
  type Shape,
} from "../graph/nodes.ts";
import { resultsOf, topological } from "../graph/walk.ts";
import { erf } from "./erf.ts";
import { exp, log, log1p, sigmoid, tanh } from "./math.ts";
import { threefry2x32 } from "./random.ts";
import type { HostValue } from "./values.ts";
import * as values from "./values.ts";
import { overlapped, patched } from "./windows.ts";

export type { HostValue } from "./values.ts";

/** The lengths of the symbolic dimensions. */
export type Dims = Readonly<Record<string, number>>;

/** The value of a scan carries all its results. */
interface Value extends HostValue {
  readonly results?: ScanResults;
}
interface ScanResults {
  readonly final: readonly HostValue[];
  readonly stacked: readonly HostValue[];
  readonly summed: readonly HostValue[];
}
interface Context {
  readonly dims: Dims;
  readonly firstRow: number;
  /** Inside a step: rows are not those of the batch any more. */
  readonly inStep: boolean;
}
/** A rule is also given the shape of the result, with the dimensions of this run. */
interface Place extends Context {
  readonly shape: readonly number[];
}
type Values<Inputs extends readonly Node[]> = { readonly [K in keyof Inputs]: Value };
type Rule<K extends Operator> = (
  place: Place,
  inputs: Values<Operators[K]["inputs"]>,
  node: NodeOf<K>,
) => Value;
type Elementwise = (place: Place, inputs: readonly Value[]) => Value;

const each =
  (f: (a: number, b: number, c: number) => number): Elementwise =>
  ({ shape }, inputs) =>
    values.elementwise(shape, inputs, f);
/** As the devices compare: a NaN in `b` is passed over, one in `a` is not. */
const larger = (a: number, b: number): number => {
  if (a < b) return b;
  return a;
};
const smaller = (a: number, b: number): number => {
  if (b < a) return b;
  return a;
};
const reshaped = ({ shape }: Place, [x]: readonly [Value]): Value => ({ shape, data: x.data });
const zero = values.filled([], 0);

const rules: { readonly [K in Operator]: Rule<K> } = {
  parameter: (_, __, { attributes: { name } }) => {
    invariant(false, `reference: no value for the parameter "${name}"`);
  },
  constant: (_, __, { attributes: { value } }) => values.filled([], value),
  iota: ({ shape }) => ({ shape, data: values.filled(shape, 0).data.map((_, i) => i) }),
  random: (place, [key], node) => uniform(place, key, node.shape.indexOf(rows)),
  neg: each((x) => -x),
  abs: each(Math.abs),
  sqrt: each(Math.sqrt),
  exp: each((x) => exp(x)),
  log: each((x) => log(x)),
  log1p: each((x) => log1p(x)),
  tanh: each((x) => tanh(x)),
  sigmoid: each((x) => sigmoid(x)),
  erf: each((x) => erf(x)),
  floor: each(Math.floor),
  toFloat: each((x) => x),
  vanish: each((x) => (Math.abs(x) < 2 ** -100 ? 0 : x)),
  stopGradient: each((x) => x),
  add: each((a, b) => a + b),
  sub: each((a, b) => a - b),
  mul: each((a, b) => a * b),
  div: each((a, b) => a / b),
  maximum: each(larger),
  minimum: each(smaller),
  greater: each((a, b) => (a > b ? 1 : 0)),
  equal: each((a, b) => (a === b ? 1 : 0)),
  where: each((condition, whenTrue, whenFalse) => (condition !== 0 ? whenTrue : whenFalse)),
  sum: (_, [x]) => values.reduced(x, 0, (total, value) => total + value),
  max: (_, [x]) => values.reduced(x, Number.NEGATIVE_INFINITY, Math.max),
  sumLeading: (_, [x], { attributes: { count } }) => values.summedLeading(x, count),
  reshape: reshaped,
  broadcast: ({ shape }, [x]) => ({ shape, data: values.expanded(x, shape) }),
  transpose: (_, [x]) => values.swapped(x),
  slice: ({ shape }, [x], { attributes: { start } }) => values.shiftedFeatures(x, shape, start),
  sliceRows: ({ shape }, [x], { attributes: { start } }) => values.shiftedRows(x, shape, start),
  pad: ({ shape }, [x], { attributes: { start } }) => values.shiftedFeatures(x, shape, -start),
  padRows: ({ shape }, [x], { attributes: { start } }) => values.shiftedRows(x, shape, -start),
  concat: ({ shape }, parts) => values.concatenated(parts, shape),
  reverse: (_, [sequence, lengths]) => values.turned(sequence, lengths),
  sumSites: (place, [x], node) => overSites(place, x, node, 0, (total, value) => total + value),
  maxSites: (place, [x], node) => overSites(place, x, node, Number.NEGATIVE_INFINITY, Math.max),
  joinSites: reshaped,
  timeToSites: ({ shape }, [x, lengths]) => values.stepsAsSites(x, lengths, shape),
  sitesToTime: ({ shape }, [x, lengths]) => values.sitesAsSteps(x, lengths, shape),
  patches: ({ shape }, [x], { attributes }) => patched(x, attributes, shape),
  overlapAdd: ({ shape }, [x], { attributes }) => overlapped(x, attributes, shape),
  resample: ({ shape }, [x, from, to], { attributes }) =>
    values.resampled(x, { from, to }, shape, attributes),
  matmul: ({ shape }, [a, b]) => values.product(zero, a, b, shape),
  affine: ({ shape }, [start, a, b]) => values.product(start, a, b, shape),
  contract: (_, [a, b]) => values.contracted(a, b),
  gather: ({ shape }, [table, index]) => values.lookedUp(table, index, shape),
  scatterAdd: ({ shape }, [index, x]) => values.scattered(index, x, shape),
  scan: (place, inputs, node) => ({ ...zero, results: scanned(place, inputs, node) }),
  output: (_, [{ results }], { attributes: { result } }) => {
    const found = results?.[result.kind][result.index];
    invariant(found, `reference: a scan has no result "${result.kind}" ${result.index}`);
    return found;
  },
};

/**
 * The values of `roots`, laid out as their shapes say. `given` has a value for every parameter that they
 * need (or for any other node, which is then not evaluated), `dims` a number for every dimension that is a
 * string; `firstRow` is the place of row 0 in the batch, for random numbers.
 */
export function evaluate(
  roots: readonly Node[],
  given: ReadonlyMap<Node, HostValue>,
  dims: Dims,
  { firstRow = 0 }: { readonly firstRow?: number } = {},
): readonly HostValue[] {
  for (const [node, { data }] of given) {
    const expected = values.countOf(resolved(node.shape, dims));
    const shape = `[${node.shape.join(", ")}]`;
    invariant(data.length === expected, `reference: ${data.length} numbers for the shape ${shape}`);
  }
  return evaluateOrdered(roots, given, orderOf(roots, new Set(given.keys())), {
    dims,
    firstRow,
    inStep: false,
  });
}

/** The nodes to evaluate for `roots`, inputs first, when those of `known` are there already. */
function orderOf(roots: readonly Node[], known: ReadonlySet<Node>): readonly Node[] {
  const order = topological(roots);
  const needed = new Set(roots);
  for (const node of order.toReversed()) {
    if (needed.has(node) && !known.has(node)) for (const input of node.inputs) needed.add(input);
  }
  return order.filter((node) => needed.has(node) && !known.has(node));
}

function evaluateOrdered(
  roots: readonly Node[],
  given: ReadonlyMap<Node, Value>,
  order: readonly Node[],
  context: Context,
): readonly Value[] {
  const known = new Map(given);
  const found = (node: Node): Value => {
    const value = known.get(node);
    invariant(value, `reference: "${node.op}" is used before it is evaluated`);
    return value;
  };
  for (const node of order) known.set(node, apply(node, node.inputs.map(found), context));
  return roots.map(found);
}

function apply<K extends Operator>(node: NodeOf<K>, inputs: readonly Value[], context: Context): Value {
  const place: Place = { ...context, shape: resolved(node.shape, context.dims) };
  // One value for each input of the node, in their order.
  return rules[node.op](place, inputs as unknown as Values<Operators[K]["inputs"]>, node);
}

function scanned(place: Place, inputs: readonly Value[], node: NodeOf<"scan">): ScanResults {
  const { body, time, reverse } = node.attributes;
  const [lengths = zero, ...rest] = inputs;
  const results = resultsOf(body);
  const sequencesEnd = body.carried.length + body.sequences.length;
  const sequences = rest.slice(body.carried.length, sequencesEnd);
  const captured = rest.slice(sequencesEnd);
  const given = [...body.carried, ...body.sequences, ...node.inputs.slice(1 + sequencesEnd)];
  const order = orderOf(results, new Set(given));
  const steps = lengthOf(time, place.dims);
  const empty = (shape: Shape): HostValue => values.filled(resolved(shape, place.dims), 0);

  let states = rest.slice(0, body.carried.length);
  const stacked = body.stacked.map(({ shape }) => empty([time, ...shape]));
  let summed = body.summed.map(({ shape }) => empty(shape));
  for (let k = 0; k < steps; k++) {
    const t = reverse ? steps - 1 - k : k;
    const active = [...lengths.data.keys()].filter((row) => t < lengths.data[row]!);
    if (active.length === 0) continue;
    const now = [...states, ...sequences.map((sequence) => stepOf(sequence, t)), ...captured];
    const inside = new Map<Node, Value>(
      given.map((to, i) => [to, values.gathered(now[i] ?? zero, rowAxis(to), active)]),
    );
    const context = { ...place, inStep: true, dims: { ...place.dims, [rows]: active.length } };
    const ends = evaluateOrdered(results, inside, order, context);
    const putBack = (old: HostValue, i: number): HostValue =>
      values.withPlaces(old, rowAxis(results[i]!), active, ends[i] ?? zero);
    states = states.map(putBack);
    stacked.forEach((all, i) => {
      const old = stepOf(all, t);
      all.data.set(putBack(old, states.length + i).data, t * old.data.length);
    });
    summed = summed.map((total, i) =>
      values.elementwise(
        total.shape,
        [total, ends[states.length + stacked.length + i] ?? zero],
        (a, b) => a + b,
      ),
    );
  }
  return { final: states, stacked, summed };
}

/** Uniform in [0, 1): 24 bits of the generator for each row and each place in the row. */
function uniform({ shape, firstRow, inStep }: Place, key: HostValue, axis: number): HostValue {
  invariant(
    !inStep,
    "reference: random numbers inside the step of a scan, where rows have lost their numbers",
  );
  const [key0 = 0, key1 = 0] = key.data;
  const out = values.filled(shape, 0);
  const size = values.countOf(shape.slice(axis + 1));
  const all = axis < 0 ? 1 : (shape[axis] ?? 1);
  for (let i = 0; i < out.data.length; i++) {
    const line = Math.floor(i / size);
    const row = axis < 0 ? 0 : firstRow + (line % all);
    const element = Math.floor(line / all) * size + (i % size);
    const [word] = threefry2x32(key0, key1, row, element);
    out.data[i] = (word >>> 8) * 2 ** -24;
  }
  return out;
}

/** `f` over the axes of sites: those behind the rows but the last. */
function overSites(
  { shape }: Place,
  x: HostValue,
  node: Node,
  begin: number,
  f: (result: number, x: number) => number,
): HostValue {
  const out = values.filled(shape, begin);
  const width = values.widthOf(shape);
  const places = values.countOf(x.shape.slice(rowAxis(node) + 1, -1));
  x.data.forEach((value, i) => {
    const at = Math.floor(i / (places * width)) * width + (i % width);
    out.data[at] = f(out.data[at]!, value);
  });
  return out;
}

const rowAxis = (node: Node): number => node.shape.indexOf(rows);

function stepOf({ shape, data }: HostValue, t: number): HostValue {
  const inner = shape.slice(1);
  const size = values.countOf(inner);
  return { shape: inner, data: data.subarray(t * size, (t + 1) * size) };
}

const resolved = (shape: Shape, dims: Dims): readonly number[] => shape.map((dim) => lengthOf(dim, dims));

function lengthOf(dim: Dim, dims: Dims): number {
  const length = typeof dim === "number" ? dim : dims[dim];
  invariant(length !== undefined, `reference: no length for the dimension "${dim}"`);
  return length;
}
