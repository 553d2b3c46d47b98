/** The times are the machine's; what is checked is what is made of them. */
import { expect, test } from "vitest";
import { useOwnCache } from "../../test/cacheFolder.ts";
import { candidatesFor, tuningOf } from "../core/plan/candidates.ts";
import { wasmTarget } from "../core/plan/target.ts";
import { fastest, type Measured, rememberedTuning } from "../core/run/calibration.ts";
import { remember } from "../core/run/calibrationCache.node.ts";
import { calibrate } from "./calibrate.ts";
import { currentDevice, setDevice } from "./device.ts";

useOwnCache();

test("all candidates are measured, one is chosen, and later devices have it", async () => {
  setDevice("wasm", { strict: true });
  const before = currentDevice();
  expect(rememberedTuning(before)).toBe(null);
  const { device, mode, measured, chosen, gain, forgotten } = await calibrate();
  expect([device, mode, forgotten]).toEqual(["wasm", "strict", null]);
  const { tiles, chunks } = candidatesFor(wasmTarget);
  expect(new Set(measured.map((one) => one.tiles))).toEqual(new Set(tiles));
  expect(new Set(measured.map((one) => one.chunk))).toEqual(new Set(chunks));
  for (const { milliseconds, ratio } of measured) expect(Math.min(milliseconds, ratio)).toBeGreaterThan(0);
  expect(measured.map((one) => [one.tiles, one.chunk])).toContainEqual([chosen.tiles, chosen.chunk]);
  expect(gain).toBeGreaterThanOrEqual(1);
  expect(rememberedTuning(before)).toEqual(tuningOf(chosen, wasmTarget));
  expect(rememberedTuning({ name: "wasm", mode: "relaxed" })).toBe(null);
  expect(currentDevice()).not.toBe(before);
  expect(currentDevice().mode).toBe("strict");
});

test.each(["", "null", "7", "[]", "{}", '{"tiles": 1, "chunk": 2}', '{"tiles": "a", "chunk": "b"}'])(
  "what is remembered as %j is no choice",
  (text) => {
    const device = { name: "wasm", mode: "nowhere" } as const;
    remember("wasm, nowhere", text);
    expect(rememberedTuning(device)).toBe(null);
  },
);

test("the reference has nothing to choose", async () => {
  await expect(calibrate("reference")).rejects.toThrow(/tiles and chunks/);
});

const one = (tiles: string, ratio: number, faster: number): Measured => {
  return { tiles, chunk: "", milliseconds: 1, ratio, faster };
};
test("what is there stays unless another is faster by a margin, and mostly", () => {
  const usual = one("usual", 1, 0);
  expect(fastest([usual, one("a", 0.98, 1), one("b", 1.2, 0)]).tiles).toBe("usual");
  expect(fastest([usual, one("a", 0.9, 0.6), one("b", 0.95, 0.8)]).tiles).toBe("b");
  expect(fastest([usual, one("a", 0.9, 0.9), one("b", 0.95, 0.8)]).tiles).toBe("a");
});
