/**
 * Memory does not grow with work: a million training steps and ten million pushes add less than 1 MiB in 100,000, and a
 * thousand models that were built, trained, asked and dropped leave nothing that adds up. The full counts on one thread
 * of wasm; elsewhere a tenth, or with UNROLL_GROWTH=1 the full counts too.
 */
import { expect, test } from "vitest";
import { nativeMissing } from "../../src/core/run/nativeDevice.ts";
import { growth, type Sample, samplesOf } from "./growth.ts";

const mebibyte = 2 ** 20;
const all = process.env["UNROLL_GROWTH"] === "1";
const scaled = (count: number): number => (all ? count : count / 10);

interface Where {
  readonly device: string;
  readonly threads: number;
}
const oneThread: Where = { device: "wasm", threads: 1 };
const elsewhere: readonly Where[] = [
  { device: "wasm", threads: 2 },
  ...(nativeMissing() === null ? [1, 2].map((threads) => ({ device: "native", threads })) : []),
];
const everywhere = (count: number): readonly (Where & { readonly count: number })[] => [
  { ...oneThread, count },
  ...elsewhere.map((where) => ({ ...where, count: scaled(count) })),
];

/** Said, for the page on reliability. */
function told(samples: readonly Sample[], per: number): readonly number[] {
  const [resident, heap] = [growth(samples, "resident", per), growth(samples, "heap", per)];
  const last = samples.at(-1);
  const shown = [resident, heap, last?.resident ?? 0].map((bytes) => (bytes / mebibyte).toFixed(3));
  console.log(
    `${last?.done}: resident ${shown[0]} MiB, heap ${shown[1]} MiB in ${per}; resident at last ${shown[2]} MiB`,
  );
  return [resident, heap];
}

test.each(everywhere(1_000_000))(
  "$count steps of fit, $device, $threads threads",
  async ({ count, ...where }) => {
    const samples = await samplesOf("steps of fit", { ...where, count, every: count / 50 });
    for (const bytes of told(samples, 100_000)) expect(bytes).toBeLessThan(mebibyte);
  },
);

test("steps of trainOnBatch, wasm", async () => {
  const count = all ? 200_000 : 100_000;
  const samples = await samplesOf("steps of trainOnBatch", { ...oneThread, count, every: count / 50 });
  for (const bytes of told(samples, 100_000)) expect(bytes).toBeLessThan(mebibyte);
});

test.each(everywhere(10_000_000))("$count pushes, $device, $threads threads", async ({ count, ...where }) => {
  const samples = await samplesOf("pushes", { ...where, count, every: count / 50 });
  for (const bytes of told(samples, 100_000)) expect(bytes).toBeLessThan(mebibyte);
});

/** What a model holds is given back although nobody gives the engine a rest: awaited results are there at once. */
test("300 models dropped in a heap that holds 50 of them", async () => {
  const count = 300;
  const samples = await samplesOf("models dropped", { ...oneThread, count, every: count, heapLimit: 128 });
  expect(samples).toHaveLength(1);
});

const leastResident = (samples: readonly Sample[]): number =>
  Math.min(...samples.map(({ resident }) => resident));

/**
 * Of what a model holds in the heap, less than a fiftieth stays. What is resident, a mebibyte or two for each model while
 * it is there, goes up and down by some tens of mebibytes with what the engine compiles at the moment: the least of the
 * last quarter is compared with the least of the second.
 */
test.each(everywhere(1_000))(
  "$count models dropped, $device, $threads threads",
  async ({ count, ...where }) => {
    const different = where.device === "native" ? 8 : 300; // a C compiler takes its time
    const samples = await samplesOf("models dropped", { ...where, count, every: count / 50, different });
    const [, heap] = told(samples, count);
    expect(heap).toBeLessThan(0.02 * mebibyte * count);
    const quarter = Math.floor(samples.length / 4);
    const lows = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)].map(leastResident);
    console.log(`least resident: ${lows.map((bytes) => (bytes / mebibyte).toFixed(0)).join(", then ")} MiB`);
    expect((lows[1] as number) - (lows[0] as number)).toBeLessThan(64 * mebibyte);
  },
);
