/**
 * The folder of a text model: what every model has (config.json, model.safetensors), and beside it
 *
 *   tokenizer.json   the characters of its tokens
 *   training.json    how it is trained, so that an interrupted training can go on
 *   README.md        what it is, for people
 *
 * All but the last begin as one: whenever the process is killed, they tell of the same model.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { UnrollError } from "../../errors.ts";
import { fault, fieldsAt, jsonFrom, listAt, textAt } from "../../nn/model/fields.ts";
import { networkOf } from "../../nn/model/network.ts";
import { above0, type Check, fraction, seedCheck, spelt, whole } from "../../nn/options.ts";
import { filesOf } from "../../nn/train/checkpoint.ts";
import { parseTokenizer, printTokenizer, type Tokenizer } from "../../work/data/characters.ts";
import { decodeText } from "../../work/data/text.ts";
import { isLeftover, readFolder, writeFolder } from "../store.node.ts";

/** The numbers that a training is made with. */
export interface Settings {
  readonly units: number;
  readonly layers: number;
  readonly seq: number;
  readonly batch: number;
  readonly seed: number;
  readonly learningRate: number;
  readonly dropout: number;
  /** Optimizer steps in all. */
  readonly steps: number;
}
export interface TrainingRecord {
  readonly files: readonly string[];
  /** SHA-256 of the text. */
  readonly text: string;
  readonly settings: Settings;
}
/** Far more than a text is worth. */
export const most: Pick<Settings, "units" | "layers"> = { units: 2 ** 12, layers: 2 ** 6 };
/** What each setting has to be. */
const settingChecks: { readonly [K in keyof Settings]: Check } = {
  units: whole(1, most.units),
  layers: whole(1, most.layers),
  seq: whole(1),
  batch: whole(1),
  seed: seedCheck,
  learningRate: above0,
  dropout: fraction,
  steps: whole(0),
};
/** Of all texts together: longer ones Node cannot hold as one. */
const mostText = 2 ** 29 - 25;

/** The texts of files, one after the other. Throws an UnrollError that names the file. */
export async function readTexts(files: readonly string[]): Promise<string> {
  const texts: string[] = [];
  let left = mostText;
  for (const file of files) {
    const bytes = await readAtMost(file, left);
    left -= bytes.length + 1;
    texts.push(decodeText(bytes, file));
  }
  return texts.join("\n");
}

/** A file may be a pipe, or one without an end. */
async function readAtMost(file: string, most: number): Promise<Buffer> {
  const facts = { where: file, expected: "a text file", fix: "Check the path." };
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of createReadStream(file, { end: Math.max(0, most) })) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
    }
  } catch (cause) {
    throw new UnrollError({ ...facts, got: reasonOf(cause) }, { cause });
  }
  if (length <= most) return Buffer.concat(parts);
  const limits = { expected: `texts of at most ${mostText} bytes together`, got: "more" };
  throw new UnrollError({ where: file, ...limits, fix: "Train on a part of it." });
}

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Throws unless a model may be written there: a new folder, an empty one, or one that holds a model already. */
export async function checkFolder(folder: string): Promise<void> {
  const refuse = (got: string, cause?: unknown): never => {
    const facts = { where: `--out ${folder}`, expected: "a folder to write a model to", got };
    throw new UnrollError({ ...facts, fix: "Choose another path." }, { cause });
  };
  const entries = await readdir(folder).catch((error: unknown): string[] => {
    const reason = reasonOf(error);
    return reason === reasons["ENOENT"] ? [] : refuse(existsSync(folder) ? "a file" : reason, error);
  });
  const holdsModel = entries.includes("config.json") || entries.includes("training.json");
  if (!holdsModel && !entries.every(isLeftover)) refuse("a folder with other files in it");
}

/** Throws unless there is a trained model in the folder. */
export function requireModel(folder: string): void {
  if (existsSync(join(folder, "config.json"))) return;
  const isFile = existsSync(folder) && statSync(folder).isFile();
  const none = existsSync(folder) ? "one without config.json" : "no such folder";
  throw new UnrollError({
    where: folder,
    expected: "the folder of a trained model",
    got: isFile ? "a file" : none,
    fix: `Check the path, or train one: unroll train generate FILE --out ${isFile ? "FOLDER" : folder}`,
  });
}

/** The beginning of a training: its model with tokenizer and record, as one. */
export async function writeBeginning(
  folder: string,
  model: object,
  { tokenizer, record }: { readonly tokenizer: Tokenizer; readonly record: TrainingRecord },
): Promise<void> {
  const own = new Map([
    ["tokenizer.json", printTokenizer(tokenizer)],
    ["training.json", `${JSON.stringify({ task: "generate", ...record }, null, 2)}\n`],
  ]);
  const bytes = [...own].map(([name, text]) => [name, new TextEncoder().encode(text)] as const);
  await writeFolder(folder, new Map([...bytes, ...filesOf(networkOf(model))]));
}

export async function readTokenizer(folder: string): Promise<Tokenizer> {
  const fix = "Give a model made by unroll train generate.";
  const content = await readOwn(folder, "tokenizer.json", ["the characters of a text model", fix]);
  return parseTokenizer(content, join(folder, "tokenizer.json"));
}

/** How the model in a folder is trained. */
export async function readRecord(folder: string): Promise<TrainingRecord> {
  const fix = "Leave out --resume to begin one.";
  const content = await readOwn(folder, "training.json", ["a training to go on with", fix]);
  return parseRecord(content, join(folder, "training.json"));
}

const names = ["task?", "files", "text", "settings"];

/** The record in the content of a file; `where` names it in errors. */
export function parseRecord(content: string, where: string): TrainingRecord {
  const { files, text, settings } = fieldsAt(jsonFrom(content, where), where, names);
  const given = fieldsAt(settings, `${where}, settings`, Object.keys(settingChecks));
  for (const [name, { holds, expected }] of Object.entries(settingChecks))
    if (!holds(given[name])) throw fault(`${where}, settings.${name}`, expected, spelt(given[name]));
  return {
    files: listAt(files, `${where}, files`).map((file, k) => textAt(file, `${where}, files[${k}]`)),
    text: textAt(text, `${where}, text`),
    settings: given as unknown as Settings, // so checked
  };
}

/** Writes a file of the folder; a link that stands there is replaced, and what it leads to is left alone. */
export async function writeOwn(folder: string, name: string, text: string): Promise<void> {
  await writeFolder(folder, new Map([[name, new TextEncoder().encode(text)]]));
}

/** The text of a file of the folder; no link is followed out of it. */
async function readOwn(
  folder: string,
  name: string,
  [expected, fix]: readonly [string, string],
): Promise<string> {
  const bytes = (await readFolder(folder, [name, "config.json"])).get(name);
  if (bytes !== undefined) return new TextDecoder().decode(bytes);
  throw new UnrollError({ where: join(folder, name), expected, got: "no such file", fix });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "a folder",
  ENOTDIR: "a path through a file",
  EEXIST: "a file",
  EACCES: "no permission to open it",
  EPERM: "no permission to open it",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return reasons[code] ?? code;
}
