/**
 * The steps of one scan from the last to the first, each on its own: the derivatives of the step at its numbers, once
 * for what comes from the outputs at t and once for what comes from step t + 1. Their sum is the delta.
 *
 *   delta v_t  =  (d out_t / d v_t)' dL/d out_t  +  (d s_t / d v_t)' delta s_t         s_t: the states behind step t
 *                 from the output                   from step t + 1
 */
import { differentiate } from "../../core/grad/gradients.ts";
import { parameter, partsOf, zeros } from "../../core/graph/build.ts";
import type { Node, NodeOf } from "../../core/graph/nodes.ts";
import { bodyNodes, resultsOf } from "../../core/graph/walk.ts";
import { evaluate, type HostValue } from "../../core/run/reference.ts";

export type Scan = NodeOf<"scan">;
/** The numbers that a scan is run with, for one row. */
export interface ScanValues {
  readonly steps: number;
  readonly dims: Readonly<Record<string, number>>;
  readonly initial: readonly HostValue[];
  /** `[time, 1, ...]` */
  readonly sequences: readonly HostValue[];
  readonly captured: readonly HostValue[];
  /** dL/d of each stacked result, not counting what later steps make of it; null for zero. */
  readonly ofStacked: readonly (HostValue | null)[];
  /** The same for the last states. */
  readonly ofFinal: readonly (HostValue | null)[];
}
/** One value at one step. */
export interface Terms {
  readonly fromOutput: Float64Array;
  readonly fromNext: Float64Array;
}
export interface StepBack {
  /** One for each of the values asked for. */
  readonly values: readonly Terms[];
  /** What this step adds to the gradient of each captured node. */
  readonly captured: readonly Float64Array[];
}

export const capturedOf = (scan: Scan): readonly Node[] => {
  const { body } = partsOf(scan);
  return scan.inputs.slice(1 + body.carried.length + body.sequences.length);
};

/** Step `t` of the answer is step t of the scan; `wanted` are nodes of its body. */
export function stepsBack(scan: Scan, numbers: ScanValues, wanted: readonly Node[]): readonly StepBack[] {
  const { body } = partsOf(scan);
  const back = differentiated(scan, wanted);
  const before = statesBefore(scan, numbers);
  const made: StepBack[] = [];
  let deltas: readonly HostValue[] = body.carried.map(zerosOf);
  for (let t = numbers.steps - 1; t >= 0; t--) {
    const last = t === numbers.steps - 1;
    const given = new Map([...givenAt(scan, numbers, t, before[t] ?? [])]);
    back.ofNext.forEach((seed, k) => void given.set(seed, deltas[k] as HostValue));
    back.ofFinal.forEach(
      (seed, k) => void given.set(seed, (last ? numbers.ofFinal[k] : null) ?? zerosOf(seed)),
    );
    back.ofStacked.forEach((seed, k) => {
      const all = numbers.ofStacked[k];
      given.set(seed, all ? stepAt(all, t) : zerosOf(seed));
    });
    const [outputs, next] = [back.fromOutput, back.fromNext].map((nodes) =>
      evaluate(nodes, given, numbers.dims),
    );
    const terms = (outputs ?? []).map(
      ({ data }, k): Terms => ({
        fromOutput: data as Float64Array,
        fromNext: next?.[k]?.data as Float64Array,
      }),
    );
    const [states, values] = [body.carried.length, body.carried.length + wanted.length];
    deltas = terms
      .slice(0, states)
      .map((both, k) => ({ shape: body.carried[k]?.shape.map(sizeIn) ?? [], data: total(both) }));
    made[t] = { values: terms.slice(states, values), captured: terms.slice(values).map(total) };
  }
  return made;
}

export const total = ({ fromOutput, fromNext }: Terms): Float64Array =>
  fromOutput.map((value, k) => value + (fromNext[k] ?? 0));

interface Differentiated {
  readonly ofNext: readonly Node[];
  readonly ofFinal: readonly Node[];
  readonly ofStacked: readonly Node[];
  /** Gradients of the states before the step, of the values wanted, and of the captured nodes. */
  readonly fromOutput: readonly Node[];
  readonly fromNext: readonly Node[];
}

function differentiated(scan: Scan, wanted: readonly Node[]): Differentiated {
  const { body } = partsOf(scan);
  const own = bodyNodes(body);
  const captured = capturedOf(scan);
  const wrt = [...body.carried, ...wanted, ...captured];
  const seeds = (name: string, nodes: readonly Node[]): readonly Node[] =>
    nodes.map((node, k) => parameter(`${name}.${k}`, node.shape));
  const [ofNext, ofFinal, ofStacked] = [
    seeds("next", body.next),
    seeds("final", body.next),
    seeds("stacked", body.stacked),
  ];
  const nothing = (nodes: readonly Node[]): readonly null[] => nodes.map(() => null);
  const from = (given: readonly (Node | null)[]): readonly Node[] => {
    const { gradients } = differentiate({ roots: resultsOf(body), seeds: given, wrt, own });
    return gradients.map((gradient, k) => gradient ?? zeros(wrt[k]?.shape ?? []));
  };
  return {
    ofNext,
    ofFinal,
    ofStacked,
    fromOutput: from([...ofFinal, ...ofStacked, ...nothing(body.summed)]),
    fromNext: from([...ofNext, ...nothing([...body.stacked, ...body.summed])]),
  };
}

/** The states before each step. */
function statesBefore(scan: Scan, numbers: ScanValues): readonly (readonly HostValue[])[] {
  const { body } = partsOf(scan);
  const all: (readonly HostValue[])[] = [];
  let states = numbers.initial;
  for (let t = 0; t < numbers.steps; t++) {
    all.push(states);
    states = evaluate(body.next, givenAt(scan, numbers, t, states), numbers.dims);
  }
  return all;
}

function givenAt(
  scan: Scan,
  { sequences, captured }: ScanValues,
  t: number,
  states: readonly HostValue[],
): Map<Node, HostValue> {
  const { body } = partsOf(scan);
  const given = new Map<Node, HostValue>();
  body.carried.forEach((state, k) => void given.set(state, states[k] as HostValue));
  body.sequences.forEach((slice, k) => void given.set(slice, stepAt(sequences[k] as HostValue, t)));
  capturedOf(scan).forEach((node, k) => void given.set(node, captured[k] as HostValue));
  return given;
}

/** One step of `[time, 1, ...]`. */
export function stepAt({ shape: [, ...inner], data }: HostValue, t: number): HostValue {
  const size = inner.reduce((product, dim) => product * dim, 1);
  return { shape: inner, data: data.slice(t * size, (t + 1) * size) };
}

/** Of a node for one row. */
const sizeIn = (dim: number | string): number => (typeof dim === "number" ? dim : 1);
export function zerosOf({ shape }: Node): HostValue {
  const sizes = shape.map(sizeIn);
  return { shape: sizes, data: new Float64Array(sizes.reduce((product, dim) => product * dim, 1)) };
}
