/**
 * Sensitivity: how a state or output at one step changes with an input or state at another.
 *
 *   J[i][j] = d to_t[i] / d from_s[j]      every way from s to t counts; zero where `to` comes before `from`
 *
 * Row i is one run of the reverse scan, begun with a one at element i of step t: as many runs as `to` has elements.
 */

import { parameter } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/nodes.ts";
import type { Computation, Device, Executable } from "../../core/run/device.ts";
import { invariant, UnrollError } from "../../errors.ts";
import { nearest } from "../../spelling.ts";
import { joined } from "../model/predict.ts";
import { sizeOf, type Tensor, tensorOf } from "../model/tensor.ts";
import { computationOf, inputsOf } from "../model/trace.ts";
import { heldWeights } from "../model/weights.ts";
import { checkOptions, record } from "../options.ts";
import { batchOf } from "../train/program.ts";
import { formOf, type Run, type Values, viewFor } from "./run.ts";
import { gradientsAt, type Place, placeOf, type View } from "./view.ts";

/** A step, from 0 on; negative ones count from the end of each row: -1 is its last. Left out where there is no time. */
interface AtStep {
  readonly step?: number;
}
/** A state or a named value of a layer. */
export type OfLayer =
  | { readonly layer: string; readonly state: string }
  | { readonly layer: string; readonly value: string };
export interface SensitivityQuestion {
  /** An input (by its place or name), or a state or value. Without `step`: at every step. */
  readonly from: AtStep & (OfLayer | { readonly input: number | string });
  /** A state or value, or an output of the model (by its place or name). */
  readonly to: AtStep & (OfLayer | { readonly output: number | string });
}
/** A tensor at one step; over every step ragged where the sequences differ in length. */
export type Jacobian<Q extends SensitivityQuestion> = Q["from"] extends { readonly step: number }
  ? Tensor
  : Values;

const where = "inspection.sensitivity({ from, to })";

/** `[batch, toSize, fromSize]`, or `[batch, time, toSize, fromSize]`. */
export async function sensitivityOf<const Q extends SensitivityQuestion>(
  run: Run,
  question: Q,
): Promise<Jacobian<Q>> {
  checkOptions("inspection.sensitivity", question, { from: record, to: record }, ["from", "to"]);
  const { from, to } = question;
  const [at, sides] = [stepOf(from), { from: sideOf(run, from, "from"), to: sideOf(run, to, "to") }];
  const { time, inner } = formOf(sides.from.node);
  const steps = at === undefined ? null : stepsAt(run, sides.from.node, at, "from");
  const jacobian = await jacobianOf(run, sides, stepsAt(run, sides.to.node, stepOf(to), "to"));
  const { rows } = run.feed;
  const size = [sizeOf(formOf(sides.to.node).inner), sizeOf(inner)];
  // The type of the answer follows from the question: with a step it is a tensor.
  const answer = (values: Values): Jacobian<Q> => values as Jacobian<Q>;
  if (time === null) return answer(tensorOf([rows, ...size], jacobian));
  if (steps === null)
    return answer(joined({ time, inner: size }, run.dataset.inputs, [{ rows, array: jacobian }]));
  const [width, count] = [sizeOf(size), stepsIn(run, sides.from.node)];
  const picked = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const start = (row * count + (steps[row] ?? 0)) * width;
    picked.set(jacobian.subarray(start, start + width), row * width);
  }
  return answer(tensorOf([rows, ...size], picked));
}

const stepOf = (side: unknown): number | undefined =>
  typeof side === "object" && side !== null && "step" in side ? (side.step as number | undefined) : undefined;

export interface Sides {
  readonly from: Place;
  readonly to: Place;
}

/** Every step of the Jacobian, `[rows, time, toSize, fromSize]`, for `to` at the step of each row. */
export async function jacobianOf(run: Run, sides: Sides, steps: readonly number[]): Promise<Float32Array> {
  const { network, device, feed, states } = run;
  const view = plainView(run);
  const [toSize, fromSize] = [sides.to, sides.from].map(({ node }) => sizeOf(formOf(node).inner)) as [
    number,
    number,
  ];
  const [toSteps, fromSteps] = [stepsIn(run, sides.to.node), stepsIn(run, sides.from.node)];
  const made = new Float32Array(feed.rows * fromSteps * toSize * fromSize);
  const backward = backwardOf(view, sides);
  if (backward === null) return made;
  const executable = backward.executables.get(device) ?? device.compile(backward.computation);
  backward.executables.set(device, executable);
  const { batch } = batchOf(view, feed, { device, seed: network.seed, step: 0, states });
  for (let k = 0; k < toSize; k++) {
    const seed = new Float32Array(feed.rows * toSteps * toSize);
    steps.forEach((step, row) => {
      seed[(row * toSteps + step) * toSize + k] = 1;
    });
    const inputs = [...batch.inputs, seed];
    const [row] = await executable.run({ ...batch, inputs, version: network.version }, heldWeights(network));
    invariant(row, "sensitivity: one gradient");
    for (let at = 0; at < feed.rows * fromSteps; at++)
      made.set(row.subarray(at * fromSize, (at + 1) * fromSize), (at * toSize + k) * fromSize);
  }
  return made;
}

/** The run without losses. */
export const plainView = (run: Run): View =>
  viewFor({ ...run, wanted: { ...run.wanted, given: [], compiled: null } });

interface Backward {
  readonly computation: Computation;
  readonly executables: WeakMap<Device, Executable>;
}
const backwards = new WeakMap<View, Map<string, Backward | null>>();

/** From a seed of the form of `to` to the gradient of `from`; null where `to` does not depend on it. */
function backwardOf(view: View, { from, to }: Sides): Backward | null {
  const ofView = backwards.get(view) ?? new Map<string, Backward | null>();
  backwards.set(view, ofView);
  const nodes = [...view.traced.inputs, ...view.outputs, ...view.shown.map(({ node }) => node)];
  const key = [from, to].map(({ node, inside }) => `${nodes.indexOf(node)} ${inside !== null}`).join();
  if (!ofView.has(key)) ofView.set(key, differentiated(view, from, to));
  return ofView.get(key) ?? null;
}

function differentiated({ traced }: View, from: Place, to: Place): Backward | null {
  const seed = parameter("seed", to.node.shape);
  const [gradient] = gradientsAt([to.node], [from], [seed]).gradientAt;
  if (!gradient) return null;
  const computation = { ...computationOf(traced, [gradient]), inputs: [...inputsOf(traced), seed] };
  return { computation, executables: new WeakMap() };
}

/** The node that one side of a question names. */
function sideOf(run: Run, given: unknown, side: "from" | "to"): Place {
  const view = plainView(run);
  const { network } = run;
  const ends = side === "from" ? "input" : "output";
  const asked = (typeof given === "object" && given !== null ? given : {}) as Readonly<
    Record<string, unknown>
  >;
  if (asked[ends] !== undefined) {
    const all = side === "from" ? network.inputs : network.outputs;
    const nodes = side === "from" ? view.traced.inputs : view.outputs;
    const k =
      typeof asked[ends] === "number" ? asked[ends] : all.findIndex(({ name }) => name === asked[ends]);
    const node = nodes[k];
    if (node === undefined)
      throw unknown(
        `${side}.${ends}`,
        all.map(({ name }, at) => `${at} "${name}"`),
        asked[ends],
      );
    if (node.dtype === "float32") return { node, inside: null, turned: null };
    throw new UnrollError({
      where: `${where}, from.input`,
      expected: "an input of real numbers",
      got: "tokens, which have no derivative",
      fix: 'Ask for the vectors that stand for them: { layer: "embedding_1", value: "output" }.',
    });
  }
  return ofLayer(view, asked, side, ends);
}

function ofLayer(
  { shown }: View,
  { layer, state, value }: Readonly<Record<string, unknown>>,
  side: string,
  ends: string,
): Place {
  const name = state ?? value;
  if (layer === undefined || name === undefined)
    throw new UnrollError({
      where: `${where}, ${side}`,
      expected: `{ ${ends}, step }, { layer, state, step } or { layer, value, step }`,
      got: layer === undefined ? "no layer" : "a layer without state or value",
      fix: `Say what it is, such as ${side}: { layer: "lstm_1", state: "h", step: -1 }.`,
    });
  const own = shown.filter((one) => one.layer === layer);
  if (own.length === 0) throw unknown(`${side}.layer`, [...new Set(shown.map((one) => one.layer))], layer);
  const found = own.find((one) => one.name === name);
  if (found === undefined)
    throw unknown(
      `${side}, ${layer}`,
      own.map((one) => one.name),
      name,
    );
  return placeOf(found.group, found.node);
}

function unknown(place: string, known: readonly string[], got: unknown): UnrollError {
  const near = typeof got === "string" ? nearest(got, known) : undefined;
  return new UnrollError({
    where: `${where}, ${place}`,
    expected: `one of ${known.join(", ")}`,
    got: JSON.stringify(got) ?? "nothing",
    fix: near === undefined ? "Take one of these." : `Did you mean "${near}"?`,
  });
}

/** Steps of a node in this run, 1 where it has no time. */
export function stepsIn({ feed }: Run, node: Node): number {
  const { time } = formOf(node);
  return typeof time === "string" ? (feed.times[time] ?? 1) : (time ?? 1);
}

/** The steps of each row. */
export function lengthsIn(run: Run, node: Node): readonly number[] {
  const { time } = formOf(node);
  const { rows, lengths } = run.feed;
  const own = typeof time === "string" ? lengths[time] : undefined;
  return Array.from({ length: rows }, (_, row) => own?.[row] ?? stepsIn(run, node));
}

/** The place of a step in each row. Throws an UnrollError where a row does not have it. */
export function stepsAt(run: Run, node: Node, step: number | undefined, side: string): readonly number[] {
  const { time } = formOf(node);
  const fault = (expected: string, got: string): UnrollError =>
    new UnrollError({
      where: `${where}, ${side}.step`,
      expected,
      got,
      fix: "Steps count from 0, or from -1 backwards.",
    });
  if (time === null) {
    if (step !== undefined) throw fault("none: it has no time", String(step));
    return Array.from({ length: run.feed.rows }, () => 0);
  }
  if (!Number.isInteger(step)) throw fault("a step, a whole number", String(step));
  const asked = step as number;
  return lengthsIn(run, node).map((length, row) => {
    const at = asked < 0 ? length + asked : asked;
    if (at < 0 || at >= length) throw fault(`a step of row ${row}, which has ${length}`, String(asked));
    return at;
  });
}
