/**
 * Far memory, asked for ahead of its use. What a step keeps for another loop has left the near caches by then, and the
 * few lines that a core can wait for at a time would hold up the end of every tile. So while the products of a tile are
 * made, the rows that the next step reads and writes at its place are asked for, a little in each turn of the loop
 * (LSTM 64, 128, 32, 100: 1.05 times the training step without).
 */
import { widthOf } from "../../graph/shapes.ts";
import type { Stage } from "../fuse.ts";
import type { Buffer } from "../store.ts";
import { floatBytes, type Place, stepAddress } from "./addresses.ts";
import { int, local, plus, times, type Writer } from "./ir.ts";
import { blocksOf, type Domain, type Kernels } from "./kernels.ts";

/** A pointer that runs through the rows of a buffer. */
interface Runner {
  readonly pointer: string;
  /** Bytes a turn. */
  readonly stride: number;
}
export type Ahead = readonly Runner[];

const lineBytes = 64;

/** Pointers for a tile of so many rows and vectors, at the place given. */
export function lookAhead(
  { kernels, stage, domain }: { readonly kernels: Kernels; readonly stage: Stage; readonly domain: Domain },
  place: Place,
  { rows, vectors }: { readonly rows: number; readonly vectors: number },
): Ahead {
  const { writer, step, lanes } = place;
  const inSteps = domain.steps === "step" && step !== null;
  if (!kernels.looksAhead || !inSteps || rows === 1 || domain.sites > 1) return [];
  const next = plus(step, int(domain.reverse ? -1 : 1));
  const share = vectors / blocksOf(stage.width, lanes);
  const turns = stage.members.reduce(
    (sum, node) => (node.op === "affine" ? sum + widthOf(node.inputs[1]) : sum),
    0,
  );
  return farBuffers(kernels, stage).map((buffer) => {
    const rowBytes = buffer.stride * floatBytes;
    const bytes = rows * rowBytes * share;
    const pointer = writer.name("ahead");
    const start = plus(
      stepAddress(writer, place.frame, buffer, 0, next),
      plus(
        times(place.row, int(rowBytes)),
        times(place.feature, int(Math.ceil(bytes / (vectors * lanes * floatBytes)))),
      ),
    );
    writer.assign(pointer, start, "int");
    return { pointer, stride: Math.min(lineBytes, Math.ceil(bytes / turns)) };
  });
}

/** In the innermost loop. */
export function askAhead(writer: Writer, ahead: Ahead): void {
  for (const { pointer, stride } of ahead) {
    writer.push({ kind: "prefetch", address: local(pointer), offset: 0 });
    writer.assign(pointer, plus(local(pointer), int(stride)), "int");
  }
}

/** Those that hold every step, as far as the stage reads or writes them. */
function farBuffers({ values, slotOf }: Kernels, { members }: Stage): readonly Buffer[] {
  const buffers = members
    .flatMap((node) => [node, ...values.reads(node)])
    .flatMap((node) => slotOf(node)?.buffer ?? []);
  return [...new Set(buffers)].filter(({ storage, rows }) => rows === "rows" && far.includes(storage));
}
const far: readonly Buffer["storage"][] = ["full", "segment"];
