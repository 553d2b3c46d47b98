/** Inputs, targets and weights side by side, checked against the network and against each other. */
import type { Dim } from "../../core/graph/nodes.ts";
import type { HostArray } from "../../core/run/device.ts";
import { UnrollError } from "../../errors.ts";
import type { Pieces } from "../breath.ts";
import { type Asked, type Column, columnOf, columnPieces, columnsOf } from "../model/data.ts";
import type { Network } from "../model/network.ts";
import { listed } from "../model/structure.ts";
import { isTensor } from "../model/tensor.ts";
import type { Axes } from "../symbols.ts";
import { followed, windowsIn } from "../times.ts";
import type { Dataset } from "./batches.ts";
import { weightsByClass } from "./classWeight.ts";
import type { Compiled } from "./compile.ts";
import { labelColumn } from "./labels.ts";
import { targetWidth } from "./loss.ts";
import { refuseUnless } from "./refuse.ts";
import { ignoredBy, isOfSequences } from "./sequenceLosses.ts";

export interface Weighing {
  /** One number a row, or one a step. */
  readonly sampleWeight?: unknown;
  /** By class. */
  readonly classWeight?: Readonly<Record<number, number>> | undefined;
}

/** In pieces, since data may be many. */
export function* datasetOf(
  network: Network,
  compiled: Compiled,
  data: { readonly x: unknown; readonly y: unknown } & Weighing,
): Pieces<Dataset> {
  const inputs = yield* columnsOf(network, data.x, "x");
  const targets: Column[] = [];
  for (const [k, own] of listed(network.outputsAs, data.y, "y").entries())
    targets.push(yield* targetColumn({ network, compiled, inputs }, own, k));
  const ofSequences = compiled.goals.some(({ loss }) => isOfSequences(loss));
  const sampleWeight = weightColumn(data.sampleWeight, ofSequences ? undefined : targets[0]);
  const columns = [...inputs, ...targets, ...(sampleWeight === null ? [] : [sampleWeight])];
  const rows = inputs[0]?.rows ?? 0;
  const other = columns.find((column) => column.rows !== rows);
  refuseUnless(other === undefined, {
    where: "x and y",
    expected: `${rows} rows, as in the first input`,
    got: `${other?.rows}`,
    fix: "Give as many targets (and weights) as there are inputs.",
  });
  refuseOtherLengths(columns);
  const unlike = targets.findIndex(
    ({ time }) => sampleWeight !== null && sampleWeight.time !== null && time !== sampleWeight.time,
  );
  refuseUnless(unlike < 0, {
    where: "sampleWeight",
    expected: `one number a row: the output "${network.outputs[unlike]?.name}" has not the steps of the first`,
    got: "one number a step",
    fix: "Give one number a row, or a model for each output.",
  });
  const { classWeight } = data;
  refuseUnless(classWeight === undefined || !ofSequences, {
    where: "classWeight",
    expected: "none with a loss that sequences have as a whole",
    got: "weights of classes",
    fix: "Give a sampleWeight, one a sequence.",
  });
  return {
    rows,
    inputs,
    targets,
    sampleWeight,
    classWeight: classWeight ? weightsByClass(classWeight, { network, compiled }, targets) : null,
    ragged: raggedTimes(columns),
  };
}

interface Given {
  readonly network: Network;
  readonly compiled: Compiled;
  readonly inputs: readonly Column[];
}

function* targetColumn({ network, compiled, inputs }: Given, data: unknown, k: number): Pieces<Column> {
  const { outputs } = network;
  const { name = "", symbol, time = null } = outputs[k] ?? {};
  const { loss } = compiled.goals[k] ?? {};
  const where = outputs.length > 1 ? `y, "${name}"` : "y";
  const axes = symbol?.axes ?? [];
  if (loss?.target === "labels") {
    const lengths = framesOf(time, inputs);
    const { blank = 0 } = loss;
    return labelColumn(listOf(data), { classes: axes.at(-1) ?? 1, blank, lengths }, where);
  }
  if (loss?.target !== "class") {
    const own =
      loss && !isOfSequences(loss) ? [...axes.slice(0, -1), targetWidth(loss, axes.at(-1) ?? 1)] : axes;
    return yield* columnPieces(listOf(data), { axes: own, dtype: "float32", time, expand: true }, where);
  }
  // Keras also takes classes with an axis of 1 behind: [batch, 1], [batch, time, 1].
  const asked: Asked = { axes: [...axes.slice(0, -1), 1], dtype: "int32", time, expand: true };
  const ofSequences = isOfSequences(loss);
  const column = yield* classColumn(listOf(data), asked, axes, { where, ofSequences });
  refuseOtherClasses(column, { where, ofSequences }, { count: axes.at(-1) ?? 1, ignored: ignoredBy(loss) });
  return column;
}

/** How many steps of the dimension `time` each row has. */
function framesOf(time: Dim | null, inputs: readonly Column[]): (row: number) => number {
  if (typeof time === "number") return () => time;
  const { origin, windows } = followed(time ?? "");
  const source = inputs.find((column) => column.time === origin);
  return (row) => windowsIn(windows, source?.lengths[row] ?? 0);
}

interface Told {
  readonly where: string;
  /** A loss of whole sequences comes with its layer: there is no other, and no class to ignore. */
  readonly ofSequences: boolean;
}

/** Classes; where each is given as a distribution over all of them, the error says which loss takes that. */
function* classColumn(
  values: unknown,
  asked: Asked,
  axes: Axes,
  { where, ofSequences }: Told,
): Pieces<Column> {
  try {
    return yield* columnPieces(values, asked, where);
  } catch (error) {
    if (!fits(values, { axes, dtype: "float32", time: asked.time })) throw error;
    throw new UnrollError(
      {
        where,
        expected: "classes, whole numbers",
        got: `${axes.at(-1)} numbers for each, as one-hot targets have`,
        fix: `${ofSequences ? "" : otherLoss}Give the numbers of the classes.`,
      },
      { cause: error },
    );
  }
}

const otherLoss = 'The loss "categoricalCrossentropy" takes such targets. ';

function fits(values: unknown, asked: Asked): boolean {
  try {
    columnOf(values, asked, "");
    return true;
  } catch {
    return false;
  }
}

/** A typed array as labels. */
const listOf = (data: unknown): unknown =>
  ArrayBuffer.isView(data) ? Array.from(data as unknown as ArrayLike<number>) : data;

function refuseOtherClasses(
  { rows, row }: Column,
  { where, ofSequences }: Told,
  { count, ignored }: { readonly count: number; readonly ignored: number | null },
): void {
  for (let k = 0; k < rows; k++) {
    const classes = row(k) as Int32Array;
    const wrong = classes.findIndex((x) => (x < 0 || x >= count) && x !== ignored);
    if (wrong < 0) continue;
    throw new UnrollError({
      where: `${where}, row ${k}${classes.length > 1 ? `, number ${wrong}` : ""}`,
      expected: `classes from 0 to ${count - 1}`,
      got: `${classes[wrong]}`,
      fix: `Give the last layer a unit for every class${ofSequences ? "" : ", or set ignoreClass of the loss"}.`,
    });
  }
}

/** Per step where rows have more weights than one, else one a row: as `[batch]`, or `[batch, 1]` as in Keras. */
function weightColumn(data: unknown, target: Column | undefined): Column | null {
  if (data === undefined || data === null) return null;
  const perStep = target !== undefined && target.time !== null && hasSteps(data);
  const asked = perStep ? { axes: [null, 1], time: target.time } : { axes: [1], time: null };
  return columnOf(listOf(data), { ...asked, expand: true, dtype: "float32" }, "sampleWeight");
}

function hasSteps(data: unknown): boolean {
  if (Array.isArray(data))
    return data.some((row) => typeof row === "object" && row !== null && !isSingle(row));
  if (isTensor(data)) return data.shape.length > 1 && data.shape[1] !== 1;
  return !ArrayBuffer.isView(data);
}

const isSingle = (row: ArrayLike<unknown>): boolean => row.length === 1 && typeof row[0] === "number";

/** Columns that share a time have the same lengths, or those that follow from them. */
function refuseOtherLengths(columns: readonly Column[]): void {
  for (const [k, column] of columns.entries()) {
    if (typeof column.time !== "string") continue;
    const { origin, windows } = followed(column.time);
    const first = columns.find(({ time }) => time === origin);
    if (first === undefined || first === column) continue;
    const wanted = first.lengths.map((length) => windowsIn(windows, length));
    const row = column.lengths.findIndex((length, at) => length !== wanted[at]);
    const same = column.time === origin ? "as in the input of the same time" : "as many as the model gives";
    refuseUnless(row < 0, {
      where: `row ${row}`,
      expected: `${wanted[row]} steps, ${same}`,
      got: `${column.lengths[row]} in column ${k}`,
      fix: "Give inputs, targets and weights of a row the same number of steps.",
    });
  }
}

/** The dimensions of time in which rows differ in length. */
export function raggedTimes(columns: readonly Column[]): ReadonlySet<string> {
  // A batch has at least one step, so that a row of none is short of it.
  const uneven = columns.filter(({ lengths }) =>
    lengths.some((length) => length === 0 || length !== lengths[0]),
  );
  return new Set(uneven.flatMap(({ time }) => (typeof time === "string" ? [time] : [])));
}

/** Numbers that are hashed in a millisecond. */
const pieceOf = 2 ** 16;

/** A number that other data will hardly have (FNV-1a over all bits). */
export function* hashOf({ rows, inputs, targets, sampleWeight, classWeight }: Dataset): Pieces<string> {
  let hash = 0x811c9dc5;
  const add = (word: number): void => {
    hash = Math.imul(hash ^ word, 0x01000193);
  };
  let read = 0;
  for (const column of [...inputs, ...targets, ...(sampleWeight === null ? [] : [sampleWeight])]) {
    for (let k = 0; k < rows; k++) {
      const row: HostArray = column.row(k);
      add(row.length);
      const words = new Int32Array(row.buffer, row.byteOffset, row.length);
      for (let w = 0; w < words.length; w++) add(words[w]!);
      read += words.length + 1;
      if (read < pieceOf) continue;
      read = 0;
      yield;
    }
  }
  const ofClasses = Float64Array.from([...(classWeight ?? [])].flat());
  new Int32Array(ofClasses.buffer).forEach(add);
  return `${rows} ${(hash >>> 0).toString(16)}`;
}
