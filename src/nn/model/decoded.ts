/** What the host makes of the outputs of layers with an ending: the labels of a crf from its emissions. */
import type { Node } from "../../core/graph/nodes.ts";
import { type DecodedRow, endingOf } from "../layers/layer.ts";
import type { Extents } from "../times.ts";
import type { End, Network } from "./network.ts";
import type { Traced } from "./trace.ts";

/** The masks that endings need, `[time, rows, 1]`, in the order of the outputs. */
export const masksToDecode = ({ outputs }: Network, traced: Traced): readonly Node[] =>
  outputs.flatMap(({ symbol }, k) => (endingOf(symbol) && traced.outputs[k]?.mask) ?? []);

/** Each of `made` as it is, or decoded, `[rows, steps]` with zeros after the end of each row. */
export function decoded(
  network: Network,
  traced: Traced,
  steps: Extents,
  { made, masks }: { readonly made: readonly Float32Array[]; readonly masks: readonly Float32Array[] },
): readonly Float32Array[] {
  const next = masks.values();
  return made.map((values, k) => {
    const end = network.outputs[k] as End;
    const ending = endingOf(end.symbol);
    if (ending === null) return values;
    const mask = traced.outputs[k]?.mask ? (next.next().value ?? null) : null;
    const weights = weightsBehind(network, end);
    return byRow(steps, end, { values, mask }, (row) => ending.decode(row, weights));
  });
}

function weightsBehind({ layers }: Network, { symbol: { source } }: End): readonly Float32Array[] {
  const layer = layers.find(({ definition }) => "call" in source && source.call.by === definition);
  return layer?.variables.map(({ value }) => value) ?? [];
}

/** `decode` of the real steps of every row. */
function byRow(
  { rows, times, lengths }: Extents,
  { time }: End,
  { values, mask }: DecodedRow,
  decode: (row: DecodedRow) => Float32Array,
): Float32Array {
  const steps = typeof time === "string" ? (times[time] ?? 1) : (time ?? 1);
  const width = values.length / (rows * steps);
  const out = new Float32Array(rows * steps);
  for (let row = 0; row < rows; row++) {
    const begin = row * steps;
    const end = begin + (lengths[time ?? ""]?.[row] ?? steps);
    const own = {
      values: values.subarray(begin * width, end * width),
      mask: mask?.subarray(begin, end) ?? null,
    };
    out.set(decode(own), begin);
  }
  return out;
}
