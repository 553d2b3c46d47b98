/** Models as their users see them: which methods there are follows from what flows through the layers. */

import type { DeviceName } from "./device.ts";
import type { InitialState } from "./model/predict.ts";
import type { Ragged } from "./model/ragged.ts";
import type { Nested, Tensor } from "./model/tensor.ts";
import type { DataOf, Leaf, ResultOf, Signals, Step, StepFits, StepsFit, Targets } from "./model/types.ts";
import type { NamedTensor } from "./model/weights.ts";
import type { Hypothesis } from "./session/beam.ts";
import type { GenerateBestOptions, GenerateOptions } from "./session/generateOptions.ts";
import type { ForecastOptions } from "./session/series.ts";
import type { Common, Signal, TimeOf } from "./signals.ts";
import type { CompileOptions as AnyCompileOptions } from "./train/compile.ts";
import type { Weighing } from "./train/dataset.ts";
import type { FitOptions } from "./train/fitOptions.ts";
import type { EvaluateOptions } from "./train/learning.ts";
import type { MetricName } from "./train/metrics.ts";
import type { OptimizerState } from "./train/once.ts";
import type { AnyLoss, AnyLossName } from "./train/sequenceLosses.ts";

export type { Hypothesis } from "./session/beam.ts";
export type { GenerateBestOptions, GenerateOptions } from "./session/generateOptions.ts";
export type { ForecastOptions } from "./session/series.ts";

export interface CompileOptions<O> extends Omit<AnyCompileOptions, "loss"> {
  /** One for every output, or an array or a record of them as the outputs were given. A crf brings its own. */
  readonly loss?:
    | AnyLossName
    | AnyLoss
    | (O extends Signal ? never : { readonly [N in keyof O]?: AnyLossName | AnyLoss });
}
/** `loss` is always there; the names of built-in metrics are completed by the editor; further names are allowed. */
export interface History {
  readonly epoch: readonly number[];
  readonly history: { readonly loss: readonly number[] } & {
    readonly [K in MetricName | `val${Capitalize<MetricName | "loss">}`]?: readonly number[];
  } & { readonly [name: string]: readonly number[] };
}
export interface PredictOptions {
  /** `{ h, c }` of the one recurrent layer, or such a record by the name of each layer; each `[batch, units]`. */
  readonly initialState?: InitialState;
  /** Default: 32. The results do not depend on it. */
  readonly batchSize?: number;
  /** Default: the one that `setDevice` chose. */
  readonly device?: DeviceName;
}
/** What a pure training step is given. */
export interface StepBatch<I, O> extends Weighing {
  readonly x: DataOf<I>;
  readonly y: Targets<O>;
}
export interface StepResult {
  readonly weights: readonly Tensor[];
  readonly optimizerState: OptimizerState;
  readonly loss: number;
}

export interface Model<I extends Signals = Signals, O extends Signals = Signals> {
  readonly inputs: I;
  readonly outputs: O;
  /** Copies of all weights, with their names: "lstm_1/kernel". */
  readonly weights: readonly NamedTensor[];
  compile(options: CompileOptions<O>): void;
  fit(x: DataOf<I>, y: Targets<O>, options?: FitOptions): Promise<History>;
  evaluate(
    x: DataOf<I>,
    y: Targets<O>,
    options?: EvaluateOptions,
  ): Promise<Readonly<Record<string, number>> & { readonly loss: number }>;
  predict<const X extends DataOf<I>>(x: X, options?: PredictOptions): Promise<ResultOf<O, X>>;
  /** One optimizer step. */
  trainOnBatch(
    x: DataOf<I>,
    y: Targets<O>,
    options?: Weighing,
  ): Promise<Readonly<Record<string, number>> & { readonly loss: number }>;
  /** In the order of `getWeights`. */
  gradients(
    x: DataOf<I>,
    y: Targets<O>,
    options?: Weighing & { readonly training?: boolean },
  ): Promise<{ readonly loss: number; readonly gradients: readonly Tensor[] }>;
  /** The pure training step: the model itself stays as it is. `optimizerState` is null at the beginning. */
  step(
    weights: readonly Tensor[],
    optimizerState: OptimizerState | null,
    batch: StepBatch<I, O>,
  ): Promise<StepResult>;
  /** The code before the last dense layer. */
  encode(x: DataOf<I>): Promise<Tensor | Ragged>;
  getWeights(): readonly Tensor[];
  setWeights(weights: readonly (Tensor | Nested)[]): void;
  /** The text of Keras's table. */
  summary(): string;
  /** Stateful layers begin anew. */
  resetStates(): void;
  /** A folder: config.json and model.safetensors. */
  save(path: string): Promise<void>;
}
/** No `session`: the input has no time axis. */
export interface ModelWithoutTime<I extends Signals = Signals, O extends Signals = Signals>
  extends Model<I, O> {}
/** No `session`, no `generate`: a layer (bidirectional, goBackwards, repeatVector, ...) needs steps yet to come. */
export interface ModelThatLooksAhead<I extends Signals = Signals, O extends Signals = Signals>
  extends Model<I, O> {}
export interface CausalModel<I extends Signals = Signals, O extends Signals = Signals> extends Model<I, O> {
  /** The model step by step, with the weights it has now: one stream. */
  session(options?: { readonly batch?: undefined; readonly maxSteps?: number }): Session<I, Pushed<O>>;
  /**
   * As many streams as `batch` says, each with a state of its own. `maxSteps`: room for steps that attention has
   * seen, up to 2^20. Default: 512.
   */
  session(options: { readonly batch: number; readonly maxSteps?: number }): BatchSession<I, Pushed<O>>;
  /**
   * The steps that follow each sequence of `x`, made one after the other from the model's own outputs:
   * `[batch, steps, features]`. For models of numbers, whose output is the next step of their input.
   */
  forecast(x: DataOf<I>, options: ForecastOptions): Promise<Tensor>;
  /** The same steps, each as it is made, `[batch, features]`. */
  forecastStream(x: DataOf<I>, options: ForecastOptions): AsyncGenerator<Tensor, void, undefined>;
}
export interface CausalTokenModel<I extends Signals = Signals, O extends Signals = Signals>
  extends CausalModel<I, O> {
  /** The likeliest sequences that a beam search finds, the best first. */
  generate(options: GenerateBestOptions): Promise<readonly Hypothesis[]>;
  /** The tokens made, without the prompt. */
  generate(options: GenerateOptions): Promise<number[]>;
  /**
   * The same tokens, each as it is made: `for await (const token of model.stream({ prompt, length }))`. With `beam` all
   * come at the end of the search.
   */
  stream(options: GenerateOptions): AsyncGenerator<number, void, undefined>;
}
/** What every session does with its states. */
export interface States {
  /** The states as bytes, for `restore`: a small header and float32. */
  snapshot(): Uint8Array;
  /**
   * Goes on where the session of the snapshot was: bit for bit, if the weights are the same. Throws an UnrollError,
   * and changes nothing, for a snapshot of another model or of another number of streams, and for damaged bytes.
   */
  restore(bytes: Uint8Array): void;
  /** Another session that goes on from here, with the same weights; from now on each goes its own way. */
  fork(): this;
  /** Takes the weights that the model has now; until then a session keeps those it began with. The states stay. */
  refresh(): void;
}
/** One stream, one step at a time. */
export interface Session<I, Y = Float32Array> extends States {
  /** The output of this step (`predict` gives the same for all steps so far); the next push overwrites it. */
  push<const X extends Step<I>>(x: X & StepFits<X, I>): Y;
  /** Begin a new sequence. */
  reset(): void;
}
/** Many streams, each with a state of its own, that advance together. */
export interface BatchSession<I, Y = Float32Array> extends States {
  /**
   * One step of each stream, or of those in `rows` alone: their outputs, in the same order. An output stays until the
   * next push of its stream, the array around them until the next push.
   */
  push<const X extends ArrayLike<Step<I>>>(
    xs: X & StepsFit<X, I>,
    options?: { readonly rows?: ArrayLike<number> },
  ): readonly Y[];
  /** Begin a new sequence in this stream, or in all. */
  reset(row?: number): void;
  /**
   * Stream k goes on from the state that stream `rows[k]` has now, as a beam search needs it: several may begin with
   * the same. Streams behind the last of `rows` stay as they are.
   */
  reorder(rows: ArrayLike<number>): void;
}
/** One output, or as many as there are; of a model of unknown outputs it is taken to be one. */
export type Pushed<O> = [Signal] extends [O]
  ? Float32Array
  : O extends Signal
    ? Float32Array
    : { readonly [N in keyof O]: Float32Array };

/** Which of four interfaces a model gets; their names are what a user reads when `session` is missing. */
export type ModelOf<I extends Signals, O extends Signals> = [Leaf<I>["kind"]] extends ["vector" | "image"]
  ? ModelWithoutTime<I, O>
  : [TimeOf<Leaf<O>>] extends ["looks ahead"]
    ? ModelThatLooksAhead<I, O>
    : [Common<Leaf<I>["kind"], "tokens">] extends [never]
      ? CausalModel<I, O>
      : CausalTokenModel<I, O>;
