/**
 * What runs after the shards, by ranges of weights: the sum of the shards' gradients, its squared norm, the update.
 */
import type { Update } from "../../graph/computation.ts";
import type { Node } from "../../graph/nodes.ts";
import { topological } from "../../graph/walk.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import { floatBytes } from "./addresses.ts";
import { arithmetic } from "./arithmetic.ts";
import {
  bitAnd,
  constantVector,
  int,
  integers,
  less,
  lessEqual,
  load,
  loadInt,
  local,
  minimum,
  plus,
  splat,
  times,
  vector,
  Writer,
} from "./ir.ts";

/** One piece of a weight's gradient as the shards hold it, and its place in the weight, in floats. */
export interface GradientPiece {
  readonly rows: number;
  readonly columns: number;
  /** In a shard's sums. */
  readonly stride: number;
  readonly column: number;
  /** In the gradient, laid out as the weight. */
  readonly target: {
    readonly offset: number;
    readonly rowStride: number;
    readonly columnStride: number;
  };
}

/**
 * `reduce(shards, count, slot, gradient, from, to)`: rows `from` to `to` of one piece, the shards added in their order.
 * `shards` is a list of frames; `slot` the place of the sums' address in a frame. Adds to what `gradient` holds.
 */
export function lowerReduce(piece: GradientPiece, name: string, lanes: number): ProgramFunction {
  const writer = new Writer();
  const { offset, rowStride, columnStride } = piece.target;
  const whole = columnStride === 1 ? piece.columns - (piece.columns % lanes) : 0;
  const cell = (row: Expression, feature: Expression, narrow: boolean): void => {
    const sum = writer.name("sum");
    const read = narrow ? splat : load;
    const at = plus(
      int(offset * floatBytes),
      plus(times(row, int(rowStride * floatBytes)), times(feature, int(columnStride))),
    );
    const target = writer.set(plus(local("gradient"), at), "int");
    writer.assign(sum, read(target), "vector");
    writer.loop(int(0), local("count"), 1, (shard) => {
      const frame = loadInt(plus(local("shards"), times(shard, int(4))));
      const sums = loadInt(plus(frame, local("slot")));
      const from = plus(sums, plus(times(row, int(piece.stride * floatBytes)), feature));
      writer.assign(
        sum,
        vector("add", local(sum, "vector"), read(from, piece.column * floatBytes)),
        "vector",
      );
    });
    writer.push({
      kind: narrow ? "storeFirst" : "store",
      address: target,
      offset: 0,
      value: local(sum, "vector"),
    });
  };
  writer.loop(local("from"), local("to"), 1, (row) => {
    writer.loop(int(0), int(whole * floatBytes), lanes * floatBytes, (feature) => cell(row, feature, false));
    writer.loop(int(whole * floatBytes), int(piece.columns * floatBytes), floatBytes, (feature) =>
      cell(row, feature, true),
    );
  });
  return writer.finish(name, ["shards", "count", "slot", "gradient", "from", "to"], true);
}

/** Floats of a block whose squares are summed in float32; the host adds the blocks in float64. */
export const squaresBlock = 1024;

/** `squares(values, size, from, to, into)`: the sums of squares of blocks `from` to `to` of `size` floats. */
export function lowerSquares(lanes: number): ProgramFunction {
  const writer = new Writer();
  writer.loop(local("from"), local("to"), 1, (block) => {
    const start = writer.set(times(block, int(squaresBlock)), "int");
    const end = writer.set(minimum(plus(start, int(squaresBlock)), local("size")), "int");
    writer.assign("sum", constantVector(0), "vector");
    writer.loop(start, end, lanes, (index) => {
      const value = writer.set(load(plus(local("values"), times(index, int(floatBytes)))), "vector");
      writer.assign("sum", vector("add", local("sum", "vector"), vector("mul", value, value)), "vector");
    });
    const value: Expression = { kind: "acrossLanes", op: "add", value: local("sum", "vector") };
    const address = plus(local("into"), times(block, int(floatBytes)));
    writer.push({ kind: "storeFirst", address, offset: 0, value });
  });
  return writer.finish("squares", ["values", "size", "from", "to", "into"], true);
}

/** `zero(address, bytes)`. */
export function lowerZero(): ProgramFunction {
  const writer = new Writer();
  writer.push({ kind: "fill", address: local("address"), bytes: local("bytes") });
  return writer.finish("zero", ["address", "bytes"], true);
}

/** `update(weight, gradient, scalars, from, to, slot0, slot1, ...)`: elements `from` to `to` (whole vectors). */
export function lowerUpdate(update: Update, name: string, lanes: number): ProgramFunction {
  const writer = new Writer();
  const slots = update.slots.map((_, k) => `slot_${k}`);
  writer.loop(local("from"), local("to"), lanes, (index) => {
    const bytes = writer.set(times(index, int(floatBytes)), "int");
    const address = (base: string): Expression => plus(local(base), bytes);
    const made = new Map<Node, Expression>();
    made.set(update.weight, writer.set(load(address("weight")), "vector"));
    made.set(update.gradient, writer.set(load(address("gradient")), "vector"));
    update.slots.forEach((slot, k) => made.set(slot, writer.set(load(address(`slot_${k}`)), "vector")));
    update.scalars.forEach((scalar, k) =>
      made.set(scalar, writer.set(splat(local("scalars"), k * floatBytes), "vector")),
    );
    for (const node of topological([update.nextWeight, ...update.nextSlots])) {
      if (!made.has(node)) made.set(node, computed(node, made, writer));
    }
    writer.push({
      kind: "store",
      address: address("weight"),
      offset: 0,
      value: made.get(update.nextWeight) as Expression,
    });
    update.nextSlots.forEach((next, k) => {
      writer.push({
        kind: "store",
        address: address(`slot_${k}`),
        offset: 0,
        value: made.get(next) as Expression,
      });
    });
  });
  return writer.finish(name, ["weight", "gradient", "scalars", "from", "to", ...slots], true);
}

function computed(node: Node, made: ReadonlyMap<Node, Expression>, writer: Writer): Expression {
  if (node.op === "constant") return constantVector(node.attributes.value);
  const inputs = node.inputs.map((input) => made.get(input) as Expression);
  if (node.op !== "where") return writer.set(arithmetic(node.op, inputs, writer), "vector");
  const [condition, yes, no] = inputs as [Expression, Expression, Expression];
  return writer.set(vector("select", integers("equal", condition, constantVector(0)), no, yes), "vector");
}

/**
 * `scatter(index, values, stride, steps, rows, active, from, to, table)`: values of the rows that take part at each
 * step, each `width` floats, added to the rows `from` to `to` of a table. The gradient of an embedding.
 */
export function lowerScatter(width: number, timed: boolean, name: string, lanes: number): ProgramFunction {
  const writer = new Writer();
  const whole = width - (width % lanes);
  writer.loop(int(0), local("steps"), 1, (step) => {
    const count = timed ? loadInt(plus(local("active"), times(step, int(4)))) : local("rows");
    const first = writer.set(times(step, local("rows")), "int");
    writer.loop(int(0), count, 1, (inStep) => scatterRow(writer, plus(first, inStep)));
  });
  const inputs = ["index", "values", "stride", "steps", "rows", "active", "from", "to", "table"];
  return writer.finish(name, inputs, true);

  function scatterRow(w: Writer, place: Expression): void {
    const row = w.set(place, "int");
    const index = w.set(loadInt(plus(local("index"), times(row, int(4)))), "int");
    w.when(bitAnd(lessEqual(local("from"), index), less(index, local("to"))), () => {
      const source = w.set(plus(local("values"), times(row, local("stride"))), "int");
      const target = w.set(plus(local("table"), times(index, int(width * floatBytes))), "int");
      const each =
        (narrow: boolean) =>
        (feature: Expression): void => {
          const read = narrow ? splat : load;
          const value = vector("add", read(plus(target, feature)), read(plus(source, feature)));
          w.push({ kind: narrow ? "storeFirst" : "store", address: plus(target, feature), offset: 0, value });
        };
      w.loop(int(0), int(whole * floatBytes), lanes * floatBytes, each(false));
      w.loop(int(whole * floatBytes), int(width * floatBytes), floatBytes, each(true));
    });
  }
}
