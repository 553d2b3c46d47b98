/** Layers checked by central differences: traced into a network, and differentiated, as in training. */

import type { Node, NodeOf } from "../../src/core/graph/nodes.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import type { ActivationName } from "../../src/nn/layers/activations.ts";
import { input } from "../../src/nn/layers/input.ts";
import { type Network, networkOf } from "../../src/nn/model/network.ts";
import { type Traced, trace } from "../../src/nn/model/trace.ts";
import { functional } from "../../src/nn/models.ts";
import type { Signal } from "../../src/nn/signals.ts";
import { isSymbolic } from "../../src/nn/symbols.ts";
import { type Extents, withFollowing } from "../../src/nn/times.ts";
import { checkResults, type Dims, integers, numbers, type Planting } from "./check.ts";

/** A layer, or any function of symbols: what it gives may be a symbol, a pair or a record of them. */
export type Piece = (x: never) => unknown;
export interface NetworkCase {
  /** One behind the other. */
  readonly layers: readonly Piece[];
  /** Of the input at each step. Default: 2. */
  readonly features?: number;
  /** The input is an image, or with time a video: height, width; features are its channels. */
  readonly image?: readonly number[];
  /** Tokens `[row][step]` in place of numbers. */
  readonly tokens?: readonly (readonly number[])[];
  /** Of each row, in no order. Default: 2, 3, 0. */
  readonly lengths?: readonly number[];
  /** A sequence has a known number of steps: the largest length. Default: false. */
  readonly fixed?: boolean;
  /** An input without time. Default: false. */
  readonly vector?: boolean;
  /** Steps `[time, row]` of the input that are zeros. The input is not differentiated then: a mask jumps with it. */
  readonly zeroAt?: readonly (readonly [number, number])[];
  /** What stands there in place of zeros. Default: 0. */
  readonly maskValue?: number;
  /** First states come from outside. Default: false. */
  readonly given?: boolean;
  /** Dropout is at work. Default: false. */
  readonly training?: boolean;
  /** Layers are fed the targets of the outputs, which are drawn. Default: false. */
  readonly forced?: boolean;
}
export interface Prepared {
  readonly network: Network;
  readonly traced: Traced;
  readonly results: readonly Node[];
  readonly wrt: readonly Node[];
  readonly values: Map<Node, HostValue>;
  readonly dims: Dims;
}

/** The network of a case, and numbers for everything but its weights. */
export function prepared(one: NetworkCase): Prepared {
  const { lengths = [2, 3, 0], given = false, training = false, zeroAt = [], forced = false } = one;
  const steps = Math.max(...lengths);
  const network = networkFor(one, steps);
  const targets = network.outputs.map((own, output) => ({ ...own, output, kind: "values" as const }));
  const traced = trace(network, {
    training,
    states: given ? "given" : "initial",
    ...(forced ? { targets } : {}),
  });
  const [x] = traced.inputs as [NodeOf<"parameter">];
  const values = new Map<Node, HostValue>();
  const rows = lengths.length;
  const ragged: Extents = { rows, times: { time: steps }, lengths: { time: Int32Array.from(lengths) } };
  const extents = withFollowing(Object.keys(traced.lengths), ragged);
  for (const [time, node] of Object.entries(traced.lengths)) {
    const own = one.fixed && Number(time) === steps ? lengths : extents.lengths[time];
    values.set(node, integers(...(own ?? lengths.map(() => Number(time)))));
  }
  traced.keys.forEach(({ parameter }, k) => values.set(parameter, integers(17, k + 1)));
  values.set(x, inputOf(one, lengths.length, steps));
  for (const { parameter, value } of traced.numbers)
    values.set(parameter, { shape: [1], data: Float64Array.of(value(1)) });
  traced.fed.forEach(({ parameter }, k) => {
    const width = Number(parameter.shape.at(-1));
    values.set(parameter, numbers([steps, lengths.length, width], 7 + k));
  });
  const firsts = traced.states.flatMap(({ initial }) => initial ?? []);
  const ofInput = x.dtype === "float32" && zeroAt.length === 0 ? [x] : [];
  return {
    network,
    traced,
    results: [...traced.outputs.map(({ node }) => node), ...traced.states.map(({ final }) => final)],
    wrt: [...ofInput, ...firsts, ...traced.weights],
    values,
    dims: { rows, ...extents.times },
  };
}

function networkFor(
  { layers, features = 2, image = [], tokens, fixed = false, vector = false }: NetworkCase,
  steps: number,
): Network {
  const axis = fixed ? steps : null;
  const begin = tokens
    ? input({ shape: [axis], dtype: "int32" })
    : input({ shape: [...(vector ? [] : [axis]), ...image, features] });
  const end = layers.reduce<unknown>((symbol, layer) => layer(symbol as never), begin);
  const ends = isSymbolic(end) ? [end] : Object.values(end as Record<string, Signal>);
  return networkOf(functional({ inputs: begin as Signal, outputs: ends as Signal[] }));
}

function inputOf(
  { features = 2, image = [], tokens, vector, zeroAt = [], maskValue = 0 }: NetworkCase,
  rows: number,
  steps: number,
): HostValue {
  if (tokens) {
    const byTime = Array.from({ length: steps }, (_, t) => tokens.map((row) => row[t] ?? 0));
    return { shape: [steps, rows], data: Float64Array.from(byTime.flat()) };
  }
  const drawn = numbers([...(vector ? [rows] : [steps, rows]), ...image, features], 99);
  const isZero = (k: number): boolean =>
    zeroAt.some(([time, row]) => Math.floor(k / features) === time * rows + row);
  return { shape: drawn.shape, data: drawn.data.map((value, k) => (isZero(k) ? maskValue : value)) };
}

/** A planted fault, for checks that should notice it. */
export interface Faults {
  /** In the traced graph, before it is differentiated: its values must stay what they are. */
  readonly before?: Planting;
  /** In the gradients. */
  readonly after?: Planting;
  /** Of parameters that came with the fault. */
  readonly values?: ReadonlyMap<Node, HostValue>;
}

/** Throws unless all gradients of a case are right: of the input, given first states, and weights. */
export function checkNetwork(one: NetworkCase, faults: Faults = {}): readonly (HostValue | null)[] {
  const { results, wrt, values, dims } = prepared(one);
  const { before = (roots) => roots, after = (roots) => roots } = faults;
  const given = new Map([...values, ...(faults.values ?? [])]);
  return checkResults({ results: before(results), wrt, given, dims, planted: after });
}

/** Every activation there is. */
export const activations: readonly ActivationName[] = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "elu",
  "gelu",
  "silu",
  "softplus",
  "softsign",
  "softmax",
  "logSoftmax",
  "hardSigmoid",
  "exp",
];
