/**
 * A page of Chromium that builds and trains a network stays awake. The browser itself counts the tasks of its main
 * thread that take longer than 50 ms; they are said. How many there are is the machine's affair too, so what is asserted
 * is their share: what they take beyond 50 ms is less than a hundredth of the time, at the third try if not before.
 * Thirty seconds in each of two pages, or UNROLL_PAGE_SECONDS.
 */
import { execFileSync } from "node:child_process";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

const seconds = Number(process.env["UNROLL_PAGE_SECONDS"] ?? 30);
const flags =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split(
    " ",
  );

/** What runs in the page: trains for so many seconds, predicts and evaluates at every epoch's end. */
const script = `
  const { adam, dense, dropout, embedding, lstm, sequential, setDevice } = await import("unroll-rnn");
  const rest = () => new Promise((resolve) => setTimeout(resolve, 1000));
  await rest(); // the files are there
  const [rows, steps, words] = [512, 40, 64];
  const x = Array.from({ length: rows }, (_, row) => Array.from({ length: steps }, (_, t) => (row * t + row) % words));
  const y = x.map((tokens) => tokens.map((_, t) => tokens[(t + 1) % steps]));
  await rest();
  const tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries())).observe({
    type: "longtask",
  });
  setDevice("wasm");
  const model = sequential(
    embedding({ inputDim: words, outputDim: 32 }),
    lstm({ units: 96, returnSequences: true }),
    dropout({ rate: 0.1 }),
    lstm({ units: 64, returnSequences: true }),
    dense({ units: words, activation: "softmax" }),
  );
  model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });

  const gaps = { timers: [], frames: [] };
  let going = true;
  const meter = (name, next) => {
    let last = performance.now();
    const tick = () => {
      const now = performance.now();
      gaps[name].push(now - last);
      last = now;
      if (going) next(tick);
    };
    next(tick);
  };
  if (block > 0) {
    const end = performance.now() + block;
    while (performance.now() < end);
  }
  meter("timers", (tick) => setTimeout(tick, 0));
  meter("frames", (tick) => requestAnimationFrame(tick));
  const ended = new AbortController();
  setTimeout(() => ended.abort(), 1000 * seconds);
  let made = 0;
  const onEpochEnd = () => model.predict(x.slice(0, 16));
  const { history } = await model.fit(x, y, {
    epochs: 1e6,
    batchSize: 32,
    validationData: [x.slice(0, 64), y.slice(0, 64)],
    signal: ended.signal,
    verbose: 0,
    callbacks: [{ onStepEnd: () => void made++, onEpochEnd }],
  });
  await rest();
  going = false;
  const most = (list) => list.reduce((a, b) => Math.max(a, b), 0);
  const long = tasks.map(({ duration }) => Math.round(duration));
  return { made, loss: history.loss, long, timers: most(gaps.timers), frames: most(gaps.frames), count: gaps.frames.length };
`;

interface Report {
  readonly made: number;
  readonly loss: readonly number[];
  /** Milliseconds: every task of the main thread of more than 50. */
  readonly long: readonly number[];
  /** The longest times without a timer, a frame. */
  readonly timers: number;
  readonly frames: number;
  readonly count: number;
}

let browser: Browser;
beforeAll(async () => {
  const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
  browser = await chromium.launch({ executablePath, args: flags, headless: true });
});
afterAll(() => browser.close());

async function trained(isolated: boolean, time: number, block = 0): Promise<Report> {
  const built = new URL("../../dist-tools/test/browser/server.js", import.meta.url).href;
  const { serve } = (await import(built)) as typeof import("../browser/server.ts");
  const site = await serve(isolated);
  const page = await browser.newPage();
  try {
    await page.goto(site.url);
    return await page.evaluate<Report>(`(async (seconds, block) => { ${script} })(${time}, ${block})`);
  } finally {
    await page.close();
    site.close();
  }
}

test.each([
  ["on threads", true],
  ["on one thread, without shared memory", false],
] as const)("a page that trains %s stays awake", { retry: 2 }, async (_, isolated) => {
  const { made, loss, long, timers, frames, count } = await trained(isolated, seconds);
  console.log(
    `${seconds} s: ${made} steps, loss ${loss[0]?.toFixed(3)} to ${loss.at(-1)?.toFixed(3)}; tasks over 50 ms: ` +
      `[${long}]; longest without a timer ${timers.toFixed(0)} ms, without a frame ${frames.toFixed(0)} ms, ${count} frames`,
  );
  expect(made).toBeGreaterThan(0);
  expect(loss.at(-1)).toBeLessThan(loss[0] as number);
  const blocked = long.reduce((sum, duration) => sum + duration - 50, 0);
  expect(blocked / (1000 * seconds)).toBeLessThan(0.01);
});

test("a page that is blocked for 100 ms is noticed", async () => {
  const { long } = await trained(true, 1, 100);
  expect(long.some((duration) => duration >= 100)).toBe(true);
});
