/**
 * Memory blocks: several cells that share one set of gates (Hochreiter and Schmidhuber 1997). The cells of a block lie
 * side by side, so cell k of block b is feature b * cells + k; a gate has one feature for each block.
 */
import type { Node } from "../../core/graph/nodes.ts";
import { broadcast, joinSites, reshape, sum } from "../../core/graph/operators.ts";
import type { Signal } from "../signals.ts";
import { featuresOf } from "./preActivation.ts";

/** A gate for every cell: `[blocks]` to `[blocks * cells]`. */
export function forCells(gate: Signal, cells: number): Signal {
  if (cells === 1) return gate;
  const blocks = featuresOf(gate);
  return signalOf(joinSites(broadcast(reshape(nodeOf(gate), [blocks, 1]), [blocks, cells])));
}

/** The sum over the cells of each block: `[blocks * cells]` to `[blocks]`. */
export function overCells(values: Signal, cells: number): Signal {
  if (cells === 1) return values;
  const blocks = featuresOf(values) / cells;
  return signalOf(joinSites(sum(reshape(nodeOf(values), [blocks, cells]))));
}

// Inside a step a signal is a node: Signal is its public face.
const nodeOf = (signal: Signal): Node => signal as unknown as Node;
const signalOf = (node: Node): Signal => node as unknown as Signal;
