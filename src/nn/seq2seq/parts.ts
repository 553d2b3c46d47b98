/**
 * A seq2seq network cut in two where the decoder takes something of the encoder: the encoder runs once for each source,
 * the decoder step by step. Layers, and so weights, stay the same.
 *
 *   encoder   source -> what the decoder takes, and which steps of it count, where a mask says so
 *   decoder   target, what it takes -> output
 */
import { invariant } from "../../errors.ts";
import { isLayer } from "../layers/layer.ts";
import { buildNetwork } from "../model/build.ts";
import { layerOfCall, type Network, once } from "../model/network.ts";
import { trace } from "../model/trace.ts";
import { type Call, makeSymbol, type Symbolic } from "../symbols.ts";
import { counted, counting } from "./counted.ts";

export interface Halves {
  readonly encoder: Network;
  /** Its first input are the tokens, the others what the encoder gives, in the same order. */
  readonly decoder: Network;
}

/** Made once for each network. */
export function halvesOf(network: Network): Halves {
  return once(network, "halves", () => {
    const [source, target] = network.inputs.map(({ symbol }) => symbol);
    const [output] = network.outputs.map(({ symbol }) => symbol);
    invariant(source && target && output, "seq2seq: a network of two inputs and one output");
    const behind = callsBehind(network, target);
    const taken = takenBy(behind, target);
    const { seed } = network;
    const names = new Map(
      network.calls.flatMap((call) =>
        isLayer(call.by) ? [[call.by, layerOfCall(network, call).name] as const] : [],
      ),
    );
    const reading = (outputs: readonly Symbolic[]): Network =>
      buildNetwork({
        name: "encoder",
        inputs: [source],
        outputs,
        inputsAs: { as: "one", names: ["source"] },
        outputsAs: { as: "list", names: outputs.map((_, k) => `${k}`) },
        seed,
        names,
      });
    const masked = maskedOf(reading(taken));
    const given = [...taken, ...masked.map(counting)];
    const encoder = reading(given);
    const inputs = given.map(({ axes, dtype }) =>
      makeSymbol({ axes, dtype, time: "causal" }, { input: { name: null } }),
    );
    const others = taken.map((symbol, k): [Symbolic, Symbolic] => {
      const [own, counts] = [inputs[k] as Symbolic, inputs[taken.length + masked.indexOf(symbol)]];
      return [symbol, masked.includes(symbol) && counts ? counted(own, counts) : own];
    });
    const decoder = buildNetwork({
      name: "decoder",
      inputs: [target, ...inputs],
      outputs: [inPlaceOf(output, behind, new Map(others))],
      inputsAs: { as: "list", names: ["target", ...given.map((_, k) => `${k}`)] },
      outputsAs: { as: "one", names: ["output"] },
      seed,
      names,
    });
    return { encoder, decoder };
  });
}

/** The outputs that have steps which do not count. */
function maskedOf(encoder: Network): readonly Symbolic[] {
  const { outputs } = trace(encoder, { training: false, states: "initial", bounds: {} });
  return encoder.outputs.flatMap(({ symbol }, k) => (outputs[k]?.mask ? [symbol] : []));
}

const sourcesOf = ({ inputs, given }: Call): readonly Symbolic[] => [...inputs, ...Object.values(given)];

/** The calls that need the target. */
function callsBehind({ calls }: Network, target: Symbolic): ReadonlySet<Call> {
  const behind = new Set<Call>();
  const needs = (symbol: Symbolic): boolean =>
    symbol === target || ("call" in symbol.source && behind.has(symbol.source.call));
  for (const call of calls) if (sourcesOf(call).some(needs)) behind.add(call);
  return behind;
}

/** What these calls take from outside, besides the target. */
function takenBy(calls: ReadonlySet<Call>, target: Symbolic): readonly Symbolic[] {
  const outside = [...calls]
    .flatMap(sourcesOf)
    .filter(({ source }) => "input" in source || !calls.has(source.call));
  return [...new Set(outside)].filter((symbol) => symbol !== target);
}

/** `symbol` with others in place of some that it is made from. */
function inPlaceOf(
  symbol: Symbolic,
  calls: ReadonlySet<Call>,
  others: ReadonlyMap<Symbolic, Symbolic>,
): Symbolic {
  const symbols = new Map(others);
  const copies = new Map<Call, Call>();
  const turned = (one: Symbolic): Symbolic => {
    const known = symbols.get(one);
    if (known || "input" in one.source) return known ?? one;
    const { call, output } = one.source;
    const copy = makeSymbol(one, { call: copies.get(call) ?? call, output });
    symbols.set(one, copy);
    return copy;
  };
  for (const call of calls)
    copies.set(call, {
      by: call.by,
      inputs: call.inputs.map(turned),
      given: Object.fromEntries(Object.entries(call.given).map(([state, one]) => [state, turned(one)])),
    });
  return turned(symbol);
}
