/**
 * Memory does not grow with work: a million training steps and ten million pushes add less than 1 MiB in 100,000. The
 * full counts on one thread of wasm; elsewhere fewer, or with UNROLL_GROWTH=1 the full counts too.
 */
import { expect, test } from "vitest";
import { counted, everywhere, mebibyte, oneThread, samplesOf, told } from "./growth.ts";

test.each(everywhere(1_000_000, 300_000))(
  "$count steps of fit, $device, $threads threads",
  async ({ count, ...where }) => {
    const samples = await samplesOf("steps of fit", { ...where, count, every: count / 50 });
    for (const bytes of told(samples, 100_000)) expect(bytes).toBeLessThan(mebibyte);
  },
);

test("steps of trainOnBatch, wasm", async () => {
  const count = counted(1_000_000, 300_000);
  const samples = await samplesOf("steps of trainOnBatch", { ...oneThread, count, every: count / 50 });
  for (const bytes of told(samples, 100_000)) expect(bytes).toBeLessThan(mebibyte);
});

test.each(everywhere(10_000_000, 1_000_000))(
  "$count pushes, $device, $threads threads",
  async ({ count, ...where }) => {
    const samples = await samplesOf("pushes", { ...where, count, every: count / 50 });
    for (const bytes of told(samples, 100_000)) expect(bytes).toBeLessThan(mebibyte);
  },
);
