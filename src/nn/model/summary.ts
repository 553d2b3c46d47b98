/** The table that Keras prints of a model. */
import { isLayer } from "../layers/layer.ts";
import { applied, axesOf, isOperator, standIn } from "../operatorCalls.ts";
import type { Axes, Call, Symbolic } from "../symbols.ts";
import { layerOfCall, type Network } from "./network.ts";
import { sizeOf } from "./tensor.ts";

interface Column {
  readonly title: string;
  readonly width: number;
  readonly right: boolean;
}

/** The text of `model.summary()`: layers, shapes of outputs and counts of parameters. */
export function summary(network: Network): string {
  const straight = network.calls.every(
    (call, k) => k === 0 || followsOnly(call, network.calls[k - 1] as Call),
  );
  const plain = straight && network.inputs.length === 1;
  const rows = plain ? layerRows(network) : [...inputRows(network), ...layerRows(network)];
  const shown = rows.map((row) => (plain ? row.slice(0, 3) : row));
  const titles = ["Layer (type)", "Output Shape", "Param #", "Connected to"].slice(0, plain ? 3 : 4);
  const least = plain ? [31, 22, 13] : [21, 19, 10, 19];
  const columns = titles.map((title, k): Column => {
    const width = shown.reduce(
      (most, row) => Math.max(most, (row[k] ?? "").length),
      Math.max(title.length, least[k] ?? 0),
    );
    return { title, width, right: k === 2 };
  });
  return [`Model: "${network.name}"`, ...table(columns, shown), ...totals(network)].join("\n");
}

function followsOnly(call: Call, before: Call): boolean {
  const sources = [...call.inputs, ...Object.values(call.given)].map(({ source }) =>
    "call" in source ? source.call : null,
  );
  return sources.length === 1 && sources[0] === before;
}

function inputRows({ inputs }: Network): readonly (readonly string[])[] {
  return inputs.map(({ name, symbol }) => [`${name} (InputLayer)`, shapeText(symbol), "0", "-"]);
}

function layerRows(network: Network): readonly (readonly string[])[] {
  const names = callNames(network);
  const seen = new Set<string>();
  return network.calls.map((call) => {
    const name = names.get(call) ?? "";
    const layer = isLayer(call.by) ? layerOfCall(network, call) : null;
    const count = layer?.variables.reduce((total, { shape }) => total + sizeOf(shape), 0) ?? 0;
    const first = !seen.has(name);
    seen.add(name);
    const from = call.inputs.map((symbol) => sourceName(network, names, symbol)).join(", ");
    return [
      `${name} (${layer?.definition.className ?? "Operator"})`,
      outputText(call),
      first ? grouped(count) : "0",
      from,
    ];
  });
}

/** Layers by name; operators by what they do, counted. */
function callNames(network: Network): ReadonlyMap<Call, string> {
  const counts = new Map<string, number>();
  return new Map(
    network.calls.map((call): [Call, string] => {
      if (isLayer(call.by)) return [call, layerOfCall(network, call).name];
      const count = (counts.get(call.by.base) ?? 0) + 1;
      counts.set(call.by.base, count);
      return [call, `${call.by.base}_${count}`];
    }),
  );
}

function sourceName({ inputs }: Network, names: ReadonlyMap<Call, string>, symbol: Symbolic): string {
  if ("call" in symbol.source) return names.get(symbol.source.call) ?? "";
  return inputs.find((end) => end.symbol === symbol)?.name ?? "";
}

function outputText(call: Call): string {
  const shapes = formsOf(call).map(shapeText);
  return shapes.length === 1 ? (shapes[0] ?? "") : `[${shapes.join(", ")}]`;
}

function formsOf({ by, inputs }: Call): readonly { readonly axes: Axes }[] {
  if (isLayer(by)) return by.outputs(inputs);
  return isOperator(by)
    ? [applied(by, inputs.map(standIn))].flat().map((node) => ({ axes: axesOf(node) }))
    : [];
}

/** As in Keras: None for the batch and for any length. */
function shapeText({ axes }: { readonly axes: Axes }): string {
  return `(${["None", ...axes.map((axis) => axis ?? "None")].join(", ")})`;
}

function table(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (left: string, fill: string, middle: string, right: string): string =>
    left + columns.map(({ width }) => fill.repeat(width + 2)).join(middle) + right;
  const cells = (texts: readonly string[], bar: string): string =>
    `${bar} ${columns.map(({ width, right }, k) => padded(texts[k] ?? "", width, right)).join(` ${bar} `)} ${bar}`;
  const body = rows.flatMap((row, k) => [...(k === 0 ? [] : [line("├", "─", "┼", "┤")]), cells(row, "│")]);
  const head = cells(
    columns.map(({ title }) => title),
    "┃",
  );
  return [line("┏", "━", "┳", "┓"), head, line("┡", "━", "╇", "┩"), ...body, line("└", "─", "┴", "┘")];
}

const padded = (text: string, width: number, right: boolean): string =>
  right ? text.padStart(width) : text.padEnd(width);

function totals({ variables }: Network): readonly string[] {
  const count = (trainable: boolean): number =>
    variables.reduce(
      (total, { shape, trainable: own }) => total + (own === trainable ? sizeOf(shape) : 0),
      0,
    );
  const [yes, no] = [count(true), count(false)];
  const line = (title: string, params: number): string =>
    ` ${title}: ${grouped(params)} (${bytesText(params * 4)})`;
  return [line("Total params", yes + no), line("Trainable params", yes), line("Non-trainable params", no)];
}

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

function bytesText(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${size.toFixed(2)} ${units[unit]}`;
}
