/**
 * What a push allocates, in a process of its own and on the built package: the test runner's way of loading modules
 * makes objects of its own.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { nativeMissing } from "../src/core/run/nativeDevice.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../", import.meta.url));

/** Prints, for each kind of push, the least bytes a call that the heap grew by in some rounds of many calls. */
const script = `
import { dense, embedding, functional, gru, input, lstm, sequential, setDevice } from "unroll-rnn";
setDevice(process.argv[1], { threads: 1 });
const [x, word] = [input({ shape: [null, 3] }), input({ shape: [null], dtype: "int32" })];
const g = gru({ units: 4 })(embedding({ inputDim: 6, outputDim: 2 })(word));
const several = functional({ inputs: { x, word }, outputs: { h: lstm({ units: 4 })(x), g } });
const model = sequential(input({ shape: [null, 3] }), lstm({ units: 128 }), dense({ units: 2 }));
const [one, many, all] = [model.session(), model.session({ batch: 3 }), several.session()];
const [a, b, c] = [[1, 2, 3], Float32Array.of(0.5, 1, 2), [0.1, 0.2, 0.3]];
const [steps, some, rows, record] = [[a, b, c], [c, a], { rows: [2, 0] }, { x: c, word: 3 }];
const calls = {
  "one stream": () => one.push(b),
  "one stream, an array": () => one.push(c),
  "several inputs and outputs": () => all.push(record),
  "several streams": () => many.push(steps),
  "some of several streams": () => many.push(some, rows),
  "the least object": () => { globalThis.kept = [globalThis.kept === undefined]; },
};
for (const [name, call] of Object.entries(calls)) {
  let least = Infinity;
  for (let round = 0; round < 20 && least >= 1; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let k = 0; k < 5_000; k++) call();
    least = Math.min(least, Math.abs(process.memoryUsage().heapUsed - before) / 5_000);
  }
  console.log(least < 1 ? "nothing" : Math.round(least) + " bytes", "for", name);
}
`;

test.each(nativeMissing() === null ? ["wasm", "native"] : ["wasm"])(
  "100,000 pushes allocate nothing, %s",
  async (device) => {
    const arguments_ = ["--input-type=module", "-e", script, "--", device];
    const { stdout } = await run(process.execPath, arguments_, { cwd: root });
    expect(stdout.trim().split("\n")).toEqual([
      "nothing for one stream",
      "nothing for one stream, an array",
      "nothing for several inputs and outputs",
      "nothing for several streams",
      "nothing for some of several streams",
      expect.stringMatching(/bytes for the least object/),
    ]);
  },
);
