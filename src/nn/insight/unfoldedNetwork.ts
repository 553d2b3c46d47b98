/** A network unfolded by its own names: nodes and edges of every call, in the order of the calls. */
import { type Bidirectional, isBidirectional } from "../layers/bidirectional.ts";
import { type Definition, isLayer } from "../layers/layer.ts";
import { isRecurrence, type Settings } from "../layers/recurrence.ts";
import { type End, layerOfCall, type Network } from "../model/network.ts";
import { nameOf } from "../model/trace.ts";
import { type Call, type Form, hasTime, type Symbolic } from "../symbols.ts";
import { weightsOnEdges } from "./edgeWeights.ts";
import type { Graph, UnfoldedEdge, UnfoldedNode } from "./unfoldedGraph.ts";

/** The nodes of a symbol: one for each step, or one alone. */
type Ids = readonly string[];
interface Drawing {
  readonly network: Network;
  readonly steps: number;
  readonly nodes: UnfoldedNode[];
  readonly edges: UnfoldedEdge[];
  /** What each call gives, by the name of the output. */
  readonly given: Map<Symbolic | Call, Readonly<Record<string, Ids>>>;
}

export function unfoldedNetwork(network: Network, steps: number): Graph {
  const drawing: Drawing = { network, steps, nodes: [], edges: [], given: new Map() };
  for (const { symbol, name } of network.inputs)
    drawing.given.set(symbol, { output: drawn(drawing, "input", name, stepsOf(drawing, symbol)) });
  const names = namesOf(network);
  for (const call of network.calls) drawing.given.set(call, follow(drawing, call, names.get(call) ?? ""));
  network.outputs.forEach((end) => void compare(drawing, end));
  return { nodes: drawing.nodes, edges: drawing.edges };
}

/** Layers by their names, operators counted: "add", "add#2". */
function namesOf(network: Network): ReadonlyMap<Call, string> {
  const counts = new Map<string, number>();
  return new Map(
    network.calls.map((call): [Call, string] => {
      if (isLayer(call.by)) return [call, nameOf(network, call)];
      const { base } = call.by;
      const count = (counts.get(base) ?? 0) + 1;
      counts.set(base, count);
      return [call, count === 1 ? base : `${base}#${count}`];
    }),
  );
}

/** Steps of a symbol, null where it has no time. */
function stepsOf({ steps }: Drawing, symbol: Pick<Form, "axes" | "dtype">): number | null {
  return hasTime(symbol) ? (symbol.axes[0] ?? steps) : null;
}

/** Nodes of one thing, for each step or one alone. */
function drawn({ nodes }: Drawing, kind: UnfoldedNode["kind"], name: string, steps: number | null): Ids {
  const all = steps === null ? [null] : Array.from({ length: steps }, (_, k) => k + 1);
  return all.map((step) => {
    const id = step === null ? name : `${name}@${step}`;
    nodes.push({ id, kind, label: step === null ? name : `${name}, t = ${step}`, name, step });
    return id;
  });
}

function connect(
  { edges }: Drawing,
  from: string | undefined,
  to: string | undefined,
  how: { readonly kind?: UnfoldedEdge["kind"]; readonly weights?: readonly string[] } = {},
): void {
  if (from === undefined || to === undefined) return;
  const { kind = "forward", weights = [] } = how;
  edges.push({ from, to, kind, label: weights.length === 0 ? null : weights.join(", "), weights });
}

function idsOf({ given }: Drawing, symbol: Symbolic): Ids {
  const { source } = symbol;
  return ("input" in source ? given.get(symbol)?.["output"] : given.get(source.call)?.[source.output]) ?? [];
}

function follow(drawing: Drawing, call: Call, name: string): Readonly<Record<string, Ids>> {
  const { by } = call;
  if (!isLayer(by)) return everyOutput(drawing, call, name, []);
  if (isRecurrence(by)) return recurrent(drawing, call, name, by.settings);
  if (isBidirectional(by)) return bothWays(drawing, call, name, by);
  const { variables } = layerOfCall(drawing.network, call);
  return everyOutput(
    drawing,
    call,
    name,
    variables.flatMap((variable) => (variable.shape.length > 1 ? variable.name : [])),
  );
}

/** A layer without states, or an operator: one node a step. */
function everyOutput(
  drawing: Drawing,
  call: Call,
  name: string,
  weights: readonly string[],
): Readonly<Record<string, Ids>> {
  const { by, inputs } = call;
  const forms = isLayer(by) ? by.outputs(inputs) : [];
  const [form] = forms;
  const count = form ? stepsOf(drawing, form) : stepsOf(drawing, inputs[0] as Symbolic);
  const ids = drawn(drawing, "layer", name, count);
  const isStepwise = !isLayer(by) || stepByStep(by);
  const causal = form === undefined || form.time === "causal";
  const asks = isLayer(by) && by.operands !== undefined; // attention: its query is of its own step
  for (const [place, input] of inputs.entries()) {
    const from = idsOf(drawing, input);
    const which = isStepwise || (asks && place === 0) ? "its own" : causal ? "so far" : "all";
    for (const [k, to] of ids.entries()) {
      const reads = !hasTime(input) || count === null ? from : readBy(from, k, which);
      for (const id of reads) connect(drawing, id, to, { weights });
    }
  }
  // An operator with several results (split) has one node for them all.
  const results =
    forms.length > 0 ? forms.map((one) => one.name) : Array.from({ length: 64 }, (_, k) => String(k));
  return Object.fromEntries(results.map((output) => [output, ids]));
}

const stepByStep = ({ everyStep, base }: Definition): boolean =>
  everyStep !== null || ["embedding", "masking", "timeDistributed", "positionalEncoding"].includes(base);

/** The steps that step `k` reads. */
function readBy(from: Ids, k: number, which: "its own" | "so far" | "all"): Ids {
  if (which === "all") return from;
  return which === "its own" ? from.slice(k, k + 1) : from.slice(0, k + 1);
}

interface Chain {
  readonly name: string;
  readonly settings: Settings;
  /** Before the names of weights: "bidirectional_1/forward/". */
  readonly prefix: string;
  /** First states given by symbols, by the names of this direction. */
  readonly given: Readonly<Record<string, Symbolic>>;
}

/** The nodes of one direction, in the order in which they are computed. */
function chained(drawing: Drawing, input: Symbolic, { name, settings, prefix, given }: Chain): Ids {
  const from = idsOf(drawing, input);
  const ids = drawn(drawing, "state", name, from.length);
  const weights = weightsOnEdges(settings, input.axes.slice(1).map(Number), prefix);
  const order = settings.goBackwards ? [...ids].reverse() : ids;
  const [first] = order;
  ids.forEach((id, k) => {
    const isCopied = settings.initialState === "firstInput" && id === first;
    connect(drawing, from[k], id, { weights: isCopied ? [] : weights.input });
  });
  const recurrentWays = { kind: "recurrent", weights: weights.state } as const;
  for (const symbol of Object.values(given))
    connect(drawing, idsOf(drawing, symbol)[0], first, recurrentWays);
  const begins =
    settings.stateful || settings.initialState === "learned" || settings.initialState === "random";
  if (begins && Object.keys(given).length === 0) {
    const id = `${name}@0`;
    drawing.nodes.push({ id, kind: "state", label: `${name}, t = 0`, name, step: 0 });
    connect(drawing, id, first, recurrentWays);
  }
  order.forEach((id, k) => void connect(drawing, order[k - 1], id, recurrentWays));
  return order;
}

function recurrent(
  drawing: Drawing,
  call: Call,
  name: string,
  settings: Settings,
): Readonly<Record<string, Ids>> {
  const prefix = `${layerOfCall(drawing.network, call).name}/`;
  const order = chained(drawing, call.inputs[0] as Symbolic, { name, settings, prefix, given: call.given });
  const last = order.slice(-1);
  const states = settings.cell.states.map((state): [string, Ids] => [state, last]);
  return { ...Object.fromEntries(states), output: settings.returnSequences ? order : last };
}

function bothWays(
  drawing: Drawing,
  call: Call,
  name: string,
  { directions, mergeMode }: Bidirectional,
): Readonly<Record<string, Ids>> {
  const layer = layerOfCall(drawing.network, call).name;
  const ways = ["forward", "backward"] as const;
  const chains = directions.map((settings, k) => {
    const way = ways[k] as (typeof ways)[number];
    const given = Object.entries(call.given).filter(([state]) => state.startsWith(way));
    const chain = {
      name: `${name} ${way}`,
      settings,
      prefix: `${layer}/${way}/`,
      given: Object.fromEntries(given),
    };
    return chained(drawing, call.inputs[0] as Symbolic, chain);
  });
  const [there = [], back = []] = chains;
  const all = directions[0].returnSequences;
  const outputs = all ? [there, [...back].reverse()] : [there.slice(-1), back.slice(-1)];
  const states = ways.flatMap((way, k) =>
    directions[0].cell.states.map((state): [string, Ids] => [
      `${way}${state.charAt(0).toUpperCase()}${state.slice(1)}`,
      (chains[k] ?? []).slice(-1),
    ]),
  );
  if (mergeMode === "none")
    return { ...Object.fromEntries(states), output: outputs[0] ?? [], backward: outputs[1] ?? [] };
  const merged = drawn(drawing, "layer", `${name} ${mergeMode}`, all ? there.length : null);
  merged.forEach((id, k) => {
    for (const from of outputs) connect(drawing, from[k], id);
  });
  return { ...Object.fromEntries(states), output: merged };
}

/** The loss of an output and what it is compared with. */
function compare(drawing: Drawing, { symbol, name }: End): void {
  const from = idsOf(drawing, symbol);
  const count = stepsOf(drawing, symbol);
  from.forEach((id) => {
    const at = drawing.nodes.findIndex((node) => node.id === id);
    const node = drawing.nodes[at];
    if (node?.kind === "layer") drawing.nodes[at] = { ...node, kind: "output" };
  });
  const prefix = drawing.network.outputs.length > 1 ? `${name} ` : "";
  const losses = drawn(drawing, "loss", `${prefix}loss`, count);
  const targets = drawn(drawing, "target", `${prefix}target`, count);
  losses.forEach((loss, k) => {
    connect(drawing, from[k], loss);
    connect(drawing, targets[k], loss);
  });
}
