/** Recurrent layers against PyTorch: outputs, last states, and all gradients, over lengths, first states and layers. */
import { describe, expect, test } from "vitest";
import { devices } from "./close.ts";
import { expectTorch, layerCases } from "./torch.ts";

test("PyTorch has enough to say", () => {
  expect(layerCases.length).toBeGreaterThanOrEqual(50);
});

describe.each(devices)("PyTorch, on $name", (tested) => {
  test.each(layerCases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expectTorch(one, tested);
  });
});
