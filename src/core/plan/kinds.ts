/** How the planner sees an operator. */
import type { Node, Operator } from "../graph/nodes.ts";

/**
 * - leaf: given, or made from nothing but its place;
 * - view: another way to read what is already in memory;
 * - elementwise: from the same place of the inputs;
 * - product: `affine`, an accumulator a tile;
 * - reduce: over the features, or over the sites;
 * - accumulate: over time and rows;
 * - move: a copy to other places.
 */
export type Kind = "leaf" | "view" | "elementwise" | "product" | "reduce" | "accumulate" | "move" | "scan";

export const kindOf: { readonly [K in Operator]: Kind } = {
  parameter: "leaf",
  constant: "leaf",
  iota: "leaf",
  random: "elementwise",
  neg: "elementwise",
  abs: "elementwise",
  sqrt: "elementwise",
  exp: "elementwise",
  log: "elementwise",
  log1p: "elementwise",
  tanh: "elementwise",
  sigmoid: "elementwise",
  erf: "elementwise",
  floor: "elementwise",
  toFloat: "view",
  vanish: "elementwise",
  stopGradient: "elementwise",
  add: "elementwise",
  sub: "elementwise",
  mul: "elementwise",
  div: "elementwise",
  maximum: "elementwise",
  minimum: "elementwise",
  greater: "elementwise",
  equal: "elementwise",
  where: "elementwise",
  sum: "reduce",
  max: "reduce",
  sumLeading: "accumulate",
  reshape: "view",
  broadcast: "view",
  transpose: "view",
  slice: "view",
  sliceRows: "view",
  pad: "move",
  padRows: "view",
  concat: "move",
  reverse: "elementwise",
  sumSites: "reduce",
  maxSites: "reduce",
  joinSites: "move",
  timeToSites: "move",
  sitesToTime: "elementwise",
  patches: "move",
  overlapAdd: "move",
  resample: "elementwise",
  matmul: "product",
  affine: "product",
  contract: "accumulate",
  gather: "elementwise",
  scatterAdd: "accumulate",
  scan: "scan",
  output: "view",
};

/** Operators that read other steps than their own, each of them somewhere in the sequence. */
export const readsOtherSteps: ReadonlySet<Operator> = new Set<Operator>(["reverse", "resample"]);

/** Operators that a slice of the features passes through. */
export const elementwise: ReadonlySet<Operator> = new Set<Operator>([
  "neg",
  "abs",
  "sqrt",
  "exp",
  "log",
  "log1p",
  "tanh",
  "sigmoid",
  "erf",
  "floor",
  "vanish",
  "stopGradient",
  "add",
  "sub",
  "mul",
  "div",
  "maximum",
  "minimum",
  "greater",
  "equal",
  "where",
]);

/** Multiplies, or passes over memory: worth moving out of the step loop. */
export const expensive = (node: Node): boolean =>
  ["product", "reduce", "accumulate"].includes(kindOf[node.op]);
