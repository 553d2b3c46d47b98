/**
 * Pack: the right sides of products, laid out as the innermost loop reads them: one panel for each group of products,
 * `[block][k][product][vector][lane]`. Packed once for every version of the weights, by ranges of blocks.
 */
import { widthOf } from "../../graph/shapes.ts";
import type { ProgramFunction } from "../program.ts";
import type { Table } from "../tabulate.ts";
import { floatBytes } from "./addresses.ts";
import { int, integers, load, loadInt, local, plus, times, vector, Writer } from "./ir.ts";
import { blocksOf, type Kernels, type Panel } from "./kernels.ts";
import type { WeightView } from "./weights.ts";

/** What is made of the weights. A table's blocks are its rows. */
export type Packed = Panel | Table;

/** Floats of a panel's block, for all products and k. */
export function blockFloats(panel: Packed, lanes: number): number {
  if ("products" in panel) return widthOf(panel.parameter);
  return (panel.views[0]?.rows ?? 0) * panel.views.length * panel.vectors * lanes;
}
export const panelBlocks = (panel: Packed, lanes: number): number =>
  "products" in panel ? Number(panel.parameter.shape[0]) : blocksOf(panel.columns, panel.vectors * lanes);

/** `pack(frame, from, to)`: blocks `from` to `to` of one panel. */
export function lowerPack({ frame, weightKey, lanes }: Kernels, panel: Panel): ProgramFunction {
  const writer = new Writer();
  const blockBytes = blockFloats(panel, lanes) * floatBytes;
  const wide = panel.vectors * lanes;
  panel.views.forEach((view, product) => {
    const source = frame.read(writer, weightKey(view.weight));
    writer.loop(local("from"), local("to"), 1, (block) => {
      const target = plus(frame.read(writer, panel.key), times(block, int(blockBytes)));
      const into = writer.set(plus(target, int(product * wide * floatBytes)), "int");
      const column = plus(times(block, int(wide)), int(panel.start));
      const first = writer.set(
        plus(source, plus(int(view.offset * floatBytes), times(column, int(view.columnStride * floatBytes)))),
        "int",
      );
      const stepBytes = panel.views.length * wide * floatBytes;
      if (view.columnStride === 1)
        packRows(writer, view, { into, first, column, stepBytes, vectors: panel.vectors, lanes });
      else packColumns(writer, view, { into, first, column, stepBytes, vectors: panel.vectors, lanes });
    });
  });
  return writer.finish(`pack_${panel.key}`, ["frame", "from", "to"], true);
}

interface Block {
  readonly into: ReturnType<typeof local>;
  readonly first: ReturnType<typeof local>;
  readonly column: ReturnType<typeof local>;
  readonly stepBytes: number;
  readonly vectors: number;
  readonly lanes: number;
}

/** Columns stand side by side in the weight: whole vectors are copied. */
function packRows(
  writer: Writer,
  view: WeightView,
  { into, first, column, stepBytes, vectors, lanes }: Block,
): void {
  const masks = Array.from({ length: vectors }, (_, v) => {
    const numbers = integers(
      "addInteger",
      { kind: "spread", value: plus(column, int(v * lanes)) },
      { kind: "laneIndex" },
    );
    return writer.set(
      integers("less", vector("toFloat", numbers), { kind: "constant", value: view.columns }),
      "integers",
    );
  });
  writer.loop(int(0), int(view.rows), 1, (k) => {
    const from = writer.set(plus(first, times(k, int(view.rowStride * floatBytes))), "int");
    const to = writer.set(plus(into, times(k, int(stepBytes))), "int");
    masks.forEach((mask, v) => {
      const value = load(from, v * lanes * floatBytes);
      const kept = vector("float", integers("and", integers("bits", value), mask));
      writer.push({ kind: "store", address: to, offset: v * lanes * floatBytes, value: kept });
    });
  });
}

/** Rows stand side by side (a transposed weight): one column after the other. */
function packColumns(
  writer: Writer,
  view: WeightView,
  { into, first, column, stepBytes, vectors, lanes }: Block,
): void {
  writer.loop(int(0), int(vectors * lanes), 1, (lane) => {
    const to = writer.set(plus(into, times(lane, int(floatBytes))), "int");
    const from = writer.set(plus(first, times(lane, int(view.columnStride * floatBytes))), "int");
    const real: Parameters<typeof writer.when>[0] = {
      kind: "intOperation",
      op: "less",
      inputs: [plus(column, lane), int(view.columns)],
    };
    writer.when(real, () => {
      writer.loop(int(0), int(view.rows), 1, (k) => {
        const value = loadInt(plus(from, times(k, int(view.rowStride * floatBytes))));
        writer.push({ kind: "storeInt", address: plus(to, times(k, int(stepBytes))), offset: 0, value });
      });
    });
  });
}
