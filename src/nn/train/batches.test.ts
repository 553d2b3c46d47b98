import { expect, test } from "vitest";
import { orderOf } from "./batches.ts";

test("each epoch has an order of its own, by the seed; without shuffling that of the data", () => {
  const order = (seed: number, epoch: number): string => orderOf(50, { seed, epoch }).join();
  expect(new Set([order(1, 0), order(1, 1), order(1, 2), order(2, 0)]).size).toBe(4);
  expect(order(1, 1)).toBe(order(1, 1));
  const all = Uint32Array.from({ length: 50 }, (_, k) => k);
  expect(orderOf(50, { seed: 1, epoch: 1 }).sort()).toEqual(all);
  expect(orderOf(50, null)).toEqual(all);
});
