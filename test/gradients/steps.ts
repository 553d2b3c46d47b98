/** Scans to differentiate: small cells written by hand on rows, and what goes into them. */
import { outputOf, parameter, type ScanParts, scan } from "../../src/core/graph/build.ts";
import { type Node, type NodeOf, rows, type ScanResult } from "../../src/core/graph/nodes.ts";
import { add, matmul, mul, sigmoid, slice, split, sub, tanh } from "../../src/core/graph/operators.ts";

export const units = 2;
export const features = 3;
export const lengths: NodeOf<"parameter"> = parameter("lengths", [rows], "int32");
export const x: NodeOf<"parameter"> = parameter("x", ["time", rows, features]);
export const result = (node: NodeOf<"scan">, kind: ScanResult["kind"], index = 0): Node =>
  outputOf(node, kind, index);

/** From the slices of the sequences and the states to the next states and the values to keep. */
export type Step = (
  slices: readonly Node[],
  states: readonly Node[],
) => {
  readonly next: readonly Node[];
  readonly stacked?: readonly Node[];
  readonly summed?: readonly Node[];
};
export interface Recurrence {
  readonly step: Step;
  readonly initial: readonly Node[];
  readonly sequences?: readonly Node[];
  readonly reverse?: boolean;
  readonly time?: ScanParts["time"];
  readonly lengths?: Node;
}

export function recur({ step, initial, sequences = [x], ...rest }: Recurrence): NodeOf<"scan"> {
  const carried = initial.map((node, k) => parameter(`state${k}`, node.shape, node.dtype));
  const slices = sequences.map((node, k) => parameter(`slice${k}`, node.shape.slice(1), node.dtype));
  const { next, stacked = [next[0] as Node], summed = [] } = step(slices, carried);
  const body = { carried, sequences: slices, next, stacked, summed };
  return scan({ lengths, time: "time", reverse: false, ...rest, initial, sequences, body });
}

export interface Cell {
  readonly step: Step;
  readonly initial: readonly Node[];
  readonly weights: readonly Node[];
}
const state = (name: string): Node => parameter(name, [rows, units]);

/** h' = tanh(x W + h R + b) */
export function simpleCell(width: number = features, name = ""): Cell {
  const [W, R] = [parameter(`W${name}`, [width, units]), parameter(`R${name}`, [units, units])];
  const b = parameter(`b${name}`, [units]);
  const step: Step = ([x], [h]) => ({ next: [tanh(add(matmul(x as Node, W), matmul(h as Node, R), b))] });
  return { step, initial: [state(`h0${name}`)], weights: [W, R, b] };
}

/** Hochreiter and Schmidhuber 1997, with forget gates. */
export function lstmCell(): Cell {
  const [W, R] = [parameter("W", [features, 4 * units]), parameter("R", [units, 4 * units])];
  const b = parameter("b", [4 * units]);
  const step: Step = ([x], [h, c]) => {
    const a = split(add(matmul(x as Node, W), matmul(h as Node, R), b), 4) as [Node, Node, Node, Node];
    const [i, f, g, o] = [sigmoid(a[0]), sigmoid(a[1]), tanh(a[2]), sigmoid(a[3])];
    const next = add(mul(f, c as Node), mul(i, g));
    return { next: [mul(o, tanh(next)), next] };
  };
  return { step, initial: [state("h0"), state("c0")], weights: [W, R, b] };
}

/** Cho et al. 2014: the reset gate acts on the state before its product. */
export function gruCell(): Cell {
  const [W, R] = [parameter("W", [features, 3 * units]), parameter("R", [units, 2 * units])];
  const [Rn, b] = [parameter("Rn", [units, units]), parameter("b", [3 * units])];
  const step: Step = ([x], [h]) => {
    const fromInput = add(matmul(x as Node, W), b);
    const gates = add(slice(fromInput, 0, 2 * units), matmul(h as Node, R));
    const [z, r] = split(sigmoid(gates), 2) as [Node, Node];
    const n = tanh(add(slice(fromInput, 2 * units, units), matmul(mul(r, h as Node), Rn)));
    return { next: [add(mul(z, h as Node), mul(sub(1, z), n))] };
  };
  return { step, initial: [state("h0")], weights: [W, R, Rn, b] };
}
