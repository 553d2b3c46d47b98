/** What programs of several parts are made of, and the computations that become of them. */
import { parameter, zeros } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { type Node, type NodeOf, rows, type Shape } from "../../src/core/graph/nodes.ts";
import * as o from "../../src/core/graph/operators.ts";
import { topological } from "../../src/core/graph/walk.ts";
import type { Computation, HostArray } from "../../src/core/run/device.ts";
import { lengths, type Recurrence, recur, result, type Step } from "../gradients/steps.ts";
import { computationOf, type Sizes } from "./cases.ts";
import { withGradients } from "./cells.ts";

export interface Program {
  /** Made of parameters: those of `weights` are weights, all others inputs. */
  readonly outputs: readonly Node[];
  readonly weights?: readonly Parameter[];
  readonly inputs?: Readonly<Record<string, HostArray>>;
  readonly sizes?: Sizes;
  /** False where nothing has a gradient. */
  readonly differentiable?: boolean;
  /** Every bit is the reference's. */
  readonly exact?: boolean;
}

/** A time that follows from the other: every second step. */
export const half: Parameter = parameter("lengths of half", [rows], "int32");
export const halved: Sizes = {
  rows: 5,
  times: { time: 6, half: 3 },
  lengths: { time: [6, 2, 0, 5, 6], half: [3, 1, 0, 3, 3] },
};
export const ragged: Sizes = { rows: 5, times: { time: 6 }, lengths: { time: [6, 2, 0, 5, 6] } };

/** The program as it is, and with the gradients of a sum of its outputs, each number times one of its own. */
export function computations({
  outputs,
  weights = [],
  differentiable = true,
}: Program): readonly Computation[] {
  const seeds = outputs.map(({ shape }, k) => parameter(`seed ${k}`, shape));
  const free = topological(outputs).filter((node) => node.op === "parameter");
  const times = { time: lengths, half };
  const isLengths = (node: Parameter): boolean => Object.values(times).includes(node);
  const isInput = (node: Parameter): boolean => !weights.includes(node) && !isLengths(node);
  const inputs = parametersOf(free).filter(isInput);
  const spoken = Object.entries(times).filter(([time, own]) =>
    topological(outputs).some((node) => node === own || node.shape[0] === time),
  );
  const ends = { weights, lengths: Object.fromEntries(spoken) };
  const forward = computationOf({ ...ends, inputs, outputs });
  if (!differentiable) return [forward];
  const terms = outputs.map((value, k) => total(o.mul(value, seeds[k] as Node)));
  const wrt = inputs.filter(({ dtype, shape }) => dtype === "float32" && shape.includes(rows));
  const loss = o.add(...(terms as [Node]));
  return [
    forward,
    withGradients({ ...ends, inputs: [...inputs, ...seeds], outputs: [loss, ...outputs] }, wrt),
  ];
}

export const parametersOf = (nodes: readonly Node[]): readonly Parameter[] =>
  nodes.flatMap((node) => (node.op === "parameter" ? [node] : []));
const total = (value: Node): Node => {
  const summed = value.shape.at(-1) === rows ? o.reshape(value, [...value.shape, 1]) : value;
  return o.reshape(o.sumLeading(o.sum(summed), summed.shape.length - 1), [1]);
};

/** A step on named slices and states; there may be fewer than three. */
type Three = readonly [Node, Node, Node];
type Written = Omit<Recurrence, "step"> & {
  readonly step: (slices: Three, states: Three) => ReturnType<Step>;
};
export const unfold = ({ step, ...rest }: Written): NodeOf<"scan"> =>
  recur({ ...rest, step: step as unknown as Step });

export const x = (width: number, name = "x"): Parameter => parameter(name, ["time", rows, width]);
export const v = (width: number, name = "v"): Parameter => parameter(name, [rows, width]);
export const w = (name: string, ...shape: readonly number[]): Parameter => parameter(name, shape);
export const ints = (name: string, shape: Shape): Parameter => parameter(name, shape, "int32");
export const at = (nodes: readonly Node[], k: number): Node => nodes[k] as Node;

/** tanh(x W + h R) on a sequence of width 3, units 2 unless told. */
export function cell(
  name: string,
  width = 3,
  units = 2,
): { readonly weights: readonly Parameter[]; readonly step: (x: Node, h: Node) => Node } {
  const [W, R] = [w(`W${name}`, width, units), w(`R${name}`, units, units)];
  return { weights: [W, R], step: (input, h) => o.tanh(o.add(o.matmul(input, W), o.matmul(h, R))) };
}
export interface Unfolded {
  readonly weights: readonly Parameter[];
  readonly sequence: Node;
  readonly final: Node;
}
/** That cell unfolded, with two units. */
export function rnn(
  name: string,
  sequence: Node,
  rest: { readonly initial?: Node; readonly reverse?: boolean } = {},
): Unfolded {
  const { weights, step } = cell(name, sequence.shape.at(-1) as number);
  const { initial = zeros([rows, 2]), reverse = false } = rest;
  const made = unfold({
    step: ([s], [h]) => ({ next: [step(s, h)] }),
    initial: [initial],
    sequences: [sequence],
    reverse,
  });
  return { weights, sequence: result(made, "stacked"), final: result(made, "final") };
}
