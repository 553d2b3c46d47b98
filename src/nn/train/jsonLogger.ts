/** The figures of a training as a file: one JSON object a line, one line an epoch. */
import { readFolder, writeFolder } from "#store";
import { checkOptions } from "../options.ts";
import { type Callback, otherState, pathCheck } from "./callbacks.ts";
import { refuseUnless } from "./refuse.ts";

/**
 * Writes `path` after every epoch, `{"epoch":0,"step":12,"loss":0.5,...}`; a figure that is not finite is null. The log
 * of an earlier training is begun anew, any other file refused. A training that is resumed goes on with its lines.
 */
export function jsonLogger(options: { readonly path: string }): Callback {
  checkOptions("jsonLogger", options, { path: pathCheck }, ["path"]);
  const { path } = options;
  const [, above = "", name = path] = /^(?:(.*)[/\\])?([^/\\]*)$/.exec(path) ?? [];
  const folder = above || (path.startsWith("/") ? "/" : ".");
  let lines: readonly string[] = [];
  return {
    writes: path,
    onTrainBegin: async () => {
      lines = [];
      const found = (await readFolder(folder, [name])).get(name);
      refuseUnless(found === undefined || isLog(found), {
        where: `jsonLogger({ path: ${JSON.stringify(path)} })`,
        expected: "no file there yet, or the log of an earlier training, which is begun anew",
        got: "another file",
        fix: "Choose another path, or move that file away.",
      });
    },
    onEpochEnd: async ({ epoch, step, logs }) => {
      lines = [...lines, JSON.stringify({ epoch, step, ...logs })];
      await writeFolder(folder, new Map([[name, bytesOf(lines)]]));
    },
    getState: () => lines,
    setState: (saved) => {
      if (!Array.isArray(saved)) throw otherState("jsonLogger");
      lines = saved;
    },
  };
}

const bytesOf = (lines: readonly string[]): Uint8Array => new TextEncoder().encode(`${lines.join("\n")}\n`);

/** One without lines is also one. */
const isLog = (bytes: Uint8Array): boolean =>
  /^(?:$|\{"epoch":\d+,"step":\d+[,}])/.test(new TextDecoder().decode(bytes.subarray(0, 60)));
