/**
 * What a device is: it turns a computation (a graph with named ends) into something that runs on batches.
 *
 * Host arrays are batch-major and dense: an input of shape `[time, rows, features]` is given, and an output returned,
 * as `[rows, time, features]`. Devices sort rows, cut shards and turn axes themselves. A computation is compiled once
 * and serves every batch size, number of steps and set of lengths.
 */
import type { Computation, Update } from "../graph/computation.ts";

export type { Computation, Parameter, Update } from "../graph/computation.ts";

export type HostArray = Float32Array | Int32Array;

export interface Batch {
  readonly rows: number;
  /** Steps, by dimension of time. */
  readonly times: Readonly<Record<string, number>>;
  /** Real steps of each row, by dimension of time; all steps where it is left out. */
  readonly lengths?: Readonly<Record<string, Int32Array>>;
  /** In the order of `Computation.inputs`. */
  readonly inputs: readonly HostArray[];
  /** The place of the first row in the batch of which this one is a part; counts for random numbers. Default 0. */
  readonly firstRow?: number;
  /** Changes whenever the weights do. Without it they are copied and packed anew at each run. */
  readonly version?: number;
}

/** A computation made ready. Gradients, where the computation has them, come after the outputs. */
export interface Executable {
  /** Throws an UnrollError when a batch needs more memory than `memoryLimit`. */
  run(batch: Batch, weights: readonly Float32Array[]): Promise<readonly Float32Array[]>;
  /**
   * The same on the calling thread, at once; the outputs are written `into` the arrays given, or into new ones. These
   * may be inputs of the batch too: all are read before any is written.
   */
  runNow(
    batch: Batch,
    weights: readonly Float32Array[],
    into?: readonly Float32Array[],
  ): readonly Float32Array[];
  /**
   * The same, for who may look at few of many outputs: each is made an array when it is first read, and has the bits
   * that `run` gives, whatever is run later. The arrays of the batch must stay as they are; weights may change.
   */
  hold(batch: Batch, weights: readonly Float32Array[]): Promise<Held>;
}
/** A run whose outputs are read one by one. */
export interface Held {
  /** Lives as long as this does. */
  readonly executable: Executable;
  /** The same array at every call. After a later run the computation may have to run once more, at once. */
  output(index: number): Float32Array;
}

/** The scalars for each weight (none where it has no update), or null to leave weights and slots as they are. */
export type Decision = readonly (readonly number[])[] | null;
/**
 * Decides about a step when the gradients are there. `squaredNorms[k]` is the sum of squares of the gradient of weight
 * k, not finite when the gradient is not.
 */
export type Decide = (
  squaredNorms: Float64Array,
  outputs: readonly Float32Array[],
) => Decision | Promise<Decision>;

export interface TrainedArrays {
  readonly weights: readonly Float32Array[];
  readonly slots: readonly (readonly Float32Array[])[];
}

/** Weights and optimizer slots that live on the device while a model is trained. */
export interface Trainer {
  /** One optimizer step; returns the outputs of the computation. */
  step(batch: Batch, decide: Decide): Promise<readonly Float32Array[]>;
  /** Copies of the weights and, for each weight, its slots, as they are after the last finished step. */
  read(): TrainedArrays;
  write(weights: readonly Float32Array[], slots: readonly (readonly Float32Array[])[]): void;
  /** Gives the memory back. */
  release(): void;
}

export interface Device {
  readonly name: "wasm" | "native" | "reference";
  /** What else the bits of results depend on: "strict", or "gcc 12.2.0, 512-bit vectors". */
  readonly mode: string;
  /** Rows of a shard, on which they depend too; null: from the sizes of model and batch. */
  readonly shardRows: number | null;
  /** For people: all of it, and the threads. */
  readonly description: string;
  compile(computation: Computation): Executable;
  /** `updates[k]` belongs to weight k; null leaves it alone. Weights and slots begin as zeros: write them first. */
  train(computation: Computation, updates: readonly (Update | null)[]): Trainer;
}
