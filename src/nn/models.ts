/**
 * Models: `sequential`, `functional`, and the object that both give, a thin shell over network, training and sessions.
 */
import { UnrollError } from "../errors.ts";
import { currentDevice } from "./device.ts";
import type { Facts } from "./layers/facts.ts";
import { encoderOf } from "./model/encoder.ts";
import { functionalNetwork } from "./model/functional.ts";
import { type Network, register } from "./model/network.ts";
import { predict } from "./model/predict.ts";
import { chainOf, inputFor, type Chain as Links, sequentialNetwork } from "./model/sequential.ts";
import { arranged } from "./model/structure.ts";
import { summary } from "./model/summary.ts";
import { type Tensor, tensorOf } from "./model/tensor.ts";
import type { Chain, Signals, Start, Through } from "./model/types.ts";
import { checkedWeights, getWeights, type NamedTensor, namedWeights, setWeights } from "./model/weights.ts";
import type { CausalTokenModel, ModelOf, PredictOptions, StepResult } from "./modelTypes.ts";
import { checkOptions, whole } from "./options.ts";
import { currentSeed } from "./seed.ts";
import type { Hypothesis } from "./session/beam.ts";
import { forecast, forecastStream } from "./session/forecast.ts";
import { generate, stream } from "./session/generate.ts";
import type { GenerateOptions } from "./session/generateOptions.ts";
import type { ForecastOptions } from "./session/series.ts";
import { openSession, type StepSession, streamsCheck } from "./session/session.ts";
import type { Signal } from "./signals.ts";
import type { TrainedModel } from "./train/callbacks.ts";
import { inItsFolders, type LoadOptions, loadNetwork, saveNetwork } from "./train/checkpoint.ts";
import { checkStep } from "./train/checkStep.ts";
import { type CompileOptions, checkCompileOptions } from "./train/compile.ts";
import type { Weighing } from "./train/dataset.ts";
import { checkFitOptions, checkMethodOptions, type FitOptions } from "./train/fitOptions.ts";
import {
  compileNetwork,
  type EvaluateOptions,
  evaluateNetwork,
  fitNetwork,
  networkGradients,
  networkStep,
  type Pairs,
  settle,
  trainNetworkOnce,
} from "./train/learning.ts";
import type { OptimizerState } from "./train/once.ts";
import type { History } from "./train/state.ts";

/** Layers one after the other. Without an input in front, the first data tell its shape. */
export function sequential<const L extends readonly (Signal | Facts)[]>(
  ...layers: Chain<L>
): ModelOf<Start<L>, Through<L>> {
  const chain = chainOf(layers);
  const seed = currentSeed();
  const network = chain.input === null ? null : sequentialNetwork(chain, chain.input, seed);
  // Which interface a model has is told by the types of its layers.
  return new ModelObject(network, { chain, seed }) as unknown as ModelOf<Start<L>, Through<L>>;
}

/** A graph of layers: `inputs` and `outputs` are one symbol, an array or a record of symbols. */
export function functional<const I extends Signals, const O extends Signals>(model: {
  readonly inputs: I;
  readonly outputs: O;
}): ModelOf<I, O> {
  return new ModelObject(functionalNetwork(model, currentSeed()), null) as unknown as ModelOf<I, O>;
}

/**
 * The model that `model.save(path)` wrote, compiled as it was: `fit` goes on where it ended. In a browser the path is a
 * key of the page's own database. Throws an UnrollError that names file and field. The types take it to have one input
 * and one output; of others, say so: `loadModel<{ left: Signal; right: Signal }>(path)`.
 */
export async function loadModel<I extends Signals = Signal, O extends Signals = Signal>(
  path: string,
  options: LoadOptions = {},
): Promise<CausalTokenModel<I, O>> {
  // Whether it has sessions is known to its layers alone: where it has none, session() says so.
  return new ModelObject(await loadNetwork(path, options), null) as unknown as CausalTokenModel<I, O>;
}

/** What a model that has seen no data waits with. */
interface Waiting {
  readonly chain: Links;
  readonly seed: number;
}

class ModelObject {
  #built: Network | null;
  readonly #waiting: Waiting | null;
  #compiled: CompileOptions | null = null;

  constructor(network: Network | null, waiting: Waiting | null) {
    this.#built = network;
    this.#waiting = waiting;
    register(this, (x) => this.#network(x));
  }

  /** With `x`, a network that is not built yet is built for such data. */
  #network(x?: unknown): Network {
    if (this.#built === null && this.#waiting !== null && x !== undefined) {
      const { chain, seed } = this.#waiting;
      this.#built = sequentialNetwork(chain, inputFor(x, chain), seed);
      if (this.#compiled) compileNetwork(this.#built, this.#compiled);
    }
    if (this.#built !== null) {
      settle(this.#built);
      return this.#built;
    }
    throw new UnrollError({
      where: "a sequential model",
      expected: "the shape of its input",
      got: "neither an input nor data so far",
      fix: "Put input({ shape: [null, features] }) in front of the layers, or call fit or predict with data first.",
    });
  }

  get inputs(): unknown {
    const { inputs, inputsAs } = this.#network();
    return arranged(
      inputsAs,
      inputs.map(({ symbol }) => symbol),
    );
  }

  get outputs(): unknown {
    const { outputs, outputsAs } = this.#network();
    return arranged(
      outputsAs,
      outputs.map(({ symbol }) => symbol),
    );
  }

  get weights(): readonly NamedTensor[] {
    return namedWeights(this.#network());
  }

  getWeights(): readonly Tensor[] {
    return getWeights(this.#network());
  }

  setWeights(weights: Parameters<typeof setWeights>[1]): void {
    setWeights(this.#network(), weights);
  }

  summary(): string {
    return summary(this.#network());
  }

  resetStates(): void {
    this.#network().carried.clear();
  }

  async predict(x: unknown, options: PredictOptions = {}): Promise<unknown> {
    checkMethodOptions("predict", options);
    return predict(this.#network(x), x, options, currentDevice(options.device));
  }

  async encode(x: unknown): Promise<unknown> {
    return predict(encoderOf(this.#network(x)), x, {}, currentDevice());
  }

  compile(options: CompileOptions): void {
    checkCompileOptions(options);
    if (this.#built === null) this.#compiled = options;
    else compileNetwork(this.#built, options);
  }

  async fit(x: unknown, y: unknown, options: FitOptions = {}): Promise<History> {
    checkFitOptions(options);
    const model = this as unknown as TrainedModel;
    const network = this.#network(x);
    return inItsFolders(network, options, () =>
      fitNetwork(network, currentDevice(), model, { x, y, options }),
    );
  }

  async save(path: string): Promise<void> {
    await saveNetwork(this.#network(), path);
  }

  async evaluate(x: unknown, y: unknown, options: EvaluateOptions = {}): Promise<Record<string, number>> {
    checkMethodOptions("evaluate", options);
    return evaluateNetwork(this.#network(x), currentDevice(), { x, y, ...options });
  }

  async trainOnBatch(x: unknown, y: unknown, options: Weighing = {}): Promise<Record<string, number>> {
    checkMethodOptions("trainOnBatch", options);
    const network = this.#built ?? this.#network(x); // its weights stay on the device
    return trainNetworkOnce(network, currentDevice(), { x, y, ...options });
  }

  async gradients(
    x: unknown,
    y: unknown,
    options: Weighing & { readonly training?: boolean } = {},
  ): Promise<unknown> {
    checkMethodOptions("gradients", options);
    const network = this.#network(x);
    const { loss, gradients } = await networkGradients(network, currentDevice(), { x, y, ...options });
    return {
      loss,
      gradients: network.variables.map(({ shape }, k) => tensorOf(shape, gradients[k] as Float32Array)),
    };
  }

  session(options: { readonly batch?: number; readonly maxSteps?: number } = {}): StepSession {
    checkOptions("model.session", options, { batch: streamsCheck, maxSteps: whole(1, 2 ** 20) });
    const { batch = null, maxSteps } = options;
    return openSession(this.#network(), currentDevice(), { batch, maxSteps });
  }

  async generate(options: GenerateOptions): Promise<number[] | readonly Hypothesis[]> {
    return generate(this.#network(), currentDevice(), options);
  }

  async forecast(x: unknown, options: ForecastOptions): Promise<Tensor> {
    return forecast(this.#network(x), currentDevice(), x, options);
  }

  forecastStream(x: unknown, options: ForecastOptions): AsyncGenerator<Tensor, void, undefined> {
    return forecastStream(this.#network(x), currentDevice(), x, options);
  }

  stream(options: GenerateOptions): AsyncGenerator<number, void, undefined> {
    return stream(this.#network(), currentDevice(), options);
  }

  readonly step = async (
    weights: readonly Tensor[],
    optimizerState: OptimizerState | null,
    batch: Pairs,
  ): Promise<StepResult> => {
    checkStep(optimizerState, batch);
    const network = this.#network(batch.x);
    const from = { weights: checkedWeights(network, weights, "model.step(weights, ...)"), optimizerState };
    const next = await networkStep(network, currentDevice(), from, batch);
    return {
      ...next,
      weights: network.variables.map(({ shape }, k) => tensorOf(shape, next.weights[k] as Float32Array)),
    };
  };
}
