/** What the training of a character model tells people: samples, results, the README of the model's folder. */
import type { Baselines } from "../../work/classic/ngrams.ts";
import { printable } from "../../work/data/text.ts";
import { type Settings, writeOwn } from "./folder.ts";
import { commandFor } from "./invocation.ts";
import { clock, grouped } from "./progress.ts";
import { styled, type Terminal } from "./terminal.ts";

export interface Sample {
  readonly step: number;
  readonly prompt: string;
  /** What the model wrote after the prompt. */
  readonly text: string;
}
/** What `--json` prints, with the samples. */
export interface Result {
  readonly task: "generate";
  readonly model: string;
  readonly files: readonly string[];
  readonly settings: Settings;
  readonly steps: number;
  readonly seconds: number;
  readonly device: { readonly name: string; readonly description: string };
  readonly characters: { readonly total: number; readonly validation: number; readonly vocabulary: number };
  readonly training: { readonly bitsPerCharacter: number | null };
  readonly validation: { readonly bitsPerCharacter: number };
  readonly baselines: Baselines;
  readonly interrupted: false;
}
type Colours = Pick<Terminal, "colour">;

/** A sample under a heading that says when it was written. */
export function sampleBlock({ step, prompt, text }: Sample, steps: number, terminal: Colours): string {
  const when = step === 0 ? "Before training" : step < steps ? `After ${grouped(step)} steps` : "At the end";
  const body = `${styled(terminal, "dim", printable(prompt))}${printable(text)}`;
  return `\n${styled(terminal, "bold", `${when} it writes`)}\n${indented(body)}\n\n`;
}

/** The figures, best last, and what to try next. */
export function conclusion(result: Result, terminal: Colours): string {
  const { model, baselines, validation, seconds, steps, characters } = result;
  const heading = `Bits per character on ${grouped(characters.validation)} characters of the text it has not seen`;
  const best = validation.bitsPerCharacter < baselines.trigram;
  const rows = [
    row("uniform", baselines.uniform),
    row("unigram", baselines.unigram),
    row("trigram", baselines.trigram),
    styled(terminal, best ? "green" : "yellow", row("this model", validation.bitsPerCharacter)),
  ];
  const next = [
    commandFor("generate", model, "--prompt", "The ", "--length", "500"),
    commandFor("generate", model, "--temperature", "0.5", "--seed", "2"),
    commandFor("info", model),
  ];
  return [
    styled(terminal, "bold", heading),
    ...rows,
    "",
    `${grouped(steps)} steps in ${clock(seconds)}; saved in ${model}`,
    "",
    styled(terminal, "bold", "Try next"),
    ...next.map((command) => `  ${command}`),
    "",
  ].join("\n");
}

const row = (name: string, bits: number): string => `  ${name.padEnd(12)}${bits.toFixed(3)}`;

/** What to say after Ctrl-C, and the command that goes on. */
export function interruption(at: {
  readonly folder: string;
  readonly step: number;
  readonly steps: number;
}): {
  readonly text: string;
  readonly resume: string;
} {
  const resume = commandFor("train", "generate", "--out", at.folder, "--resume");
  const done = `Interrupted after ${grouped(at.step)} of ${grouped(at.steps)} steps; saved in ${at.folder}`;
  return { text: `${done}\nGo on with: ${resume}\n`, resume };
}

/** Writes the README.md of a model's folder. */
export async function writeCard(folder: string, result: Result): Promise<void> {
  await writeOwn(folder, "README.md", cardOf(result));
}

export function cardOf({ files, settings, steps, validation, baselines, characters }: Result): string {
  const { layers, units, seed } = settings;
  const names = files.map((file) => `\`${file.replaceAll("\\", "/").split("/").at(-1)}\``).join(", ");
  const { uniform, unigram, trigram } = baselines;
  const rows = Object.entries({ uniform, unigram, trigram, "this model": validation.bitsPerCharacter });
  const stack = `${layers} LSTM ${layers === 1 ? "layer" : "layers"} of ${units} units`;
  return [
    `# A character model of ${names}`,
    "",
    `It writes text character by character: ${stack}, trained with unroll-rnn on`,
    `${grouped(characters.total)} characters in ${grouped(steps)} steps, seed ${seed}.`,
    "",
    `| on ${grouped(characters.validation)} held-out characters | bits per character |`,
    "| --- | --- |",
    ...rows.map(([name, bits]) => `| ${name} | ${bits.toFixed(3)} |`),
    "",
    "```sh",
    'unroll generate . --prompt "The " --length 500',
    "```",
    "",
    "`config.json` and `model.safetensors` are the model, `tokenizer.json` holds the characters of its tokens,",
    "`training.json` the settings of the training.",
    "",
  ].join("\n");
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`.trimEnd())
    .join("\n");
}
