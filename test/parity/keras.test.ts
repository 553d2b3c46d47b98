/** Small models, masks and activations against Keras 3: outputs and all gradients. */
import { describe, expect, test } from "vitest";
import { devices } from "./close.ts";
import { activationCases, expectActivation, expectKeras, modelCases } from "./keras.ts";

test("Keras has enough to say", () => {
  expect(modelCases.length).toBeGreaterThanOrEqual(165);
});

describe.each(devices)("Keras, on $name", (tested) => {
  test.each(modelCases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    expectKeras(one, tested);
  });
  test.each(activationCases.map((one) => [one.name, one] as const))("activation %s", (_, one) => {
    expectActivation(one, tested);
  });
});
