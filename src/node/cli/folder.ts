/**
 * The folder of a text model: what every model has (config.json, model.safetensors), and beside it
 *
 *   tokenizer.json   the characters of its tokens
 *   training.json    how it is trained, so that an interrupted training can go on
 *   README.md        what it is, for people
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UnrollError } from "../../errors.ts";
import { makeFolder } from "../../makeFolder.node.ts";
import { parseTokenizer, printTokenizer, type Tokenizer } from "../../work/data/characters.ts";
import { decodeText } from "../../work/data/text.ts";

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
const settingNames: readonly (keyof Settings)[] = [
  "units",
  "layers",
  "seq",
  "batch",
  "seed",
  "learningRate",
  "dropout",
  "steps",
];

/** The texts of files, one after the other. Throws an UnrollError that names the file. */
export async function readTexts(files: readonly string[]): Promise<string> {
  const texts: string[] = [];
  for (const file of files) {
    const bytes = await readOr(file, "a text file", "Check the path.");
    texts.push(decodeText(bytes, file));
  }
  return texts.join("\n");
}

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Throws unless a model may be written there: a new folder, an empty one, or one that holds a model already. */
export async function prepareFolder(folder: string): Promise<void> {
  const refuse = (got: string, cause?: unknown): never => {
    const facts = { where: `--out ${folder}`, expected: "a folder to write a model to", got };
    throw new UnrollError({ ...facts, fix: "Choose another path." }, { cause });
  };
  try {
    await makeFolder(folder);
    const entries = await readdir(folder);
    const holdsModel = entries.includes("config.json") || entries.includes("training.json");
    if (entries.length > 0 && !holdsModel) refuse("a folder with other files in it");
  } catch (error) {
    if (error instanceof UnrollError) throw error;
    refuse(reasonOf(error), error);
  }
}

/** Throws unless there is a trained model in the folder. */
export function requireModel(folder: string): void {
  if (existsSync(join(folder, "config.json"))) return;
  throw new UnrollError({
    where: folder,
    expected: "the folder of a trained model",
    got: existsSync(folder) ? "one without config.json" : "no such folder",
    fix: `Check the path, or train one: unroll train generate FILE --out ${folder}`,
  });
}

export async function writeTokenizer(folder: string, tokenizer: Tokenizer): Promise<void> {
  await writeFile(join(folder, "tokenizer.json"), printTokenizer(tokenizer));
}

export async function readTokenizer(folder: string): Promise<Tokenizer> {
  const file = join(folder, "tokenizer.json");
  const bytes = await readOr(
    file,
    "the characters of a text model",
    "Give a model made by unroll train generate.",
  );
  return parseTokenizer(bytes.toString("utf8"), file);
}

export async function writeRecord(folder: string, record: TrainingRecord): Promise<void> {
  await writeFile(
    join(folder, "training.json"),
    `${JSON.stringify({ task: "generate", ...record }, null, 2)}\n`,
  );
}

/** How the model in a folder is trained. */
export async function readRecord(folder: string): Promise<TrainingRecord> {
  const file = join(folder, "training.json");
  const bytes = await readOr(file, "a training to go on with", "Leave out --resume to begin one.");
  const record = recordIn(bytes.toString("utf8"));
  if (record !== undefined) return record;
  throw new UnrollError({
    where: file,
    expected: "the files and settings of a training",
    got: "something else",
    fix: "Leave out --resume to train anew.",
  });
}

function recordIn(content: string): TrainingRecord | undefined {
  try {
    const { files, text, settings } = JSON.parse(content) as Partial<TrainingRecord>; // checked here
    const known = Array.isArray(files) && files.every((file) => typeof file === "string");
    const numbers = settingNames.every((name) => Number.isFinite(settings?.[name]));
    return known && numbers && settings && typeof text === "string" ? { files, text, settings } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined; // told by the caller
    throw error;
  }
}

async function readOr(file: string, expected: string, fix: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new UnrollError({ where: file, expected, got: reasonOf(cause), fix }, { cause });
  }
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
