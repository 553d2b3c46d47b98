/**
 * Every operator in every place where a program can hold it, on every device against the reference: on sequences, on
 * rows without time, inside a scan before the step (on slices alone), in the step (on the state), behind it; forward
 * and with the gradients of all that goes in. What moves numbers, or rounds once, has the reference's bits.
 */
import { describe, expect, test } from "vitest";
import { functionRoundings, relative } from "../tolerances.ts";
import { agrees, type Sizes } from "./cases.ts";
import { devices } from "./devices.ts";
import { exact, programs, rounded, settings } from "./operatorCases.ts";

const rowSizes: Sizes = {
  rows: 5,
  times: { time: 6 },
  lengths: { time: [6, 2, 0, 5, 6] },
};

const inputs = { divisor: Float32Array.of(1.75) };
const tolerance = relative(3 * 8 * 6 + 5 * 6 * 16 + 4 * functionRoundings);
/** One feature, part of a vector, two vectors. */
const [narrow, odd, even] = [1, 5, 8];
const apart = ["on sequences", "on the state"];

describe.each(devices)("$name", ({ device, thorough }) => {
  const places = Object.entries(settings).filter(([place]) => thorough || apart.includes(place));
  describe.each(places)("%s", (place, setting) => {
    test.each(Object.entries({ ...exact, ...rounded }))("%s", (name, apply) => {
      const [forward] = programs(setting, apply, odd);
      const allowed = name in exact && place === "on sequences" ? 0 : tolerance;
      const alone = { ...rowSizes, computation: forward, inputs };
      expect(() => agrees(device(), alone, allowed), "forward").not.toThrow();
      for (const width of thorough ? [narrow, even] : [odd]) {
        const [, computation] = programs(setting, apply, width);
        const check = (): void => agrees(device(), { ...rowSizes, computation, inputs }, tolerance);
        expect(check, `gradients, ${width} features`).not.toThrow();
      }
    });
  });
});
