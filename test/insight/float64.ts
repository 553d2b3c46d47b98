/** A run with targets as a graph with its numbers in float64. */
import type { Node } from "../../src/core/graph/nodes.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { exampleOf } from "../../src/nn/insight/float64.ts";
import { runOf } from "../../src/nn/insight/run.ts";
import { type View, viewOf } from "../../src/nn/insight/view.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { lossOf } from "../../src/nn/train/objective.ts";
import type { LookedInto } from "./models.ts";

export interface Prepared {
  readonly view: View;
  /** Before it is differentiated. */
  readonly loss: Node;
  readonly given: ReadonlyMap<Node, HostValue>;
  readonly dims: Readonly<Record<string, number>>;
}

export function prepared({ model, x, y }: LookedInto): Prepared {
  const network = networkOf(model);
  const run = runOf(network, x, { y });
  const view = viewOf(network, run.wanted);
  return { view, loss: lossOf(view.parts), ...exampleOf(run, view) };
}
