/** A model with the data of one run that is looked into, and the views it is looked into with. */
import { type Dim, type Node, rows as rowsOf } from "../../core/graph/nodes.ts";
import type { Device } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import { atOnce } from "../breath.ts";
import { currentDevice } from "../device.ts";
import { boundsOf } from "../model/bounds.ts";
import { statesBefore } from "../model/carried.ts";
import { type Column, columnsOf, gathered } from "../model/data.ts";
import type { Network } from "../model/network.ts";
import { type InitialState, joined, layerOf, statesGiven } from "../model/predict.ts";
import type { Ragged } from "../model/ragged.ts";
import { sizeOf, type Tensor } from "../model/tensor.ts";
import { heldWeights } from "../model/weights.ts";
import { withFollowing } from "../times.ts";
import { type Dataset, type Feed, feedOf, orderOf } from "../train/batches.ts";
import { datasetOf, raggedTimes } from "../train/dataset.ts";
import { learnerIn } from "../train/learning.ts";
import { batchOf } from "../train/program.ts";
import { givenFor } from "../train/purpose.ts";
import { type View, viewOf, type Wanted } from "./view.ts";

/** A tensor, or a ragged batch where the sequences differ in length. */
export type Values = Tensor | Ragged;
/** A network with the data of one run. */
export interface Run {
  readonly network: Network;
  readonly device: Device;
  readonly dataset: Dataset;
  /** With the dimensions of time that follow from others, behind strides and windows. */
  readonly feed: Feed;
  /** First states from outside, by "layer/state". */
  readonly states: ReadonlyMap<string, Float32Array>;
  readonly wanted: Wanted;
}

interface Given {
  readonly y?: unknown;
  readonly initialState?: InitialState;
}

export function runOf(network: Network, x: unknown, { y, initialState = {} }: Given): Run {
  const learner = learnerIn(network);
  if (y !== undefined && learner === null) throw notCompiled();
  const data =
    y === undefined || learner === null ? null : atOnce(datasetOf(network, learner.compiled, { x, y }));
  const dataset = data ?? inputsAlone(atOnce(columnsOf(network, x, "inspect(model, x)")));
  const order = orderOf(dataset.rows, null);
  const columns = statesGiven(network, initialState, dataset.rows, "inspect(model, x, { initialState })");
  const given = [...columns].map(([name, column]): [string, Float32Array] => [
    name,
    gathered(column, order, 1) as Float32Array,
  ]);
  const states = new Map([...statesBefore(network, dataset.rows, {}), ...given]);
  return {
    network,
    device: currentDevice(),
    dataset,
    feed: withFollowing(network.times, feedOf(dataset, order)),
    states,
    wanted: {
      states: [...new Set([...states.keys()].map(layerOf))].sort(),
      bounds: boundsOf(network, dataset.inputs),
      given: data && learner ? givenFor(learner, data) : [],
      compiled: data && learner ? learner.compiled : null,
    },
  };
}

function notCompiled(): UnrollError {
  return new UnrollError({
    where: "inspect(model, x, { y })",
    expected: "a compiled model: the loss tells what the deltas are of",
    got: "one that was not compiled",
    fix: 'Call model.compile({ optimizer: "adam", loss: "meanSquaredError" }) first, or leave y out.',
  });
}

function inputsAlone(inputs: readonly Column[]): Dataset {
  const rows = inputs[0]?.rows ?? 0;
  return { rows, inputs, targets: [], sampleWeight: null, classWeight: null, ragged: raggedTimes(inputs) };
}

/** Views of a network, by what they were compiled for. */
const views = new WeakMap<Network, Map<object | null, Map<string, View>>>();

/** Made once for each way of looking. */
export function viewFor({ network, wanted }: Run): View {
  const ofNetwork = views.get(network) ?? new Map<object | null, Map<string, View>>();
  const all = ofNetwork.get(wanted.compiled) ?? new Map<string, View>();
  const key = JSON.stringify([wanted.states, wanted.given, wanted.bounds]);
  const view = all.get(key) ?? viewOf(network, wanted);
  // Compiled anew, the model has another loss: views with the one before are not wanted any more.
  const others = [...ofNetwork].filter(([compiled]) => compiled === null || wanted.compiled === null);
  views.set(network, new Map([...others, [wanted.compiled, all.set(key, view)]]));
  return view;
}

/** The arrays of the nodes of a view, batch-major, each made when it is first asked for. */
export async function arraysOf(run: Run, view: View): Promise<(node: Node) => Float32Array> {
  const { network, device } = run;
  const executable = view.executables.get(device) ?? device.compile(view.computation);
  view.executables.set(device, executable);
  const moment = { device, seed: network.seed, step: 0, states: run.states };
  const { batch } = batchOf(view, run.feed, moment);
  const held = await executable.hold({ ...batch, version: network.version }, heldWeights(network));
  const places = new Map(view.computation.outputs.map((node, k) => [node, k]));
  return (node) => held.output(places.get(node) as number); // everything a view shows is among its outputs
}

/** The dimension of time of a node, and what stands behind time and rows. */
export function formOf({ shape }: Node): { readonly time: Dim | null; readonly inner: readonly number[] } {
  const time = shape[1] === rowsOf ? (shape[0] ?? null) : null;
  return { time, inner: shape.slice(time === null ? 1 : 2).map(Number) };
}

export function valuesOf(
  { dataset: { inputs }, feed: { rows } }: Run,
  node: Node,
  array: Float32Array,
): Values {
  return joined(formOf(node), inputs, [{ rows, array }]);
}

/** Zeros of the form of a node. */
export function zerosOf(run: Run, node: Node): Values {
  const { rows, times } = run.feed;
  const { time, inner } = formOf(node);
  const steps = typeof time === "string" ? (times[time] ?? 1) : (time ?? 1);
  return valuesOf(run, node, new Float32Array(sizeOf([rows, steps, ...inner])));
}
