/**
 * A stage of sums over time and rows, added to what the memory holds: weight gradients (`contract`), sums of rows.
 * A tile of the result stays in registers for a whole chunk. Time and rows run in the direction of the loop,
 * backwards in a reverse loop, so that the length of a chunk changes no bit.
 */
import { invariant } from "../../../errors.ts";
import type { Node } from "../../graph/nodes.ts";
import { widthOf } from "../../graph/shapes.ts";
import type { Stage } from "../fuse.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import type { Slot } from "../store.ts";
import type { Tiles } from "../target.ts";
import { floatBytes, stepAddress } from "./addresses.ts";
import { int, load, local, minus, plus, splat, times, vector, Writer } from "./ir.ts";
import {
  blocksOf,
  type Domain,
  type Kernels,
  leftSide,
  parametersOf,
  rowCount,
  type Sums,
} from "./kernels.ts";

interface Side {
  readonly slot: Slot;
  readonly column: number;
}
interface Sum {
  readonly value: Side;
  readonly column: number;
}
interface Work {
  readonly kernels: Kernels;
  readonly writer: Writer;
  readonly domain: Domain;
  readonly sums: Sums;
  /** The left side of a contract; none in a plain sum. */
  readonly left: Side | null;
  /** The sites of a row are not added up: each has a row of the sums. */
  readonly apart: boolean;
  readonly parts: readonly Sum[];
  readonly vectors: number;
  readonly narrow: boolean;
}

/**
 * Vectors of one result side by side, several results only where these are few: a chunk's rows of a whole cache line
 * stay in the first-level cache, those of four gates a quarter of a line each do not (LSTM 64, 128, 32, 100 with
 * chunks of 12 steps: 1.4 times the training step; npm run bench -- chunks).
 */
const vectorsFor = ({ sumVectors }: Tiles, blocks: number): number =>
  sumVectors.find((count) => blocks % count === 0) ?? 1;

export function lowerAccumulate(
  kernels: Kernels,
  stage: Stage,
  domain: Domain,
  name: string,
): ProgramFunction {
  const writer = new Writer();
  const [first] = stage.members as [Node];
  const apart = first.op === "sumLeading" && first.shape.length > 1;
  const { sums, parts } = sumsFor(kernels, stage, apart);
  const left = first.op === "contract" ? leftSide(kernels, first.inputs[0]) : null;
  const narrow = stage.width === 1;
  const vectors = narrow ? 1 : vectorsFor(kernels.tiles, blocksOf(stage.width, kernels.lanes));
  const perPass = Math.max(1, Math.floor((kernels.tiles.sumVectors[0] ?? 1) / vectors));
  for (let k = 0; k < parts.length; k += perPass) {
    const some = parts.slice(k, k + perPass);
    lowerSums({ kernels, writer, domain, sums, left, apart, parts: some, vectors, narrow }, stage.width);
  }
  return writer.finish(name, parametersOf[domain.steps]);
}

function sumsFor(
  kernels: Kernels,
  stage: Stage,
  apart: boolean,
): { readonly sums: Sums; readonly parts: readonly Sum[] } {
  const [first] = stage.members as [Node];
  const padded = stage.width === 1 ? 1 : blocksOf(stage.width, kernels.lanes) * kernels.lanes;
  const rows = first.op === "contract" ? widthOf(first.inputs[0]) : apart ? stage.sites : 1;
  const sums = { key: `sums_${kernels.sums.length}`, rows, stride: padded * stage.members.length };
  kernels.sums.push(sums);
  const parts = stage.members.map((node, k) => {
    invariant(
      node.op === "contract" || node.op === "sumLeading",
      `lower: "${node.op}" is not summed in a stage`,
    );
    invariant(!node.shape.includes("rows"), "lower: a sum over time alone is not compiled");
    kernels.sumSlots.set(node, { sums, column: k * padded, width: stage.width });
    return {
      value: leftSide(kernels, node.op === "contract" ? node.inputs[1] : node.inputs[0]),
      column: k * padded,
    };
  });
  return { sums, parts };
}

function lowerSums(work: Work, width: number): void {
  const { kernels, writer, left, parts, sums, vectors } = work;
  const blocks = blocksOf(width, kernels.lanes);
  const tile = left === null ? 1 : Math.min(sums.rows, kernels.tiles.sumRows[parts.length * vectors] ?? 1);
  const whole = sums.rows - (sums.rows % tile);
  const blockBytes = vectors * kernels.lanes * floatBytes;
  writer.loop(int(0), int(blocks * kernels.lanes * floatBytes), blockBytes, (feature) => {
    writer.loop(int(0), int(whole), tile, (row) => lowerTile(work, { row, feature, rows: tile, vectors }));
    if (whole < sums.rows) lowerTile(work, { row: int(whole), feature, rows: sums.rows - whole, vectors });
  });
}

interface Tile {
  readonly row: Expression;
  readonly feature: Expression;
  readonly rows: number;
  readonly vectors: number;
}

function lowerTile(work: Work, { row, feature, rows, vectors }: Tile): void {
  const { kernels, writer, sums, parts, narrow } = work;
  const vectorBytes = kernels.lanes * floatBytes;
  const base = kernels.frame.read(writer, sums.key);
  const at = writer.set(plus(plus(base, times(row, int(sums.stride * floatBytes))), feature), "int");
  const cells = Array.from({ length: rows * parts.length * vectors }, (_, k) => {
    const r = Math.floor(k / (parts.length * vectors));
    const p = Math.floor(k / vectors) % parts.length;
    const v = k % vectors;
    const offset = (r * sums.stride + (parts[p] as Sum).column) * floatBytes + v * vectorBytes;
    return { r, p, v, offset, name: writer.name("acc") };
  });
  for (const { name, offset } of cells)
    writer.assign(name, narrow ? splat(at, offset) : load(at, offset), "vector");
  overStepsAndRows(work, { row, feature }, (left, values) => {
    const loaded = values.map(({ address, offset }) =>
      Array.from({ length: vectors }, (_, v) =>
        writer.set(narrow ? splat(address, offset) : load(address, offset + v * vectorBytes), "vector"),
      ),
    );
    for (let r = 0; r < rows; r++) {
      const a = left === null ? null : writer.set(splat(left, r * floatBytes), "vector");
      for (const { p, v, name } of cells.filter((cell) => cell.r === r)) {
        const value = loaded[p]?.[v] as Expression;
        const sum = local(name, "vector");
        const next = a === null ? vector("add", sum, value) : vector("multiplyAdd", a, value, sum);
        writer.assign(name, next, "vector");
      }
    }
  });
  for (const { name, offset } of cells) {
    const kind = narrow ? "storeFirst" : "store";
    writer.push({ kind, address: at, offset, value: local(name, "vector") });
  }
}

interface Located {
  readonly address: Expression;
  readonly offset: number;
}

/** `body` with the address of the left side's and of each value's row, for every step and row in the loop's order. */
function overStepsAndRows(
  work: Work,
  at: { row: Expression; feature: Expression },
  body: (left: Expression | null, values: readonly Located[]) => void,
): void {
  const { kernels, writer, domain, left, apart, parts } = work;
  const atStep = (step: Expression | null): void => {
    const count = rowCount(kernels, writer, domain, step);
    const last = domain.reverse ? minus(count, int(1)) : int(0);
    const sides = [...new Map(parts.map(({ value }) => [sideKey(value), value])).values()];
    const pointers = [...(left === null ? [] : [left]), ...sides].map((side) => {
      const start = stepAddress(writer, kernels.frame, side.slot.buffer, side.slot.shift, step);
      const offset = side === left ? times(at.row, int(floatBytes)) : at.feature;
      const column = plus(offset, int(side === left ? side.column * floatBytes : 0));
      const site = apart ? times(at.row, int(siteBytes(side))) : int(0);
      const name = writer.name("pointer");
      const row = plus(start, times(last, int(side.slot.buffer.stride * floatBytes)));
      writer.assign(name, plus(plus(row, site), column), "int");
      return { side, name };
    });
    const atSite = (named: readonly Pointer[]): void => {
      const values = parts.map(({ value }) => {
        const { name } = named.find(
          ({ side }) => side !== left && sideKey(side) === sideKey(value),
        ) as Pointer;
        return { address: local(name), offset: value.column * floatBytes };
      });
      body(left === null ? null : local(named[0]?.name ?? ""), values);
    };
    const move = ({ name }: Pointer, bytes: number): void =>
      writer.assign(name, (domain.reverse ? minus : plus)(local(name), int(bytes)), "int");
    writer.loop(int(0), count, 1, () => {
      if (apart || domain.sites === 1) atSite(pointers);
      else overSitesOfRow(work, pointers, move, atSite);
      for (const pointer of pointers) move(pointer, pointer.side.slot.buffer.stride * floatBytes);
    });
  };
  if (domain.steps !== "chunk") return atStep(domain.steps === "step" ? local("step") : null);
  if (!domain.reverse) return writer.loop(local("from"), local("to"), 1, atStep);
  writer.loop(minus(local("to"), int(1)), local("from"), -1, atStep);
}

interface Pointer {
  readonly side: Side;
  readonly name: string;
}

/** Every site of a row, in the loop's order. */
function overSitesOfRow(
  { writer, domain }: Work,
  rows: readonly Pointer[],
  move: (pointer: Pointer, bytes: number) => void,
  body: (pointers: readonly Pointer[]) => void,
): void {
  const last = domain.reverse ? domain.sites - 1 : 0;
  const pointers = rows.map(({ side, name: row }) => {
    const name = writer.name("site");
    writer.assign(name, plus(local(row), int(last * siteBytes(side))), "int");
    return { side, name };
  });
  writer.loop(int(0), int(domain.sites), 1, () => {
    body(pointers);
    for (const pointer of pointers) move(pointer, siteBytes(pointer.side));
  });
}

/** From site to site; none in what is the same for all. */
const siteBytes = ({ slot: { sites, siteStride } }: Side): number =>
  sites > 1 ? siteStride * floatBytes : 0;

/** Values side by side in one buffer share a pointer. */
const sideKey = ({ slot }: Side): string =>
  `${slot.buffer.name} ${slot.shift} ${slot.sites} ${slot.siteStride}`;
