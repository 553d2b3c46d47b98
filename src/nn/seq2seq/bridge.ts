/**
 * From an encoder to a decoder: what each recurrent layer of the decoder begins with.
 *
 *   same size          h0 = h            the last state itself; of both directions, side by side
 *   another size       h0 = tanh(h W + b)                 (Bahdanau et al. 2015, arXiv:1409.0473, A.2.2)
 *
 * Layers are paired from the last one down; where the encoder has fewer, its first one serves the rest. A state that
 * the encoder does not have (the c of an LSTM behind a GRU) is made from the encoder's output state.
 */
import { UnrollError } from "../../errors.ts";
import { dense } from "../layers/dense.ts";
import type { Output } from "../layers/layer.ts";
import { concat } from "../operators.ts";
import { described, type Symbolic } from "../symbols.ts";

/** The last states of a layer by name, its output state first; or, as "code", the vector that an encoder ends in. */
export type Code = Readonly<Record<string, Symbolic>>;

/** States of both directions side by side, under the names that one direction has. */
export function joined(states: Code): Code {
  const ways = Object.entries(states).filter(([name]) => name.startsWith("forward"));
  if (ways.length === 0) return states;
  const both = ways.map(([name, there]): [string, Symbolic] => {
    const state = name.slice("forward".length);
    const back = states[`backward${state}`] as Symbolic; // there are as many as of the other way
    return [state.charAt(0).toLowerCase() + state.slice(1), concat(there, back) as Symbolic];
  });
  return Object.fromEntries(both);
}

/** What recurrent layer `k` of `count` begins with: codes are paired from the last. */
export const codeFor = (codes: readonly Code[], k: number, count: number): Code | undefined =>
  codes[Math.max(0, codes.length - count + k)];

/** A first state for each of those that a layer asks for. `prefix`: of the names of layers between. */
export function firstStates(code: Code, asked: readonly Output[], prefix: string): Code {
  const [output] = Object.values(code) as [Symbolic];
  const stateFor = (state: Output): Symbolic =>
    fitted(code[state.name] ?? output, state, `${prefix}_${state.name}`);
  return Object.fromEntries(asked.map((state): [string, Symbolic] => [state.name, stateFor(state)]));
}

function fitted(from: Symbolic, { name: state, axes }: Output, name: string): Symbolic {
  if (axes.join() === from.axes.join()) return from;
  const [units, ...more] = axes;
  if (typeof units === "number" && more.length === 0 && from.kind === "vector")
    return dense({ units, activation: "tanh", name })(from as never) as unknown as Symbolic; // a vector, as was checked
  throw new UnrollError({
    where: `first state ${state}`,
    expected: `a value [${["batch", ...axes].join(", ")}] from the encoder`,
    got: described(from),
    fix: "Give encoder and decoder layers whose states have the same shape, or end the encoder in a vector.",
  });
}
