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
const roundings = 3 * 8 * 6 + 5 * 6 * 16 + 4 * functionRoundings;

describe.each(devices)("$name", ({ device }) => {
  describe.each(Object.entries(settings))("%s", (place, setting) => {
    test.each(Object.entries({ ...exact, ...rounded }))("%s", (name, apply) => {
      for (const width of [1, 5, 8]) {
        const [forward, backward] = programs(setting, apply, width);
        const isExact = name in exact && place.startsWith("on sequences");
        const context = `width ${width}`;
        expect(
          () =>
            agrees(
              device(),
              { ...rowSizes, computation: forward, inputs },
              isExact ? 0 : relative(roundings),
            ),
          context,
        ).not.toThrow();
        expect(
          () => agrees(device(), { ...rowSizes, computation: backward, inputs }, relative(roundings)),
          `${context}, gradients`,
        ).not.toThrow();
      }
    });
  });
});
