/** Sums over rows as the host gets them: their pieces in the shards' memory and the functions that add these up. */
import { invariant } from "../../../errors.ts";
import type { Node, Shape } from "../../graph/nodes.ts";
import { sizeOf, widthOf } from "../../graph/shapes.ts";
import type { ScatterPiece, SumPiece, SumPlan } from "../described.ts";
import { type GradientRoot, type Leaf, matrixRows } from "../leaves.ts";
import type { ProgramFunction } from "../program.ts";
import type { Slot } from "../store.ts";
import { timeOf } from "../values.ts";
import type { Kernels } from "./kernels.ts";
import { lowerReduce, lowerScatter } from "./update.ts";

export interface SumLowering {
  readonly kernels: Kernels;
  readonly functions: ProgramFunction[];
  /** A root as it was, and as it was placed. */
  readonly at: ReadonlyMap<Node, Node>;
}

export function sumPlan(
  leaves: GradientRoot,
  shape: Shape,
  { kernels, functions, at }: SumLowering,
): SumPlan {
  const { source, slotOf, lanes } = kernels;
  const size = sizeOf(shape);
  const slotFor = (node: Node): Slot => {
    const slot = slotOf(kernels.values.behind(at.get(node) ?? node)) ?? slotOf(source(at.get(node) ?? node));
    invariant(slot !== null, `plan: "${node.op}" has no memory`);
    return slot;
  };
  const pieces: SumPiece[] = [];
  const scatters: ScatterPiece[] = [];
  for (const leaf of leaves) {
    if (leaf.index !== null) scatters.push(scatterPiece(leaf, leaf.index));
    else pieces.push(sumPiece(leaf));
  }
  return { size, pieces, scatters, divisible: isDivisible(leaves, size) };

  function sumPiece({ node, place }: Leaf): SumPiece {
    const slot = slotFor(node);
    const rows = matrixRows(node);
    const piece = {
      rows,
      columns: widthOf(node),
      stride: slot.buffer.stride,
      column: slot.column,
      target: place,
    };
    const reduce = `reduce_${functions.length}`;
    functions.push(lowerReduce(piece, reduce, lanes));
    return { key: slot.buffer.name, reduce, rows };
  }

  function scatterPiece({ node, place }: Leaf, index: Node): ScatterPiece {
    const scatter = `scatter_${functions.length}`;
    const time = timeOf(node.shape);
    const width = widthOf(node);
    const whole = place.offset === 0 && place.rowStride === width && place.columnStride === 1;
    invariant(whole, "plan: the gradient of a table is all of a weight's");
    functions.push(lowerScatter(width, time !== null, scatter, lanes));
    return { index: slotOf(source(index)) as Slot, values: slotFor(node), scatter, time, width };
  }
}

/** Do all leaves fill the same rows, so that every thread can take some of them? */
function isDivisible(leaves: GradientRoot, size: number): boolean {
  const summed = leaves.filter(({ index }) => index === null);
  const [first] = summed;
  if (first === undefined || leaves.length === 1) return true;
  const { rowStride } = first.place;
  const along = summed.every(
    ({ node, place }) =>
      place.columnStride === 1 &&
      place.rowStride === rowStride &&
      place.offset < rowStride &&
      matrixRows(node) === matrixRows(first.node),
  );
  const tables = summed.length < leaves.length;
  return along && (!tables || matrixRows(first.node) * rowStride === size);
}
