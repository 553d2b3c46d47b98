/**
 * The operators RNN, LSTM and GRU of ONNX as our layers: what is called what, and in which order.
 *
 *   W [ways, gates * units, features]  kernel [features, gates * units]        gates of LSTM   i o f c  ->  i f g o
 *   R [ways, gates * units, units]     recurrentKernel                         gates of GRU    z r h    ->  z r n
 *   B [ways, 2 * gates * units]        bias, double: of W, of R                no B: bias "none"
 *   P [ways, 3 * units], i o f         peephole [3, units], rows i f o
 *   linear_before_reset                resetAfter
 *   direction "reverse"                goBackwards; the operator gives its steps in the order of the input
 *   X, Y, Y_h                          time first, then directions; ours have the batch first, directions side by side
 */
import { bidirectional, functional, gru, input, lstm, type Model, simpleRNN } from "../../src/index.ts";
import { expectClose } from "../parity/close.ts";
import { flat, type Nested } from "../parity/measure.ts";
import { recurrenceRoundings, relative, smallest } from "../tolerances.ts";
import type { Distances } from "./distance.ts";

type Vector = readonly number[];
type Matrix = readonly Vector[];
type Cube = readonly Matrix[];
type Operator = "RNN" | "LSTM" | "GRU";

export interface OnnxCase {
  readonly name: string;
  readonly op: Operator;
  readonly attributes: {
    readonly hidden_size: number;
    readonly direction: "forward" | "reverse" | "bidirectional";
    /** Of each gate or state, for each direction. */
    readonly activations: readonly string[];
    readonly linear_before_reset?: number;
  };
  readonly inputs: {
    readonly X: Cube;
    readonly W: Cube;
    readonly R: Cube;
    readonly B: Matrix | null;
    readonly P?: Matrix | null;
    readonly sequence_lens: Vector | null;
    readonly initial_h: Cube | null;
    readonly initial_c?: Cube | null;
  };
  readonly outputs: {
    readonly Y: readonly Cube[];
    readonly Y_h: Cube;
    readonly Y_c?: Cube;
  };
}

/** Which gate of the operator is the first, second, ... of ours. */
const gates: { readonly [O in Operator]: readonly number[] } = {
  RNN: [0],
  LSTM: [0, 2, 3, 1],
  GRU: [0, 1, 2],
};
const peepholes = [0, 2, 1];
const activations: Readonly<Record<string, string>> = {
  Tanh: "tanh",
  Relu: "relu",
  Sigmoid: "sigmoid",
  Softsign: "softsign",
  Softplus: "softplus",
  Elu: "elu",
  HardSigmoid: "hardSigmoid",
};

const transposed = (rows: Matrix): Matrix => (rows[0] ?? []).map((_, k) => rows.map((row) => row[k] ?? 0));
/** Parts of so many rows each, in another order. */
const reordered = <T>(rows: readonly T[], size: number, order: readonly number[]): readonly T[] =>
  order.flatMap((part) => rows.slice(part * size, (part + 1) * size));

/** The weights of one direction, in our order. */
function weightsOf({ op, attributes, inputs }: OnnxCase, way: number): readonly Nested[] {
  const { hidden_size: units } = attributes;
  const ours = (rows: Matrix): Matrix => transposed(reordered(rows, units, gates[op]));
  const [W, R, B, P] = [inputs.W[way] ?? [], inputs.R[way] ?? [], inputs.B?.[way], inputs.P?.[way]];
  const half = gates[op].length * units;
  const bias = B && [B.slice(0, half), B.slice(half)].map((one) => reordered(one, units, gates[op]));
  const peephole = P && peepholes.map((gate) => P.slice(gate * units, (gate + 1) * units));
  return [ours(W), ours(R), ...(bias ? [bias] : []), ...(peephole ? [peephole] : [])];
}

function layerOf({ op, attributes, inputs }: OnnxCase): unknown {
  const { hidden_size: units, direction, linear_before_reset: after } = attributes;
  const named = attributes.activations.map((name) => activations[name]);
  const common = {
    units,
    bias: inputs.B ? "double" : "none",
    returnSequences: true,
    returnState: true,
    goBackwards: direction === "reverse",
  };
  const gated = { ...common, recurrentActivation: named[0], activation: named[1] };
  const make = {
    RNN: () => simpleRNN({ ...common, activation: named[0] } as never),
    LSTM: () => lstm({ ...gated, peephole: inputs.P != null } as never),
    GRU: () => gru({ ...gated, resetAfter: after === 1 } as never),
  };
  const layer = make[op]();
  return direction === "bidirectional" ? bidirectional(layer as never) : layer;
}

/** What our outputs are called, and of which of the operator's they are one direction. */
function statesOf({ op, attributes: { direction } }: OnnxCase) {
  const both = direction === "bidirectional";
  return (op === "LSTM" ? (["h", "c"] as const) : (["h"] as const)).flatMap((state) =>
    (both ? (["forward", "backward"] as const) : [""]).map((way, index) => ({
      name: both ? `${way}${state.toUpperCase()}` : state,
      first: `initial_${state}` as const,
      last: `Y_${state}` as const,
      index,
    })),
  );
}

function modelOf(one: OnnxCase): Model {
  const x = input({ shape: [null, one.inputs.X[0]?.[0]?.length ?? 1] });
  const outputs = (layerOf(one) as (x: unknown) => unknown)(x);
  const model = functional({ inputs: x, outputs: outputs as never }) as unknown as Model;
  model.setWeights(one.inputs.W.flatMap((_, way) => weightsOf(one, way)));
  return model;
}

/** The operator's numbers in the form of ours: real steps alone, rows first, directions side by side. */
function wantedOf({ attributes: { direction }, outputs: { Y } }: OnnxCase, lengths: readonly number[]): Cube {
  return lengths.map((length, row) => {
    const steps = Y.slice(0, length).map((ways) => ways.flatMap((rows) => rows[row] ?? []));
    return direction === "reverse" ? steps.reverse() : steps;
  });
}

/** Throws unless outputs and last states are the operator's. */
export async function expectOnnx(
  one: OnnxCase,
  device: "reference" | "wasm",
  noted: Distances["noted"],
): Promise<void> {
  const { X, sequence_lens } = one.inputs;
  const rows = X[0]?.length ?? 0;
  const lengths = sequence_lens ?? Array.from({ length: rows }, () => X.length);
  const x = lengths.map((length, row) => X.slice(0, length).map((step) => step[row] ?? []));
  const states = statesOf(one);
  const initialState = Object.fromEntries(
    states.flatMap(({ name, first, index }) => {
      const given = one.inputs[first]?.[index];
      return given ? [[name, given]] : [];
    }),
  );
  const got = (await modelOf(one).predict(
    x as never,
    { initialState, device } as never,
  )) as unknown as Readonly<Record<string, { toArray(): Nested }>>;
  const { hidden_size: units } = one.attributes;
  const sizes = { features: X[0]?.[0]?.length ?? 1, units, classes: 1, steps: X.length, rows };
  // ONNX Runtime rounds as we do in float32: with both, there are twice as many roundings.
  const roundings = recurrenceRoundings(sizes) * (device === "wasm" ? 2 : 1);
  const close = noted(device, { tolerance: relative(roundings), smallest });
  expectClose(flat(got["output"]?.toArray()), wantedOf(one, lengths).flat(2), "Y", close);
  for (const { name, last, index } of states)
    expectClose(flat(got[name]?.toArray()), flat(one.outputs[last]?.[index]), `${last} of ${name}`, close);
}
