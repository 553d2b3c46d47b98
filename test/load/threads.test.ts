/**
 * More threads than rows, than shards or than cores, and a process that may use one core alone: the weights after a
 * training, and the predictions, are those of one thread to the bit. What is no number of threads is refused.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { nativeMissing } from "../../src/core/run/nativeDevice.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Prints the description of the device, and a hash of weights and predictions. */
const script = `
  import { createHash } from "node:crypto";
  import { dense, deviceInfo, dropout, gru, input, sequential, setDevice, setSeed } from "unroll-rnn";
  const { device, rows, ...options } = JSON.parse(process.argv[1]);
  setDevice(device, options);
  setSeed(5);
  const x = Array.from({ length: rows }, (_, k) => Array.from({ length: 2 + (k % 4) }, (_, t) => [Math.sin(k + t), k / rows]));
  const model = sequential(input({ shape: [null, 2] }), gru({ units: 8 }), dropout({ rate: 0.2 }), dense({ units: 1 }));
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  await model.fit(x, x.map(([[a]]) => [a]), { epochs: 3, batchSize: 16, verbose: 0 });
  const hash = createHash("sha256");
  for (const { data } of [...model.getWeights(), await model.predict(x)]) hash.update(data);
  console.log(JSON.stringify({ description: (await deviceInfo()).description, hash: hash.digest("hex") }));`;

interface Options {
  readonly device: string;
  readonly rows: number;
  readonly threads?: number;
  readonly shardRows?: number;
}

async function trained(
  options: Options,
  command: readonly string[] = [],
): Promise<{ readonly description: string; readonly hash: string }> {
  const node = [
    ...command,
    process.execPath,
    "--input-type=module",
    "-e",
    script,
    "--",
    JSON.stringify(options),
  ];
  const { stdout } = await run(node[0] as string, node.slice(1), { cwd: root });
  return JSON.parse(stdout);
}

const devices = nativeMissing() === null ? ["wasm", "native"] : ["wasm"];

test.each(devices.flatMap((device) => [1, 40].map((rows) => ({ device, rows, shardRows: 2 }))))(
  "8 and 16 threads for $rows rows, $device",
  async (options) => {
    const { hash } = await trained({ ...options, threads: 1 });
    for (const threads of [8, 16]) {
      const many = await trained({ ...options, threads });
      expect(many.description).toContain(`${threads} threads`);
      expect(many.hash).toBe(hash);
    }
  },
);

/** The first that this process may use: a container need not have number 0. */
const firstCore = (): string =>
  /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";

test.runIf(process.platform === "linux").each(devices)("one core, %s", async (device) => {
  const options = { device, rows: 40, shardRows: 2 };
  const { hash } = await trained({ ...options, threads: 1 });
  const oneCore = ["taskset", "--cpu-list", firstCore()];
  const alone = await trained(options, oneCore);
  expect(alone.description).toContain("1 thread");
  expect(alone.hash).toBe(hash);
  expect((await trained({ ...options, threads: 4 }, oneCore)).hash).toBe(hash);
});

test.each([0, -1, 1.5, 1e9, Number.POSITIVE_INFINITY, "2"])("%s threads are refused", async (threads) => {
  const answer = trained({ device: "wasm", rows: 1, threads: threads as number });
  await expect(answer).rejects.toThrow(
    /UnrollError: setDevice\(options\), threads: expected a whole number from 1 to 1024/,
  );
});
