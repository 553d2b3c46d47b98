/**
 * Back-propagation through time, evaluated: for t = T ... 1 every delta with its terms, and what the step adds to the
 * gradient of every weight, in float64. No equation of a cell is written here: all of it is the derivative of the step
 * that the cell defines.
 *
 *   delta h_t = (from the output at t) + (from step t + 1)
 *   dW        = the sum over t = T ... 1 of h_{t-1}' delta a_t
 *
 * Rumelhart, Hinton, Williams 1986; Werbos 1990.
 */
import { differentiate } from "../../core/grad/gradients.ts";
import { partsOf } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/nodes.ts";
import { topological } from "../../core/graph/walk.ts";
import type { HostValue } from "../../core/run/reference.ts";
import { checkOptions, whole } from "../layers/options.ts";
import { type Network, networkOf } from "../model/network.ts";
import { sizeOf, type Tensor, tensorOf } from "../model/tensor.ts";
import type { DataOf, Signals, Targets } from "../model/types.ts";
import type { NamedTensor } from "../model/weights.ts";
import { lossOf } from "../train/objective.ts";
import { refuseUnless } from "../train/refuse.ts";
import { addPenaltyGradient, penaltyOf } from "../train/regularizers.ts";
import { type TextOptions, textOf } from "./backpropagationText.ts";
import { type Example, exampleOf, rowOf } from "./float64.ts";
import { type LectureNames, lectureNames, type Naming, namingCheck } from "./lecture.ts";
import { formOf, runOf } from "./run.ts";
import {
  capturedOf,
  type Scan,
  type ScanValues,
  type StepBack,
  stepAt,
  stepsBack,
  type Terms,
  total,
  zerosOf,
} from "./stepsBack.ts";
import { type Delta, placeOf, type View, viewOf } from "./view.ts";
import { madeOfWeights, meetingsOf, termsOfMeeting, termsOfScan, type WeightTerm } from "./weightTerms.ts";

/** One delta at one step, `[...]` as the value without batch and time. */
export interface StepDelta {
  readonly layer: string;
  /** The state or value: "h". */
  readonly name: string;
  /** The letter of the lectures, or "lstm_1.h". */
  readonly symbol: string;
  /** dL/d value: the sum of its terms. */
  readonly delta: Tensor;
  /** What comes from the outputs, or the layers above, at this step. */
  readonly fromOutput: Tensor;
  /** What comes from step t + 1; null where a value does not go from step to step. */
  readonly fromNext: Tensor | null;
}
/** The gradient of one weight, in the shape of the weight. */
export interface StepGradient {
  /** "simpleRNN_1/kernel" */
  readonly weight: string;
  /** The letter of the lectures, or the name. */
  readonly symbol: string;
  /** What this step adds. */
  readonly term: Tensor;
  /** The sum so far, from step T down to this one. */
  readonly sum: Tensor;
}
export interface BackpropagationStep {
  /** T ... 1. What `inspect` holds of it stands at `t - 1`. */
  readonly t: number;
  /** From the loss down. */
  readonly deltas: readonly StepDelta[];
  /** In the order of `getWeights`, those that are trained. */
  readonly gradients: readonly StepGradient[];
}
/** The records of the steps, t = T first. */
export interface BackpropagationSteps extends ReadonlyArray<BackpropagationStep> {
  readonly loss: number;
  /** The last sums and the gradients of penalties: those of `model.gradients` for this row. */
  readonly gradients: readonly NamedTensor[];
  /** All of it for people to follow. */
  toText(options?: TextOptions): string;
}
export interface BackpropagationOptions {
  /** The row of the batch. Default: 0. */
  readonly row?: number;
  /** Default: those of the lectures for one recurrent layer and a dense layer, else the layers' own. */
  readonly names?: Naming;
}

/** The equations of back-propagation through time, evaluated for one row of `x` and `y`. The model must be compiled. */
export async function backpropagationSteps<I extends Signals, O extends Signals>(
  model: { readonly inputs: I; readonly outputs: O },
  x: DataOf<I>,
  y: Targets<O>,
  options: BackpropagationOptions = {},
): Promise<BackpropagationSteps> {
  checkOptions("backpropagationSteps", options, { row: whole(0), names: namingCheck });
  const network = networkOf(model, x);
  const lecture = lectureNames(network, options.names);
  const { row = 0 } = options;
  const all = runOf(network, x, { y });
  refuseUnless(row < all.dataset.rows, {
    where: "backpropagationSteps(model, x, y, { row })",
    expected: `a row from 0 to ${all.dataset.rows - 1}`,
    got: String(row),
    fix: "Rows count from 0.",
  });
  const run = rowOf(all, row);
  const view = viewOf(network, run.wanted);
  const evaluated = evaluatedIn(exampleOf(run, view, row), view);
  const records = recordsOf(network, evaluated, lecture);
  const { loss, gradients } = withPenalties(network, evaluated.loss, records);
  return Object.assign(records, {
    loss,
    gradients,
    toText: (given: TextOptions = {}) => textOf({ records, loss, lecture }, given),
  });
}

/** One value that is shown, with its terms at step t of its own time, or at once. */
interface Shown extends Pick<Delta, "layer" | "name" | "group"> {
  readonly shape: readonly number[];
  /** Null outside the steps of this value. */
  readonly at: (
    t: number,
  ) => { readonly fromOutput: Float64Array; readonly fromNext: Float64Array | null } | null;
}
interface Evaluated {
  readonly loss: number;
  readonly steps: number;
  readonly shown: readonly Shown[];
  readonly terms: readonly WeightTerm[];
}

/** Everything between the loss and the weights, in numbers. */
function evaluatedIn(example: Example, view: View): Evaluated {
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
function inOrder({ deltas }: View, shown: readonly Shown[]): readonly Shown[] {
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
  const gradientOf = (kind: string, index: number): HostValue | null => {
    const node = [...delta.keys()].find(
      (one) =>
        one.op === "output" &&
        one.inputs[0] === scan &&
        one.attributes.result.kind === kind &&
        one.attributes.result.index === index,
    );
    return node ? (delta.get(node) ?? null) : null;
  };
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

function shownInside({ layer, name, group }: Delta, node: Node, terms: readonly Terms[]): Shown {
  return { layer, name, group, shape: node.shape.slice(1).map(Number), at: (t) => terms[t] ?? null };
}

/** Values outside the scans: with time each step has its own, without they belong to the last step. */
function shownOutside({ layer, name, group, of }: Delta, delta: HostValue | null, steps: number): Shown {
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

function recordsOf(
  network: Network,
  { steps, shown, terms }: Evaluated,
  lecture: LectureNames | null,
): readonly BackpropagationStep[] {
  const trained = network.variables.flatMap(({ trainable }, k) => (trainable ? [k] : []));
  const sums = network.variables.map(({ value }) => new Float64Array(value.length));
  return Array.from({ length: steps }, (_, k): BackpropagationStep => {
    const t = steps - 1 - k;
    const now = terms.filter(
      ({ at }) => at === t || (at === "before" && k === 0) || (at === "behind" && t === 0),
    );
    return {
      t: t + 1,
      deltas: shown.flatMap((one) => deltaAt(one, t, lecture)),
      gradients: trained.map((weight) => {
        const { name, shape } = network.variables[weight] as Network["variables"][number];
        const term = added(
          now.filter((one) => one.weight === weight),
          sums[weight]?.length ?? 0,
        );
        const sum = (sums[weight] as Float64Array).map((value, i) => value + (term[i] ?? 0));
        sums[weight] = sum;
        return {
          weight: name,
          symbol: lecture?.weights[name] ?? name,
          term: rounded(shape, term),
          sum: rounded(shape, sum),
        };
      }),
    };
  });
}

function deltaAt(
  { layer, name, shape, at }: Shown,
  t: number,
  lecture: LectureNames | null,
): readonly StepDelta[] {
  const terms = at(t);
  if (terms === null) return [];
  const { fromOutput, fromNext } = terms;
  const key = `${layer}.${name}`;
  return [
    {
      layer,
      name,
      symbol: lecture?.values[key] ?? key,
      delta: rounded(shape, fromNext ? total({ fromOutput, fromNext }) : fromOutput),
      fromOutput: rounded(shape, fromOutput),
      fromNext: fromNext && rounded(shape, fromNext),
    },
  ];
}

function added(terms: readonly WeightTerm[], length: number): Float64Array {
  const sum = new Float64Array(length);
  for (const { values } of terms) for (let k = 0; k < length; k++) sum[k] = (sum[k] ?? 0) + (values[k] ?? 0);
  return sum;
}

const rounded = (shape: readonly number[], values: Float64Array): Tensor =>
  tensorOf([...shape], Float32Array.from(values));

function withPenalties(
  { variables }: Network,
  loss: number,
  records: readonly BackpropagationStep[],
): Pick<BackpropagationSteps, "loss" | "gradients"> {
  const sums = new Map(records.at(-1)?.gradients.map(({ weight, sum }) => [weight, sum.data]));
  let penalty = 0;
  const gradients = variables.map(({ name, shape, value, trainable, regularizer }) => {
    const gradient = Float32Array.from(sums.get(name) ?? new Float32Array(value.length));
    if (trainable && regularizer !== null) {
      addPenaltyGradient(gradient, value, regularizer);
      penalty += penaltyOf(value, regularizer);
    }
    return Object.assign(tensorOf(shape, gradient), { name });
  });
  return { loss: loss + penalty, gradients };
}
