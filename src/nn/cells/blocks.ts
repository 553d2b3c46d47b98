/**
 * Memory blocks: several cells that share one set of gates (Hochreiter and Schmidhuber 1997). The cells of a block lie
 * side by side, so cell k of block b is feature b * cells + k; a gate has one feature for each block.
 */
import { make } from "../../core/graph/build.ts";
import type { Node } from "../../core/graph/nodes.ts";
import { add, concat } from "../operators.ts";
import type { Signal } from "../signals.ts";
import { columns, featuresOf } from "./preActivation.ts";

/** A gate for every cell: `[blocks]` to `[blocks * cells]`. */
export function forCells(gate: Signal, cells: number): Signal {
  if (cells === 1) return gate;
  const whole = apart(gate);
  const each = Array.from({ length: featuresOf(gate) }, (_, block) => columns(whole, block, 1));
  return sideBySide(each.flatMap((one) => Array.from({ length: cells }, () => one)));
}

/** The sum over the cells of each block: `[blocks * cells]` to `[blocks]`. */
export function overCells(values: Signal, cells: number): Signal {
  if (cells === 1) return values;
  const whole = apart(values);
  const blocks = featuresOf(values) / cells;
  const ofCell = (cell: number): Signal =>
    sideBySide(Array.from({ length: blocks }, (_, block) => columns(whole, block * cells + cell, 1)));
  return Array.from({ length: cells }, (_, cell) => ofCell(cell)).reduce((sum, one) => add(sum, one));
}

/** A copy in memory: else each single feature would be computed on its own, with a product for it alone. */
function apart(x: Signal): Signal {
  const node = x as unknown as Node; // inside a step a signal is a node
  return make("pad", [node], { start: 0, size: featuresOf(x) }) as Node as unknown as Signal;
}

/** Single features as one value. The one too many has the gradient copied too, for the same reason. */
function sideBySide(features: readonly Signal[]): Signal {
  const [first] = features as [Signal];
  return columns(concat(...features, first), 0, features.length);
}
