/**
 * The command line as a whole: its commands, and how it ends.
 *
 *   0 done    1 the work failed    2 wrong usage    130 interrupted
 *
 * With --json standard output is one JSON object, for an error `{ "error": { ... } }`; the error itself stands, in one
 * line, on standard error.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { UnrollError } from "../../errors.ts";
import { addCalibrate } from "./calibrate.ts";
import { addGenerate } from "./generate.ts";
import { addInfo } from "./info.ts";
import { Interrupted } from "./interrupt.ts";
import { addTrain } from "./train.ts";

/** Runs the command with these arguments; returns its exit code. */
export async function runCommand(args: readonly string[]): Promise<number> {
  endWithStandardOutput();
  try {
    await commandLine().parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    return reportError(error, args.includes("--json"));
  }
}

/** Tells an error in one line; returns the exit code it stands for. */
export function reportError(error: unknown, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help, --version
  if (error instanceof Interrupted) return 130; // has told what there was to tell
  if (json) process.stdout.write(`${JSON.stringify({ error: factsOf(error) })}\n`);
  if (error instanceof CommanderError) return 2; // told by the parser
  if (error instanceof UnrollError) process.stderr.write(`error: ${oneLine(error.message)}\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** The commands, with their options and texts of help. */
export function commandLine(): Command {
  const program = new Command("unroll")
    .description("Recurrent neural networks: train them, let them write, look inside.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .showSuggestionAfterError()
    .exitOverride();
  addTrain(program);
  addGenerate(program);
  addInfo(program);
  addCalibrate(program);
  return program;
}

function version(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version; // our own package
}

function factsOf(error: unknown): object {
  const message = oneLine(error instanceof Error ? error.message : String(error)).replace(/^error: /, "");
  if (!(error instanceof UnrollError)) return { message };
  const { where, expected, got, fix } = error;
  return { message, where, expected, got, fix };
}

const oneLine = (message: string): string => message.replaceAll(/\s*\n\s*/g, " ");

/** `unroll generate ... | head` is no failure; a full disk is. */
function endWithStandardOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    const facts = { where: "standard output", expected: "a file that can be written", got: error.message };
    const lost = new UnrollError(
      { ...facts, fix: "Free some space, or send it elsewhere." },
      { cause: error },
    );
    process.exit(error.code === "EPIPE" ? 0 : reportError(lost, false));
  });
}
