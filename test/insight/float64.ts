/** A run with targets as a graph with its numbers in float64, as the interpreter takes them. */
import type { Node } from "../../src/core/graph/nodes.ts";
import type { HostValue } from "../../src/core/run/reference.ts";
import { swapped } from "../../src/core/run/values.ts";
import { formOf, type Run, runOf } from "../../src/nn/insight/run.ts";
import { type View, viewOf } from "../../src/nn/insight/view.ts";
import { networkOf } from "../../src/nn/model/network.ts";
import { lossOf } from "../../src/nn/train/objective.ts";
import { batchOf } from "../../src/nn/train/program.ts";
import type { LookedInto } from "./models.ts";

export interface Prepared {
  readonly run: Run;
  readonly view: View;
  /** Before it is differentiated. */
  readonly loss: Node;
  readonly given: Map<Node, HostValue>;
  readonly dims: Readonly<Record<string, number>>;
}

export function prepared({ model, x, y }: LookedInto): Prepared {
  const network = networkOf(model);
  const run = runOf(network, x, { y });
  const view = viewOf(network, run.wanted);
  const { feed, device, states } = run;
  const dims = { rows: feed.rows, ...feed.times };
  const { batch } = batchOf(view, feed, { device, seed: network.seed, step: 0, states });
  const given = new Map<Node, HostValue>();
  view.computation.inputs.forEach((input, k) => {
    const data = Float64Array.from(batch.inputs[k] ?? []);
    const { time, inner } = formOf(input);
    const steps = typeof time === "string" ? (feed.times[time] ?? 1) : Number(time);
    const isSequence = time !== null;
    const shape = isSequence
      ? [feed.rows, steps, ...inner]
      : input.shape.map((dim) => (dim === "rows" ? feed.rows : Number(dim)));
    given.set(input, isSequence ? swapped({ shape, data }) : { shape, data });
  });
  view.traced.weights.forEach((weight, k) => {
    given.set(weight, {
      shape: weight.shape.map(Number),
      data: Float64Array.from(network.variables[k]?.value ?? []),
    });
  });
  for (const [time, node] of Object.entries(view.traced.lengths)) {
    const steps = feed.times[time] ?? Number(time);
    given.set(node, {
      shape: [feed.rows],
      data: Float64Array.from(feed.lengths[time] ?? Array(feed.rows).fill(steps)),
    });
  }
  return { run, view, loss: lossOf(view.parts), given, dims };
}
