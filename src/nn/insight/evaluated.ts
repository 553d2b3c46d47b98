/**
 * Everything between the loss of one example and its weights, in numbers: every delta with its terms at every step, and
 * what every step adds to every weight.
 */
import { differentiate } from "../../core/grad/gradients.ts";
import { partsOf } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/nodes.ts";
import { topological } from "../../core/graph/walk.ts";
import type { HostValue } from "../../core/run/reference.ts";
import { sizeOf } from "../model/tensor.ts";
import { lossOf } from "../train/objective.ts";
import type { Example } from "./float64.ts";
import { formOf } from "./run.ts";
import {
  capturedOf,
  type Scan,
  type ScanValues,
  type StepBack,
  stepAt,
  stepsBack,
  type Terms,
  zerosOf,
} from "./stepsBack.ts";
import { type Delta, placeOf, type View } from "./view.ts";
import { madeOfWeights, meetingsOf, termsOfMeeting, termsOfScan, type WeightTerm } from "./weightTerms.ts";

/** One value that is shown, with its terms at step t of its own time, or at once. */
export interface ShownDelta extends Pick<Delta, "layer" | "name" | "group"> {
  readonly shape: readonly number[];
  /** Null outside the steps of this value. */
  readonly at: (
    t: number,
  ) => { readonly fromOutput: Float64Array; readonly fromNext: Float64Array | null } | null;
}
export interface Evaluated {
  readonly loss: number;
  readonly steps: number;
  readonly shown: readonly ShownDelta[];
  readonly terms: readonly WeightTerm[];
}

/** Everything between the loss and the weights, in numbers. */
export function evaluatedIn(example: Example, view: View): Evaluated {
  const loss = lossOf(view.parts);
  const order = topological([loss]);
  const { weights } = view.traced;
  const ofWeights = madeOfWeights(order, weights);
  const meetings = meetingsOf(order, ofWeights);
  const outside = view.deltas.filter((one) => placeOf(one.group, one.of).inside === null);
  const results = order.filter((node) => node.op === "output");
  const wrt = [...results, ...meetings, ...outside.map(({ of }) => of)];
  const { gradients } = differentiate({ roots: [loss], wrt });
  const asked = gradients.filter((gradient) => gradient !== null);
  const [value, ...found] = example.evaluate([loss, ...asked]);
  const values = found.values();
  const delta = new Map<Node, HostValue>();
  gradients.forEach((gradient, k) => gradient && delta.set(wrt[k] as Node, values.next().value as HostValue));

  const scans = order.filter((node) => node.op === "scan");
  const inScans = scans.map((scan) => scanIn(example, view, scan, delta));
  const steps = Math.max(
    1,
    ...Object.values(view.traced.lengths).map((node) => example.given.get(node)?.data[0] ?? 1),
  );
  const above = outside.map((one) => shownOutside(one, delta.get(one.of) ?? null, steps));
  const met = meetings.flatMap((node) => {
    const own = delta.get(node);
    return own ? termsOfMeeting(example, node, own, { weights, ofWeights }) : [];
  });
  return {
    loss: value?.data[0] ?? 0,
    steps,
    shown: inOrder(view, [...above, ...inScans.flatMap(({ shown }) => shown)]),
    terms: [...met, ...inScans.flatMap(({ terms }) => terms)],
  };
}

/** From the loss down: the layers of the last calls first. */
function inOrder({ deltas }: View, shown: readonly ShownDelta[]): readonly ShownDelta[] {
  const layers = [...new Set(deltas.map(({ layer }) => layer))].reverse();
  return layers.flatMap((layer) => shown.filter((one) => one.layer === layer));
}

function scanIn(
  example: Example,
  view: View,
  scan: Scan,
  delta: ReadonlyMap<Node, HostValue>,
): Pick<Evaluated, "shown" | "terms"> {
  const { lengths, initial, sequences, body } = partsOf(scan);
  const own = view.deltas.filter((one) => placeOf(one.group, one.of).inside?.inputs[0] === scan);
  const wanted = own.map(
    (one) => body.stacked[placeOf(one.group, one.of).inside?.attributes.result.index ?? 0] as Node,
  );
  const ends = [lengths, ...initial, ...sequences, ...capturedOf(scan)];
  const [length, ...numbers] = example.evaluate(ends);
  // What a layer gives twice, as its output and as its last state, is two nodes.
  const gradientOf = (kind: string, index: number): HostValue | null =>
    [...delta].reduce<HostValue | null>((sum, [one, { shape, data }]) => {
      if (one.op !== "output" || one.inputs[0] !== scan) return sum;
      const { result } = one.attributes;
      if (result.kind !== kind || result.index !== index) return sum;
      return { shape, data: data.map((value, k) => value + (sum?.data[k] ?? 0)) };
    }, null);
  const given: ScanValues = {
    steps: length?.data[0] ?? 0,
    dims: example.dims,
    initial: numbers.slice(0, initial.length),
    sequences: numbers.slice(initial.length, initial.length + sequences.length),
    captured: numbers.slice(initial.length + sequences.length),
    ofStacked: body.stacked.map((_, k) => gradientOf("stacked", k)),
    ofFinal: body.next.map((_, k) => gradientOf("final", k)),
  };
  const steps = stepsBack(scan, given, wanted);
  return {
    shown: own.map((one, k) =>
      shownInside(
        one,
        wanted[k] as Node,
        steps.map(({ values }: StepBack) => values[k] as Terms),
      ),
    ),
    terms: termsOfScan(example, scan, steps, view.traced.weights),
  };
}

function shownInside({ layer, name, group }: Delta, node: Node, terms: readonly Terms[]): ShownDelta {
  return { layer, name, group, shape: node.shape.slice(1).map(Number), at: (t) => terms[t] ?? null };
}

/** Values outside the scans: with time each step has its own, without they belong to the last step. */
function shownOutside({ layer, name, group, of }: Delta, delta: HostValue | null, steps: number): ShownDelta {
  const { time, inner } = formOf(of);
  const zeros = zerosOf(of).data;
  const at = (t: number): Float64Array | null => {
    if (time === null) return t === steps - 1 ? ((delta?.data ?? zeros) as Float64Array) : null;
    if (delta === null) return new Float64Array(sizeOf(inner));
    return t < (delta.shape[0] ?? 0) ? (stepAt(delta, t).data as Float64Array) : null;
  };
  return {
    layer,
    name,
    group,
    shape: inner,
    at: (t) => {
      const fromOutput = at(t);
      return fromOutput && { fromOutput, fromNext: null };
    },
  };
}
