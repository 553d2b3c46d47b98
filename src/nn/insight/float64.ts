/** A run as a graph and its numbers in float64, for the reference interpreter, whatever the device is. */
import { type Node, rows as rowsDim } from "../../core/graph/nodes.ts";
import { evaluate, type HostValue } from "../../core/run/reference.ts";
import { referenceDevice } from "../../core/run/referenceDevice.ts";
import { swapped } from "../../core/run/values.ts";
import { withFollowing } from "../times.ts";
import { feedOf, part } from "../train/batches.ts";
import { batchOf } from "../train/program.ts";
import { formOf, type Run } from "./run.ts";
import type { View } from "./view.ts";

export interface Example {
  /** The values of nodes, sequences time-major. */
  readonly evaluate: (nodes: readonly Node[], more?: ReadonlyMap<Node, HostValue>) => readonly HostValue[];
  readonly given: ReadonlyMap<Node, HostValue>;
  readonly dims: Readonly<Record<string, number>>;
}

/** One row of a run, as a run of its own. */
export function rowOf(run: Run, row: number): Run {
  const dataset = part(run.dataset, row, row + 1);
  const states = [...run.states].map(([name, all]): [string, Float32Array] => {
    const size = all.length / run.dataset.rows;
    return [name, all.subarray(row * size, (row + 1) * size)];
  });
  const feed = withFollowing(run.network.times, feedOf(dataset, Uint32Array.of(0)));
  return { ...run, dataset, feed, states: new Map(states) };
}

/** The graph of `view` with the numbers of `run`. `firstRow` is the place of its first row, for random first states. */
export function exampleOf({ network, feed, states }: Run, view: View, firstRow = 0): Example {
  const { traced, computation } = view;
  const dims: Example["dims"] = { [rowsDim]: feed.rows, ...feed.times };
  const moment = { device: referenceDevice(), seed: network.seed, step: 0, states };
  const { batch } = batchOf(view, feed, moment);
  const given = new Map<Node, HostValue>();
  computation.inputs.forEach((input, k) => {
    const data = Float64Array.from(batch.inputs[k] ?? []);
    const { time } = formOf(input);
    const shape = input.shape.map((dim) => (typeof dim === "string" ? (dims[dim] ?? 1) : dim));
    const [steps = 1, count = 1, ...inner] = shape;
    given.set(input, time === null ? { shape, data } : swapped({ shape: [count, steps, ...inner], data }));
  });
  traced.weights.forEach((weight, k) => {
    const data = Float64Array.from(network.variables[k]?.value ?? []);
    given.set(weight, { shape: weight.shape.map(Number), data });
  });
  for (const [time, node] of Object.entries(traced.lengths)) {
    const even = new Int32Array(feed.rows).fill(feed.times[time] ?? Number(time));
    given.set(node, { shape: [feed.rows], data: Float64Array.from(feed.lengths[time] ?? even) });
  }
  return {
    given,
    dims,
    evaluate: (nodes, more = new Map()) => evaluate(nodes, new Map([...given, ...more]), dims, { firstRow }),
  };
}
