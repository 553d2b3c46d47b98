/** A graph with named ends: what is compiled, and what an optimizer does to one weight. */
import type { Node, NodeOf } from "./nodes.ts";

export type Parameter = NodeOf<"parameter">;

/** A graph with named ends. */
export interface Computation {
  /** Given anew with every batch: with rows in their shape, or without (a divisor `[1]`, a random key int32 `[2]`). */
  readonly inputs: readonly Parameter[];
  /** For each dimension of time (by name) the parameter, int32 `[rows]`, that stands for the lengths of its rows. */
  readonly lengths: Readonly<Record<string, Parameter>>;
  /** The same from batch to batch. Static shapes. */
  readonly weights: readonly Parameter[];
  /**
   * `[time, rows, ...]` and `[rows, ...]` come back row by row; steps beyond a row's length are zero. What has no rows
   * is a sum over rows: each shard makes its own and these are added in one fixed order.
   */
  readonly outputs: readonly Node[];
  /** For each weight the gradient of the loss, or null where it has none. Empty unless training. */
  readonly gradients: readonly (Node | null)[];
}

/**
 * One optimizer step for one element of one weight, as a graph of scalars (all shapes `[]`): the device applies it to
 * every element.
 */
export interface Update {
  readonly weight: Parameter;
  readonly gradient: Parameter;
  readonly slots: readonly Parameter[];
  /** Numbers that the host gives at each step, the same for every element of the weight. */
  readonly scalars: readonly Parameter[];
  readonly nextWeight: Node;
  readonly nextSlots: readonly Node[];
}
