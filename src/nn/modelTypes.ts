/** Models as their users see them: which methods there are follows from what flows through the layers. */
import type { Common, Signal, TimeOf } from "./signals.ts";
import type { InitialState } from "./model/predict.ts";
import type { Nested, Tensor } from "./model/tensor.ts";
import type { Ragged } from "./model/ragged.ts";
import type { DataOf, Leaf, ResultOf, Signals, Step, StepFits } from "./model/types.ts";
import type { NamedTensor } from "./model/weights.ts";
import type { DeviceName } from "./device.ts";
import type { CompileOptions as AnyCompileOptions } from "./train/compile.ts";
import type { FitOptions } from "./train/fitOptions.ts";
import type { EvaluateOptions } from "./train/learning.ts";
import type { Loss, LossName } from "./train/losses.ts";
import type { OptimizerState } from "./train/once.ts";
import type { MetricName } from "./train/metrics.ts";

export interface CompileOptions<O> extends Omit<AnyCompileOptions, "loss"> {
  /** One for every output, or an array or a record of them as the outputs were given. */
  readonly loss: LossName | Loss | (O extends Signal ? never : { readonly [N in keyof O]: LossName | Loss });
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
export type Targets<O> =
  | Tensor
  | Ragged
  | Nested
  | (O extends Signal ? never : { readonly [N in keyof O]: Tensor | Ragged | Nested });
/** What a pure training step is given. */
export interface StepBatch<I, O> {
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
  evaluate(x: DataOf<I>, y: Targets<O>, options?: EvaluateOptions): Promise<Readonly<Record<string, number>> & { readonly loss: number }>;
  predict<const X extends DataOf<I>>(x: X, options?: PredictOptions): Promise<ResultOf<O, X>>;
  /** One optimizer step. */
  trainOnBatch(x: DataOf<I>, y: Targets<O>): Promise<Readonly<Record<string, number>> & { readonly loss: number }>;
  /** In the order of `getWeights`. */
  gradients(
    x: DataOf<I>,
    y: Targets<O>,
    options?: { readonly training?: boolean },
  ): Promise<{ readonly loss: number; readonly gradients: readonly Tensor[] }>;
  /** The pure training step: the model itself stays as it is. `optimizerState` is null at the beginning. */
  readonly step: (
    weights: readonly Tensor[],
    optimizerState: OptimizerState | null,
    batch: StepBatch<I, O>,
  ) => Promise<StepResult>;
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
export interface ModelWithoutTime<I extends Signals = Signals, O extends Signals = Signals> extends Model<I, O> {}
/** No `session`, no `generate`: a layer (bidirectional, goBackwards, repeatVector, ...) needs steps yet to come. */
export interface ModelThatLooksAhead<I extends Signals = Signals, O extends Signals = Signals> extends Model<I, O> {}
export interface CausalModel<I extends Signals = Signals, O extends Signals = Signals> extends Model<I, O> {
  session(): Session<I>;
}
export interface CausalTokenModel<I extends Signals = Signals, O extends Signals = Signals> extends CausalModel<I, O> {
  generate(options: GenerateOptions): Promise<number[]>;
}
export interface GenerateOptions {
  readonly prompt: readonly number[];
  /** How many tokens to make. */
  readonly length: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed?: number;
  /** Ends after one of these tokens. */
  readonly stop?: number | readonly number[];
}
/** One step at a time. */
export interface Session<I> {
  /** The output of this step; the next push overwrites it. */
  push<const X extends Step<I>>(x: X & StepFits<X, I>): Float32Array;
  reset(): void;
}

/** Which of four interfaces a model gets; their names are what a user reads when `session` is missing. */
export type ModelOf<I extends Signals, O extends Signals> = [Leaf<I>["kind"]] extends ["vector"]
  ? ModelWithoutTime<I, O>
  : [TimeOf<Leaf<O>>] extends ["looks ahead"]
    ? ModelThatLooksAhead<I, O>
    : [Common<Leaf<I>["kind"], "tokens">] extends [never]
      ? CausalModel<I, O>
      : CausalTokenModel<I, O>;
