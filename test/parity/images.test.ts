/** Images and videos against Keras 3: outputs and all gradients. */
import { expect, test } from "vitest";
import { devices } from "./close.ts";
import { expectKeras, imageCases } from "./keras.ts";

test("Keras has enough to say", () => expect(imageCases.length).toBeGreaterThanOrEqual(20));

test.each(
  devices.flatMap((tested) => imageCases.map((one) => [one.name, tested.name, one, tested] as const)),
)("%s, on %s", (_, __, one, tested) => expectKeras(one, tested));
