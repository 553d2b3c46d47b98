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

import { type Network, networkOf } from "../model/network.ts";
import { type Tensor, tensorOf } from "../model/tensor.ts";
import type { DataOf, Signals, Targets } from "../model/types.ts";
import type { NamedTensor } from "../model/weights.ts";
import { checkOptions, whole } from "../options.ts";
import { refuseUnless } from "../train/refuse.ts";
import { addPenaltyGradient, penaltyOf } from "../train/regularizers.ts";
import type { BackpropagationStep, StepDelta } from "./backpropagationStep.ts";
import { type TextOptions, textOf } from "./backpropagationText.ts";
import { type Evaluated, evaluatedIn, type ShownDelta } from "./evaluated.ts";
import { exampleOf, rowOf } from "./float64.ts";
import { type LectureNames, lectureNames, type Naming, namingCheck } from "./lecture.ts";
import { runOf } from "./run.ts";
import { total } from "./stepsBack.ts";
import { viewOf } from "./view.ts";
import type { WeightTerm } from "./weightTerms.ts";

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
  refuseUnless(y !== undefined, {
    where: "backpropagationSteps(model, x, y)",
    expected: "targets: the deltas are those of a loss",
    got: "none",
    fix: "Give y, what the model should say to x.",
  });
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
  const view = viewOf(network, { ...run.wanted, forced: true });
  const evaluated = evaluatedIn(exampleOf(run, view, row), view);
  const records = recordsOf(network, evaluated, lecture);
  const { loss, gradients } = withPenalties(network, evaluated.loss, records);
  return Object.assign(records, {
    loss,
    gradients,
    toText: (given: TextOptions = {}) => textOf({ records, loss, lecture }, given),
  });
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
  { layer, name, shape, at }: ShownDelta,
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
