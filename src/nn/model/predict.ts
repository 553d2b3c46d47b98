/** What a network makes of data: batch by batch, padding nowhere to be seen, ragged in and ragged out. */
import type { Dim } from "../../core/graph/nodes.ts";
import type { Batch, Device, Executable, HostArray } from "../../core/run/device.ts";
import { keyOf } from "../../core/run/random.ts";
import { UnrollError } from "../../errors.ts";
import { nearest } from "../../spelling.ts";
import { breathe, inTurns } from "../breath.ts";
import { endingOf } from "../layers/layer.ts";
import { isPlain, spelt } from "../options.ts";
import { type Extents, followed, windowsIn, withFollowing } from "../times.ts";
import { type Bounds, boundsOf } from "./bounds.ts";
import { givenStates, statefulLayers, stateName, statesAfter, statesBefore } from "./carried.ts";
import { type Column, columnOf, columnsOf, gathered } from "./data.ts";
import { decoded, masksToDecode } from "./decoded.ts";
import { endsOf, firstLengths } from "./ends.ts";
import { type End, type Network, once } from "./network.ts";
import { type Ragged, raggedOf } from "./ragged.ts";
import { arranged } from "./structure.ts";
import { sizeOf, type Tensor, tensorOf } from "./tensor.ts";
import { computationOf, type Traced, trace } from "./trace.ts";
import { firstWeights, heldWeights } from "./weights.ts";

/** First states: `{ h, c }` of the one recurrent layer, or such a record by the name of each layer. */
export type InitialState = { readonly [name: string]: unknown };
export interface PredictRequest {
  readonly initialState?: InitialState | undefined;
  /** Default: 32. The results do not depend on it. */
  readonly batchSize?: number | undefined;
}

interface Program {
  readonly traced: Traced;
  readonly executables: WeakMap<Device, Executable>;
}

/** One tensor or ragged batch for each output, in the structure that the network was made with. */
export async function predict(
  network: Network,
  x: unknown,
  request: PredictRequest,
  device: Device,
): Promise<unknown> {
  const columns = await inTurns(columnsOf(network, x, "model.predict(x)"));
  const rows = columns[0]?.rows ?? 0;
  const batchSize = checkedBatchSize(request.batchSize ?? 32);
  const where = "model.predict(x, { initialState })";
  const states = statesGiven(network, request.initialState ?? {}, rows, where);
  await inTurns(firstWeights(network));
  const pieces: Piece[] = [];
  for (let from = 0; from < rows; from += batchSize) {
    const order = Int32Array.from({ length: Math.min(batchSize, rows - from) }, (_, k) => from + k);
    pieces.push({
      rows: order.length,
      outputs: await predictBatch(network, { columns, order, states }, device),
    });
    await breathe();
  }
  const results = network.outputs.map(({ symbol, time }, k) => {
    // What is decoded is one number a step.
    const axes = endingOf(symbol) === null ? symbol.axes : symbol.axes.slice(0, 1);
    const inner = axes.slice(time === null ? 0 : 1).map((axis) => axis ?? 1);
    const arrays = pieces.map((piece) => ({ rows: piece.rows, array: piece.outputs[k] as Float32Array }));
    return joined({ time, inner }, columns, arrays);
  });
  return arranged(network.outputsAs, results);
}

/** The outputs of one batch. */
interface Piece {
  readonly rows: number;
  readonly outputs: readonly Float32Array[];
}
interface Asked {
  readonly columns: readonly Column[];
  readonly order: Int32Array;
  readonly states: ReadonlyMap<string, Column>;
}

async function predictBatch(
  network: Network,
  { columns, order, states }: Asked,
  device: Device,
): Promise<readonly Float32Array[]> {
  const carried = statesBefore(network, order.length, {});
  const given = [...new Set([...carried.keys(), ...states.keys()].map(layerOf))];
  const { traced, executables } = programFor(network, given, boundsOf(network, columns));
  const stateful = statefulLayers(network).length > 0;
  const finals = stateful ? traced.states : [];
  const masks = masksToDecode(network, traced);
  const nodes = [...traced.outputs.map(({ node }) => node), ...finals.map(({ final }) => final), ...masks];
  const executable = executables.get(device) ?? device.compile(computationOf(traced, nodes));
  executables.set(device, executable);
  const firsts = givenStates(traced).map((state): HostArray => {
    const column = states.get(stateName(state));
    const zeros = (): Float32Array => new Float32Array(order.length * sizeOf(state.shape));
    return column ? gathered(column, order, 1) : (carried.get(stateName(state)) ?? zeros());
  });
  const keys = traced.keys.map(({ salt }) => Int32Array.from(keyOf(network.seed, salt, 0)));
  const batch: Batch = {
    ...batchOf(network, traced, { columns, order }, [...keys, ...firsts]),
    version: network.version,
  };
  const extents = extentsOf(network, { columns, order });
  const made = await executable.run(batch, heldWeights(network));
  const last = finals.map((state, k): [string, Float32Array] => [
    stateName(state),
    made[network.outputs.length + k] as Float32Array,
  ]);
  if (stateful) statesAfter(network, order.length, new Map(last));
  const outputs = made.slice(0, network.outputs.length);
  return decoded(network, traced, extents, { made: outputs, masks: made.slice(nodes.length - masks.length) });
}

/** The layer of "layer/state". */
export const layerOf = (name: string): string => name.split(/[/#]/)[0] ?? "";

function programFor(network: Network, layers: readonly string[], bounds: Bounds): Program {
  const given = [...layers].sort();
  return once(network, `predict ${given.join()} ${JSON.stringify(bounds)}`, () => ({
    traced: trace(network, { training: false, states: given, bounds }),
    executables: new WeakMap<Device, Executable>(),
  }));
}

/** The steps of the rows of `order`, in every dimension of time. */
function extentsOf(network: Network, { columns, order }: Pick<Asked, "columns" | "order">): Extents {
  const times: Record<string, number> = {};
  const lengths: Record<string, Int32Array> = {};
  network.inputs.forEach(({ time }, k) => {
    if (typeof time !== "string") return;
    const own = order.map((row) => columns[k]?.lengths[row] ?? 0);
    lengths[time] = own;
    times[time] = own.reduce((most, length) => Math.max(most, length), 1);
  });
  return withFollowing(network.times, { rows: order.length, times, lengths });
}

/** The rows of `order` as a batch; `more` comes after the inputs of the network and the ends of rows. */
export function batchOf(
  network: Network,
  traced: Pick<Traced, "ends">,
  { columns, order }: Pick<Asked, "columns" | "order">,
  more: readonly HostArray[],
): Batch {
  const extents = extentsOf(network, { columns, order });
  const { rows, times } = extents;
  const inputs = columns.map((column, k) =>
    gathered(column, order, stepsOf(network.inputs[k] as End, times)),
  );
  const ends = endsOf(traced, extents);
  return { rows, times, lengths: firstLengths(extents), inputs: [...inputs, ...ends, ...more] };
}

function stepsOf({ time }: Pick<End, "time">, times: Readonly<Record<string, number>>): number {
  return typeof time === "string" ? (times[time] ?? 1) : (time ?? 1);
}

/** Values of each row, or of each of its steps. */
export interface ResultForm {
  readonly time: Dim | null;
  readonly inner: readonly number[];
}
/** Batches side by side: a tensor, or one row for each sequence where these were uneven. */
export function joined(
  { time, inner }: ResultForm,
  columns: readonly Column[],
  pieces: readonly { readonly rows: number; readonly array: Float32Array }[],
): Tensor | Ragged {
  const { origin, windows } = followed(String(time));
  const source = columns.find((column) => typeof time === "string" && column.time === origin);
  const stepsIn = (row: number): number => windowsIn(windows, source?.lengths[row] ?? 0);
  if (source?.ragged)
    return raggedOf(
      pieces.flatMap(({ rows, array }) => cut(rows, array, inner)).map((row, at) => ended(row, stepsIn(at))),
    );
  const steps = source ? [stepsIn(0)] : time === null ? [] : [Number(time)];
  const shape = [columns[0]?.rows ?? 0, ...steps, ...inner];
  const arrays = pieces.map(({ array }) => array);
  return tensorOf(shape, sizeOf(shape) === 0 ? new Float32Array(0) : concatenated(arrays));
}

/** The rows of a batch, each as long as the longest of them. */
function cut(rows: number, array: Float32Array, inner: readonly number[]): readonly Tensor[] {
  const width = array.length / rows;
  const steps = width / sizeOf(inner);
  return Array.from({ length: rows }, (_, k) =>
    tensorOf([steps, ...inner], array.subarray(k * width, (k + 1) * width)),
  );
}

/** A row up to its own end. */
const ended = ({ shape: [, ...inner], data }: Tensor, steps: number): Tensor =>
  tensorOf([steps, ...inner], data.slice(0, steps * sizeOf(inner)));

function concatenated(pieces: readonly Float32Array[]): Float32Array {
  if (pieces.length === 1) return pieces[0] as Float32Array;
  const data = new Float32Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  return data;
}

function checkedBatchSize(batchSize: number): number {
  if (Number.isInteger(batchSize) && batchSize > 0) return batchSize;
  throw new UnrollError({
    where: "model.predict(x, { batchSize })",
    expected: "a whole number of 1 or more",
    got: String(batchSize),
    fix: "Leave it out for 32.",
  });
}

/** Given states as columns, by "layer/state". */
export function statesGiven(
  network: Network,
  given: InitialState,
  rows: number,
  where: string,
): ReadonlyMap<string, Column> {
  const columns = new Map<string, Column>();
  if (Object.keys(recordOf(given, where)).length === 0) return columns;
  const { states } = once(network, "given states", () =>
    trace(network, { training: false, states: "given" }),
  );
  const layers = [...new Set(states.map(({ layer }) => layerOf(layer)))];
  for (const [layer, record] of Object.entries(byLayer(given, layers, states))) {
    const own = states.filter((state) => state.layer === layer);
    if (own.length === 0) throw unknownName(where, "the recurrent layer", layers, layer);
    const values = recordOf(record, `${where}, ${layer}`);
    const known = own.map(({ name }) => name);
    const wrong = Object.keys(values).find((name) => !known.includes(name));
    if (wrong !== undefined) throw unknownName(where, `the states of "${layer}":`, known, wrong);
    for (const { name, shape } of own) {
      const place = `${where}, ${layer}, ${name}`;
      const fix = `Give each of ${known.join(", ")}, [${[rows, ...shape].join(", ")}].`;
      if (!Object.hasOwn(values, name))
        throw new UnrollError({ where: place, expected: "every state of the layer", got: "none", fix });
      const column = columnOf(values[name], { axes: shape, dtype: "float32", time: null }, place);
      if (column.rows !== rows)
        throw new UnrollError({ where: place, expected: `${rows} rows`, got: String(column.rows), fix });
      columns.set(`${layer}/${name}`, column);
    }
  }
  return columns;
}

/** The states of the one layer that has such may stand without its name. */
function byLayer(
  given: InitialState,
  layers: readonly string[],
  states: readonly { readonly layer: string; readonly name: string }[],
): InitialState {
  const keys = Object.keys(given);
  const having = layers.filter((layer) =>
    states.some((state) => state.layer === layer && keys.includes(state.name)),
  );
  const [only, other] = having.length > 0 ? having : layers;
  if (only === undefined || other !== undefined) return given;
  return having.length > 0 || !Object.values(given).some(isPlain) ? { [only]: given } : given;
}

function recordOf(x: unknown, where: string): InitialState {
  if (isPlain(x)) return x;
  throw new UnrollError({
    where,
    expected: "a record of states",
    got: spelt(x),
    fix: "Give each state by its name, such as { h: [[0, 0], [0, 0]] }, [batch, units].",
  });
}

function unknownName(where: string, kind: string, known: readonly string[], got: string): UnrollError {
  const near = nearest(got, known);
  const expected = known.length > 0 ? `${kind} ${known.join(", ")}` : "no states: no layer has any";
  const fix = near ? `Did you mean "${near}"?` : "Give the states by these names, each [batch, units].";
  return new UnrollError({
    where,
    expected,
    got: `"${got}"`,
    fix: known.length > 0 ? fix : "Leave initialState out.",
  });
}
