/** `unroll generate MODEL`: a character model writes, and the text is seen as it is made. */
import type { Command } from "commander";
import { loadModel } from "../../nn/models.ts";
import type { Tokenizer } from "../../work/data/characters.ts";
import { printable } from "../../work/data/text.ts";
import { type TextModel, writeText } from "../../work/tasks/characterModel.ts";
import { type DeviceFlags, useDevice, withCommonOptions } from "./device.ts";
import { readTokenizer, requireModel } from "./folder.ts";
import { Interrupted, interruptible } from "./interrupt.ts";
import { fromZero, positive, whole } from "./options.ts";

interface Flags extends DeviceFlags {
  readonly prompt: string;
  readonly length: number;
  readonly temperature: number;
  readonly topK?: number | undefined;
  readonly topP?: number | undefined;
  readonly seed: number;
  readonly json?: boolean;
}

const examples = `
Examples:
  unroll generate model --prompt "The whale " --length 1000
  unroll generate model --temperature 0.5 --seed 7       more careful, and another text`;

export function addGenerate(program: Command): void {
  const command = program
    .command("generate")
    .description("let a character model write text")
    .argument("<model>", "the folder of a model made by unroll train generate")
    .option("--prompt <text>", "what the text begins with", "")
    .option("--length <n>", "characters to write", whole(1), 500)
    .option(
      "--temperature <x>",
      "below 1 more careful, above 1 wilder, 0 always the likeliest",
      fromZero,
      0.8,
    )
    .option("--top-k <n>", "choose among the n likeliest characters only", whole(1))
    .option("--top-p <x>", "choose among the likeliest that together have this probability", positive(1))
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
  const text = await interruptible((signal) => write(model, tokenizer, flags, signal));
  if (!flags.json) return;
  const { prompt, length, temperature, topK = null, topP = null, seed } = flags;
  const facts = { model: folder, prompt, text, length, temperature, topK, topP, seed };
  process.stdout.write(`${JSON.stringify(facts)}\n`);
}

async function write(
  model: TextModel,
  tokenizer: Tokenizer,
  flags: Flags,
  signal: AbortSignal,
): Promise<string> {
  const show = (text: string): void => {
    if (!flags.json) process.stdout.write(printable(text));
  };
  const { prompt, length, temperature, topK, topP, seed } = flags;
  let text = "";
  show(prompt);
  for await (const character of writeText(model, tokenizer, {
    prompt,
    length,
    temperature,
    topK,
    topP,
    seed,
    signal,
  })) {
    text += character;
    show(character);
  }
  show("\n");
  if (signal.aborted) throw new Interrupted("interrupted");
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
