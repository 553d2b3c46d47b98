/**
 * A model of one LSTM, GRU or RNN node as the bytes of an ONNX file, without a toolchain: protobuf is a list of fields,
 * each a tag (number of the field, kind) and a number or so many bytes.
 *
 *   X [time, batch, features], first states [1, batch, units]  ->  Y [time, 1, batch, units], last states
 *
 * Weights in ONNX's own order: W [1, gates units, features], R [1, gates units, units], B [1, 2 gates units].
 */
export type OnnxCell = "LSTM" | "GRU" | "RNN";
export interface OnnxWeights {
  readonly W: Float32Array;
  readonly R: Float32Array;
  readonly B: Float32Array;
}
export interface OnnxSizes {
  readonly cell: OnnxCell;
  readonly features: number;
  readonly units: number;
  readonly gates: number;
}

/** Numbers of fields, from onnx.proto. */
const field = {
  model: { version: 1, graph: 7, opsets: 8 },
  opset: { version: 2 },
  graph: { nodes: 1, name: 2, initializers: 5, inputs: 11, outputs: 12 },
  node: { inputs: 1, outputs: 2, type: 4, attributes: 5 },
  attribute: { name: 1, integer: 3, type: 20 },
  tensor: { dims: 1, type: 2, name: 8, raw: 9 },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dims: 1 },
  dim: { value: 1, name: 2 },
} as const;
const float32 = 1;
const integerAttribute = 2;
const formatVersion = 8;
const opsetVersion = 14;

type Bytes = readonly number[] | Uint8Array;
type Dim = number | string;

export function onnxModel(sizes: OnnxSizes, { W, R, B }: OnnxWeights): Uint8Array {
  const { cell, features, units, gates } = sizes;
  const states = cell === "LSTM" ? ["h", "c"] : ["h"];
  const given = ["X", "W", "R", "B", "", ...states]; // "": lengths, left out
  const made = ["Y", ...states.map((name) => `${name}_last`)];
  const attributes = [
    integer("hidden_size", units),
    ...(cell === "GRU" ? [integer("linear_before_reset", 1)] : []),
  ];
  const { graph } = field;
  return message([
    number(field.model.version, formatVersion),
    bytes(
      field.model.graph,
      message([
        bytes(graph.nodes, node(cell, { given, made, attributes })),
        text(graph.name, "layer"),
        bytes(graph.initializers, tensor("W", [1, gates * units, features], W)),
        bytes(graph.initializers, tensor("R", [1, gates * units, units], R)),
        bytes(graph.initializers, tensor("B", [1, 2 * gates * units], B)),
        bytes(graph.inputs, value("X", ["time", "batch", features])),
        ...states.map((name) => bytes(graph.inputs, value(name, [1, "batch", units]))),
        bytes(graph.outputs, value("Y", ["time", 1, "batch", units])),
        ...states.map((name) => bytes(graph.outputs, value(`${name}_last`, [1, "batch", units]))),
      ]),
    ),
    bytes(field.model.opsets, message([number(field.opset.version, opsetVersion)])),
  ]);
}

function node(
  type: string,
  parts: {
    readonly given: readonly string[];
    readonly made: readonly string[];
    readonly attributes: readonly Bytes[];
  },
): Bytes {
  return message([
    ...parts.given.map((name) => text(field.node.inputs, name)),
    ...parts.made.map((name) => text(field.node.outputs, name)),
    text(field.node.type, type),
    ...parts.attributes.map((attribute) => bytes(field.node.attributes, attribute)),
  ]);
}

const integer = (name: string, value_: number): Bytes =>
  message([
    text(field.attribute.name, name),
    number(field.attribute.integer, value_),
    number(field.attribute.type, integerAttribute),
  ]);

/** float32 is little-endian in the file, as it is in memory here. */
const tensor = (name: string, dims: readonly number[], values: Float32Array): Bytes =>
  message([
    ...dims.map((dim) => number(field.tensor.dims, dim)),
    number(field.tensor.type, float32),
    text(field.tensor.name, name),
    bytes(field.tensor.raw, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  ]);

function value(name: string, dims: readonly Dim[]): Bytes {
  const shape = message(
    dims.map((dim) =>
      bytes(
        field.shape.dims,
        typeof dim === "number" ? number(field.dim.value, dim) : text(field.dim.name, dim),
      ),
    ),
  );
  const type = message([number(field.tensorType.element, float32), bytes(field.tensorType.shape, shape)]);
  return message([text(field.value.name, name), bytes(field.value.type, bytes(field.type.tensor, type))]);
}

const number = (tag: number, value_: number): Bytes => [...varint(8 * tag), ...varint(value_)];
const text = (tag: number, value_: string): Bytes => bytes(tag, new TextEncoder().encode(value_));
const bytes = (tag: number, content: Bytes): Bytes =>
  message([[...varint(8 * tag + 2), ...varint(content.length)], content]);

function message(parts: readonly Bytes[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function varint(value_: number): readonly number[] {
  return value_ < 128 ? [value_] : [(value_ % 128) + 128, ...varint(Math.floor(value_ / 128))];
}
