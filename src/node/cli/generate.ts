/** `unroll generate MODEL`: a character model writes, and the text is seen as it is made. */
import { type Command, Option } from "commander";
import { loadModel } from "../../nn/models.ts";
import type { Tokenizer } from "../../work/data/characters.ts";
import { printable } from "../../work/data/text.ts";
import { type TextModel, type WriteTextOptions, writeText } from "../../work/tasks/characterModel.ts";
import { type DeviceFlags, useDevice, withCommonOptions } from "./device.ts";
import { readTokenizer, requireModel } from "./folder.ts";
import { Interrupted, interruptible } from "./interrupt.ts";
import { fromZero, positive, someText, whole } from "./options.ts";

interface Flags extends DeviceFlags, Omit<WriteTextOptions, "lengthPenalty" | "signal"> {
  readonly seed: number;
  readonly json?: boolean;
}

const examples = `
Examples:
  unroll generate model --prompt "The whale " --length 1000
  unroll generate model --temperature 0.5 --seed 7       more careful, and another text
  unroll generate model --prompt "The " --beam 8 --stop .  the likeliest sentence`;
const usualTemperature = 0.8;

export function addGenerate(program: Command): void {
  const command = program
    .command("generate")
    .description("let a character model write text")
    .argument("<model>", "the folder of a model made by unroll train generate")
    .option("--prompt <text>", "what the text begins with", "")
    .option("--length <n>", "characters to write", whole(1), 500)
    .option(
      "--temperature <x>",
      `below 1 more careful, above 1 wilder, 0 always the likeliest (default: ${usualTemperature})`,
      fromZero,
    )
    .option("--top-k <n>", "choose among the n likeliest characters only", whole(1))
    .option("--top-p <x>", "choose among the likeliest that together have this probability", positive(1))
    .option("--repetition-penalty <x>", "above 1: what was there becomes less likely", positive())
    .addOption(
      new Option("--beam <n>", "search for the likeliest text, keeping n at a time, instead of drawing")
        .argParser(whole(1))
        .conflicts(["temperature", "topK", "topP"]),
    )
    .option("--stop <text>", "end after this text", someText)
    .option("--seed <n>", "the same seed writes the same text", whole(0), 1)
    .addHelpText("after", examples);
  withCommonOptions(command).action(generate);
}

async function generate(folder: string, flags: Flags): Promise<void> {
  requireModel(folder);
  const tokenizer = await readTokenizer(folder);
  useDevice(flags);
  const model = (await loadModel(folder)) as TextModel; // made by train generate, as its tokenizer says
  tellUnknown(flags.prompt, tokenizer);
  const { prompt, length, topK, topP, repetitionPenalty, beam, stop, seed } = flags;
  const temperature = flags.temperature ?? (beam === undefined ? usualTemperature : undefined);
  const options = { prompt, length, temperature, topK, topP, repetitionPenalty, beam, stop, seed };
  const show = (part: string): void => {
    if (!flags.json) process.stdout.write(printable(part));
  };
  const text = await interruptible((signal) => write(model, tokenizer, { ...options, signal }, show));
  if (!flags.json) return;
  const set = Object.entries(options).map(([name, value]) => [name, value ?? null]);
  const facts = { model: folder, prompt, text, ...Object.fromEntries(set) };
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

async function write(
  model: TextModel,
  tokenizer: Tokenizer,
  options: WriteTextOptions & { readonly signal: AbortSignal },
  show: (part: string) => void,
): Promise<string> {
  let text = "";
  show(options.prompt);
  for await (const character of writeText(model, tokenizer, options)) {
    text += character;
    show(character);
  }
  show("\n");
  if (options.signal.aborted) throw new Interrupted("interrupted");
  return text;
}

/** Says once which characters of the prompt the model has never seen. */
function tellUnknown(prompt: string, { encode }: Tokenizer): void {
  const unknown = [...new Set(prompt)].filter((character) => encode(character)[0] === 0);
  if (unknown.length === 0) return;
  process.stderr.write(
    `note: the model does not know ${printable(unknown.join(" "))}; it reads them as unknown\n`,
  );
}
