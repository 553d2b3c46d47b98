/**
 * Whether the heap of JavaScript has room for a plan: where it has none, the engine ends the process without a word
 * that a caller could hear. Arrays lie outside of the heap, whatever their size.
 */
import { UnrollError } from "../../errors.ts";
import type { Computation } from "../graph/computation.ts";
import { bodyNodes, topological } from "../graph/walk.ts";
import { builtin } from "./host.ts";
import { mebibyte, mebibytes } from "./mebibytes.ts";

/** For each node: a plan keeps 5.0 to 5.5 KiB (LSTMs in 1, 8, 32 layers), and needs more on the way. */
const bytesOfNode = 6 * 1024;
/** What the engine's limit counts for objects that are young. */
const young = 48 * mebibyte;

/** Throws an UnrollError where the plan of a computation has no room; never where the engine does not say. */
export function refuseShortHeap({ outputs, gradients }: Computation): void {
  const heap = heapHere();
  if (heap === null) return;
  const nodes = countOf([...outputs, ...gradients.filter((gradient) => gradient !== null)]);
  const needed = nodes * bytesOfNode;
  if (heap.used() + needed <= heap.limit) return;
  heap.collect();
  const used = heap.used();
  if (used + needed <= heap.limit) return;
  const advised = 16 * Math.ceil((1.5 * (used + needed)) / mebibyte / 16);
  const parts = `${mebibytes(used)} in use and ${mebibytes(needed)} for the plan of ${nodes} operations`;
  throw new UnrollError({
    where: "the heap of JavaScript",
    expected: `${mebibytes(used + needed)}: ${parts}`,
    got: `a limit of ${mebibytes(heap.limit)}`,
    fix: `Start Node with --max-old-space-size=${advised}, or use fewer layers.`,
  });
}

interface Heap {
  /** Bytes. */
  readonly limit: number;
  readonly used: () => number;
  readonly collect: () => void;
}

function heapHere(): Heap | null {
  const [v8, vm] = [builtin("node:v8"), builtin("node:vm")];
  if (v8 === undefined || vm === undefined) return null;
  const statistics = (): ReturnType<typeof v8.getHeapStatistics> => v8.getHeapStatistics();
  return {
    limit: statistics().heap_size_limit - young,
    used: () => statistics().used_heap_size,
    collect: () => {
      v8.setFlagsFromString("--expose-gc");
      (vm.runInNewContext("gc") as () => void)();
    },
  };
}

function countOf(roots: Computation["outputs"]): number {
  const nodes = [...topological(roots)];
  return nodes.reduce(
    (sum, node) => sum + (node.op === "scan" ? bodyNodes(node.attributes.body).size : 1),
    0,
  );
}
