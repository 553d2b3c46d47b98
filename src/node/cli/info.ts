/** `unroll info MODEL`: what is in the folder of a model. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { NamedTensor } from "../../nn/model/weights.ts";
import { loadModel } from "../../nn/models.ts";
import { printable } from "../../work/data/text.ts";
import { deviceOf } from "./device.ts";
import { readRecord, readTokenizer, requireModel } from "./folder.ts";
import { grouped } from "./progress.ts";
import { styled, type Terminal, terminalOn } from "./terminal.ts";

export function addInfo(program: Command): void {
  program
    .command("info")
    .description("show what is in the folder of a model")
    .argument("<model>", "the folder of a model")
    .option("--json", "print one JSON object on standard output, all else on standard error")
    .action(info);
}

interface Contents {
  readonly model: string;
  readonly parameters: number;
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** The characters that a text model knows, and one for all others. */
  readonly vocabulary: number | null;
  /** What it was trained on. */
  readonly device: string | null;
  readonly training: { readonly files: readonly string[]; readonly settings: object } | null;
}

async function info(folder: string, { json }: { readonly json?: boolean }): Promise<void> {
  requireModel(folder);
  const model = await loadModel(folder);
  const contents = await contentsOf(folder, model);
  if (json) process.stdout.write(`${JSON.stringify({ ...contents, summary: model.summary() })}\n`);
  else process.stdout.write(described(contents, model.summary(), terminalOn(process.stdout)));
}

async function contentsOf(
  folder: string,
  model: { readonly weights: readonly NamedTensor[] },
): Promise<Contents> {
  const { weights } = model;
  const has = (file: string): boolean => existsSync(join(folder, file));
  const record = has("training.json") ? await readRecord(folder) : null;
  const tokenizer = has("tokenizer.json") ? await readTokenizer(folder) : null;
  return {
    model: folder,
    parameters: weights.reduce((sum, { data }) => sum + data.length, 0),
    weights: weights.map(({ name, shape }) => ({ name, shape })),
    vocabulary: tokenizer?.vocabulary.length ?? null,
    device: deviceOf(model),
    training: record && { files: record.files, settings: record.settings },
  };
}

function described(contents: Contents, summary: string, terminal: Pick<Terminal, "colour">): string {
  const { model, weights, vocabulary, device, training } = contents;
  const width = Math.max(...weights.map(({ name }) => name.length));
  const parts = [
    styled(terminal, "bold", model),
    summary,
    styled(terminal, "bold", "Weights"),
    ...weights.map(({ name, shape }) => `  ${name.padEnd(width)}  [${shape.join(", ")}]`),
  ];
  if (vocabulary !== null) parts.push("", `A text model: ${grouped(vocabulary - 1)} different characters`);
  if (training !== null) {
    const settings = Object.entries(training.settings).map(([name, value]) => `${name} ${value}`);
    parts.push(`Trained on ${printable(training.files.join(", "))}: ${settings.join(", ")}`);
  }
  if (device !== null) parts.push(`The device of its training: ${device}`);
  return `${parts.join("\n")}\n`;
}
