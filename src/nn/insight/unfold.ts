/**
 * The unfolded graph of a model: every layer at every step, and between them what goes from one to the other, with the
 * weights that are the same at each step.
 *
 *   L_1     L_2     L_3          names: "lecture", many to many
 *    |       |       |
 *   o_1     o_2     o_3
 *    | V     | V     | V
 *   h_1 -W- h_2 -W- h_3
 *    | U     | U     | U
 *   x_1     x_2     x_3
 */

import { networkOf } from "../model/network.ts";
import { checkOptions, whole } from "../options.ts";
import { type LectureNames, lectureNames, type Naming, namingCheck } from "./lecture.ts";
import { mermaidOf } from "./mermaid.ts";
import type { Graph, UnfoldedNode } from "./unfoldedGraph.ts";
import { unfoldedNetwork } from "./unfoldedNetwork.ts";

export interface UnfoldedGraph extends Graph {
  /** The text of a flow chart of Mermaid, each step a box. */
  toMermaid(): string;
}
export interface UnfoldOptions {
  /** Steps of every sequence of any length, up to 2^10. Default: 3. */
  readonly steps?: number;
  /** Default: those of the lectures for one recurrent layer and a dense layer, else the layers' own. */
  readonly names?: Naming;
}

/** A first state of zeros is left out: nothing comes from it. */
export function unfold(
  model: { readonly inputs: unknown; readonly outputs: unknown },
  options: UnfoldOptions = {},
): UnfoldedGraph {
  checkOptions("unfold", options, { steps: whole(1, 2 ** 10), names: namingCheck });
  const network = networkOf(model);
  const lecture = lectureNames(network, options.names);
  const graph = unfoldedNetwork(network, options.steps ?? 3);
  const named = lecture === null ? graph : inLetters(graph, lecture, network.inputs[0]?.name ?? "");
  return { ...named, toMermaid: () => mermaidOf(named) };
}

/** The same graph in the letters of the lectures. What stands behind the last step has its number. */
function inLetters({ nodes, edges }: Graph, lecture: LectureNames, input: string): Graph {
  const last = Math.max(...nodes.map(({ step }) => step ?? 0));
  const letterOf = ({ kind, name }: UnfoldedNode): string => {
    if (kind === "loss") return "L";
    if (kind === "target") return "y";
    if (kind === "input" && name === input) return "x";
    return name === lecture.recurrent ? "h" : "o";
  };
  const ids = new Map(nodes.map((node) => [node.id, `${letterOf(node)}_${node.step ?? last}`]));
  const idOf = (id: string): string => ids.get(id) ?? id;
  return {
    nodes: nodes.map((node) => ({
      ...node,
      id: idOf(node.id),
      label: idOf(node.id),
      step: node.step ?? last,
    })),
    edges: edges.map((edge) => ({
      ...edge,
      from: idOf(edge.from),
      to: idOf(edge.to),
      label:
        edge.weights.length === 0
          ? null
          : edge.weights.map((name) => lecture.weights[name] ?? name).join(", "),
    })),
  };
}
