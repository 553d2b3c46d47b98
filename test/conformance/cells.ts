/** Recurrent networks written by hand on rows: a cell, a dense layer, the cross entropy of softmax, all gradients. */
import { differentiate } from "../../src/core/grad/gradients.ts";
import { outputOf, parameter, scan, zeros } from "../../src/core/graph/build.ts";
import type { Parameter } from "../../src/core/graph/computation.ts";
import { lift } from "../../src/core/graph/lift.ts";
import { nonlinearityOf } from "../../src/core/graph/linear.ts";
import { type Node, type NodeOf, rows } from "../../src/core/graph/nodes.ts";
import {
  add,
  logSoftmax,
  matmul,
  mul,
  neg,
  oneHot,
  sigmoid,
  slice,
  split,
  sub,
  sum,
  sumLeading,
  tanh,
} from "../../src/core/graph/operators.ts";
import { simplify } from "../../src/core/plan/simplify.ts";
import type { Computation } from "../../src/core/run/device.ts";
import { uniform } from "../../src/core/run/random.ts";
import type { Cell as LibraryCell } from "../../src/nn/cells/defineCell.ts";
import { lruCell } from "../../src/nn/cells/lru.ts";
import { minGruCell } from "../../src/nn/cells/minGru.ts";
import { minLstmCell } from "../../src/nn/cells/minLstm.ts";
import { slstmCell } from "../../src/nn/cells/slstm.ts";
import { sruCell } from "../../src/nn/cells/sru.ts";
import { cellWeights } from "../../src/nn/layers/cellParts.ts";
import { traceStep } from "../../src/nn/layers/step.ts";
import { recurrenceRoundings, relative } from "../tolerances.ts";
import { type Case, computationOf, type Ends, lengthsOf } from "./cases.ts";

/** From the slice of the input and the states to the next states; then the output, where it is not the first state. */
type Step = (x: Node, states: readonly Node[]) => readonly Node[];
interface Cell {
  readonly weights: readonly Parameter[];
  readonly states: number;
  readonly step: Step;
}
type MakeCell = (features: number, units: number) => Cell;

const kernels = (
  features: number,
  units: number,
  gates: number,
): readonly [Parameter, Parameter, Parameter] => [
  parameter("kernel", [features, gates * units]),
  parameter("recurrentKernel", [units, gates * units]),
  parameter("bias", [gates * units]),
];

/** h' = tanh(x W + h R + b) */
const simple: MakeCell = (features, units) => {
  const [W, R, b] = kernels(features, units, 1);
  return {
    weights: [W, R, b],
    states: 1,
    step: (x, [h]) => [tanh(add(matmul(x, W), matmul(h as Node, R), b))],
  };
};
/** Hochreiter and Schmidhuber 1997, with forget gates. */
const lstm: MakeCell = (features, units) => {
  const [W, R, b] = kernels(features, units, 4);
  const step: Step = (x, [h, c]) => {
    const a = split(add(matmul(x, W), b, matmul(h as Node, R)), 4) as [Node, Node, Node, Node];
    const next = add(mul(sigmoid(a[1]), c as Node), mul(sigmoid(a[0]), tanh(a[2])));
    return [mul(sigmoid(a[3]), tanh(next)), next];
  };
  return { weights: [W, R, b], states: 2, step };
};
/** Cho et al. 2014: the reset gate acts on the state before its product. */
const gruBefore: MakeCell = (features, units) => {
  const [W, R, b] = kernels(features, units, 3);
  const step: Step = (x, [h]) => {
    const fromInput = add(matmul(x, W), b);
    const gates = add(slice(fromInput, 0, 2 * units), matmul(h as Node, slice(R, 0, 2 * units)));
    const [z, r] = split(sigmoid(gates), 2) as [Node, Node];
    const candidate = matmul(mul(r, h as Node), slice(R, 2 * units, units));
    const n = tanh(add(slice(fromInput, 2 * units, units), candidate));
    return [add(mul(z, h as Node), mul(sub(1, z), n))];
  };
  return { weights: [W, R, b], states: 1, step };
};
/** The form of cuDNN: the reset gate acts on the product, which has a bias of its own. */
const gruAfter: MakeCell = (features, units) => {
  const [W, R, b] = kernels(features, units, 3);
  const recurrentBias = parameter("recurrentBias", [3 * units]);
  const step: Step = (x, [h]) => {
    const [xz, xr, xn] = split(add(matmul(x, W), b), 3) as [Node, Node, Node];
    const [hz, hr, hn] = split(add(matmul(h as Node, R), recurrentBias), 3) as [Node, Node, Node];
    const z = sigmoid(add(xz, hz));
    const n = tanh(add(xn, mul(sigmoid(add(xr, hr)), hn)));
    return [add(mul(z, h as Node), mul(sub(1, z), n))];
  };
  return { weights: [W, R, b, recurrentBias], states: 1, step };
};

/** A cell of the library, its equation lifted to rows. */
const ofLibrary =
  (cell: LibraryCell, options: object = {}): MakeCell =>
  (features, units) => {
    const sizes = { ...cell.options, ...options, features, shape: [features], units };
    const weights = cellWeights(cell, sizes).map(({ name, shape }) => parameter(name, shape));
    const named = Object.fromEntries(weights.map((weight) => [weight.attributes.name, weight]));
    const one = traceStep({ cell, sizes, weights: named });
    const results = [...new Set([...cell.states, cell.output])].map((name) => one.results[name] as Node);
    const step: Step = (x, states) => {
      const given = cell.states.map((name, k) => [one.states[name] as Node, states[k] as Node] as const);
      return lift(results, new Map([[one.x as Node, x], ...given]));
    };
    return { weights, states: cell.states.length, step };
  };

export type CellName =
  | "simple"
  | "lstm"
  | "gruBefore"
  | "gruAfter"
  | "minGru"
  | "minLstm"
  | "sru"
  | "sruLinear"
  | "lru"
  | "slstm";
export const cells: Readonly<Record<CellName, MakeCell>> = {
  simple,
  lstm,
  gruBefore,
  gruAfter,
  minGru: ofLibrary(minGruCell, { form: "log" }),
  minLstm: ofLibrary(minLstmCell),
  sru: ofLibrary(sruCell),
  sruLinear: ofLibrary(sruCell, { peephole: false }),
  lru: ofLibrary(lruCell),
  slstm: ofLibrary(slstmCell),
};
/** One of each kind. */
export const cellNames = ["simple", "lstm", "gruBefore", "gruAfter", "lru", "slstm"] as const;
export const allCellNames = Object.keys(cells) as readonly CellName[]; // the keys of the table are exactly these

export interface Network {
  readonly cell: CellName;
  readonly features: number;
  readonly units: number;
  readonly classes: number;
  /** First states are inputs; else zeros. */
  readonly given?: boolean;
  readonly reverse?: boolean;
}
export interface Traced {
  readonly inputs: readonly Parameter[];
  readonly weights: readonly Parameter[];
  readonly lengths: Computation["lengths"];
  readonly scan: NodeOf<"scan">;
  readonly sequence: Node;
  readonly finals: readonly Node[];
  readonly logits: Node;
}

export function traced({ cell, features, units, classes, given = false, reverse = false }: Network): Traced {
  const { weights, states, step } = cells[cell](features, units);
  const x = parameter("x", ["time", rows, features]);
  const slot = parameter("slice of x", [rows, features]);
  const carried = Array.from({ length: states }, (_, k) => parameter(`state ${k}`, [rows, units]));
  const first = carried.map(({ shape }, k) => (given ? parameter(`first state ${k}`, shape) : zeros(shape)));
  const results = step(slot, carried);
  const next = results.slice(0, states);
  const lengths = lengthsOf();
  const body = {
    carried,
    sequences: [slot],
    next,
    stacked: [(results[states] ?? next[0]) as Node],
    summed: [],
  };
  const associative = nonlinearityOf(body) === null;
  const made = scan({ lengths, initial: first, sequences: [x], body, time: "time", reverse, associative });
  const sequence = outputOf(made, "stacked", 0);
  const [dense, bias] = [parameter("dense", [units, classes]), parameter("denseBias", [classes])];
  return {
    inputs: [x, ...(given ? (first as readonly Parameter[]) : [])],
    weights: [...weights, dense, bias],
    lengths: { time: lengths },
    scan: made,
    sequence,
    finals: carried.map((_, k) => outputOf(made, "final", k)),
    logits: add(matmul(sequence, dense), bias),
  };
}

/** Outputs: the sequence and its logits, then the final states. */
export function forward(network: Network): Computation {
  const { inputs, weights, lengths, sequence, logits, finals } = traced(network);
  return computationOf({ inputs, weights, lengths, outputs: [sequence, logits, ...finals] });
}

/**
 * Outputs: the loss, the sequence, the final states, the gradients of the inputs. The loss counts the steps that the
 * input "count" has 1 for, and half the sum of squares of the final states.
 */
export function training(network: Network): Computation {
  const { inputs, weights, lengths, sequence, logits, finals } = traced(network);
  const labels = parameter("labels", ["time", rows], "int32");
  const count = parameter("count", ["time", rows, 1]);
  const terms = mul(count, neg(sum(mul(oneHot(labels, network.classes), logSoftmax(logits)))));
  const squares = finals.map((state) => mul(sumLeading(sum(mul(state, state)), 1), 0.5));
  const loss = add(sumLeading(terms, 2), ...squares);
  const wanted: Ends = {
    inputs: [...inputs, labels, count],
    weights,
    lengths,
    outputs: [loss, sequence, ...finals],
  };
  return withGradients(wanted, inputs);
}

/** The gradients of the first output: of the weights, and as further outputs those of `inputs`. */
export function withGradients(ends: Ends, inputs: readonly Node[] = []): Computation {
  const { weights = [] } = ends;
  const { roots, gradients } = differentiate({ roots: simplify(ends.outputs), wrt: [...weights, ...inputs] });
  const ofInputs = gradients.slice(weights.length).filter((grad) => grad !== null);
  return computationOf({
    ...ends,
    outputs: [...roots, ...ofInputs],
    gradients: gradients.slice(0, weights.length),
  });
}

export interface Extents {
  readonly rows: number;
  readonly steps: number;
  /** Rows of different lengths, some of them 0. */
  readonly ragged: boolean;
}

export function lengthsFor({ rows: count, steps, ragged }: Extents, seed: number): readonly number[] {
  const length = (row: number): number => Math.floor(uniform([seed, 13], row) * (steps + 2)) - 1;
  return Array.from({ length: count }, (_, row) =>
    ragged ? Math.max(0, Math.min(steps, length(row))) : steps,
  );
}

/** A batch for `training(network)`: half of the real steps count. */
export function trainingCase(network: Network, extents: Extents, seed = 1): Case {
  const { rows: count, steps } = extents;
  const lengths = lengthsFor(extents, seed);
  const real = (cell: number): boolean => cell % steps < (lengths[Math.floor(cell / steps)] ?? 0);
  const draws = Array.from({ length: count * steps }, (_, cell) => uniform([seed, 17], cell));
  return {
    computation: training(network),
    rows: count,
    times: { time: steps },
    lengths: { time: lengths },
    seed,
    scale: Math.min(1, 1 / Math.sqrt(network.units)),
    inputs: {
      labels: Int32Array.from(draws, (u) => Math.floor(((u * 1024) % 1) * network.classes)),
      count: Float32Array.from(draws, (u, cell) => (u < 0.5 && real(cell) ? 1 : 0)),
      ...positiveNormaliser(network, count, seed),
    },
  };
}

/** What an slstm divides by, the third of its states, is positive: a quotient by any number may be as large as it likes. */
function positiveNormaliser({ cell, given, units }: Network, count: number, seed: number): Case["inputs"] {
  if (cell !== "slstm" || !given) return {};
  const draws = Array.from({ length: count * units }, (_, k) => uniform([seed, 19], k));
  return { "first state 2": Float32Array.from(draws, (u) => 0.5 + u) };
}

/** How far a device may be from the reference. */
export function toleranceFor({ features, units, classes }: Network, { rows: count, steps }: Extents): number {
  return relative(recurrenceRoundings({ features, units, classes, steps, rows: count }));
}
