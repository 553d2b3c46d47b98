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
const toleranceOf = (width: number): number =>
  relative(3 * Math.max(8, width) * 6 + 5 * 6 * 16 + 4 * functionRoundings);
/** Features: part of a vector of eight, and more than one of four. */
const odd = 5;
const apart = ["on sequences", "on the state"];

describe.each(devices)("$name", ({ device, thorough, widths }) => {
  const places = Object.entries(settings).filter(([place]) => thorough || apart.includes(place));
  describe.each(places)("%s", (place, setting) => {
    test.each(Object.entries({ ...exact, ...rounded }))("%s", (name, apply) => {
      const [forward] = programs(setting, apply, odd);
      const allowed = name in exact && place === "on sequences" ? 0 : toleranceOf(odd);
      const alone = { ...rowSizes, computation: forward, inputs };
      expect(() => agrees(device(), alone, allowed), "forward").not.toThrow();
      for (const width of widths) {
        const [, computation] = programs(setting, apply, width);
        const check = (): void => agrees(device(), { ...rowSizes, computation, inputs }, toleranceOf(width));
        expect(check, `gradients, ${width} features`).not.toThrow();
      }
    });
  });
});
