/**
 * Models that are dropped leave nothing that adds up: a thousand are built, trained, asked and dropped on one thread of
 * wasm; elsewhere a tenth, or with UNROLL_GROWTH=1 a thousand too.
 */
import { expect, test } from "vitest";
import { everywhere, mebibyte, oneThread, type Sample, samplesOf, told } from "./growth.ts";

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
 * last quarter is compared with the least of the second, and of 500 models between them less than a quarter MiB each stays.
 */
test.each(everywhere(1_000, 100))(
  "$count models dropped, $device, $threads threads",
  async ({ count, ...where }) => {
    const different = where.device === "native" ? 8 : 300; // a C compiler takes its time
    const samples = await samplesOf("models dropped", { ...where, count, every: count / 50, different });
    const [, heap] = told(samples, count);
    expect(heap).toBeLessThan(0.02 * mebibyte * count);
    const quarter = Math.floor(samples.length / 4);
    const lows = [samples.slice(quarter, 2 * quarter), samples.slice(-quarter)].map(leastResident);
    console.log(`least resident: ${lows.map((bytes) => (bytes / mebibyte).toFixed(0)).join(", then ")} MiB`);
    expect((lows[1] as number) - (lows[0] as number)).toBeLessThan(Math.max(64, count / 8) * mebibyte);
  },
);
