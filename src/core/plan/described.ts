/** A plan as data: the program, and the memory that a device has to give it. */
import type { Parameter } from "../graph/computation.ts";
import type { Dim, Node } from "../graph/nodes.ts";
import type { Replay } from "./checkpoint.ts";
import type { Life } from "./lives.ts";
import type { Sums } from "./lower/kernels.ts";
import type { Packed } from "./lower/pack.ts";
import type { Program } from "./program.ts";
import type { Buffer, Slot, StagedSection, Stores } from "./store.ts";
import type { Target } from "./target.ts";
import type { Carry } from "./values.ts";

/** A piece of a sum: where a shard holds it, and where it belongs in the whole. */
export interface SumPiece {
  /** Frame entry of its memory in a shard. */
  readonly key: string;
  /** The function that adds it up over the shards. */
  readonly reduce: string;
  readonly rows: number;
}
/** Values to be added to the rows of an embedding's gradient, behind the shards. */
export interface ScatterPiece {
  readonly index: Slot;
  readonly values: Slot;
  readonly scatter: string;
  readonly time: Dim | null;
  readonly width: number;
}
/** What has no rows: a sum over all shards. */
export interface SumPlan {
  readonly size: number;
  readonly pieces: readonly SumPiece[];
  readonly scatters: readonly ScatterPiece[];
  /** Every piece fills the same rows: each thread may add up some of these. Else one thread adds up all. */
  readonly divisible: boolean;
}
export interface RowsPlan {
  readonly slot: Slot;
  readonly time: Dim | null;
  /** Features of a row, or of a step. */
  readonly width: number;
}
export interface Plan {
  readonly program: Program;
  /** Entries of a shard's frame, in order. */
  readonly frame: readonly string[];
  /** Buffers a shard needs, inputs among them. */
  readonly buffers: readonly Buffer[];
  readonly inputs: readonly { readonly parameter: Parameter; readonly buffer: Buffer }[];
  /** What is made of the weights, whenever they change: panels, then tables. */
  readonly panels: readonly Packed[];
  readonly sums: readonly Sums[];
  /** In the order of the computation's outputs. */
  readonly outputs: readonly (RowsPlan | SumPlan)[];
  readonly gradients: readonly (SumPlan | null)[];
  readonly staged: readonly StagedSection[];
  readonly stores: Stores;
  /** When each buffer of the stages is needed. */
  readonly lives: ReadonlyMap<Buffer, Life>;
  /** What is computed again where values are kept in segments, and when each buffer is needed then. */
  readonly replays: readonly Replay[];
  readonly segmentLives: ReadonlyMap<Buffer, Life>;
  readonly carries: readonly Carry[];
  /** What a scan's slice or output stands for. */
  readonly behind: (node: Node) => Node;
  readonly target: Target;
}

/** Frame entry of a weight, by its number in the computation. */
export const weightKeyOf = (index: number): string => `weight_${index}`;
