/** From sequences to sequences of tokens: an encoder and a decoder as one object that trains, generates, saves. */
import { currentDevice } from "../device.ts";
import type { Facts } from "../layers/facts.ts";
import { type Network, register, type TargetTokens } from "../model/network.ts";
import type { Ragged } from "../model/ragged.ts";
import { summary } from "../model/summary.ts";
import type { Nested, Tensor } from "../model/tensor.ts";
import type { Chain, DataOf, Start, Through } from "../model/types.ts";
import { getWeights, type NamedTensor, namedWeights, setWeights } from "../model/weights.ts";
import { type Check, type Checks, checkOptions, oneOf, whole } from "../options.ts";
import { currentSeed } from "../seed.ts";
import type { Hypothesis } from "../session/beam.ts";
import type { Signal } from "../signals.ts";
import type { TrainedModel } from "../train/callbacks.ts";
import { inItsFolders, type LoadOptions, loadNetwork, saveNetwork } from "../train/checkpoint.ts";
import { type CompileOptions, checkCompileOptions } from "../train/compile.ts";
import { checkFitOptions, checkMethodOptions, type FitOptions } from "../train/fitOptions.ts";
import {
  compileNetwork,
  type EvaluateOptions,
  evaluateNetwork,
  fitNetwork,
  settle,
} from "../train/learning.ts";
import type { Loss, LossName } from "../train/losses.ts";
import type { History } from "../train/state.ts";
import type { AttentionScore } from "./alignment.ts";
import { seq2seqNetwork } from "./build.ts";
import { refuseOtherForm } from "./form.ts";
import { type Seq2seqBestOptions, type Seq2seqGenerateOptions, translate } from "./generate.ts";
import { taught } from "./targets.ts";

type Layers = readonly (Signal | Facts)[];
/** The layers of a decoder, with a sentence in place of one that cannot be there. */
type Decoding<D extends readonly unknown[]> = [Misfit<D>] extends [never] ? Chain<D> : NoInfer<Misfit<D>>;
type Misfit<D extends readonly unknown[]> =
  | Ahead<D>
  | ([Through<D>["kind"]] extends ["vector"]
      ? D extends readonly [...infer Before, unknown]
        ? readonly [...Before, OneOnly]
        : never
      : never);
/** `D` with a sentence in place of the first layer that looks ahead. */
type Ahead<D extends readonly unknown[], Done extends readonly unknown[] = readonly []> = D extends readonly [
  infer First,
  ...infer Rest,
]
  ? First extends { readonly time: "looks ahead" }
    ? readonly [...Done, LooksAhead, ...Rest]
    : Ahead<Rest, readonly [...Done, First]>
  : never;
type LooksAhead =
  "A decoder makes one token after the other, so it may not look ahead: leave out bidirectional and goBackwards.";
type OneOnly =
  "A decoder gives an output for every token: set returnSequences: true on its recurrent layers.";

export interface Seq2seqOptions<E extends Layers, D extends Layers> {
  /** From the source to states: layers one after the other, an input or an embedding first. May be bidirectional. */
  readonly encoder: Chain<E>;
  /** From the target so far to the scores of its next token: an embedding first, `dense({ units: tokens })` last. */
  readonly decoder: Decoding<D>;
  /**
   * Whether the decoder looks at all steps of the encoder, behind its last recurrent layer: `dot` (Luong et al. 2015),
   * `additive` (Bahdanau et al. 2015). The layers that follow get what it finds beside the output. Default: "none".
   */
  readonly attention?: "none" | AttentionScore;
  /** What the decoder reads before the first token. */
  readonly startToken: number;
  /** What ends a target. */
  readonly endToken: number;
}
export interface Seq2seqCompileOptions extends Omit<CompileOptions, "loss"> {
  /** Of each token. Default: "sparseCategoricalCrossentropy". */
  readonly loss?: LossName | Loss;
}
/** `validationData`: `[source, target]`. */
export type Seq2seqFitOptions = Omit<FitOptions, "tbptt">;
/** Sequences of tokens, without those of start and end. */
export type TargetTokenData = Tensor | Ragged | readonly (readonly number[])[];
type Figures = Readonly<Record<string, number>> & { readonly loss: number };

export interface Seq2seq<S extends Signal = Signal> {
  /** Copies of all weights, with their names: "lstm_1/kernel". */
  readonly weights: readonly NamedTensor[];
  compile(options: Seq2seqCompileOptions): void;
  /** Trains with teacher forcing: the decoder reads the target itself, one token late. */
  fit(source: DataOf<S>, target: TargetTokenData, options?: Seq2seqFitOptions): Promise<History>;
  /** Loss and metrics of the next token where the tokens before it are those of the target. */
  evaluate(source: DataOf<S>, target: TargetTokenData, options?: EvaluateOptions): Promise<Figures>;
  /** A target for each source, without its end; with `nBest` the best hypotheses for each. */
  generate(
    source: DataOf<S>,
    options: Seq2seqGenerateOptions & { readonly nBest?: undefined },
  ): Promise<number[][]>;
  generate(source: DataOf<S>, options: Seq2seqBestOptions): Promise<readonly (readonly Hypothesis[])[]>;
  getWeights(): readonly Tensor[];
  setWeights(weights: readonly (Tensor | Nested)[]): void;
  /** The text of Keras's table, of the network that is trained. */
  summary(): string;
  /** A folder, for `loadSeq2seq`. */
  save(path: string): Promise<void>;
}

/**
 * An encoder and a decoder. The decoder's recurrent layers begin with the last states of the encoder's, pairwise from
 * the last one down; an encoder that ends in another layer gives its vector instead. Where sizes differ, and where the
 * encoder has other states, a `dense({ units, activation: "tanh" })` is put between.
 */
export function seq2seq<const E extends Layers, const D extends readonly Facts[]>(
  options: Seq2seqOptions<E, D>,
): Seq2seq<Start<E>> {
  checkOptions("seq2seq", options, checks, ["encoder", "decoder", "startToken", "endToken"]);
  const { encoder, decoder, attention = "none", startToken, endToken } = options;
  const design = { encoder, decoder, attention, tokens: { startToken, endToken }, seed: currentSeed() };
  return objectOf(seq2seqNetwork(design), "seq2seq") as unknown as Seq2seq<Start<E>>; // as the types of its layers say
}

const layers: Check = { expected: "an array of layers", holds: Array.isArray };
const checks: Checks = {
  encoder: layers,
  decoder: layers,
  attention: oneOf("none", "dot", "additive"),
  startToken: whole(0),
  endToken: whole(0),
};

/**
 * What `save(path)` of a seq2seq wrote, compiled as it was: `fit` goes on where it ended. (`loadModel` of the same path
 * gives the network that is trained, with the inputs source and target.)
 */
export async function loadSeq2seq<S extends Signal = Signal>(
  path: string,
  options: LoadOptions = {},
): Promise<Seq2seq<S>> {
  const network = await loadNetwork(path, options);
  return objectOf(network, `loadSeq2seq(${JSON.stringify(path)})`) as unknown as Seq2seq<S>; // its source is not known
}

const objectOf = (network: Network, where: string): Seq2seqObject =>
  new Seq2seqObject(network, refuseOtherForm(network, where));

type Validation = NonNullable<FitOptions["validationData"]>;

class Seq2seqObject {
  readonly #own: Network;
  readonly #tokens: TargetTokens;

  constructor(network: Network, tokens: TargetTokens) {
    this.#own = network;
    this.#tokens = tokens;
    register(this, () => this.#network);
  }

  /** With its weights up to date. */
  get #network(): Network {
    settle(this.#own);
    return this.#own;
  }

  get weights(): readonly NamedTensor[] {
    return namedWeights(this.#network);
  }

  getWeights(): readonly Tensor[] {
    return getWeights(this.#network);
  }

  setWeights(weights: Parameters<typeof setWeights>[1]): void {
    setWeights(this.#network, weights);
  }

  summary(): string {
    return summary(this.#network);
  }

  compile(options: Seq2seqCompileOptions): void {
    checkCompileOptions(options);
    compileNetwork(this.#network, { loss: "sparseCategoricalCrossentropy", ...options });
  }

  async fit(source: unknown, target: unknown, options: FitOptions = {}): Promise<History> {
    checkFitOptions(options);
    const { validationData } = options;
    const network = this.#network;
    const own = validationData === undefined ? {} : { validationData: this.#validation(validationData) };
    const pairs = this.#pairs(source, target, "model.fit(source, target), target");
    const model = this as unknown as TrainedModel; // which takes weights without their methods
    return inItsFolders(network, options, () =>
      fitNetwork(network, currentDevice(), model, { ...pairs, options: { ...options, ...own } }),
    );
  }

  async evaluate(
    source: unknown,
    target: unknown,
    options: EvaluateOptions = {},
  ): Promise<Record<string, number>> {
    checkMethodOptions("evaluate", options);
    const pairs = this.#pairs(source, target, "model.evaluate(source, target), target");
    return evaluateNetwork(this.#network, currentDevice(), { ...pairs, ...options });
  }

  async generate(
    source: unknown,
    options: Seq2seqGenerateOptions & { readonly nBest?: number },
  ): Promise<unknown> {
    const found = await translate(this.#network, currentDevice(), source, options);
    return options.nBest === undefined ? found.map(([best]) => [...(best?.tokens ?? [])]) : found;
  }

  async save(path: string): Promise<void> {
    await saveNetwork(this.#network, path);
  }

  /** Inputs and targets of the network that is trained. */
  #pairs(source: unknown, target: unknown, where: string): { readonly x: unknown; readonly y: unknown } {
    const { reads, says } = taught(target, this.#tokens, where);
    return { x: { source, target: reads }, y: says };
  }

  #validation([source, target, ...more]: Validation): Validation {
    const { x, y } = this.#pairs(source, target, "model.fit({ validationData }), target");
    return [x, y, ...more];
  }
}
