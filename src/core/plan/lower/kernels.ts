/** What all kernels of a plan know: where values stand, which weights there are, and what they ask the device for. */
import { invariant } from "../../../errors.ts";
import type { Node, NodeOf } from "../../graph/nodes.ts";
import { widthOf } from "../../graph/shapes.ts";
import type { Expression } from "../program.ts";
import { type Slot, sitesWithin } from "../store.ts";
import type { Tiles } from "../target.ts";
import type { Values } from "../values.ts";
import { floatBytes, type Place } from "./addresses.ts";
import { activeKey, type Frame, rowsKey } from "./frame.ts";
import { int, integers, loadInt, local, minus, plus, quotient, times, vector, type Writer } from "./ir.ts";
import type { WeightView } from "./weights.ts";

/** A product's right sides in blocks: `[block][k][product][vector][lane]`, zeros behind the last column. */
export interface Panel {
  readonly key: string;
  readonly views: readonly WeightView[];
  readonly vectors: number;
  /** The first column, and how many. */
  readonly start: number;
  readonly columns: number;
}
/** Sums over time and rows that one stage makes: a matrix a shard, zero at the begin of a run. */
export interface Sums {
  readonly key: string;
  readonly rows: number;
  readonly stride: number;
}
export interface SumSlot {
  readonly sums: Sums;
  readonly column: number;
  readonly width: number;
}

export interface Kernels {
  readonly lanes: number;
  readonly tiles: Tiles;
  readonly looksAhead: boolean;
  readonly frame: Frame;
  readonly values: Values;
  /** Where a computed value, a state or an input stands; null for what needs no memory. */
  readonly slotOf: (node: Node) => Slot | null;
  /** The input or value behind views that keep the order of the numbers. */
  readonly source: (node: Node) => Node;
  readonly weight: (node: Node) => WeightView | null;
  readonly weightKey: (weight: NodeOf<"parameter">) => string;
  readonly finalOf: (node: Node) => { readonly slot: Slot; readonly reverse: boolean };
  readonly panels: Panel[];
  readonly sums: Sums[];
  readonly sumSlots: Map<Node, SumSlot>;
}

/** Where the rows of a value stand that is read from memory: the left side of a product, what is summed or turned. */
export function leftSide(kernels: Kernels, node: Node): { readonly slot: Slot; readonly column: number } {
  const behind = kernels.values.behind(node);
  const slot = kernels.slotOf(behind);
  if (slot !== null) return { slot, column: slot.column };
  invariant(
    behind.op === "slice" || behind.op === "broadcast" || behind.op === "reshape",
    `lower: "${behind.op}" does not stand in memory`,
  );
  const inner = leftSide(kernels, behind.inputs[0]);
  if (behind.op === "slice") return { ...inner, column: inner.column + behind.attributes.start };
  const sites = sitesWithin(behind);
  if (behind.op === "broadcast" || sites.width === widthOf(behind.inputs[0])) return inner;
  const { slot: whole } = inner;
  invariant(whole.sites === 1 || whole.siteStride === whole.width, "lower: a reshape of what has gaps");
  return { ...inner, slot: { ...whole, ...sites } };
}

/** Over what a stage runs. */
export interface Domain {
  /** Steps `from` to `to` of a chunk, the one `step`, or no time. */
  readonly steps: "chunk" | "step" | "once";
  readonly time: string | number | null;
  readonly reverse: boolean;
  readonly rows: "rows" | number;
  readonly sites: number;
}

export const parametersOf: Readonly<Record<Domain["steps"], readonly string[]>> = {
  chunk: ["frame", "from", "to"],
  step: ["frame", "step"],
  once: ["frame"],
};

/** `body` for each step of the domain, in rising order. */
export function overSteps(writer: Writer, domain: Domain, body: (step: Expression | null) => void): void {
  if (domain.steps === "chunk") writer.loop(local("from"), local("to"), 1, body);
  else body(domain.steps === "step" ? local("step") : null);
}

/** `body` for tiles of as many rows as the first number says, then for what is left with the next. The last is 1. */
export function overRows(
  writer: Writer,
  { from, until }: { readonly from: Expression; readonly until: Expression },
  tiles: readonly number[],
  body: (row: Expression, rows: number) => void,
): void {
  let first = from;
  for (const tile of tiles) {
    const last = tile === 1 ? until : minus(until, int(tile - 1));
    writer.loop(first, last, tile, (row) => body(row, tile));
    if (tile === 1) return;
    const whole = times(quotient(minus(until, first), int(tile)), int(tile));
    first = writer.set(plus(first, whole), "int");
  }
}

/** `body` for each site. */
export function overSites(writer: Writer, sites: number, body: (site: Expression) => void): void {
  if (sites === 1) body(int(0));
  else writer.loop(int(0), int(sites), 1, body);
}

/** How many rows take part. */
export function rowCount(
  kernels: Kernels,
  writer: Writer,
  domain: Domain,
  step: Expression | null,
): Expression {
  if (domain.rows !== "rows") return int(domain.rows);
  if (domain.time === null || step === null) return kernels.frame.read(writer, rowsKey);
  const active = kernels.frame.read(writer, activeKey(domain.time));
  return writer.set(loadInt(plus(active, times(step, int(floatBytes)))), "int");
}

/** Vectors that `width` features take. */
export const blocksOf = (width: number, lanes: number): number => Math.ceil(width / lanes);

/** True in the lanes that hold features, or null when all do. */
export function inside(place: Place, vectorIndex: number, width: number): Expression | null {
  if (width === 1 || width % place.lanes === 0) return null;
  return place.known(
    `inside ${vectorIndex} ${width}`,
    () => {
      const index = plus(
        { kind: "intOperation", op: "divide", inputs: [place.feature, int(floatBytes)] },
        int(vectorIndex * place.lanes),
      );
      const numbers = integers("addInteger", { kind: "spread", value: index }, { kind: "laneIndex" });
      return integers("lessEqual", vector("toFloat", numbers), { kind: "constant", value: width - 1 });
    },
    "integers",
  );
}

/** Stores a value of a tile: one float where it has one feature, else a vector with zeros behind the last feature. */
export function storeAt(place: Place, slot: Slot, row: number, vectorIndex: number, value: Expression): void {
  const narrow = slot.width === 1;
  const offset =
    (row * place.tileStride(slot) + slot.column + (narrow ? 0 : vectorIndex * place.lanes)) * floatBytes;
  const address = place.pointer(slot, narrow);
  if (narrow) return place.writer.push({ kind: "storeFirst", address, offset, value });
  place.writer.push({ kind: "store", address, offset, value: masked(place, vectorIndex, slot.width, value) });
}

/** Zero in lanes that hold no feature, so that no garbage is ever read. */
export function masked(place: Place, vectorIndex: number, width: number, value: Expression): Expression {
  const mask = inside(place, vectorIndex, width);
  return mask === null ? value : vector("float", integers("and", integers("bits", value), mask));
}
