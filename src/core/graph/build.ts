/** Nodes are made here and nowhere else: the shape rule of the operator is applied on the way. */
import type { Dim, DType, Node, NodeOf, Operator, Operators, ScanBody, ScanResult, Shape } from "./nodes.ts";
import { dtypeOf, shapeOf } from "./shapes.ts";
import { capturedBy } from "./walk.ts";

/** A node of operator `op`. Throws an UnrollError when the shapes do not fit. */
export function make<K extends Operator>(
  op: K,
  inputs: Operators[K]["inputs"],
  attributes: Operators[K]["attributes"],
): NodeOf<K> {
  const node = { op, inputs, attributes };
  return { ...node, shape: shapeOf(op, inputs, attributes), dtype: dtypeOf(node as unknown as Node) };
}

/** The same node with other inputs. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  // The list has the length and order that the operator asks for, because it replaces one that had.
  return make(node.op, inputs as never, node.attributes as never) as Node;
}

export function parameter(name: string, shape: Shape, dtype: DType = "float32"): NodeOf<"parameter"> {
  return make("parameter", [], { name, shape, dtype });
}

export function constant(value: number): NodeOf<"constant"> {
  return make("constant", [], { value });
}

export function zeros(shape: Shape): Node {
  return shape.length === 0 ? constant(0) : make("broadcast", [constant(0)], { shape });
}

/** What a scan is made of. Nodes that the body takes from outside are found and become inputs. */
export interface ScanParts {
  readonly lengths: Node;
  readonly initial: readonly Node[];
  readonly sequences: readonly Node[];
  readonly body: ScanBody;
  readonly time: Dim;
  readonly reverse: boolean;
  /** Whether every step is linear in the states (linear.ts). Default: false. */
  readonly associative?: boolean;
}

export function scan(parts: ScanParts): NodeOf<"scan"> {
  const { lengths, initial, sequences, body, time, reverse, associative = false } = parts;
  const inputs = [lengths, ...initial, ...sequences, ...capturedBy(body)];
  return make("scan", inputs, { body, time, reverse, associative });
}

/** The parts of a scan again, to make another of them. */
export function partsOf(node: NodeOf<"scan">): ScanParts {
  const { body, time, reverse, associative } = node.attributes;
  const [lengths, ...rest] = node.inputs;
  const states = body.carried.length;
  return {
    lengths: lengths as Node,
    initial: rest.slice(0, states),
    sequences: rest.slice(states, states + body.sequences.length),
    body,
    time,
    reverse,
    associative,
  };
}

export function outputOf(node: NodeOf<"scan">, kind: ScanResult["kind"], index: number): NodeOf<"output"> {
  return make("output", [node], { result: { kind, index } });
}
