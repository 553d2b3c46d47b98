/**
 * A training that has too little memory, in a process of its own, ends in an error that says how much it needs: before
 * its first step, with the weights as they were. Where there is just enough, it trains.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Prints the figures of an epoch, or the error and how many steps were made. */
const script = `
  import { dense, input, lstm, sequential, setDevice, tensor } from "unroll-rnn";
  const { layers, rows, steps, memoryLimit } = JSON.parse(process.argv[1]);
  const [x, y] = [4, 1].map((width) => tensor(new Float32Array(rows * steps * width).fill(0.5), [rows, steps, width]));
  const recurrent = Array.from({ length: layers }, () => lstm({ units: 8, returnSequences: true }));
  const model = sequential(input({ shape: [null, 4] }), ...recurrent, dense({ units: 1 }));
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  let made = 0;
  try {
    setDevice("wasm", { threads: 1, memoryLimit });
    const callbacks = [{ onStepEnd: () => void made++ }];
    const { history } = await model.fit(x, y, { epochs: 1, batchSize: rows, verbose: 0, callbacks });
    console.log("trained,", made, "steps, loss", history.loss[0] > 0);
  } catch (error) {
    console.log(error.name, "behind", made, "steps:", error.message);
  }`;

interface Training {
  readonly layers: number;
  readonly rows: number;
  readonly steps: number;
  readonly memoryLimit: number;
}
const small: Training = { layers: 1, rows: 2, steps: 3, memoryLimit: 2 ** 30 };

interface Limits {
  /** KiB of addresses. */
  readonly addresses?: number;
  readonly flags?: readonly string[];
}

function said(training: Training, { addresses, flags = [] }: Limits = {}): string {
  const limit = addresses === undefined ? "" : `ulimit -v ${addresses}; `;
  const node = [
    process.execPath,
    ...flags,
    "--input-type=module",
    "-e",
    script,
    "--",
    JSON.stringify(training),
  ];
  const { stdout, stderr } = spawnSync("bash", ["-c", `${limit}exec "$@"`, "bash", ...node], {
    cwd: root,
    encoding: "utf8",
  });
  return stdout.trim() || stderr;
}

const trained = "trained, 1 steps, loss true";

test("a heap of JavaScript that is too small for the plan", () => {
  const flags = (mebibytes: number): Limits => ({ flags: [`--max-old-space-size=${mebibytes}`] });
  const answer = said({ ...small, layers: 16 }, flags(16));
  expect(answer).toMatch(
    /^UnrollError behind 0 steps: the heap of JavaScript: expected \d+\.\d MiB: .* got a limit of 16\.0 MiB/,
  );
  const [, advised] = /--max-old-space-size=(\d+)/.exec(answer) ?? [];
  expect(said({ ...small, layers: 16 }, flags(Number(advised)))).toBe(trained);
});

test("arrays lie outside of the heap: its size does not limit them", () => {
  const training = { ...small, rows: 64, steps: 2000 };
  expect(said(training, { flags: ["--max-old-space-size=24"] })).toBe(trained);
});

test("a memory that may not be as large as the batch needs", () => {
  const answer = said({ ...small, rows: 512, steps: 500, memoryLimit: 2 ** 21 });
  expect(answer).toMatch(
    /^UnrollError behind 0 steps: device memory: expected at most 2\.0 MiB, got a batch that needs \d+\.\d MiB\. Use a smaller batchSize/,
  );
  const needed = Number(/needs (\d+\.\d) MiB/.exec(answer)?.[1]) + 0.1;
  const memoryLimit = Math.ceil(needed * 2 ** 20);
  expect(said({ ...small, rows: 512, steps: 500, memoryLimit })).toBe(trained);
});

/** Node takes about a gigabyte of addresses for itself. */
test.runIf(process.platform === "linux")("no addresses for the device's memory", () => {
  expect(said(small, { addresses: 4_000_000 })).toMatch(
    /^UnrollError behind 0 steps: device memory: expected addresses for a memory of up to 1024\.0 MiB, .* reserves 10 GiB, got none/,
  );
  const flags = ["--disable-wasm-trap-handler"];
  expect(said(small, { addresses: 4_000_000, flags })).toBe(trained);
});
