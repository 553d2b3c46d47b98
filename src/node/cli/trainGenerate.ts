/** `unroll train generate FILE...`: a character model of texts. */
import type { Command } from "commander";
import { UnrollError } from "../../errors.ts";
import { holdFolder } from "../store.node.ts";
import { type DeviceFlags, useDevice, withCommonOptions } from "./device.ts";
import { checkFolder, hashOf, most, readRecord, readTexts, requireModel, type Settings } from "./folder.ts";
import { interruptible } from "./interrupt.ts";
import { fraction, positive, someText, whole } from "./options.ts";
import { type Job, trainText } from "./textTraining.ts";

interface Flags extends DeviceFlags, Omit<Settings, "steps"> {
  readonly out: string;
  readonly epochs: number;
  readonly steps?: number;
  readonly resume?: boolean;
  readonly json?: boolean;
}
/** The settings that an interrupted training keeps. */
const kept = ["units", "layers", "seq", "batch", "seed", "learningRate", "dropout"] as const;

const examples = `
Examples:
  unroll train generate book.txt --out model
  unroll train generate a.txt b.txt --out model --units 256 --layers 2 --seq 64 --epochs 10
  unroll train generate --out model --resume      go on after Ctrl-C`;

export function addTrainGenerate(train: Command): void {
  const command = train
    .command("generate")
    .description("train a character model on UTF-8 text files; it writes text like theirs")
    .argument("[files...]", "UTF-8 text files; with --resume those of the training that was interrupted")
    .requiredOption("--out <folder>", "where to save the model", someText)
    .option("--epochs <n>", "times to go through the text", whole(1), 4)
    .option(
      "--steps <n>",
      "optimizer steps in all, instead of --epochs; given both, whichever ends first",
      whole(1),
    )
    .option("--units <n>", "units of an LSTM layer", whole(1, most.units), 192)
    .option("--layers <n>", "LSTM layers", whole(1, most.layers), 1)
    .option("--seq <n>", "characters that a gradient goes back", whole(1), 16)
    .option("--batch <n>", "places in the text that are read side by side", whole(1), 32)
    .option("--learning-rate <x>", "Adam's, at its highest", positive(1), 0.012)
    .option("--dropout <x>", "fraction of an LSTM layer's inputs dropped in training", fraction, 0)
    .option("--seed <n>", "the same seed gives the same model", whole(0), 1)
    .option("--resume", "go on with an interrupted training")
    .addHelpText("after", examples);
  withCommonOptions(command).action(trainGenerate);
}

async function trainGenerate(files: readonly string[], flags: Flags, command: Command): Promise<void> {
  if (files.length === 0 && !flags.resume) {
    command.error(
      "error: no text to train on. Give one or more files: unroll train generate FILE... --out MODEL",
    );
  }
  if (!flags.resume) useDevice(flags);
  const begin = flags.resume ? null : await newJob(files, flags, command);
  if (begin === null) await readRecord(flags.out); // before a folder is made where there is none
  await holdFolder(flags.out, null, async () => {
    const job = begin ?? (await resumedJob(files, flags, command));
    await interruptible((signal) => trainText(job, { json: flags.json ?? false, signal }));
  });
}

async function newJob(files: readonly string[], flags: Flags, command: Command): Promise<Job> {
  const text = await readTexts(files);
  await checkFolder(flags.out);
  const { out: folder, steps = null } = flags;
  const bounded = steps === null || command.getOptionValueSource("epochs") === "cli";
  const epochs = bounded ? flags.epochs : Number.POSITIVE_INFINITY;
  const { units, layers, seq, batch, seed, learningRate, dropout } = flags;
  const settings = { units, layers, seq, batch, seed, learningRate, dropout, steps: 0 };
  return { folder, files, text, settings, length: { epochs, steps }, resume: null };
}

/** The files and settings are those of the record; only the length may be another one. */
async function resumedJob(given: readonly string[], flags: Flags, command: Command): Promise<Job> {
  const { out: folder } = flags;
  const record = await readRecord(folder);
  requireModel(folder);
  const fromUser = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  for (const name of kept) {
    if (!fromUser(name) || flags[name] === record.settings[name]) continue;
    const option = `--${name.replace("R", "-r")}`;
    const before = `the ${record.settings[name]} that ${folder} is trained with`;
    command.error(
      `error: ${option} ${flags[name]} is not ${before}. Leave it out to resume, or leave out --resume.`,
    );
  }
  const files = given.length > 0 ? given : record.files;
  const text = await readTexts(files);
  if (hashOf(text) !== record.text) {
    throw new UnrollError({
      where: files.join(", "),
      expected: `the text that ${folder} is trained on`,
      got: "another one",
      fix: "Give the same files in the same order, or leave out --resume to train anew.",
    });
  }
  const epochs = fromUser("epochs") ? flags.epochs : Number.POSITIVE_INFINITY;
  const same = fromUser("epochs") ? null : record.settings.steps;
  return {
    folder,
    files,
    text,
    settings: record.settings,
    length: { epochs, steps: flags.steps ?? same },
    resume: flags,
  };
}
