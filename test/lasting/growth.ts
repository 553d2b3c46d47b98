/**
 * How memory grows with work: a process of its own, on the built package, does the work in equal pieces and says behind
 * each what it holds when all that nobody needs has been collected. The line through what it says is that of Theil and
 * Sen, the median of the slopes between all pairs: a few odd readings do not move it.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { nativeMissing } from "../../src/core/run/nativeDevice.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a process does, and how: each a body of an async function of `{ count, every, sample }`. */
const works = {
  "steps of fit": `
    const model = small();
    const [x, y] = pairs(4 * every);
    const callback = { onEpochEnd: ({ step }) => sample(step) };
    await model.fit(x, y, { epochs: count / every, batchSize: 4, verbose: 0, callbacks: [callback] });`,
  "steps of trainOnBatch": `
    const model = small();
    const [x, y] = pairs(4);
    for (let k = 1; k <= count; k++) {
      await model.trainOnBatch(x, y);
      if (k % every === 0) await sample(k);
    }`,
  pushes: `
    const session = small().session();
    const step = Float32Array.of(0.5);
    for (let k = 1; k <= count; k++) {
      session.push(step);
      if (k % every === 0) await sample(k);
    }`,
  "models dropped": `
    const [x, y] = pairs(4);
    for (let k = 1; k <= count; k++) {
      const model = small(1 + (k % different), 1 + (k % 3));
      await model.trainOnBatch(x, y);
      await model.predict(x);
      model.session().push([0.5]);
      if (k % every === 0) await sample(k);
    }`,
};
export type Work = keyof typeof works;

/** Shards of two rows: with several threads each of them has work in a batch of four. */
const script = (work: Work): string => `
  import { dense, gru, input, sequential, setDevice } from "unroll-rnn";
  const [device, threads, count, every, different] = process.argv.slice(1).map((text) => Number(text) || text);
  setDevice(device, { threads, shardRows: 2 });
  const small = (units = 4, outputs = 1) => {
    const model = sequential(input({ shape: [null, 1] }), gru({ units }), dense({ units: outputs }), dense({ units: 1 }));
    model.compile({ optimizer: "adam", loss: "meanSquaredError" });
    return model;
  };
  const pairs = (rows) => {
    const x = Array.from({ length: rows }, (_, k) => [[Math.sin(k)], [Math.sin(2 * k)], [0.5]]);
    return [x, x.map(([[a], [b]]) => a * b)];
  };
  const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
  const sample = async (done) => {
    for (let k = 0; k < 3; k++) {
      gc();
      await turn();
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    console.log(JSON.stringify({ done, resident: rss, heap: heapUsed + external }));
  };
  ${works[work]}`;

/** Bytes. */
export interface Sample {
  /** Pieces of work done. */
  readonly done: number;
  readonly resident: number;
  /** What JavaScript holds, in its heap and outside. */
  readonly heap: number;
}

export interface Growing {
  readonly device: string;
  readonly threads: number;
  /** Pieces of work; a sample behind every so many. */
  readonly count: number;
  readonly every: number;
  /** Models of so many forms, one after the other. */
  readonly different?: number;
  /** Mebibytes that the heap of JavaScript may have. Default: as the engine sees fit. */
  readonly heapLimit?: number;
}

/**
 * V8's space for young objects has its last size, in mebibytes, from the beginning. Left alone it doubles at a moment of
 * its own, within the first 40,000 steps or so: 16 MiB more in one reading.
 */
const youngSpace = ["--min-semi-space-size=16", "--max-semi-space-size=16"];

export async function samplesOf(work: Work, growing: Growing): Promise<readonly Sample[]> {
  const { device, threads, count, every, different = 1, heapLimit } = growing;
  const heap = heapLimit === undefined ? youngSpace : [`--max-old-space-size=${heapLimit}`];
  const flags = ["--expose-gc", ...heap, "--input-type=module", "-e", script(work), "--", device];
  const { stdout } = await run(
    process.execPath,
    [...flags, ...[threads, count, every, different].map(String)],
    {
      cwd: root,
    },
  );
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Sample);
}

/** Bytes that `kind` grows by in `per` pieces of work; the first quarter warms up. */
function growth(samples: readonly Sample[], kind: "resident" | "heap", per: number): number {
  const warm = samples.slice(Math.ceil(samples.length / 4));
  const slopes = warm.flatMap((late, k) =>
    warm.slice(0, k).map((early) => (late[kind] - early[kind]) / (late.done - early.done)),
  );
  return (slopes.sort((a, b) => a - b)[slopes.length >> 1] ?? Number.NaN) * per;
}

export const mebibyte: number = 2 ** 20;
/** Half a MiB is what readings differ by: it takes some hundred thousand steps to tell 1 MiB in 100,000 from that. */
export const counted = (full: number, fewer: number): number =>
  process.env["UNROLL_GROWTH"] === "1" ? full : fewer;

export interface Where {
  readonly device: string;
  readonly threads: number;
}
export const oneThread: Where = { device: "wasm", threads: 1 };
const elsewhere: readonly Where[] = [
  { device: "wasm", threads: 2 },
  ...(nativeMissing() === null ? [1, 2].map((threads) => ({ device: "native", threads })) : []),
];
export const everywhere = (full: number, fewer: number): readonly (Where & { readonly count: number })[] => [
  { ...oneThread, count: full },
  ...elsewhere.map((where) => ({ ...where, count: counted(full, fewer) })),
];

/** Said, for the page on reliability. */
export function told(samples: readonly Sample[], per: number): readonly number[] {
  const [resident, heap] = [growth(samples, "resident", per), growth(samples, "heap", per)];
  const last = samples.at(-1);
  const shown = [resident, heap, last?.resident ?? 0].map((bytes) => (bytes / mebibyte).toFixed(3));
  console.log(
    `${last?.done}: resident ${shown[0]} MiB, heap ${shown[1]} MiB in ${per}; resident at last ${shown[2]} MiB`,
  );
  return [resident, heap];
}
