/** Nodes and edges of an unfolded graph. */

export interface UnfoldedNode {
  /** "h_2", or "lstm_1@2". */
  readonly id: string;
  /** "state" is a layer with states, "layer" another one or an operator. */
  readonly kind: "input" | "state" | "layer" | "output" | "loss" | "target";
  /** For people: "h_2", or "lstm_1, t = 2". */
  readonly label: string;
  /** The layer, operator, input or output that it belongs to. */
  readonly name: string;
  /** 1 ... steps; 0 for a state before the first step; null for what has no time. */
  readonly step: number | null;
}
export interface UnfoldedEdge {
  /** Ids of nodes. */
  readonly from: string;
  readonly to: string;
  /** Within a step, or from the state at one step to that at the next. */
  readonly kind: "forward" | "recurrent";
  /** The weights on the way: "U", or "lstm_1/kernel"; null where there are none. */
  readonly label: string | null;
  /** By the names of `model.weights`. */
  readonly weights: readonly string[];
}

export interface Graph {
  readonly nodes: readonly UnfoldedNode[];
  readonly edges: readonly UnfoldedEdge[];
}
