/**
 * The reference interpreter as a device: one thread, float64 from the first input to the last result,
 * weights and slots of a training included. Arrays are rounded to float32 only where they leave it.
 */
import { invariant } from "../../errors.ts";
import { parameter } from "../graph/build.ts";
import { type Node, rows, type Shape } from "../graph/nodes.ts";
import { substitute } from "../graph/rewrite.ts";
import type { Batch, Computation, Decide, Device, Executable, HostArray, Trainer, Update } from "./device.ts";
import { heldOf } from "./held.ts";
import { evaluate, type HostValue } from "./reference.ts";
import { countOf, expanded, swapped } from "./values.ts";

/** The device that every other one is tested against. */
export function referenceDevice(): Device {
  return {
    name: "reference",
    mode: "float64",
    shardRows: null,
    description: "reference interpreter, float64, one thread",
    compile: executableOf,
    train: trainerOf,
  };
}

function executableOf(computation: Computation): Executable {
  const runNow: Executable["runNow"] = (batch, weights, into) => {
    const { outputs, gradients } = results(
      computation,
      batch,
      weights.map((weight) => Float64Array.from(weight)),
    );
    const ends = computation.gradients.map(
      (_, k) => gradients[k] ?? new Float64Array(sizeOf(computation, k)),
    );
    const made = [...outputs, ...ends.map((gradient) => Float32Array.from(gradient))];
    into?.forEach((array, k) => array.set(made[k] ?? []));
    return into ?? made;
  };
  const executable: Executable = {
    runNow,
    run: async (batch, weights) => runNow(batch, weights),
    hold: async (batch, weights) => heldOf(executable, runNow(batch, weights)),
  };
  return executable;
}

function trainerOf(computation: Computation, updates: readonly (Update | null)[]): Trainer {
  invariant(updates.length === computation.weights.length, "reference: one update, or null, for each weight");
  const rules = updates.map((update, k) => update && vectorRuleOf(update, sizeOf(computation, k)));
  const zeros = (k: number): Float64Array => new Float64Array(sizeOf(computation, k));
  let weights: readonly Float64Array[] = updates.map((_, k) => zeros(k));
  let slots: readonly (readonly Float64Array[])[] = updates.map((update, k) =>
    (update?.slots ?? []).map(() => zeros(k)),
  );
  return {
    step: async (batch: Batch, decide: Decide) => {
      const { outputs, gradients } = results(computation, batch, weights);
      const squaredNorms = Float64Array.from(computation.weights, (_, k) => squaredNorm(gradients[k]));
      const scalars = await decide(squaredNorms, outputs);
      if (scalars === null) return outputs;
      const next = weights.map((weight, k) => {
        const [rule, gradient] = [rules[k], gradients[k]];
        const state = { weight, slots: slots[k] ?? [] };
        return rule && gradient ? rule(state, gradient, scalars[k] ?? []) : state;
      });
      weights = next.map((state) => state.weight);
      slots = next.map((state) => state.slots);
      return outputs;
    },
    read: () => ({
      weights: weights.map((weight) => Float32Array.from(weight)),
      slots: slots.map((own) => own.map((slot) => Float32Array.from(slot))),
    }),
    write: (newWeights, newSlots) => {
      weights = newWeights.map((weight) => Float64Array.from(weight));
      slots = newSlots.map((own) => own.map((slot) => Float64Array.from(slot)));
    },
    release: () => {
      weights = [];
      slots = [];
    },
  };
}

interface WeightState {
  readonly weight: Float64Array;
  readonly slots: readonly Float64Array[];
}

/** The rule for one element made one for all `size` elements: its parameters become vectors. */
function vectorRuleOf(
  update: Update,
  size: number,
): (state: WeightState, gradient: Float64Array, scalars: readonly number[]) => WeightState {
  const scalarOf = [update.weight, update.gradient, ...update.slots];
  const vectors = scalarOf.map(({ attributes }) => parameter(attributes.name, [size]));
  const replaced = new Map<Node, Node>(scalarOf.map((node, k) => [node, vectors[k] ?? node]));
  const roots = substitute([update.nextWeight, ...update.nextSlots], replaced);
  return ({ weight, slots }, gradient, scalars) => {
    invariant(scalars.length === update.scalars.length, "reference: one number for each scalar of an update");
    const given = new Map<Node, HostValue>();
    [weight, gradient, ...slots].forEach((data, k) => {
      const vector = vectors[k];
      if (vector) given.set(vector, { shape: [size], data });
    });
    for (const [k, scalar] of update.scalars.entries()) {
      given.set(scalar, { shape: [], data: Float64Array.of(scalars[k] ?? 0) });
    }
    const [next = weight, ...nextSlots] = evaluate(roots, given, {}).map((value) => expanded(value, [size]));
    return { weight: next, slots: nextSlots };
  };
}

interface Results {
  readonly outputs: readonly Float32Array[];
  /** Null where a weight has none. */
  readonly gradients: readonly (Float64Array | null)[];
}

function results(computation: Computation, batch: Batch, weights: readonly Float64Array[]): Results {
  const { inputs, outputs, gradients } = computation;
  const dims = { [rows]: batch.rows, ...batch.times };
  const lengths = lengthsOf(computation, batch);
  const given = new Map<Node, HostValue>();
  inputs.forEach((input, k) => {
    const array = batch.inputs[k];
    invariant(array, `reference: no array for the input "${input.attributes.name}"`);
    given.set(input, fromHost(array, input.shape, dims, lengths));
  });
  computation.weights.forEach((weight, k) => {
    const data = weights[k];
    invariant(data, `reference: no array for the weight "${weight.attributes.name}"`);
    given.set(weight, { shape: staticShape(weight.shape), data });
  });
  for (const [time, node] of Object.entries(computation.lengths)) {
    given.set(node, { shape: [batch.rows], data: Float64Array.from(lengths[time] ?? []) });
  }
  const roots = [...outputs, ...gradients.filter((gradient) => gradient !== null)];
  const ends = evaluate(roots, given, dims, { firstRow: batch.firstRow ?? 0 });
  const later = ends.slice(outputs.length).values();
  return {
    outputs: outputs.map(({ shape }, k) => toHost(ends[k]!, shape, lengths)),
    gradients: gradients.map((gradient) => gradient && (later.next().value?.data ?? null)),
  };
}

type Lengths = Readonly<Record<string, Int32Array>>;

/** The real steps of each row, by dimension of time. */
function lengthsOf({ lengths }: Computation, batch: Batch): Lengths {
  const times = Object.keys(lengths).map((time): [string, Int32Array] => {
    const steps = batch.times[time] ?? Number(time);
    invariant(Number.isInteger(steps), `reference: a batch without a number of steps for "${time}"`);
    return [time, batch.lengths?.[time] ?? new Int32Array(batch.rows).fill(steps)];
  });
  return Object.fromEntries(times);
}

/** `[rows, time, ...]` as `[time, rows, ...]`, zero beyond each row's length, whatever stood there. */
function fromHost(
  array: HostArray,
  shape: Shape,
  dims: Readonly<Record<string, number>>,
  lengths: Lengths,
): HostValue {
  const inside = shape.map((dim) => (typeof dim === "number" ? dim : (dims[dim] ?? 0)));
  invariant(
    array.length === countOf(inside),
    `reference: ${array.length} numbers for [${inside.join(", ")}]`,
  );
  const data = Float64Array.from(array);
  if (shape.indexOf(rows) !== 1) return { shape: inside, data };
  const [steps = 0, count = 0, ...rest] = inside;
  return cut(swapped({ shape: [count, steps, ...rest], data }), lengths[String(shape[0])]);
}

/** The way back. */
function toHost(value: HostValue, shape: Shape, lengths: Lengths): Float32Array {
  const byTime = shape.indexOf(rows) === 1;
  return Float32Array.from(byTime ? swapped(cut(value, lengths[String(shape[0])])).data : value.data);
}

/** `[time, rows, ...]` with zeros from each row's length on. */
function cut({ shape, data }: HostValue, lengths: Int32Array | undefined): HostValue {
  if (lengths === undefined) return { shape, data };
  const [, count = 0, ...rest] = shape;
  const size = countOf(rest);
  const real = (i: number): boolean =>
    Math.floor(i / (size * count)) < lengths[Math.floor(i / size) % count]!;
  return { shape, data: data.map((x, i) => (real(i) ? x : 0)) };
}

const staticShape = (shape: Shape): readonly number[] =>
  shape.map((dim) => {
    invariant(typeof dim === "number", `reference: a weight with the dimension "${dim}"`);
    return dim;
  });
const sizeOf = ({ weights }: Computation, k: number): number => countOf(staticShape(weights[k]?.shape ?? []));
const squaredNorm = (gradient: Float64Array | null | undefined): number =>
  gradient?.reduce((total, x) => total + x * x, 0) ?? 0;
