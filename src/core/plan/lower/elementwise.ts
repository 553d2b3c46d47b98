/**
 * The value of a node at one place of a tile (row i, vector v): from a register when this stage made it, else loaded.
 */
import { invariant } from "../../../errors.ts";
import type { Node, NodeOf, Resampling } from "../../graph/nodes.ts";
import { sitesOf, widthOf } from "../../graph/shapes.ts";
import * as functions from "../functions.ts";
import type { Expression } from "../program.ts";
import type { Slot } from "../store.ts";
import { isFinal } from "../values.ts";
import { floatBytes, type Place, stepAddress } from "./addresses.ts";
import { arithmetic, arithmeticOf } from "./arithmetic.ts";
import { lengthsKey, rowIdsKey } from "./frame.ts";
import {
  bitAnd,
  constantVector,
  int,
  integers,
  less,
  lessEqual,
  load,
  loadInt,
  minimum,
  minus,
  plus,
  quotient,
  remainder,
  splat,
  times,
  vector,
} from "./ir.ts";
import { type Kernels, leftSide } from "./kernels.ts";

/** A place within a tile. */
export interface Spot {
  readonly place: Place;
  readonly row: number;
  readonly vector: number;
  /** Features of the stage: narrower values are the same for all of them. */
  readonly width: number;
  /** What this stage has made so far at this spot. */
  readonly made: Map<Node, Expression>;
}

/** The members of a stage, in order, each into a register. */
export function evaluate(kernels: Kernels, members: readonly Node[], spot: Spot): void {
  for (const node of members) {
    if (spot.made.has(node)) continue;
    spot.made.set(node, spot.place.writer.set(computed(kernels, node, spot), "vector"));
  }
}

function computed(kernels: Kernels, node: Node, spot: Spot): Expression {
  const { writer } = spot.place;
  if (isFinal(node)) return finalState(kernels, node, spot);
  if (node.op === "where") return selected(kernels, node.inputs, spot);
  if (node.op === "random") return randomAt(kernels, node, spot);
  if (node.op === "gather") return gathered(kernels, node.inputs[0], node.inputs[1], spot);
  if (node.op === "reverse") return turned(kernels, node.inputs[0], spot);
  if (node.op === "resample") return resampled(kernels, node, spot);
  if (node.op === "sitesToTime") return ofStep(kernels, node, spot);
  return arithmetic(
    node.op,
    node.inputs.map((input) => operand(kernels, input, spot)),
    writer,
  );
}

/** What a member reads: a register, a constant, or a load. A single feature of many is read as one alone is. */
export function operand(kernels: Kernels, node: Node, around: Spot, start = 0): Expression {
  const spot = widthOf(node) === 1 ? { ...around, width: 1 } : around;
  const behind = kernels.values.behind(node);
  const made = start === 0 ? spot.made.get(behind) : undefined;
  if (made !== undefined) return made;
  const slot = kernels.slotOf(behind);
  if (slot !== null) return loadSlot(slot, spot, start);
  switch (behind.op) {
    case "constant":
      return constantVector(behind.attributes.value);
    case "iota":
      return featureIndex(spot, start);
    case "reverse": // of integers: others are computed
      return vector("toFloat", integers("bits", turned(kernels, behind.inputs[0], spot)));
    case "broadcast": // one feature is the same for all
      return operand(kernels, behind.inputs[0], spot, widthOf(behind.inputs[0]) === 1 ? 0 : start);
    case "toFloat": // integers are loaded as floats
      return operand(kernels, behind.inputs[0], spot, start);
    case "reshape":
      if (kernels.weight(behind) !== null) return loadWeight(kernels, behind, spot, start);
      return widthOf(behind) === widthOf(behind.inputs[0])
        ? operand(kernels, behind.inputs[0], spot, start)
        : loadView(kernels, behind, spot, start);
    case "slice":
      return kernels.weight(behind) === null
        ? operand(kernels, behind.inputs[0], seenFrom(spot, behind), start + behind.attributes.start)
        : loadWeight(kernels, behind, spot, start);
    default:
      return loadWeight(kernels, behind, spot, start);
  }
}

/** Other features of what lies in one piece. */
function loadView(kernels: Kernels, node: Node, spot: Spot, start: number): Expression {
  const { slot, column } = leftSide(kernels, node);
  return loadSlot({ ...slot, column }, spot, start);
}

/** One feature is the same for all of a stage that is wider. */
const seenFrom = (spot: Spot, view: Node): Spot => (widthOf(view) === 1 ? { ...spot, width: 1 } : spot);

function loadSlot(slot: Slot, spot: Spot, start: number): Expression {
  const narrow = slot.width === 1 || spot.width === 1;
  const offset = (spot.row * spot.place.tileStride(slot) + slot.column + start) * floatBytes;
  const pointer = spot.place.pointer(slot, narrow);
  const value = narrow ? splat(pointer, offset) : load(pointer, offset + vectorBytes(spot));
  return slot.buffer.integers === true ? vector("toFloat", integers("bits", value)) : value;
}

const vectorBytes = (spot: Spot): number => spot.vector * spot.place.lanes * floatBytes;

/** A vector of weights, or a row of a matrix of them where rows are a weight's own. */
function loadWeight(kernels: Kernels, node: Node, spot: Spot, start: number): Expression {
  const view = kernels.weight(node);
  invariant(view !== null && view.columnStride === 1, `lower: "${node.op}" cannot be read where it stands`);
  const { place } = spot;
  const base = place.frame.read(place.writer, kernels.weightKey(view.weight));
  const rowOffset = view.rows === 1 ? 0 : spot.row * view.rowStride;
  const offset = (view.offset + start + rowOffset) * floatBytes;
  // The rows of a weight are those of the stage, or the sites of its rows.
  const index = place.sites > 1 ? place.site : place.row;
  const row = view.rows === 1 ? base : plus(base, times(index, int(view.rowStride * floatBytes)));
  if (view.columns === 1 || spot.width === 1) return splat(row, offset);
  return load(
    place.known(`weight ${kernels.weightKey(view.weight)} ${view.rows === 1}`, () =>
      plus(row, place.feature),
    ),
    offset + vectorBytes(spot),
  );
}

/** The number of each feature, as floats. */
function featureIndex(spot: Spot, start: number): Expression {
  const { place } = spot;
  return vector(
    "toFloat",
    featureNumbers(place, spot.width === 1 ? start : start + spot.vector * place.lanes, spot.width === 1),
  );
}

function featureNumbers(place: Place, offset: number, single: boolean): Expression {
  const first = plus(
    { kind: "intOperation", op: "divide", inputs: [place.feature, int(floatBytes)] },
    int(offset),
  );
  const all: Expression = { kind: "spread", value: single ? int(offset) : first };
  return single ? all : integers("addInteger", all, { kind: "laneIndex" });
}

function selected(
  kernels: Kernels,
  [condition, yes, no]: readonly [Node, Node, Node],
  spot: Spot,
): Expression {
  const known = kernels.values.behind(condition);
  if (known.op === "constant") return operand(kernels, known.attributes.value === 0 ? no : yes, spot);
  const a = operand(kernels, yes, spot);
  const b = operand(kernels, no, spot);
  if ((known.op === "greater" || known.op === "equal") && spot.made.has(known)) {
    const [left, right] = known.inputs.map((input) => operand(kernels, input, spot)) as [
      Expression,
      Expression,
    ];
    const mask = known.op === "greater" ? integers("less", right, left) : integers("equal", left, right);
    return vector("select", mask, a, b);
  }
  return vector("select", integers("equal", operand(kernels, condition, spot), constantVector(0)), b, a);
}

/** Where a row's state stands after its last step; rows end at different steps. */
function finalState(kernels: Kernels, node: Node, spot: Spot): Expression {
  const { place } = spot;
  const { slot, reverse } = kernels.finalOf(node);
  const row = place.rowAt(spot.row);
  const steps = reverse ? int(0) : rowEntry(place, lengthsKey(slot.buffer.time as string), row);
  const address = plus(
    stepAddress(place.writer, place.frame, slot.buffer, 0, steps),
    times(row, int(slot.buffer.stride * floatBytes)),
  );
  return atRow(address, slot, spot);
}

/** The same row of a sequence, at the step as far from its end as this one is from its beginning. */
function turned(kernels: Kernels, node: Node, spot: Spot): Expression {
  const { slot, column } = leftSide(kernels, node);
  return atRow(turnedRow(slot, spot), { ...slot, column }, spot);
}

function turnedRow(slot: Slot, { place, row: inTile }: Spot): Expression {
  const row = place.rowAt(inTile);
  const last = minus(rowEntry(place, lengthsKey(slot.buffer.time as string), row), int(1));
  const step = minus(last, place.step as Expression);
  return plus(
    stepAddress(place.writer, place.frame, slot.buffer, slot.shift, step),
    times(row, int(slot.buffer.stride * floatBytes)),
  );
}

/** The same row of a sequence at the step that this one is made from, or zeros. */
function resampled(kernels: Kernels, { inputs, attributes }: NodeOf<"resample">, spot: Spot): Expression {
  const { place } = spot;
  const { slot, column } = leftSide(kernels, inputs[0]);
  const { stride, per, offset } = attributes;
  const { buffer, shift } = slot;
  const row = place.rowAt(spot.row);
  const key = `resampled ${buffer.name} ${shift} ${stride} ${per} ${offset} ${spot.row}`;
  const isReal = place.known(`${key} real`, () =>
    isStep(place, attributes, rowEntry(place, lengthsKey(buffer.time as string), row)),
  );
  // Where there is no such step, the first is read, and nothing taken of it.
  const address = place.known(key, () => {
    const step = times(isReal, sourceStep(place, attributes));
    const start = stepAddress(place.writer, place.frame, buffer, shift, place.writer.set(step, "int"));
    return plus(start, times(row, int(buffer.stride * floatBytes)));
  });
  const all = place.known(`${key} all`, () => ({ kind: "spread", value: minus(int(0), isReal) }), "integers");
  return vector("float", integers("and", integers("bits", atRow(address, { ...slot, column }, spot)), all));
}

const scaledStep = ({ step }: Place, { stride, offset }: Resampling): Expression =>
  plus(times(step as Expression, int(stride)), int(offset));
const sourceStep = (place: Place, resampling: Resampling): Expression =>
  resampling.per === 1
    ? scaledStep(place, resampling)
    : quotient(scaledStep(place, resampling), int(resampling.per));

/** 1 where a step is made from one of the row, which has so many, else 0. */
function isStep(place: Place, resampling: Resampling, length: Expression): Expression {
  const scaled = place.writer.set(scaledStep(place, resampling), "int");
  const step = place.writer.set(sourceStep(place, resampling), "int");
  const within = bitAnd(lessEqual(int(0), scaled), less(step, length));
  if (resampling.per === 1) return within;
  const whole: Expression = {
    kind: "intOperation",
    op: "equal",
    inputs: [remainder(scaled, int(resampling.per)), int(0)],
  };
  return bitAnd(within, whole);
}

function atRow(row: Expression, slot: Slot, spot: Spot): Expression {
  const { place } = spot;
  const address = plus(row, times(place.siteAt(spot.row), int(place.siteStride(slot) * floatBytes)));
  const offset = slot.column * floatBytes;
  if (slot.width === 1 || spot.width === 1) return splat(address, offset);
  return load(plus(address, place.feature), offset + vectorBytes(spot));
}

/** The site that has the number of this step; zero where there is none. */
function ofStep(kernels: Kernels, node: Node, spot: Spot): Expression {
  const { place } = spot;
  const { slot, column } = leftSide(kernels, node.inputs[0] as Node);
  const step = place.step as Expression;
  const last = int(sitesOf(node.inputs[0] as Node) - 1);
  const stride = slot.sites > 1 ? slot.siteStride : 0;
  const start = times(minimum(step, last), int(stride * floatBytes));
  const address = plus(place.pointer(slot, true), start);
  const offset = (spot.row * place.tileStride(slot) + column) * floatBytes;
  const value =
    spot.width === 1
      ? splat(address, offset)
      : load(plus(address, place.feature), offset + vectorBytes(spot));
  const behind = vector("toFloat", { kind: "spread", value: lessEqual(step, last) });
  return vector("select", integers("equal", behind, constantVector(0)), constantVector(0), value);
}

function gathered(kernels: Kernels, table: Node, index: Node, spot: Spot): Expression {
  const { place } = spot;
  const view = kernels.weight(kernels.values.behind(table));
  invariant(view !== null, "lower: the table of a gather is a weight");
  const key = kernels.weightKey(view.weight);
  const found = kernels.values.behind(index);
  const isTurned = found.op === "reverse";
  const slot = kernels.slotOf(kernels.source(isTurned ? found.inputs[0] : found));
  invariant(slot !== null, "lower: the index of a gather is an input");
  const row = place.known(`index ${slot.buffer.name} ${isTurned} ${spot.row} ${key}`, () => {
    const number = isTurned
      ? loadInt(turnedRow(slot, spot), slot.column * floatBytes)
      : loadInt(place.pointer(slot, true), (spot.row * place.tileStride(slot) + slot.column) * floatBytes);
    return plus(place.frame.read(place.writer, key), times(number, int(view.rowStride * floatBytes)));
  });
  return spot.width === 1
    ? splat(row, view.offset * floatBytes)
    : load(plus(row, place.feature), view.offset * floatBytes + vectorBytes(spot));
}

function randomAt(kernels: Kernels, node: Node, spot: Spot): Expression {
  const { place } = spot;
  const { writer, frame } = place;
  const key = frame.read(
    writer,
    (kernels.slotOf(kernels.values.behind(node.inputs[0] as Node)) as Slot).buffer.name,
  );
  const word = (k: number): Expression =>
    writer.set({ kind: "splatInteger", address: key, offset: k * floatBytes }, "integers");
  const number = place.rows === "rows" ? rowEntry(place, rowIdsKey, place.rowAt(spot.row)) : int(0);
  const row: Expression = { kind: "spread", value: number };
  const sites = place.step === null ? int(0) : times(place.step, int(place.sites));
  const first = times(plus(sites, place.siteAt(spot.row)), int(widthOf(node)));
  const inRow = featureNumbers(place, spot.vector * place.lanes, spot.width === 1);
  const element = writer.set(integers("addInteger", { kind: "spread", value: first }, inRow), "integers");
  return functions.uniform(word(0), word(1), writer.set(row, "integers"), element, arithmeticOf(writer));
}

/** An int of a table with one entry a row. */
function rowEntry(place: Place, key: string, row: Expression): Expression {
  return loadInt(plus(place.frame.read(place.writer, key), times(row, int(floatBytes))));
}
