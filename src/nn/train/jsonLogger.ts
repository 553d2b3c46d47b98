/** The figures of a training as a file: one JSON object a line, one line an epoch. */
import { writeFolder } from "#store";
import { checkOptions } from "../options.ts";
import { type Callback, pathCheck, type TrainingMoment } from "./callbacks.ts";

/**
 * Writes `path` after every epoch, `{"epoch":0,"step":12,"loss":0.5,...}`; a figure that is not finite is null. A
 * training that is resumed goes on with its lines.
 */
export function jsonLogger(options: { readonly path: string }): Callback {
  checkOptions("jsonLogger", options, { path: pathCheck }, ["path"]);
  const { path } = options;
  const [, folder = "", name = path] = /^(?:(.*)[/\\])?([^/\\]*)$/.exec(path) ?? [];
  let lines: readonly string[] = [];
  const add = async ({ epoch, step, logs }: TrainingMoment): Promise<void> => {
    lines = [...lines, JSON.stringify({ epoch, step, ...logs })];
    await writeFolder(folder || (path.startsWith("/") ? "/" : "."), new Map([[name, bytesOf(lines)]]));
  };
  return {
    onTrainBegin: () => {
      lines = [];
    },
    onEpochEnd: add,
    getState: () => lines,
    setState: (saved) => {
      lines = saved as readonly string[];
    },
  };
}

const bytesOf = (lines: readonly string[]): Uint8Array => new TextEncoder().encode(`${lines.join("\n")}\n`);
