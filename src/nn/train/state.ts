/** What a training is at any moment: with the weights, all that is needed to go on as if it had never stopped. */
import type { Network } from "../model/network.ts";
import { sizeOf } from "../model/tensor.ts";
import type { Sums } from "./figures.ts";
import type { Optimizer } from "./optimizers.ts";

/** Figures by epoch. */
export interface History {
  readonly epoch: number[];
  readonly history: Record<string, number[]>;
}

/** A plain object: numbers, strings, arrays and typed arrays. */
export interface TrainingState {
  /** Optimizer steps so far. */
  step: number;
  /** Epochs finished so far, over all calls of fit: with the seed it gives the order of the next one. */
  epochs: number;
  seed: number;
  /** For each variable its slots; none where it is not trained. */
  slots: readonly (readonly Float32Array[])[];
  /** The call of fit that is under way, or was last. */
  run: Run | null;
}
/** The place inside a call of fit. */
export interface Run {
  /** The epoch that is under way, as History counts. */
  epoch: number;
  /** Batches of it that are done, and pieces of the next one. */
  batch: number;
  piece: number;
  sums: Sums | null;
  history: History;
  /** The state of each callback, null where it has none. */
  callbacks: readonly unknown[];
  /** With `piece` above 0: the states `[rows, ...]` at its beginning, by "layer/state". */
  carried: Readonly<Record<string, Float32Array>>;
  /** A hash of the data, and how they are cut, so that a training goes on with the same. */
  readonly data: string;
}

export function freshState(network: Network, optimizer: Optimizer): TrainingState {
  const first = Object.values(optimizer.slots);
  const slots = network.variables.map(({ trainable, shape }) =>
    trainable ? first.map((x) => new Float32Array(sizeOf(shape)).fill(x)) : [],
  );
  return { step: 0, epochs: 0, seed: network.seed, slots, run: null };
}

export function freshRun(epoch: number, data: string): Run {
  return {
    epoch,
    batch: 0,
    piece: 0,
    sums: null,
    history: { epoch: [], history: {} },
    callbacks: [],
    carried: {},
    data,
  };
}

/** Puts the figures of an epoch at the end of a history. */
export function record(history: History, epoch: number, figures: Readonly<Record<string, number>>): void {
  history.epoch.push(epoch);
  for (const [name, figure] of Object.entries(figures)) {
    history.history[name] ??= [];
    history.history[name].push(figure);
  }
}
