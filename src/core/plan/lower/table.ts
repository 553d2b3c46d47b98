/**
 * Fills a table: for each product, for each block of features, for each tile of tokens, accumulators begun with the
 * bias, k ascending: the sums of `product.ts`, with the kernel read where it stands.
 */
import { invariant } from "../../../errors.ts";
import type { Node } from "../../graph/nodes.ts";
import { widthOf } from "../../graph/shapes.ts";
import type { Expression, ProgramFunction } from "../program.ts";
import type { Table, TableProduct } from "../tabulate.ts";
import { floatBytes } from "./addresses.ts";
import { constantVector, int, load, local, plus, splat, times, vector, Writer } from "./ir.ts";
import { blocksOf, type Kernels, overRows } from "./kernels.ts";
import type { WeightView } from "./weights.ts";

/** Tokens and vectors of features of a tile: eight accumulators, two vectors of the kernel, one number. */
const tokenTiles = [4, 1];
const mostVectors = 2;

/** `pack(frame, from, to)`: rows `from` to `to` of the table. */
export function lowerTable(kernels: Kernels, table: Table): ProgramFunction {
  const writer = new Writer();
  for (const product of table.products) lowerColumns({ kernels, writer, table, product });
  return writer.finish(`pack_${table.key}`, ["frame", "from", "to"], true);
}

interface Work {
  readonly kernels: Kernels;
  readonly writer: Writer;
  readonly table: Table;
  readonly product: TableProduct;
}

function lowerColumns(work: Work): void {
  const { kernels, writer, product } = work;
  const vectorBytes = kernels.lanes * floatBytes;
  const blocks = blocksOf(widthOf(product.inputs[2]), kernels.lanes);
  const whole = blocks - (blocks % mostVectors);
  const over = (from: number, to: number, vectors: number): void => {
    if (from === to) return;
    writer.loop(int(from * vectorBytes), int(to * vectorBytes), vectors * vectorBytes, (feature) =>
      overRows(writer, { from: local("from"), until: local("to") }, tokenTiles, (token, tokens) =>
        lowerTile(work, { token, feature, tokens, vectors }),
      ),
    );
  };
  over(0, whole, mostVectors);
  over(whole, blocks, 1);
}

interface Tile {
  readonly token: Expression;
  /** The first feature, in bytes. */
  readonly feature: Expression;
  readonly tokens: number;
  readonly vectors: number;
}

function lowerTile(work: Work, { token, feature, tokens, vectors }: Tile): void {
  const { kernels, writer, table, product } = work;
  const [start, left, right] = product.inputs;
  const [from, kernel] = [viewOf(kernels, left), viewOf(kernels, right)];
  const vectorBytes = kernels.lanes * floatBytes;
  const cells = Array.from({ length: tokens * vectors }, (_, k) => ({
    name: writer.name("acc"),
    row: Math.floor(k / vectors),
    vector: k % vectors,
  }));
  for (const { name, vector: v } of cells)
    writer.assign(name, startOf(kernels, writer, start, plus(feature, int(v * vectorBytes))), "vector");
  const row = plus(addressOf(kernels, writer, from), times(token, int(from.rowStride * floatBytes)));
  const begin = writer.set(row, "int");
  const weights = writer.name("kernel");
  writer.assign(weights, plus(addressOf(kernels, writer, kernel), feature), "int");
  const stepBytes = from.columnStride * floatBytes;
  writer.loop(begin, plus(begin, int(from.columns * stepBytes)), stepBytes, (address) => {
    const loaded = Array.from({ length: vectors }, (_, v) =>
      writer.set(load(local(weights), v * vectorBytes), "vector"),
    );
    const numbers = Array.from({ length: tokens }, (_, r) =>
      writer.set(splat(address, r * from.rowStride * floatBytes), "vector"),
    );
    for (const { name, row: r, vector: v } of cells) {
      const sum = vector(
        "multiplyAdd",
        numbers[r] as Expression,
        loaded[v] as Expression,
        local(name, "vector"),
      );
      writer.assign(name, sum, "vector");
    }
    writer.assign(weights, plus(local(weights), int(kernel.rowStride * floatBytes)), "int");
  });
  const stride = widthOf(table.parameter) * floatBytes;
  const base = plus(kernels.frame.read(writer, table.key), times(token, int(stride)));
  const address = writer.set(plus(base, feature), "int");
  for (const { name, row: r, vector: v } of cells) {
    const offset = r * stride + product.column * floatBytes + v * vectorBytes;
    writer.push({ kind: "store", address, offset, value: local(name, "vector") });
  }
}

/** A vector of what the sums begin with, a few features on. */
function startOf(kernels: Kernels, writer: Writer, node: Node, feature: Expression): Expression {
  if (node.op === "constant") return constantVector(node.attributes.value);
  if (node.op === "broadcast") return startOf(kernels, writer, node.inputs[0], feature);
  if (node.op === "add") {
    const [a, b] = node.inputs.map((input) => startOf(kernels, writer, input, feature));
    return vector("add", a as Expression, b as Expression);
  }
  const view = viewOf(kernels, node);
  const address = addressOf(kernels, writer, view);
  return view.columns === 1 ? splat(address) : load(plus(address, feature));
}

function viewOf(kernels: Kernels, node: Node): WeightView {
  const view = kernels.weight(node);
  invariant(view !== null, `lower: "${node.op}" is not a part of a weight`);
  return view;
}

const addressOf = (kernels: Kernels, writer: Writer, { weight, offset }: WeightView): Expression =>
  plus(kernels.frame.read(writer, kernels.weightKey(weight)), int(offset * floatBytes));
