/** The recurrent layers as functions: `simpleRNN`, `lstm`, `gru`, and `recurrent` for a cell of one's own. */
import type { Cell } from "../cells/defineCell.ts";
import { gruCell } from "../cells/gru.ts";
import { lstmCell } from "../cells/lstm.ts";
import type { Bias } from "../cells/preActivation.ts";
import { simpleRnnCell } from "../cells/simpleRnn.ts";
import { type Checks, checkOptions, commonChecks, flag, fraction, number, oneOf, whole } from "../options.ts";
import type { Kind, Time } from "../signals.ts";
import type { Form } from "../symbols.ts";
import { type Activation, activationCheck, activationOf } from "./activations.ts";
import type { WeightOptions } from "./affine.ts";
import { makeLayer } from "./call.ts";
import { cellWeights, refuseOther } from "./cellParts.ts";
import { configOf } from "./config.ts";
import type { Facts, LayerOf } from "./facts.ts";
import { type Initializer, initializerCheck } from "./initializers.ts";
import { recurrence, type Settings } from "./recurrence.ts";
import { type RegularizerOption, regularizerCheck, regularizerOf } from "./regularizer.ts";
import type { Sampling, Teacher } from "./teacher.ts";
import { type Zoneout, zoneoutCheck } from "./zoneout.ts";

/** Flags are type parameters one by one, not one options type: only so is a misspelt option still an error. */
export interface RecurrentOptions<W extends number, S extends boolean, R extends boolean, B extends boolean> {
  readonly units: W;
  /** Return the output of every step, `[batch, time, units]`, not only the last, `[batch, units]`. Default: false. */
  readonly returnSequences?: S;
  /** Return a record of the output and the last states. Default: false. */
  readonly returnState?: R;
  /** From the last step to the first, each sequence turned at its own length. Default: false. */
  readonly goBackwards?: B;
  /** Begin a batch with the states the last one ended with, until `model.resetStates()`. Default: false. */
  readonly stateful?: boolean;
  /** The fraction of inputs dropped in training: one mask a sequence. Default: 0. */
  readonly dropout?: number;
  /** The fraction of states dropped in training where they enter a product: one mask a sequence. Default: 0. */
  readonly recurrentDropout?: number;
  /**
   * The probability that a number of a state keeps its old value in training, drawn at every step; outside of training
   * the expectation holds. One for all states, or a record by state. Default: 0.
   */
  readonly zoneout?: Zoneout;
  /**
   * The states before the first step. `random`: uniform in [0, 1); `firstInput`: the first output is the first input
   * itself; `learned`: weights. Default: "zeros".
   */
  readonly initialState?: "zeros" | "random" | "firstInput" | "learned";
  readonly trainable?: boolean;
  readonly name?: string;
}
export interface RecurrentWeightOptions extends WeightOptions {
  /** Default: "orthogonal". */
  readonly recurrentInitializer?: Initializer;
  readonly recurrentRegularizer?: RegularizerOption;
}
/** What the built-in cells have in common. */
export interface BuiltInOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends RecurrentOptions<W, S, R, B>,
    RecurrentWeightOptions {
  /** Default: "tanh". */
  readonly activation?: Activation;
  readonly zoneout?: number | { readonly h?: number };
  /** How the bias enters: once, once per product, or not at all. Default: "single"; `gru` with resetAfter: "double". */
  readonly bias?: Bias;
}
export interface LstmOptions<
  W extends number,
  S extends boolean,
  R extends boolean,
  B extends boolean,
  C extends number = number,
  P extends number = number,
> extends BuiltInOptions<W, S, R, B> {
  readonly zoneout?: number | { readonly h?: number; readonly c?: number };
  /** Default: "sigmoid". */
  readonly recurrentActivation?: Activation;
  /** Whether the bias of the forget gate begins with ones. Default: true. */
  readonly unitForgetBias?: boolean;
  /**
   * Cells that share the gates of one memory block; the output is `[.., units * cellsPerBlock]`, the cells of a block
   * side by side. Kernels have units, units, units * cellsPerBlock, units columns for i, f, g, o. Default: 1.
   */
  readonly cellsPerBlock?: C;
  /**
   * Whether the gates see the cells: i and f as they were, o as they have become (Gers and Schmidhuber 2000). One more
   * weight, `peephole`, `[3, units * cellsPerBlock]`: rows i, f, o. Default: false.
   */
  readonly peephole?: boolean;
  /**
   * The size of the output where it is projected: `h = (o tanh(c)) P` (Sak, Senior, Beaufays 2014; `proj_size` of
   * PyTorch). One more weight, `projectionKernel`, `[units * cellsPerBlock, projection]`. Default: none.
   */
  readonly projection?: P;
  /** Whether products and cells are normalised (Ba, Kiros, Hinton 2016): docs/cells.md. Default: false. */
  readonly layerNormalization?: boolean;
  /** Default: "glorotUniform". */
  readonly peepholeInitializer?: Initializer;
  /** Default: "glorotUniform". */
  readonly projectionKernelInitializer?: Initializer;
  readonly peepholeRegularizer?: RegularizerOption;
  readonly projectionKernelRegularizer?: RegularizerOption;
}
export interface GruOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends BuiltInOptions<W, S, R, B> {
  /** Default: "sigmoid". */
  readonly recurrentActivation?: Activation;
  /** Whether the reset gate acts after the product (cuDNN's form) or before it (the paper's). Default: true. */
  readonly resetAfter?: boolean;
  /** Whether products are normalised (Ba, Kiros, Hinton 2016): docs/cells.md. Default: false. */
  readonly layerNormalization?: boolean;
}
export interface SimpleRnnOptions<W extends number, S extends boolean, R extends boolean, B extends boolean>
  extends BuiltInOptions<W, S, R, B> {
  /** Whether the sum of the products is normalised (Ba, Kiros, Hinton 2016): docs/cells.md. Default: false. */
  readonly layerNormalization?: boolean;
}
/** Options of a cell of one's own: its own, and an initializer and regularizer for each of its weights. */
export type CellOptions<Own, Weights extends string> = {
  readonly [N in keyof Own]?: Own[N] extends (...x: never[]) => unknown ? Own[N] | Activation : Own[N];
} & { readonly [N in Weights as `${N}Initializer`]?: Initializer } & {
  readonly [N in Weights as `${N}Regularizer`]?: RegularizerOption;
};

export type Sequences<Flag> = Flag extends true ? "sequence" : "vector"; // boolean gives both: unknown
/** A cell of one's own may have states of any shape. */
type Steps<Flag> = Flag extends true ? "sequence" | "other" : "vector" | "image";
export type Direction<Flag> = Flag extends true ? "looks ahead" : "causal";
/** A product of types is not computed; a projected output and its cells have different widths. */
type LstmWidth<W extends number, R, C, P extends number> = [P] extends [never]
  ? [C] extends [1]
    ? W
    : number
  : [R] extends [false]
    ? P
    : number;
export type States<Flag, All extends string> = [Flag] extends [true] ? All : never;

/** `cell` tells a recurrent layer from the others (for `bidirectional`). */
export interface RecurrentLayerOf<
  Gives extends Kind,
  Width extends number,
  T extends Time,
  More extends string,
  Takes extends Kind = "sequence",
> extends LayerOf<Takes, Gives, Width, T, More> {
  readonly cell: Cell;
}

/** `h' = tanh(x W + h R + b)` (Elman 1990). */
export function simpleRNN<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(options: SimpleRnnOptions<W, S, R, B>): RecurrentLayerOf<Sequences<S>, W, Direction<B>, States<R, "h">> {
  return layerOf({ cell: simpleRnnCell, layer: "simpleRNN", className: "SimpleRNN", options });
}

/** Long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order i, f, g, o. */
export function lstm<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
  const C extends number = 1,
  const P extends number = never,
>(
  options: LstmOptions<W, S, R, B, C, P>,
): RecurrentLayerOf<Sequences<S>, LstmWidth<W, R, C, P>, Direction<B>, States<R, "h" | "c">> {
  return layerOf({
    cell: lstmCell,
    layer: "lstm",
    className: "LSTM",
    options,
    extra: { unitForgetBias: flag, cellsPerBlock: whole(1), projection: whole(1) },
    widthOf: ({ units = 1, cellsPerBlock = 1, projection }) => projection ?? units * cellsPerBlock,
  });
}

/** Gated recurrent unit (Cho et al. 2014), gates in the order z, r, n. */
export function gru<
  const W extends number,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(options: GruOptions<W, S, R, B>): RecurrentLayerOf<Sequences<S>, W, Direction<B>, States<R, "h">> {
  return layerOf({ cell: gruCell, layer: "gru", className: "GRU", options });
}

/** A cell of one's own over time. Its width is unknown to the types: its first state need not be `[units]`. */
export function recurrent<
  N extends string,
  Own extends object,
  Weights extends string,
  const S extends boolean = false,
  const R extends boolean = false,
  const B extends boolean = false,
>(
  cell: Cell<N, string, Own, Weights>,
  options: RecurrentOptions<number, S, R, B> & NoInfer<CellOptions<Own, Weights>>,
): RecurrentLayerOf<Steps<S>, number, Direction<B>, States<R, N>, "sequence" | "other"> {
  refuseOther(cell);
  return layerOf({ cell, layer: "recurrent", className: "Recurrent", options, takes: ["sequence", "other"] });
}

export interface Asked {
  readonly cell: Cell;
  /** The public function. */
  readonly layer: string;
  readonly className: string;
  readonly options: object;
  /** Options of this layer that its cell does not know. */
  readonly extra?: Checks;
  /** The option that tells the units. Default: "units". */
  readonly unitsOption?: "units" | "filters";
  /** Default: ["sequence"]. */
  readonly takes?: readonly Kind[];
  /** Throws an UnrollError where the cell cannot take such an input. Default: any will do. */
  readonly refuseInput?: (x: Form) => void;
  /** The width of the output. Default: units. */
  readonly widthOf?: (options: Loose) => number;
  /** Options that must be given, besides units. */
  readonly required?: readonly string[];
  /** Options of recurrent layers that this one has not. */
  readonly without?: readonly string[];
  /** Default: null. */
  readonly teacherOf?: (options: Loose) => Teacher | null;
}
/** Options whose type has been checked by name. */
type Loose = Readonly<Record<string, unknown>> &
  Partial<RecurrentOptions<number, boolean, boolean, boolean>> & {
    readonly bias?: Bias;
    readonly resetAfter?: boolean;
    readonly unitForgetBias?: boolean;
    readonly cellsPerBlock?: number;
    readonly projection?: number;
    readonly filters?: number;
    readonly outputUnits?: number;
    readonly teacherForcing?: boolean;
    readonly scheduledSampling?: Sampling;
  };

const recurrentChecks: Checks = {
  ...commonChecks,
  units: whole(1),
  returnSequences: flag,
  returnState: flag,
  goBackwards: flag,
  stateful: flag,
  dropout: fraction,
  recurrentDropout: fraction,
  initialState: oneOf("zeros", "random", "firstInput", "learned"),
};

/** The layer of a built-in cell, or of one's own: options checked, settings made of them. */
export function layerOf<L extends Facts>(asked: Asked): L {
  const { cell, layer, extra = {}, unitsOption = "units", takes = ["sequence"] } = asked;
  const own = { ...ownChecks(cell), ...extra };
  const weights = weightNames(cell, asked.options, own);
  const byWeight = weights.flatMap((name): [string, Checks[string]][] => [
    [`${optionName(layer, name)}Initializer`, initializerCheck],
    [`${optionName(layer, name)}Regularizer`, regularizerCheck],
  ]);
  const all = {
    ...recurrentChecks,
    zoneout: zoneoutCheck(cell.states),
    ...Object.fromEntries(byWeight),
    ...own,
  };
  const checks = Object.entries(all).filter(([name]) => !asked.without?.includes(name));
  checkOptions(layer, asked.options, Object.fromEntries(checks), [unitsOption, ...(asked.required ?? [])]);
  const options = asked.options as Loose;
  const settings = settingsOf(asked, options, weights);
  const { returnSequences, goBackwards, returnState, units } = settings;
  const ofVectors = takes.includes("sequence");
  const made = makeLayer<L>(recurrence(settings), {
    gives: returnSequences ? (ofVectors ? "sequence" : "other") : ofVectors ? "vector" : "image",
    width: asked.widthOf?.(options) ?? units,
    time: goBackwards ? "looks ahead" : "causal",
    more: returnState ? cell.states : [],
  });
  return Object.assign(made, { cell });
}

function settingsOf(asked: Asked, options: Loose, weights: readonly string[]): Settings {
  const { cell, layer, className, extra, teacherOf, takes = ["sequence"], unitsOption = "units" } = asked;
  const byWeight = <T>(kind: string): Readonly<Record<string, T>> =>
    Object.fromEntries(
      weights
        .map((name) => [name, options[`${optionName(layer, name)}${kind}`] as T])
        .filter(([, given]) => given !== undefined),
    );
  const initializers = byWeight<Initializer>("Initializer");
  const units = options[unitsOption] ?? 1;
  const forgetBias = extra?.["unitForgetBias"] !== undefined && options.unitForgetBias !== false;
  return {
    cell,
    base: layer === "recurrent" ? cell.name : layer,
    className,
    name: options.name ?? null,
    trainable: options.trainable ?? true,
    takes,
    refuseInput: asked.refuseInput ?? (() => {}),
    units,
    own: ownOptions(cell, { ...options, ...biasDefault(layer, options) }),
    returnSequences: options.returnSequences ?? false,
    returnState: options.returnState ?? false,
    goBackwards: options.goBackwards ?? false,
    stateful: options.stateful ?? false,
    dropout: options.dropout ?? 0,
    recurrentDropout: options.recurrentDropout ?? 0,
    zoneout: options.zoneout ?? 0,
    initialState: options.initialState ?? "zeros",
    initializers: forgetBias
      ? { ...initializers, bias: withForgetGate(units, initializers["bias"]) }
      : initializers,
    regularizers: Object.fromEntries(
      Object.entries(byWeight<RegularizerOption>("Regularizer")).map(([name, given]) => [
        name,
        regularizerOf(given),
      ]),
    ),
    zeroMasked: false,
    teacher: teacherOf?.(options) ?? null,
    config: configOf(layer, layer === "recurrent" ? { ...options, cell: cell.name } : options),
  };
}

/** The bias of Keras's GRU has two rows where the reset gate acts after the product. */
function biasDefault(layer: string, { bias, resetAfter = true }: Loose): { readonly bias?: Bias } {
  if (layer !== "gru" || bias !== undefined) return {};
  return { bias: resetAfter ? "double" : "single" };
}

function withForgetGate(units: number, base: Initializer = "zeros"): Initializer {
  return typeof base === "object" && "unitForgetBias" in base ? base : { unitForgetBias: base, units };
}

/** Keras says `recurrentInitializer` for the recurrent kernel. */
const optionName = (layer: string, weight: string): string =>
  layer !== "recurrent" && weight === "recurrentKernel" ? "recurrent" : weight;

/** The weights by default, and those that the options ask for. */
function weightNames(cell: Cell, given: object, checks: Checks): readonly string[] {
  const right = Object.entries(given ?? {}).filter(
    ([name, value]) => Object.hasOwn(cell.options, name) && checks[name]?.holds(value),
  );
  const asked = { ...cell.options, ...Object.fromEntries(right) };
  const namesWith = (options: object): readonly string[] =>
    cellWeights(cell, { features: 1, shape: [1], units: 1, ...options }).map(({ name }) => name);
  return [...new Set([...namesWith(cell.options), ...namesWith(asked)])];
}

/** What a cell declares, checked by the kind of its default. */
function ownChecks({ options }: Cell): Checks {
  const checkOf = (name: string, value: unknown): Checks[string] => {
    if (typeof value === "function") return activationCheck;
    if (name === "bias") return oneOf("none", "single", "double");
    if (typeof value === "number") return number;
    return typeof value === "boolean"
      ? flag
      : { expected: `a ${typeof value}`, holds: (x) => typeof x === typeof value };
  };
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, checkOf(name, value)]));
}

/** The options of the cell: given or by default, names of activations as functions. */
function ownOptions({ options }: Cell, given: Readonly<Record<string, unknown>>): object {
  const chosenFor = (name: string, value: unknown): unknown => {
    const chosen = given[name] ?? value;
    return typeof value === "function" ? activationOf(chosen as Activation) : chosen;
  };
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, chosenFor(name, value)]));
}
