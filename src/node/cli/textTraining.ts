/**
 * The training of a character model as a person sees it: what it begins with, how it gets on, text at the start,
 * midway and at the end, and what to do next. Interrupted, it leaves a checkpoint and says how to go on.
 */
import { currentDevice, deviceInfo } from "../../nn/device.ts";
import { networkOf } from "../../nn/model/network.ts";
import { loadModel } from "../../nn/models.ts";
import { setSeed } from "../../nn/seed.ts";
import { recordDevice } from "../../nn/train/trainedOn.ts";
import { baselines } from "../../work/classic/ngrams.ts";
import {
  characterModel,
  evaluateText,
  fitText,
  type TextModel,
  writeText,
} from "../../work/tasks/characterModel.ts";
import { bitsPerCharacter, type CharacterData, characterData, openingOf } from "../../work/tasks/generate.ts";
import { type DeviceFlags, resumeOn } from "./device.ts";
import { hashOf, type Settings, writeBeginning } from "./folder.ts";
import { Interrupted } from "./interrupt.ts";
import { grouped, meter, progressOn } from "./progress.ts";
import { styled, type Terminal, terminalOn } from "./terminal.ts";
import { conclusion, interruption, type Result, type Sample, sampleBlock, writeCard } from "./textReport.ts";

export interface Job {
  readonly folder: string;
  readonly files: readonly string[];
  readonly text: string;
  /** `steps` counts with `resume` only; see `length`. */
  readonly settings: Settings;
  /** How long it goes on: whichever ends first. */
  readonly length: { readonly epochs: number; readonly steps: number | null };
  /** Set where an interrupted training goes on: where to compute. */
  readonly resume: DeviceFlags | null;
}
interface Manner {
  readonly json: boolean;
  readonly signal: AbortSignal;
}
/** A job with all that it needs. */
interface Training extends Job, Manner {
  readonly data: CharacterData;
  readonly model: TextModel;
  readonly terminal: Terminal;
  readonly prompt: string;
  readonly samples: Sample[];
}

/** Trains, measures and saves; throws {@link Interrupted} after an interruption. */
export async function trainText(job: Job, manner: Manner): Promise<void> {
  const training = await prepared(job, manner);
  const begun = performance.now();
  await tellBeginning(training);
  if (!job.resume) await sample(training, 0);
  const { step, loss } = await fitted(training);
  if (manner.signal.aborted) return interrupted(training, step);
  const seconds = (performance.now() - begun) / 1000;
  const result = await resultOf(training, { step, seconds, loss });
  await sample(training, step);
  await writeCard(job.folder, result);
  training.terminal.write(conclusion(result, training.terminal));
  if (manner.json) process.stdout.write(`${JSON.stringify({ ...result, samples: training.samples })}\n`);
}

async function prepared(job: Job, manner: Manner): Promise<Training> {
  const { folder, files, length } = job;
  const { seq, batch } = job.settings;
  const data = characterData(job.text, { streams: batch, steps: seq, where: files.join(", ") });
  const steps = Math.min(length.epochs * data.train.pieces, length.steps ?? Number.POSITIVE_INFINITY);
  const settings = { ...job.settings, steps };
  const vocabulary = data.tokenizer.vocabulary.length;
  setSeed(settings.seed);
  const model = job.resume ? await loadModel(folder) : characterModel({ ...settings, vocabulary });
  if (job.resume) resumeOn(model, job.resume);
  else recordDevice(networkOf(model), currentDevice()); // so that it goes on there, killed before the first checkpoint
  const record = { files, text: hashOf(job.text), settings };
  await writeBeginning(folder, model, { tokenizer: data.tokenizer, record });
  const terminal = terminalOn(manner.json ? process.stderr : process.stdout);
  const prompt = openingOf(data.validationText, 24);
  const text = model as TextModel; // the loaded one was made by characterModel, as its record says
  return { ...job, ...manner, settings, data, model: text, terminal, prompt, samples: [] };
}

async function tellBeginning(training: Training): Promise<void> {
  const { data, settings, files, terminal, model } = training;
  const { units, layers, steps } = settings;
  const { description } = await deviceInfo();
  const parameters = model.weights.reduce((sum, { data: values }) => sum + values.length, 0);
  const different = data.tokenizer.vocabulary.length - 1; // one token stands for all others
  const lines = [
    `${files.join(", ")}: ${grouped(charactersOf(data))} characters, ${different} different ones`,
    `${layers} LSTM ${layers === 1 ? "layer" : "layers"} of ${units} units, ${grouped(parameters)} parameters`,
    `${grouped(steps)} optimizer steps, ${(steps / data.train.pieces).toFixed(1)} times through the text`,
    `on ${description}`,
  ];
  terminal.write(`${styled(terminal, "bold", "Training a character model")}\n${lines.join("\n")}\n`);
}

/** Each is a token, also those that are two numbers of a string. */
const charactersOf = ({ trainTokens, validationTokens }: CharacterData): number =>
  trainTokens.length + validationTokens.length;

/** Trains up to the last step, or until it is interrupted; text midway. */
async function fitted(training: Training): Promise<{ readonly step: number; readonly loss: number }> {
  const { model, data, settings, folder, resume, signal, terminal } = training;
  const { steps, seq, batch } = settings;
  const middle = Math.ceil(steps / 2);
  const display = progressOn(terminal);
  let measure: ReturnType<typeof meter> | undefined;
  let last = { step: 0, loss: Number.NaN };
  await fitText(model, data.train, {
    steps,
    folder,
    resume: resume !== null,
    signal,
    onBegin: (from) => {
      measure = meter({ from, steps, charactersPerStep: seq * batch });
      last = { step: from, loss: Number.NaN };
    },
    onStep: async (step, loss) => {
      const progress = measure?.(step, bitsPerCharacter(loss));
      if (progress) display.update(progress);
      last = { step, loss: progress?.bitsPerCharacter ?? Number.NaN };
      if (step !== middle || step === steps || signal.aborted) return;
      display.clear();
      await sample(training, step);
    },
  });
  display.clear();
  return last;
}

/** Writes some text with the model as it is now. */
async function sample(training: Training, step: number): Promise<void> {
  const { model, data, prompt, settings, samples, terminal, signal } = training;
  const options = { prompt, length: 240, temperature: 0.7, seed: settings.seed + step, signal };
  let text = "";
  for await (const character of writeText(model, data.tokenizer, options)) text += character;
  samples.push({ step, prompt, text });
  terminal.write(sampleBlock({ step, prompt, text }, settings.steps, terminal));
}

async function resultOf(
  { model, data, folder, files, settings }: Training,
  { step, seconds, loss }: { readonly step: number; readonly seconds: number; readonly loss: number },
): Promise<Result> {
  const { name, description } = await deviceInfo();
  const validation = await evaluateText(model, data.validation);
  return {
    task: "generate",
    model: folder,
    files,
    settings,
    steps: step,
    seconds: Math.round(seconds * 10) / 10,
    device: { name, description },
    characters: {
      total: charactersOf(data),
      validation: data.validation.targets.length,
      vocabulary: data.tokenizer.vocabulary.length,
    },
    training: { bitsPerCharacter: Number.isNaN(loss) ? null : loss },
    validation: { bitsPerCharacter: validation },
    baselines: baselines(data.trainTokens, data.validationTokens, data.tokenizer.vocabulary.length),
    interrupted: false,
  };
}

function interrupted({ folder, settings, terminal, json }: Training, step: number): never {
  const { text, resume } = interruption({ folder, step, steps: settings.steps });
  terminal.write(text);
  const facts = { task: "generate", model: folder, steps: step, interrupted: true, resume };
  if (json) process.stdout.write(`${JSON.stringify(facts)}\n`);
  throw new Interrupted("interrupted");
}
