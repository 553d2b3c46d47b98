/**
 * The network that a seq2seq is trained as: the decoder reads the target, one token late, and says at each step what
 * comes next (teacher forcing: Sutskever et al. 2014, arXiv:1409.3215).
 *
 *   source -> encoder -> last states -> decoder(start, y_1 .. y_n) -> y_1 .. y_n, end
 *                     -> every step  -> attention (alignment.ts)
 */
import { inPlace, UnrollError } from "../../errors.ts";
import { givingStates } from "../layers/call.ts";
import { input } from "../layers/input.ts";
import { type Definition, definitionOf, type Output } from "../layers/layer.ts";
import { buildNetwork } from "../model/build.ts";
import type { Network, TargetTokens } from "../model/network.ts";
import { spelt } from "../options.ts";
import { described, isSymbolic, type Symbolic } from "../symbols.ts";
import { type AttentionScore, attended } from "./alignment.ts";
import { type Code, codeFor, firstStates, joined } from "./bridge.ts";

export interface Design {
  readonly encoder: readonly unknown[];
  readonly decoder: readonly unknown[];
  readonly attention: "none" | AttentionScore;
  readonly tokens: TargetTokens;
  readonly seed: number;
}
interface Link {
  readonly definition: Definition;
  readonly layer: Call;
  /** `seq2seq({ decoder }), layer 2 "lstm"`. */
  readonly where: string;
}
type Call = (x: Symbolic, options?: { readonly initialState: Code }) => unknown;

/** Throws an UnrollError that names the side and the layer where something does not fit. */
export function seq2seqNetwork(design: Design): Network {
  const { encoder, decoder, attention, tokens, seed } = design;
  const source = sourceOf(encoder);
  const [reading, writing] = linksOf(isSymbolic(encoder[0]) ? encoder.slice(1) : encoder, decoder);
  const target = targetOf(writing);
  const output = decoded(writing, target, encoded(reading, source, attention), attention);
  return buildNetwork({
    name: "seq2seq",
    inputs: [source, target],
    outputs: [output],
    inputsAs: { as: "record", names: ["source", "target"] },
    outputsAs: { as: "one", names: ["output"] },
    seed,
    tokens,
  });
}

function fault(where: string, expected: string, got: string, fix: string): UnrollError {
  return new UnrollError({ where, expected, got, fix });
}

const tokensInput = (): Symbolic => input({ shape: [null], dtype: "int32" }) as unknown as Symbolic; // a symbol is one

function sourceOf([first]: readonly unknown[]): Symbolic {
  if (isSymbolic(first) && "input" in first.source) return first;
  if (takesTokens(definitionOf(first))) return tokensInput();
  throw fault(
    "seq2seq({ encoder })",
    "an input or an embedding as its first part",
    shown(first),
    "Begin with input({ shape: [null, features] }), or with an embedding for tokens.",
  );
}

function targetOf([first]: readonly Link[]): Symbolic {
  if (first && takesTokens(first.definition)) return tokensInput();
  throw fault(
    "seq2seq({ decoder })",
    "an embedding as its first layer: it reads the tokens made so far",
    first ? `a layer "${first.definition.base}"` : "no layer",
    "Begin with embedding({ inputDim, outputDim }).",
  );
}

const takesTokens = (by: Definition | null): boolean => by?.takes.length === 1 && by.takes[0] === "tokens";

function shown(part: unknown): string {
  const by = definitionOf(part);
  if (by) return `a layer "${by.base}"`;
  if (isSymbolic(part)) return "a symbol that is no input";
  return part === undefined ? "none" : spelt(part);
}

/** Layers of both sides. A layer that stands on both is one layer. */
function linksOf(encoder: readonly unknown[], decoder: readonly unknown[]): readonly [Link[], Link[]] {
  const made = new Map<Definition, Call>();
  const linkOf =
    (side: string) =>
    (part: unknown, k: number): Link => {
      const definition = definitionOf(part);
      const where = `seq2seq({ ${side} }), layer ${k + 1}`;
      if (definition === null)
        throw fault(where, "a layer", shown(part), "Layers come from functions such as lstm({ units: 8 }).");
      const named = `${where} "${definition.name ?? definition.base}"`;
      if (definition.stateful)
        throw fault(
          named,
          "a layer that begins anew with every sequence",
          "a stateful one",
          "Leave out stateful.",
        );
      const layer = made.get(definition) ?? (givingStates(definition) as unknown as Call); // a layer is such a function
      made.set(definition, layer);
      return { definition, layer, where: named };
    };
  return [Array.from(encoder, linkOf("encoder")), Array.from(decoder, linkOf("decoder"))];
}

/** What a layer makes of `x`: its output, and its last states. */
function called(
  { layer, where }: Link,
  x: Symbolic,
  initialState?: Code,
): { readonly x: Symbolic; readonly states: Code } {
  const made = inPlace(where, () => (initialState ? layer(x, { initialState }) : layer(x)));
  if (isSymbolic(made)) return { x: made, states: {} };
  const { output, ...states } = made as Readonly<Record<string, Symbolic>>; // what several outputs are
  if (output && !("backward" in states)) return { x: output, states };
  throw fault(where, "one output", "one for each direction", 'Leave out mergeMode: "none".');
}

/** What a decoder takes of an encoder. */
interface Encoded {
  /** One for each recurrent layer; or the vector that the encoder ends in, where another layer makes it. */
  readonly codes: readonly Code[];
  /** The output of the encoder. */
  readonly memory: Symbolic;
}

function encoded(links: readonly Link[], source: Symbolic, attention: Design["attention"]): Encoded {
  const codes: Code[] = [];
  let [x, recurrent] = [source, false];
  for (const link of links) {
    const { x: next, states } = called(link, x);
    recurrent = Object.keys(states).length > 0;
    if (recurrent) codes.push(joined(states));
    x = next;
  }
  refuseUnread(x, attention, { recurrent, codes: codes.length });
  return { codes: !recurrent && x.kind === "vector" ? [{ code: x }] : codes, memory: x };
}

/** Throws an UnrollError where the decoder would take nothing of what the encoder gives, or could not. */
function refuseUnread(
  x: Symbolic,
  attention: Design["attention"],
  { recurrent, codes }: { readonly recurrent: boolean; readonly codes: number },
): void {
  const where = "seq2seq({ encoder })";
  if (attention !== "none" && x.kind !== "sequence")
    throw fault(
      where,
      "an output at every step, for attention to look at",
      described(x),
      'Set returnSequences: true on its last recurrent layer, or attention: "none".',
    );
  if (attention !== "none" || recurrent || x.kind === "vector") return;
  throw fault(
    where,
    "a recurrent layer or a vector at its end: without attention the decoder takes nothing else",
    described(x),
    codes === 0
      ? "Add a recurrent layer, such as lstm({ units: 32 }), or set attention."
      : "Leave out the layers behind the last recurrent one, or set attention.",
  );
}

function decoded(
  links: readonly Link[],
  target: Symbolic,
  { codes, memory }: Encoded,
  attention: Design["attention"],
): Symbolic {
  const recurrent = links.filter(({ definition }) => definition.states.length > 0);
  if (recurrent.length === 0)
    throw fault(
      "seq2seq({ decoder })",
      "a recurrent layer, which takes what the encoder made of the source",
      "none",
      "Add one, such as lstm({ units: 32, returnSequences: true }).",
    );
  return links.reduce((x, link) => {
    refuseAhead(link, x);
    const k = recurrent.indexOf(link);
    if (k < 0) return called(link, x).x;
    const code = codeFor(codes, k, recurrent.length);
    const states = code && inPlace(link.where, () => firstStates(code, statesOf(link, x), `bridge_${k + 1}`));
    const { x: y } = called(link, x, states);
    if (attention === "none" || k + 1 < recurrent.length || y.kind !== "sequence") return y;
    return attended(y as never, memory as never, attention) as Symbolic; // sequences, as was checked
  }, target);
}

/** The states that a layer has behind `x`. */
const statesOf = ({ definition }: Link, x: Symbolic): readonly Output[] => {
  const outputs = definition.withStates?.().outputs?.([x]) ?? [];
  return outputs.filter(({ name }) => definition.states.includes(name));
};

function refuseAhead({ definition, where }: Link, x: Symbolic): void {
  if (!definition.takes.includes(x.kind)) return; // which the call refuses
  const forms = definition.outputs([{ ...x, time: "causal" }]);
  if (!forms.some(({ time }) => time === "looks ahead")) return;
  throw fault(
    where,
    "layers that need no token but those already made",
    "one that looks ahead",
    "Leave out bidirectional and goBackwards in the decoder; the encoder may have them.",
  );
}
