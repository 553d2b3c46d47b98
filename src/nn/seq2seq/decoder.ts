/**
 * A decoder step by step, for many hypotheses at once: row k goes on from the states of row parents[k] of the step
 * before, with its next token. What the encoder gave stays with the source that a row belongs to.
 *
 *   begin   states of every source                        rows: sources
 *   step    logits, states' = decoder(token, states)      rows: hypotheses
 */
import { type Node, rows } from "../../core/graph/nodes.ts";
import { topological } from "../../core/graph/walk.ts";
import type { Device, Executable, HostArray, Parameter } from "../../core/run/device.ts";
import { keyOf } from "../../core/run/random.ts";
import { referenceDevice } from "../../core/run/referenceDevice.ts";
import { invariant } from "../../errors.ts";
import { type Bounds, boundsOf } from "../model/bounds.ts";
import { type Column, gathered } from "../model/data.ts";
import { endsOf } from "../model/ends.ts";
import { type Network, once } from "../model/network.ts";
import { inputsOf, type Traced, trace } from "../model/trace.ts";
import { heldWeights } from "../model/weights.ts";
import { carriedOf, type State } from "../session/stepping.ts";
import { softmaxLogits } from "../train/losses.ts";

/** Which rows are to advance. */
export interface Rows {
  /** The source of each row. */
  readonly sources: ArrayLike<number>;
  /** The row of the step before, or the source at the first step, whose states it goes on from. */
  readonly parents: ArrayLike<number>;
  readonly tokens: Int32Array;
}
export interface Decoder {
  /** The logits of the next token, `[rows, tokens]`. */
  readonly step: (rows: Rows) => Promise<Float32Array>;
}

interface Program {
  readonly traced: Traced;
  readonly states: readonly State[];
  readonly outputs: readonly Node[];
  /** What the step needs of the traced network's inputs. */
  readonly needed: readonly Parameter[];
  readonly executables: WeakMap<Device, Executable>;
}

/** Made once for each network, and for each bound of steps where it looks at those of the source. */
function programOf(network: Network, bounds: Bounds): Program {
  return once(network, `decoder ${JSON.stringify(bounds)}`, () => {
    const traced = trace(network, { training: false, states: "initial", stepping: true, bounds });
    const scores = traced.outputs[0]?.node;
    invariant(scores, "decoder: one output");
    const { outputs, states } = carriedOf([softmaxLogits(scores) ?? scores]);
    const ends = [...outputs, ...states.map(({ next }) => next)];
    const used = new Set<Node>(topological(ends));
    const needed = inputsOf(traced).filter((input) => used.has(input));
    return { traced, states, outputs: ends, needed, executables: new WeakMap() };
  });
}

/** The decoder at its beginning. `given`: what the encoder gave for each source, one column an input but the first. */
export function decoderOf(network: Network, device: Device, given: readonly Column[]): Decoder {
  const program = programOf(network, boundsOf(network, given));
  const executable = executableFor(program, device);
  const weights = heldWeights(network);
  const { version } = network;
  let states = firstStates(network, program, given, weights);
  return {
    step: async ({ sources, parents, tokens }) => {
      const { times, lengths, values } = arraysFor(network, program, given, { sources, tokens });
      const before = states.map((state) => rowsOf(state, parents));
      const inputs = [
        ...program.needed.map((input) => values.get(input) as HostArray),
        ...before.map(({ values: own }) => own),
      ];
      const batch = { rows: tokens.length, times, lengths, inputs, version };
      const [scores, ...after] = await executable.run(batch, weights);
      states = states.map(({ width }, k) => ({ width, values: after[k] as Float32Array }));
      return scores as Float32Array;
    },
  };
}

function executableFor(
  { traced, states, outputs, needed, executables }: Program,
  device: Device,
): Executable {
  const { lengths, weights } = traced;
  const inputs = [...needed, ...states.map((state) => state.given)];
  const executable =
    executables.get(device) ?? device.compile({ inputs, lengths, weights, outputs, gradients: [] });
  executables.set(device, executable);
  return executable;
}

/** `[rows, width]` */
interface Values {
  readonly width: number;
  readonly values: Float32Array;
}

function rowsOf({ width, values }: Values, chosen: ArrayLike<number>): Values {
  const picked = new Float32Array(chosen.length * width);
  for (let k = 0; k < chosen.length; k++)
    picked.set(values.subarray(chosen[k]! * width, (chosen[k]! + 1) * width), k * width);
  return { width, values: picked };
}

interface Arrays {
  readonly times: Readonly<Record<string, number>>;
  readonly lengths: Readonly<Record<string, Int32Array>>;
  readonly values: ReadonlyMap<Parameter, HostArray>;
}

/** The arrays of one step of the decoder, by parameter. */
function arraysFor(
  { inputs, seed }: Network,
  { traced }: Pick<Program, "traced">,
  given: readonly Column[],
  { sources, tokens }: Pick<Rows, "sources" | "tokens">,
): Arrays {
  const count = tokens.length;
  const times: Record<string, number> = { [String(inputs[0]?.time)]: 1 };
  const lengths: Record<string, Int32Array> = {};
  for (const { time, lengths: all } of given) {
    if (typeof time !== "string") continue;
    lengths[time] = Int32Array.from(sources, (source) => all[source] ?? 0);
    times[time] = lengths[time].reduce((most, length) => Math.max(most, length), 1);
  }
  const stepsIn = ({ time }: Column): number => (typeof time === "string" ? (times[time] ?? 1) : (time ?? 1));
  const arrays: readonly HostArray[] = [
    tokens,
    ...given.map((column) => gathered(column, sources, stepsIn(column))),
    ...endsOf(traced, { rows: count, times, lengths }),
    ...traced.keys.map(({ salt }) => Int32Array.from(keyOf(seed, salt, 0))),
  ];
  return {
    times,
    lengths,
    values: new Map(inputsOf(traced).map((input, k) => [input, arrays[k] as HostArray])),
  };
}

/**
 * What the scans of a decoder begin with, a row for each source: states that the encoder gave, zeros, weights or
 * uniform numbers. Nothing that float64 would round otherwise, so the interpreter will do.
 */
function firstStates(
  network: Network,
  { traced, states }: Program,
  given: readonly Column[],
  weights: readonly Float32Array[],
): readonly Values[] {
  const count = given[0]?.rows ?? 0;
  const outputs = states.map(({ initial }) => initial);
  const used = new Set<Node>(topological(outputs));
  const sources = Int32Array.from({ length: count }, (_, k) => k);
  const { values } = arraysFor(network, { traced }, given, { sources, tokens: new Int32Array(count) });
  const inputs = inputsOf(traced).filter((input) => used.has(input));
  const own = traced.weights.filter((weight) => used.has(weight));
  const begin = { inputs, lengths: {}, weights: own, outputs, gradients: [] };
  const batch = { rows: count, times: {}, inputs: inputs.map((input) => values.get(input) as HostArray) };
  const made = referenceDevice()
    .compile(begin)
    .runNow(
      batch,
      own.map((weight) => weights[traced.weights.indexOf(weight)] as Float32Array),
    );
  return made.map((array, k) => ({ width: widthOf(states[k] as State), values: array }));
}

const widthOf = ({ given }: State): number =>
  given.shape.filter((dim) => dim !== rows).reduce<number>((size, dim) => size * Number(dim), 1);
