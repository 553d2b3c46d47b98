/** A model run on a device with everything that an outside system tells of it: outputs, states, gradients. */

import { differentiate } from "../../src/core/grad/gradients.ts";
import { parameter } from "../../src/core/graph/build.ts";
import type { Node } from "../../src/core/graph/nodes.ts";
import { add, mul, sum, sumLeading } from "../../src/core/graph/operators.ts";
import { rewrite } from "../../src/core/graph/rewrite.ts";
import { verify } from "../../src/core/graph/verify.ts";
import { simplify } from "../../src/core/plan/simplify.ts";
import type { Device, HostArray, Parameter } from "../../src/core/run/device.ts";
import { atOnce } from "../../src/nn/breath.ts";
import { boundsOf } from "../../src/nn/model/bounds.ts";
import { columnsOf, gathered } from "../../src/nn/model/data.ts";
import { endsOf } from "../../src/nn/model/ends.ts";
import type { Network } from "../../src/nn/model/network.ts";
import { computationOf, type Traced, trace } from "../../src/nn/model/trace.ts";
import { withFollowing } from "../../src/nn/times.ts";

export type Nested = number | readonly Nested[];
export const flat = (values: Nested | null | undefined): number[] =>
  values === null || values === undefined ? [] : typeof values === "number" ? [values] : values.flatMap(flat);

export interface Case {
  readonly x: Nested;
  readonly lengths: readonly number[] | null;
  /** First states by "layer/state". */
  readonly states: Readonly<Record<string, Nested>>;
  /** Of the loss, sum(coefficients * output): one for each output. */
  readonly coefficients: readonly Nested[];
  /** The same for final states, by "layer/state". */
  readonly finals: Readonly<Record<string, Nested>>;
  /**
   * What is drawn in training, by "layer/salt", batch first, in the place of a device's own numbers. Default: none;
   * nothing is drawn outside of training.
   */
  readonly drawn?: Readonly<Record<string, Nested>> | undefined;
  /** What is done to the traced graph before it is differentiated: a planted fault. Default: nothing. */
  readonly planted?: (roots: readonly Node[]) => readonly Node[];
}
export interface Measured {
  readonly outputs: readonly (readonly number[])[];
  readonly finals: Readonly<Record<string, readonly number[]>>;
  readonly weightGradients: readonly (readonly number[])[];
  /** Of all inputs of numbers, one after the other. */
  readonly inputGradient: readonly number[];
  readonly stateGradients: Readonly<Record<string, readonly number[]>>;
}

export function measure(network: Network, given: Case, device: Device): Measured {
  const layers = [...new Set(Object.keys(given.states).map((name) => name.split("/")[0] ?? ""))];
  const columns = atOnce(columnsOf(network, given.x, "x"));
  const traced = trace(network, {
    training: given.drawn !== undefined,
    states: layers,
    bounds: boundsOf(network, columns),
  });
  const { planted = (roots) => roots } = given;
  const said = withDrawn(
    [...traced.outputs.map(({ node }) => node), ...traced.states.map(({ final }) => final)],
    traced,
    given.drawn ?? {},
  );
  const ends = planted(said.roots);
  const outputs = ends.slice(0, traced.outputs.length);
  const finals = ends.slice(traced.outputs.length);
  const names = traced.states.map(({ layer, name }) => `${layer}/${name}`);
  const terms: (Given & { readonly node: Node })[] = [];
  const count = (node: Node, values: Nested | undefined): void => {
    if (values !== undefined) terms.push({ node, by: parameter(`by_${terms.length}`, node.shape), values });
  };
  outputs.forEach((node, k) => {
    count(node, given.coefficients[k]);
  });
  finals.forEach((node, k) => {
    count(node, given.finals[names[k] ?? ""]);
  });
  const total = terms
    .map(({ node, by }) => sumLeading(sum(mul(node, by)), node.shape.length - 1))
    .reduce((a, b) => add(a, b));
  const firsts = traced.states.flatMap(({ initial }) => initial ?? []);
  const real = traced.inputs.filter(({ dtype }) => dtype === "float32");
  const wrt = [...real, ...firsts, ...traced.weights];
  verify([total, ...finals], "trace");
  const answer = differentiate({ roots: simplify([total, ...outputs, ...finals]), wrt });
  verify([...answer.roots, ...answer.gradients.filter((node) => node !== null)], "differentiate");
  const found = answer.gradients.slice(0, real.length + firsts.length).filter((node) => node !== null);
  const computation = computationOf(
    traced,
    [...answer.roots.slice(1), ...found],
    answer.gradients.slice(real.length + firsts.length),
  );
  const rows = columns[0]?.rows ?? 0;
  const order = Array.from({ length: rows }, (_, k) => k);
  const [time] = network.times;
  const times: Record<string, number> = {};
  for (const { time: own, lengths } of columns) if (own !== null) times[own] = Math.max(...lengths);
  const own = given.lengths && time ? { [time]: Int32Array.from(given.lengths) } : {};
  const extents = withFollowing(network.times, { rows, times, lengths: own });
  const inputs: HostArray[] = [
    ...columns.map((column) => gathered(column, order, column.time === null ? 1 : (times[column.time] ?? 1))),
    ...endsOf(traced, extents),
    ...traced.keys.map(() => new Int32Array(2)),
    ...traced.states.flatMap(({ initial }, k) =>
      initial ? Float32Array.from(flat(given.states[names[k] ?? ""])) : [],
    ),
    ...[...terms, ...said.drawn].map(({ values }) => Float32Array.from(flat(values))),
  ];
  const batch = { ...extents, inputs };
  const weights = network.variables.map(({ value }) => value);
  const results = device
    .compile({
      ...computation,
      inputs: [...computation.inputs, ...[...terms, ...said.drawn].map(({ by }) => by)],
    })
    .runNow(batch, weights)
    .map((array) => Array.from(array));
  const next = results.values();
  const take = (): readonly number[] => next.next().value ?? [];
  const taken = <T>(items: readonly T[]): (readonly number[])[] => items.map(take);
  const outputArrays = taken(outputs);
  const finalArrays = taken(finals);
  const gradientOf = (node: Node | null | undefined): readonly number[] => (node ? take() : []);
  const inputGradient = real.flatMap((_, k) => gradientOf(answer.gradients[k]));
  const stateArrays = firsts.map((_, k) => gradientOf(answer.gradients[real.length + k]));
  const givenNames = names.filter((_, k) => traced.states[k]?.initial);
  return {
    outputs: outputArrays,
    finals: Object.fromEntries(names.map((name, k) => [name, finalArrays[k] ?? []])),
    weightGradients: taken(traced.weights),
    inputGradient,
    stateGradients: Object.fromEntries(givenNames.map((name, k) => [name, stateArrays[k] ?? []])),
  };
}

interface Given {
  readonly by: Parameter;
  readonly values: Nested;
}

/** Throws where something is drawn that is not given, or the other way round. */
function withDrawn(
  roots: readonly Node[],
  { keys }: Traced,
  given: Readonly<Record<string, Nested>>,
): { readonly roots: readonly Node[]; readonly drawn: readonly Given[] } {
  const drawn = new Map<string, Given>();
  const replaced = rewrite(roots, (node) => {
    if (node.op !== "random") return node;
    const salt = keys.find(({ parameter: key }) => key === node.inputs[0])?.salt ?? "";
    const values = given[salt];
    if (values === undefined) throw new Error(`No numbers are given for "${salt}".`);
    const by = drawn.get(salt)?.by ?? parameter(`drawn_${drawn.size}`, node.shape);
    drawn.set(salt, { by, values });
    return by;
  });
  const unused = Object.keys(given).filter((salt) => !drawn.has(salt));
  if (unused.length > 0) throw new Error(`Nothing is drawn for "${unused.join('", "')}".`);
  return { roots: replaced, drawn: [...drawn.values()] };
}
