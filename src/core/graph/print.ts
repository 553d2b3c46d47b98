/**
 * A graph as text, one node a line, inputs before users; constants stand where they are used.
 *
 *   %0 [time, rows, 3] = parameter "x"
 *   %4 = scan over time, lengths %1
 *     state %5 [rows, 4] "h" begins as %3
 *     slice %6 [rows, 3] "x" of %0
 *     %7 [rows, 4] = matmul(%6, %2)
 *     next %7
 *     stacked %7
 *   %8 [time, rows, 4] = output(%4, stacked 0)
 *   return %8
 */
import { partsOf } from "./build.ts";
import type { Node, NodeOf, Operator } from "./nodes.ts";
import { bodyNodes, parametersOf, resultsOf, topological } from "./walk.ts";

type Names = Map<Node, string>;
type Rule<K extends Operator> = (node: NodeOf<K>, names: Names) => string;

const plain: Rule<Operator> = (node, names) => `${node.op}(${listOf(node.inputs, names)})`;
const sized: Rule<"slice" | "sliceRows" | "pad" | "padRows"> = ({ op, inputs, attributes }, names) =>
  `${op}(${listOf(inputs, names)}, start ${attributes.start}, size ${attributes.size})`;

const windowed: Rule<"patches" | "overlapAdd"> = ({ op, inputs, attributes }, names) =>
  `${op}(${listOf(inputs, names)}, ${Object.entries(attributes)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" x ") : value}`)
    .join(", ")})`;

const rules: { readonly [K in Operator]: Rule<K> } = {
  parameter: ({ attributes: { name } }) => `parameter "${name}"`,
  constant: ({ attributes: { value } }) => (Object.is(value, -0) ? "-0" : String(value)),
  iota: () => "iota()",
  random: plain,
  neg: plain,
  abs: plain,
  sqrt: plain,
  exp: plain,
  log: plain,
  log1p: plain,
  tanh: plain,
  sigmoid: plain,
  erf: plain,
  floor: plain,
  toFloat: plain,
  vanish: plain,
  stopGradient: plain,
  add: plain,
  sub: plain,
  mul: plain,
  div: plain,
  maximum: plain,
  minimum: plain,
  greater: plain,
  equal: plain,
  where: plain,
  sum: plain,
  max: plain,
  sumLeading: ({ inputs, attributes }, names) =>
    `sumLeading(${listOf(inputs, names)}, axes ${attributes.count})`,
  reshape: plain,
  broadcast: plain,
  transpose: plain,
  slice: sized,
  sliceRows: sized,
  pad: sized,
  padRows: sized,
  concat: plain,
  reverse: plain,
  sumSites: plain,
  maxSites: plain,
  joinSites: plain,
  timeToSites: plain,
  sitesToTime: plain,
  patches: windowed,
  overlapAdd: windowed,
  resample: ({ inputs, attributes: { stride, per, offset } }, names) =>
    `resample(${listOf(inputs, names)}, stride ${stride}, per ${per}, offset ${offset})`,
  matmul: plain,
  affine: plain,
  contract: plain,
  gather: plain,
  scatterAdd: plain,
  scan: ({ inputs, attributes: { time, reverse, associative } }, names) => {
    const [name, way] = [associative ? "associativeScan" : "scan", reverse ? " backwards" : ""];
    return `${name} over ${time}${way}, lengths ${listOf(inputs.slice(0, 1), names)}`;
  },
  output: ({ inputs, attributes: { result } }, names) =>
    `output(${listOf(inputs, names)}, ${result.kind} ${result.index})`,
};

/** The text of everything that `roots` need. Equal graphs have equal texts. */
export function printGraph(roots: readonly Node[]): string {
  const names: Names = new Map();
  const lines = linesOf(topological(roots), names, "");
  return [...lines, `return ${listOf(roots, names)}`].join("\n");
}

/** One node alone: its inputs are told by operator and shape. */
export function printNode(node: Node): string {
  const names: Names = new Map(node.inputs.map((input) => [input, `${input.op} ${typeOf(input)}`]));
  return `${typeOf(node)} = ${textOf(node, names)}`;
}

function linesOf(nodes: readonly Node[], names: Names, indent: string): readonly string[] {
  return nodes.flatMap((node) => {
    if (names.has(node) || node.op === "constant") return [];
    names.set(node, `%${names.size}`);
    if (node.op === "scan") return scanLines(node, names, indent);
    return [`${indent}${nameOf(node, names)} ${typeOf(node)} = ${textOf(node, names)}`];
  });
}

function scanLines(node: NodeOf<"scan">, names: Names, indent: string): readonly string[] {
  const { body, initial, sequences } = partsOf(node);
  const inner = `${indent}  `;
  for (const slot of parametersOf(body)) if (!names.has(slot)) names.set(slot, `%${names.size}`);
  const slotLines = (
    kind: string,
    slots: readonly NodeOf<"parameter">[],
    link: string,
    from: readonly Node[],
  ) =>
    slots.map((slot, k) => {
      const source = from[k] ? nameOf(from[k], names) : "missing";
      const own = `${nameOf(slot, names)} ${typeOf(slot)} "${slot.attributes.name}"`;
      return `${inner}${kind} ${own} ${link} ${source}`;
    });
  const resultLine = (kind: string, results: readonly Node[]) =>
    results.length === 0 ? [] : [`${inner}${kind} ${listOf(results, names)}`];
  const inBody = bodyNodes(body);
  return [
    `${indent}${nameOf(node, names)} = ${textOf(node, names)}`,
    ...slotLines("state", body.carried, "begins as", initial),
    ...slotLines("slice", body.sequences, "of", sequences),
    ...linesOf(
      topological(resultsOf(body)).filter((inside) => inBody.has(inside)),
      names,
      inner,
    ),
    ...resultLine("next", body.next),
    ...resultLine("stacked", body.stacked),
    ...resultLine("summed", body.summed),
  ];
}

function textOf<K extends Operator>(node: NodeOf<K>, names: Names): string {
  return rules[node.op](node, names);
}

/** A node that is printed nowhere (in a faulty graph) is told by operator and shape. */
function nameOf(node: Node, names: Names): string {
  if (node.op === "constant") return textOf(node, names);
  return names.get(node) ?? `(${node.op} ${typeOf(node)})`;
}

const listOf = (nodes: readonly Node[], names: Names): string =>
  nodes.map((node) => nameOf(node, names)).join(", ");
const typeOf = ({ dtype, shape }: Node): string =>
  `${dtype === "int32" ? "int32 " : ""}[${shape.join(", ")}]`;
