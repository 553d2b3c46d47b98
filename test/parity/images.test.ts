/** Images and videos against Keras 3: outputs and all gradients. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { devices } from "./close.ts";
import { expectKeras, type ModelCase } from "./keras.ts";

const { cases } = JSON.parse(readFileSync(new URL("keras-images.json", import.meta.url), "utf8")) as {
  readonly cases: readonly ModelCase[];
};

test("Keras has enough to say", () => expect(cases.length).toBeGreaterThanOrEqual(20));

test.each(devices.flatMap((tested) => cases.map((one) => [one.name, tested.name, one, tested] as const)))(
  "%s, on %s",
  (_, __, one, tested) => expectKeras(one, tested),
);
