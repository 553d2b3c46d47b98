/** The place and the state of a training in a file: all but weights and architecture, with its arrays beside it. */
import type { Node } from "../../core/graph/nodes.ts";
import { stateName } from "../model/carried.ts";
import { countAt, fault, fieldsAt, listAt, numberAt, textAt } from "../model/fields.ts";
import type { Network } from "../model/network.ts";
import type { StoredTensor, StoredTensors } from "../model/safetensors.ts";
import { trace } from "../model/trace.ts";
import { shortened, spelt } from "../options.ts";
import { packed, unpacked } from "./packed.ts";
import type { Run, TrainingState } from "./state.ts";

/** What every tensor begins with that is no weight; no layer has a "." in its name. */
export const extra = "training.";

type Carried = Network["carried"];
type CarriedStates = Readonly<Record<string, Float32Array>>;

/** `slots`: the names of the optimizer's slots. */
export function stateConfig(
  state: TrainingState,
  network: Network,
  slots: readonly string[],
  tensors: Map<string, StoredTensor>,
): object {
  network.variables.forEach(({ name, shape }, k) => {
    state.slots[k]?.forEach((data, j) => {
      tensors.set(slotName(slots[j] ?? "", name), { dtype: "F32", shape, data });
    });
  });
  const { step, epochs, seed, run } = state;
  return { step, epochs, seed, slots, run: run && packed(run, `${extra}run`, tensors) };
}

/** As {@link stateConfig} wrote it. Throws an UnrollError that names the field. */
export function stateFrom(
  config: unknown,
  network: Network,
  tensors: StoredTensors,
  where: string,
): TrainingState {
  const { step, epochs, seed, slots, run } = fieldsAt(config, where, [
    "step",
    "epochs",
    "seed",
    "slots",
    "run",
  ]);
  const names = listAt(slots, `${where}.slots`, 16).map((name, k) => textAt(name, `${where}.slots[${k}]`));
  return {
    step: countAt(step, `${where}.step`),
    epochs: countAt(epochs, `${where}.epochs`),
    seed: countAt(seed, `${where}.seed`),
    slots: network.variables.map(({ name, trainable, value }) =>
      trainable ? names.map((slot) => arrayFrom(tensors, slotName(slot, name), value.length, where)) : [],
    ),
    run: run === null ? null : runFrom(unpacked(run, tensors, `${where}.run`), network, `${where}.run`),
  };
}

const slotName = (slot: string, variable: string): string => `${extra}slots/${slot}/${variable}`;

function arrayFrom(tensors: StoredTensors, name: string, length: number, where: string): Float32Array {
  const data = tensors.get(name)?.data;
  if (data instanceof Float32Array && data.length === length) return data;
  throw fault(
    where,
    `a tensor ${spelt(name)} of ${length} numbers, F32`,
    data === undefined ? "none" : "another",
  );
}

const runNames = ["epoch", "batch", "piece", "sums", "history", "callbacks", "carried", "data"];

function runFrom(value: unknown, network: Network, where: string): Run {
  const run = fieldsAt(value, where, runNames);
  const { sums } = run;
  return {
    epoch: countAt(run["epoch"], `${where}.epoch`),
    batch: countAt(run["batch"], `${where}.batch`),
    piece: countAt(run["piece"], `${where}.piece`),
    sums:
      sums === null
        ? null
        : listAt(sums, `${where}.sums`).map((sum, k) => figureAt(sum, `${where}.sums[${k}]`)),
    history: historyFrom(run["history"], `${where}.history`),
    callbacks: listAt(run["callbacks"], `${where}.callbacks`, 1000),
    carried: carriedBetween(run["carried"], network, `${where}.carried`),
    data: textAt(run["data"], `${where}.data`),
  };
}

function historyFrom(value: unknown, where: string): Run["history"] {
  const { epoch, history } = fieldsAt(value, where, ["epoch", "history"]);
  const figures = Object.entries(fieldsAt(history, `${where}.history`)).map(
    ([name, list]): [string, number[]] => [
      name,
      listAt(list, `${where}.history.${shortened(name)}`, 1e7).map((figure) =>
        figureAt(figure, `${where}.history.${shortened(name)}`),
      ),
    ],
  );
  return {
    epoch: listAt(epoch, `${where}.epoch`, 1e7).map((one) => countAt(one, `${where}.epoch`)),
    history: Object.fromEntries(figures),
  };
}

/** A number, which need not be finite. */
const figureAt = (value: unknown, where: string): number =>
  typeof value === "number" ? value : numberAt(value, where);

/** States from piece to piece: all of one number of rows. */
function carriedBetween(value: unknown, network: Network, where: string): CarriedStates {
  const entries = Object.entries(fieldsAt(value, where));
  if (entries.length === 0) return {};
  const sizes = stateSizes(network);
  const states = entries.map(([name, data]): [string, Float32Array] => {
    const size = sizes.get(name);
    if (size !== undefined && data instanceof Float32Array && data.length > 0 && data.length % size === 0)
      return [name, data];
    throw fault(`${where}, ${spelt(name)}`, "a state of a layer, in F32", "another");
  });
  const rows = new Set(states.map(([name, data]) => data.length / (sizes.get(name) ?? 1)));
  if (rows.size > 1) throw fault(where, "states of one number of rows", [...rows].join(", "));
  return Object.fromEntries(states);
}

/** The numbers of each state of a row, by "layer/state". */
export function stateSizes(network: Network): ReadonlyMap<string, number> {
  const { states } = trace(network, { training: false, states: "given" });
  const sizeOf = ({ shape }: Pick<Node, "shape">): number =>
    shape.reduce<number>((product, axis) => product * Number(axis), 1);
  return new Map(states.map((state) => [stateName(state), sizeOf({ shape: state.shape })]));
}

/** The states of stateful layers, which stay from call to call. */
export function carriedConfig(carried: Carried, tensors: Map<string, StoredTensor>): object {
  const rows = [...carried].map(([name, state]): [string, number] => {
    tensors.set(`${extra}carried/${name}`, {
      dtype: "F32",
      shape: [state.rows, state.values.length / state.rows],
      data: state.values,
    });
    return [name, state.rows];
  });
  return Object.fromEntries(rows);
}

/** Puts the states of a file into the network. */
export function restoreCarried(
  config: unknown,
  network: Network,
  tensors: StoredTensors,
  where: string,
): void {
  const entries = Object.entries(fieldsAt(config, where));
  if (entries.length === 0) return;
  const sizes = stateSizes(network);
  for (const [name, count] of entries) {
    const place = `${where}, ${spelt(name)}`;
    const rows = countAt(count, place, 2 ** 31);
    const stateful = network.layers.some(
      (layer) => layer.definition.stateful && layer.name === name.split(/[/#]/)[0],
    );
    if (!stateful || rows === 0)
      throw fault(place, "a state of a stateful layer, of at least one row", "another");
    const values = arrayFrom(tensors, `${extra}carried/${name}`, rows * (sizes.get(name) ?? 0), where);
    network.carried.set(name, { rows, values });
  }
}
