/**
 * The character model: embedding, LSTM layers, and the logits of the next character at every step.
 *
 *   tokens [streams, time]  ->  embedding  ->  lstm ...  ->  dense  ->  logits [streams, time, vocabulary]
 *
 * It is trained by truncated back-propagation: a piece of every stream at a time, the states handed on.
 */
import { dense } from "../../nn/layers/dense.ts";
import { embedding } from "../../nn/layers/embedding.ts";
import type { Layer } from "../../nn/layers/facts.ts";
import { lstm } from "../../nn/layers/recurrent.ts";
import { type Tensor, tensor } from "../../nn/model/tensor.ts";
import { sequential } from "../../nn/models.ts";
import type { CausalTokenModel, GenerateOptions } from "../../nn/modelTypes.ts";
import type { Signal } from "../../nn/signals.ts";
import type { Callback } from "../../nn/train/callbacks.ts";
import { sparseCategoricalCrossentropy } from "../../nn/train/losses.ts";
import { adam } from "../../nn/train/optimizers.ts";
import { cosineDecay } from "../../nn/train/schedules.ts";
import type { Tokenizer } from "../data/characters.ts";
import type { Streams } from "../data/streams.ts";
import { bitsPerCharacter } from "./generate.ts";

export type TextModel = CausalTokenModel<Signal, Signal>;

/** Width of the vectors that stand for characters. */
const embeddingWidth = 64;
/** Steps of the linear rise of the learning rate, at most. */
const warmupSteps = 50;

export interface CharacterModelOptions {
  readonly vocabulary: number;
  readonly units: number;
  readonly layers: number;
  /** Of the inputs of every LSTM layer. */
  readonly dropout: number;
  /** At its highest: it rises for a few steps, then falls along a cosine to a twentieth. */
  readonly learningRate: number;
  /** Optimizer steps until the learning rate is at its lowest. */
  readonly steps: number;
}

/** A compiled model of the current seed. */
export function characterModel(options: CharacterModelOptions): TextModel {
  const { vocabulary, units, layers, dropout } = options;
  const stack: Layer[] = [
    embedding({ inputDim: vocabulary, outputDim: embeddingWidth }),
    ...Array.from({ length: layers }, () => lstm({ units, returnSequences: true, dropout })),
    dense({ units: vocabulary }),
  ];
  const model: TextModel = sequential(...stack);
  const optimizer = adam({ learningRate: rateOf(options), globalClipNorm: 1 });
  model.compile({ optimizer, loss: sparseCategoricalCrossentropy({ fromLogits: true }) });
  return model;
}

function rateOf({ learningRate, steps }: CharacterModelOptions): ReturnType<typeof cosineDecay> {
  const rise = Math.min(warmupSteps, Math.floor(steps / 4));
  return cosineDecay({
    initialLearningRate: learningRate / 10,
    warmupTarget: learningRate,
    warmupSteps: rise,
    decaySteps: Math.max(1, steps - rise),
    alpha: 0.05,
  });
}

export interface FitTextOptions {
  readonly steps: number;
  /** Where the model is saved now and then, and when it is interrupted. */
  readonly folder: string;
  readonly resume: boolean;
  readonly signal: AbortSignal;
  /** Told the steps that the model has behind it. */
  readonly onBegin: (step: number) => void;
  /** Told after every step; the loss is that of this step alone. */
  readonly onStep: (step: number, loss: number) => void | Promise<void>;
}

/** Trains up to `steps` optimizer steps in all, or until the signal. */
export async function fitText(model: TextModel, data: Streams, options: FitTextOptions): Promise<void> {
  const { steps, folder, resume, signal } = options;
  const [x, y] = tensorsOf(data);
  await model.fit(x, y, {
    epochs: Math.ceil(steps / data.pieces),
    batchSize: data.streams,
    shuffle: false,
    tbptt: { steps: data.length / data.pieces },
    checkpoint: { path: folder, everySteps: Math.max(100, Math.ceil(steps / 8)) },
    callbacks: [watcher(data.pieces, options)],
    verbose: 0,
    resume,
    signal,
  });
}

/** Mean bits per character, every stream begun with zeros. */
export async function evaluateText(model: TextModel, data: Streams): Promise<number> {
  const [x, y] = tensorsOf(data);
  const { loss } = await model.evaluate(x, y, { batchSize: data.streams });
  return bitsPerCharacter(loss);
}

export interface WriteTextOptions extends Omit<GenerateOptions, "prompt" | "stop"> {
  /** What it goes on from; a line end where it is empty. */
  readonly prompt: string;
  /** Ends early, after this text. Default: none. */
  readonly stop?: string | undefined;
}

/** The text that the model writes after the prompt, each character as it is made. */
export async function* writeText(
  model: TextModel,
  { encode, decode }: Tokenizer,
  options: WriteTextOptions,
): AsyncGenerator<string, void, undefined> {
  const prompt = encode(options.prompt === "" ? "\n" : options.prompt);
  const stop = options.stop === undefined ? [] : [Array.from(encode(options.stop))];
  for await (const token of model.stream({ ...options, prompt, stop })) yield decode([token]);
}

function tensorsOf({ inputs, targets, streams, length }: Streams): readonly [Tensor, Tensor] {
  return [tensor(inputs, [streams, length], "int32"), tensor(targets, [streams, length], "int32")];
}

/** Tells of every step and stops after the last; fit's loss is the mean of the epoch so far. */
function watcher(pieces: number, { steps, onBegin, onStep }: FitTextOptions): Callback {
  let before: { readonly step: number; readonly mean: number } | undefined;
  return {
    onTrainBegin: ({ step, stop }) => {
      onBegin(step);
      if (step >= steps) stop();
    },
    onStepEnd: async ({ step, logs, stop }) => {
      const mean = logs["loss"] ?? Number.NaN;
      const count = ((step - 1) % pieces) + 1;
      const own = before?.step === step - 1 && count > 1 ? mean * count - before.mean * (count - 1) : mean;
      before = { step, mean };
      await onStep(step, own);
      if (step >= steps) stop();
    },
  };
}
