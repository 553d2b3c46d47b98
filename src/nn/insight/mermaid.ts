/** A graph as the text of a Mermaid flow chart: https://mermaid.js.org/syntax/flowchart.html */
import type { Graph, UnfoldedNode } from "./unfoldedGraph.ts";

const shapes: { readonly [K in UnfoldedNode["kind"]]: readonly [string, string] } = {
  input: ["[", "]"],
  target: ["[", "]"],
  state: ["([", "])"],
  layer: ["(", ")"],
  output: ["(", ")"],
  loss: ["{{", "}}"],
};

export function mermaidOf({ nodes, edges }: Graph): string {
  const ids = new Map(nodes.map(({ id }, k) => [id, `n${k}`]));
  const line = ({ id, kind, label }: UnfoldedNode): string =>
    `${ids.get(id)}${shapes[kind][0]}"${escaped(label)}"${shapes[kind][1]}`;
  const steps = [...new Set(nodes.flatMap(({ step }) => step ?? []))].sort((a, b) => a - b);
  const boxes = steps.flatMap((step) => [
    `  subgraph t${step} ["t = ${step}"]`,
    ...nodes.filter((node) => node.step === step).map((node) => `    ${line(node)}`),
    "  end",
  ]);
  const others = nodes.filter(({ step }) => step === null).map((node) => `  ${line(node)}`);
  const arrows = edges.map(({ from, to, label }) => {
    const arrow = label === null ? "-->" : `-->|"${escaped(label)}"|`;
    return `  ${ids.get(from)} ${arrow} ${ids.get(to)}`;
  });
  return `${["flowchart LR", ...boxes, ...others, ...arrows].join("\n")}\n`;
}

/** What has a meaning inside quotes. */
const escaped = (text: string): string => text.replaceAll("#", "#35;").replaceAll('"', "#quot;");
